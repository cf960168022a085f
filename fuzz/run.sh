#!/usr/bin/env bash
# Fuzzes every target for some seconds: fuzz/run.sh [SECONDS a target, 15 unless told]. Ends with 1 when a target
# crashes, takes too long or too much memory, and with 0 when the targets cannot be built here, saying so and why.
#
# Built with the stable compiler: libFuzzer's instrumentation needs no nightly, and no sanitizer is used, because
# neither the readers nor these targets hold unsafe code. For long runs see README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-15}
host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
export RUSTFLAGS="--cfg fuzzing"
export RUSTC_WRAPPER="$PWD/fuzz/instrument.sh"

skip() { echo "skipped: fuzzing, because $1"; exit 0; }

[[ $host == *-linux-gnu ]] || skip "libFuzzer is set up for Linux only, not for $host"
command -v c++ >/dev/null 2>&1 || skip "libFuzzer needs a C++ compiler (c++)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! cargo fetch --quiet --locked --manifest-path fuzz/Cargo.toml 2>"$work/log"; then
  cat "$work/log"
  if grep -q -e '--locked' "$work/log"; then exit 1; fi
  skip "its packages cannot be fetched (see above)"
fi
# --target keeps the instrumentation away from build scripts and macros.
if ! cargo build --quiet --release --locked --manifest-path fuzz/Cargo.toml --target "$host" 2>"$work/log"; then
  cat "$work/log"
  if grep -q 'build command for `libfuzzer-sys' "$work/log"; then skip "libFuzzer does not build here (see above)"; fi
  exit 1
fi

status=0
for source in fuzz/fuzz_targets/*.rs; do
  target=$(basename "$source" .rs)
  mkdir -p "$work/$target"
  seeds="fuzz/seeds/$target"
  [ -d "$seeds" ] || seeds=fixtures/exports
  if "$CARGO_TARGET_DIR/$host/release/$target" "$work/$target" "$seeds" \
    -max_total_time="$seconds" -seed=1 -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
    -artifact_prefix="$work/" >"$work/log" 2>&1; then
    echo "fuzzed: $target, $(grep -oE 'Done [0-9]+ runs' "$work/log" | cut -d' ' -f2) inputs in $seconds s, no crash"
  else
    status=1
    tail -n 40 "$work/log"
    for input in "$work"/crash-* "$work"/timeout-* "$work"/oom-*; do
      [ -e "$input" ] && echo "$target fails on (base64): $(base64 <"$input" | tr -d '\n' | cut -c1-4000)"
    done
    rm -f "$work"/crash-* "$work"/timeout-* "$work"/oom-*
  fi
done
exit $status
