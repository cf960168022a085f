#!/usr/bin/env bash
# Gives an application the reading role of Power Platform, for the whole tenant.
# Prints what it would do; does it with --apply. May be run again: a role that is held is left alone.
# The role reads the Power Platform API and nothing else (docs/permissions.md says what that unlocks). The vendor calls
# role assignments of Power Platform a preview.
# Needs the Azure CLI, signed in as an administrator of Power Platform.
set -euo pipefail

# Power Platform reader, the same in every tenant.
role="c886ad2e-27f7-4874-8381-5849b8d8a090"

usage() {
  echo "usage: $0 --client-id ID [--host HOST] [--apply]" >&2
  echo "  --client-id ID  application (client) id" >&2
  echo "  --host HOST     Power Platform API of another cloud than the public one" >&2
  echo "  --apply         assign; without it nothing is changed" >&2
  exit 2
}

client_id=""
host="https://api.powerplatform.com"
apply=0
while [ $# -gt 0 ]; do
  case "$1" in
    --client-id) [ $# -ge 2 ] || usage; client_id="$2"; shift 2 ;;
    --host) [ $# -ge 2 ] || usage; host="${2%/}"; shift 2 ;;
    --apply) apply=1; shift ;;
    *) usage ;;
  esac
done
[ -n "$client_id" ] || usage
[[ "$client_id" =~ ^[0-9a-fA-F-]{36}$ ]] || { echo "--client-id is no GUID" >&2; exit 2; }
command -v az >/dev/null 2>&1 || { echo "the Azure CLI (az) is not installed" >&2; exit 3; }

tenant="$(az account show --query tenantId --output tsv)"
principal="$(az ad sp show --id "$client_id" --query id --output tsv)"
assignments="$host/authorization/roleAssignments?api-version=2024-10-01"
held="$(az rest --method get --resource "$host" --url "$assignments" \
  --query "value[?principalObjectId=='$principal' && roleDefinitionId=='$role' && scope=='/tenants/$tenant'].roleAssignmentId | [0]" --output tsv)"
if [ -n "$held" ]; then
  echo "held       Power Platform reader"
elif [ "$apply" -eq 1 ]; then
  az rest --method post --resource "$host" --url "$assignments" --headers "Content-Type=application/json" --output none \
    --body "{\"principalObjectId\":\"$principal\",\"principalType\":\"ApplicationUser\",\"roleDefinitionId\":\"$role\",\"scope\":\"/tenants/$tenant\"}"
  echo "now given  Power Platform reader for the tenant $tenant"
else
  echo "would give Power Platform reader for the tenant $tenant"
  echo "Nothing was changed: run it again with --apply."
fi
