#!/usr/bin/env bash
# Grants an application the permissions of Microsoft Graph and of the activity feed that Highwater reads with.
# Prints what it would do; does it with --apply. May be run again: what is granted already is left alone.
# Generated from the declarations of the sources (docs/permissions.md). Needs the Azure CLI, signed in as somebody who
# may consent for the whole tenant (Privileged Role Administrator).
set -euo pipefail

# API, permission
permissions=(
  "00000003-0000-0000-c000-000000000000 AccessReview.Read.All"
  "00000003-0000-0000-c000-000000000000 CloudApp-Discovery.Read.All"
  "00000003-0000-0000-c000-000000000000 DeviceManagementApps.Read.All"
  "00000003-0000-0000-c000-000000000000 DeviceManagementConfiguration.Read.All"
  "00000003-0000-0000-c000-000000000000 DeviceManagementManagedDevices.Read.All"
  "00000003-0000-0000-c000-000000000000 EntitlementManagement.Read.All"
  "00000003-0000-0000-c000-000000000000 Group.Read.All"
  "00000003-0000-0000-c000-000000000000 LicenseAssignment.Read.All"
  "00000003-0000-0000-c000-000000000000 Policy.Read.All"
  "00000003-0000-0000-c000-000000000000 RoleManagement.Read.Directory"
  "00000003-0000-0000-c000-000000000000 User.Read.All"
  "c5393580-f805-4401-95e8-94b7a6ef2fc2 ActivityFeed.Read"
)

usage() {
  echo "usage: $0 --client-id ID [--only PERMISSION]... [--apply]" >&2
  echo "  --client-id ID     application (client) id" >&2
  echo "  --only PERMISSION  this permission and no other; may be repeated" >&2
  echo "  --apply            grant; without it nothing is changed" >&2
  exit 2
}

client_id=""
apply=0
only=()
while [ $# -gt 0 ]; do
  case "$1" in
    --client-id) [ $# -ge 2 ] || usage; client_id="$2"; shift 2 ;;
    --only) [ $# -ge 2 ] || usage; only+=("$2"); shift 2 ;;
    --apply) apply=1; shift ;;
    *) usage ;;
  esac
done
[ -n "$client_id" ] || usage
[[ "$client_id" =~ ^[0-9a-fA-F-]{36}$ ]] || { echo "--client-id is no GUID" >&2; exit 2; }
command -v az >/dev/null 2>&1 || { echo "the Azure CLI (az) is not installed" >&2; exit 3; }

wanted() {
  [ "${#only[@]}" -eq 0 ] && return 0
  local name
  for name in "${only[@]}"; do
    [ "$name" = "$1" ] && return 0
  done
  return 1
}

graph="$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)"
graph="${graph%/}"
principal="$(az ad sp show --id "$client_id" --query id --output tsv)"
assignments="$graph/v1.0/servicePrincipals/$principal/appRoleAssignments"
failed=0

for entry in "${permissions[@]}"; do
  api="${entry%% *}"
  name="${entry#* }"
  wanted "$name" || continue
  resource="$(az ad sp show --id "$api" --query id --output tsv 2>/dev/null || true)"
  if [ -z "$resource" ]; then
    echo "missing    $name: the tenant has no service principal of $api" >&2
    failed=1
    continue
  fi
  role="$(az ad sp show --id "$api" --query "appRoles[?value=='$name' && contains(allowedMemberTypes, 'Application')].id | [0]" --output tsv)"
  if [ -z "$role" ]; then
    echo "missing    $name: $api has no such permission for applications" >&2
    failed=1
    continue
  fi
  held="$(az rest --method get --url "$assignments" --query "value[?resourceId=='$resource' && appRoleId=='$role'].id | [0]" --output tsv)"
  if [ -n "$held" ]; then
    echo "granted    $name"
  elif [ "$apply" -eq 1 ]; then
    az rest --method post --url "$assignments" --headers "Content-Type=application/json" \
      --body "{\"principalId\":\"$principal\",\"resourceId\":\"$resource\",\"appRoleId\":\"$role\"}" --output none
    echo "now given  $name"
  else
    echo "would give $name"
  fi
done
[ "$apply" -eq 1 ] || echo "Nothing was changed: run it again with --apply."
exit "$failed"
