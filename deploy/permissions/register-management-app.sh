#!/usr/bin/env bash
# Registers an application as a management application of Power Platform.
# Prints what it would do; does it with --apply. May be run again.
# Know what it means: the vendor has no reading form of this. A registered application may do what an administrator of
# Power Platform may do; Highwater only ever reads. docs/permissions.md tells what works without it.
# Needs the Azure CLI, signed in as an administrator of Power Platform.
set -euo pipefail

usage() {
  echo "usage: $0 --client-id ID [--host HOST] [--resource AUDIENCE] [--apply]" >&2
  echo "  --client-id ID       application (client) id" >&2
  echo "  --host HOST          administration service of another cloud than the public one" >&2
  echo "  --resource AUDIENCE  audience of its tokens" >&2
  echo "  --apply              register; without it nothing is changed" >&2
  exit 2
}

client_id=""
host="https://api.bap.microsoft.com"
resource="https://service.powerapps.com/"
apply=0
while [ $# -gt 0 ]; do
  case "$1" in
    --client-id) [ $# -ge 2 ] || usage; client_id="$2"; shift 2 ;;
    --host) [ $# -ge 2 ] || usage; host="${2%/}"; shift 2 ;;
    --resource) [ $# -ge 2 ] || usage; resource="$2"; shift 2 ;;
    --apply) apply=1; shift ;;
    *) usage ;;
  esac
done
[ -n "$client_id" ] || usage
[[ "$client_id" =~ ^[0-9a-fA-F-]{36}$ ]] || { echo "--client-id is no GUID" >&2; exit 2; }
command -v az >/dev/null 2>&1 || { echo "the Azure CLI (az) is not installed" >&2; exit 3; }

list="$host/providers/Microsoft.BusinessAppPlatform/adminApplications"
held="$(az rest --method get --resource "$resource" --url "$list?api-version=2020-10-01" \
  --query "value[?applicationId=='$client_id'].applicationId | [0]" --output tsv)"
if [ -n "$held" ]; then
  echo "registered     $client_id"
elif [ "$apply" -eq 1 ]; then
  az rest --method put --resource "$resource" --url "$list/$client_id?api-version=2020-10-01" --output none
  echo "now registered $client_id"
else
  echo "would register $client_id as a management application of Power Platform"
  echo "Nothing was changed: run it again with --apply."
fi
