#!/usr/bin/env bash
# Lets a workload sign in as an application without a secret: a federated credential of the application.
# Prints what it would do; does it with --apply. May be run again: a trust that is there is left alone.
# Needs the Azure CLI, signed in as an owner of the application (or Application Administrator).
set -euo pipefail

usage() {
  echo "usage: $0 --client-id ID --name NAME --issuer URL --subject SUBJECT [--apply]" >&2
  echo "  --client-id ID     application (client) id" >&2
  echo "  --name NAME        name of the credential" >&2
  echo "  --issuer URL       who vouches for the workload; as exactly as its tokens say it" >&2
  echo "  --subject SUBJECT  the one workload that is trusted; no pattern" >&2
  echo "  --apply            make it; without it nothing is changed" >&2
  exit 2
}

client_id=""
name=""
issuer=""
subject=""
apply=0
while [ $# -gt 0 ]; do
  case "$1" in
    --client-id) [ $# -ge 2 ] || usage; client_id="$2"; shift 2 ;;
    --name) [ $# -ge 2 ] || usage; name="$2"; shift 2 ;;
    --issuer) [ $# -ge 2 ] || usage; issuer="$2"; shift 2 ;;
    --subject) [ $# -ge 2 ] || usage; subject="$2"; shift 2 ;;
    --apply) apply=1; shift ;;
    *) usage ;;
  esac
done
if [ -z "$client_id" ] || [ -z "$name" ] || [ -z "$issuer" ] || [ -z "$subject" ]; then usage; fi
[[ "$client_id" =~ ^[0-9a-fA-F-]{36}$ ]] || { echo "--client-id is no GUID" >&2; exit 2; }
[[ "$name" =~ ^[A-Za-z0-9_-]{3,120}$ ]] || { echo "--name may hold letters, digits, - and _" >&2; exit 2; }
[[ "$issuer" =~ ^https://[^\'\"\\[:space:]]+$ ]] || { echo "--issuer is no https address" >&2; exit 2; }
[[ "$subject" =~ ^[^\'\"\\*[:space:]]+$ ]] || { echo "--subject names one workload, without blanks, quotes and *" >&2; exit 2; }
command -v az >/dev/null 2>&1 || { echo "the Azure CLI (az) is not installed" >&2; exit 3; }

held="$(az ad app federated-credential list --id "$client_id" \
  --query "[?issuer=='$issuer' && subject=='$subject'].name | [0]" --output tsv)"
if [ -n "$held" ]; then
  echo "there      $held: $subject of $issuer"
elif [ "$apply" -eq 1 ]; then
  az ad app federated-credential create --id "$client_id" --output none --parameters \
    "{\"name\":\"$name\",\"issuer\":\"$issuer\",\"subject\":\"$subject\",\"audiences\":[\"api://AzureADTokenExchange\"]}"
  echo "now trusts $subject of $issuer"
else
  echo "would trust $subject of $issuer"
  echo "Nothing was changed: run it again with --apply."
fi
