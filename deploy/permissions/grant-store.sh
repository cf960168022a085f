#!/usr/bin/env bash
# Lets an application or a managed identity keep its snapshots in one container of a storage account.
# Prints what it would do; does it with --apply. May be run again: a role that is held is left alone.
# Needs the Azure CLI, signed in as somebody who may assign roles there (Role Based Access Control Administrator).
set -euo pipefail

usage() {
  echo "usage: $0 --client-id ID --account NAME --container NAME [--read-only] [--apply]" >&2
  echo "  --client-id ID    application (client) id, also of a managed identity" >&2
  echo "  --account NAME    storage account" >&2
  echo "  --container NAME  container; the role holds there and nowhere else" >&2
  echo "  --read-only       for whoever only looks: highwater report, status, history" >&2
  echo "  --apply           assign; without it nothing is changed" >&2
  exit 2
}

client_id=""
account=""
container=""
role="Storage Blob Data Contributor"
apply=0
while [ $# -gt 0 ]; do
  case "$1" in
    --client-id) [ $# -ge 2 ] || usage; client_id="$2"; shift 2 ;;
    --account) [ $# -ge 2 ] || usage; account="$2"; shift 2 ;;
    --container) [ $# -ge 2 ] || usage; container="$2"; shift 2 ;;
    --read-only) role="Storage Blob Data Reader"; shift ;;
    --apply) apply=1; shift ;;
    *) usage ;;
  esac
done
if [ -z "$client_id" ] || [ -z "$account" ] || [ -z "$container" ]; then usage; fi
[[ "$client_id" =~ ^[0-9a-fA-F-]{36}$ ]] || { echo "--client-id is no GUID" >&2; exit 2; }
[[ "$account" =~ ^[a-z0-9]{3,24}$ ]] || { echo "--account is no name of a storage account" >&2; exit 2; }
[[ "$container" =~ ^[a-z0-9-]{3,63}$ ]] || { echo "--container is no name of a container" >&2; exit 2; }
command -v az >/dev/null 2>&1 || { echo "the Azure CLI (az) is not installed" >&2; exit 3; }

scope="$(az storage account show --name "$account" --query id --output tsv)/blobServices/default/containers/$container"
principal="$(az ad sp show --id "$client_id" --query id --output tsv)"
held="$(az role assignment list --assignee "$principal" --role "$role" --scope "$scope" --query "[0].id" --output tsv)"
if [ -n "$held" ]; then
  echo "held       $role"
elif [ "$apply" -eq 1 ]; then
  az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
    --role "$role" --scope "$scope" --output none
  echo "now given  $role at $scope"
else
  echo "would give $role at $scope"
  echo "Nothing was changed: run it again with --apply."
fi
