#!/usr/bin/env bash
# Builds the image from a static program and a bundle of certificates. Fetches nothing.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

usage() {
  echo "usage: $0 --binary FILE [--ca-file FILE] [--tag TAG] [--version VERSION] [--architecture NAME] [--builder PROGRAM] [--dry-run]" >&2
  echo "  --binary FILE      the program, linked statically" >&2
  echo "  --ca-file FILE     certificates to trust, PEM (those of this machine)" >&2
  echo "  --tag TAG          name of the image (highwater:local); may be repeated" >&2
  echo "  --version VERSION  for the labels" >&2
  echo "  --architecture A   of the program, amd64 or arm64 (this machine's)" >&2
  echo "  --builder PROGRAM  buildah, podman or docker (the first that is there)" >&2
  echo "  --dry-run          check the parts and say what would be run" >&2
  exit 2
}

binary=""
ca_file=""
version="unknown"
architecture=""
builder=""
dry_run=0
tags=()
while [ $# -gt 0 ]; do
  case "$1" in
    --binary) [ $# -ge 2 ] || usage; binary="$2"; shift 2 ;;
    --ca-file) [ $# -ge 2 ] || usage; ca_file="$2"; shift 2 ;;
    --tag) [ $# -ge 2 ] || usage; tags+=("$2"); shift 2 ;;
    --version) [ $# -ge 2 ] || usage; version="$2"; shift 2 ;;
    --architecture) [ $# -ge 2 ] || usage; architecture="$2"; shift 2 ;;
    --builder) [ $# -ge 2 ] || usage; builder="$2"; shift 2 ;;
    --dry-run) dry_run=1; shift ;;
    *) usage ;;
  esac
done
[ -n "$binary" ] || usage
[ "${#tags[@]}" -gt 0 ] || tags=("highwater:local")

for place in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
  if [ -z "$ca_file" ] && [ -s "$place" ]; then ca_file="$place"; fi
done
[ -x "$binary" ] || { echo "$binary is no program" >&2; exit 2; }
if [ -z "$ca_file" ] || ! grep -q 'BEGIN CERTIFICATE' "$ca_file"; then
  echo "no certificates found: name a PEM file with --ca-file" >&2
  exit 2
fi
# A program that wants a loader cannot start in an empty image.
if LC_ALL=C grep -qaE '/lib(64)?/ld-(linux|musl)[-a-z0-9_]*\.so\.[0-9]' <(head -c 4096 "$binary"); then
  echo "$binary is linked dynamically: build it for a musl target, or with -C target-feature=+crt-static" >&2
  exit 2
fi
if [ -z "$builder" ]; then
  for program in buildah podman docker; do
    if [ -z "$builder" ] && command -v "$program" >/dev/null 2>&1; then builder="$program"; fi
  done
fi
[ -n "$builder" ] || { echo "neither buildah nor podman nor docker is here: name one with --builder" >&2; exit 2; }

context="$(mktemp -d)"
trap 'rm -rf "$context"' EXIT
mkdir "$context/data" "$context/tmp"
cp "$binary" "$context/highwater"
cp "$ca_file" "$context/ca-certificates.crt"

revision="$(git -C "$here" rev-parse HEAD 2>/dev/null || echo unknown)"
command=("$builder" build --file "$here/Containerfile" --build-arg "VERSION=$version" --build-arg "REVISION=$revision")
if [ "$builder" = docker ]; then
  command+=(--network none)
fi
[ -z "$architecture" ] || command+=(--platform "linux/$architecture")
for tag in "${tags[@]}"; do
  command+=(--tag "$tag")
done
command+=("$context")
if [ "$dry_run" -eq 1 ]; then
  printf 'would run:'
  printf ' %q' "${command[@]}"
  printf '\n'
  exit 0
fi
"${command[@]}"
