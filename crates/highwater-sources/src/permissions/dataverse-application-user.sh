#!/usr/bin/env bash
# Makes an application user with a reading security role in Dataverse environments.
# Prints what it would do; does it with --apply. May be run again: what is there already is left alone.
# Generated from the declarations of the sources (docs/permissions.md; deploy/permissions/dataverse-role.md lists the
# privileges). Needs the Azure CLI, signed in as a system administrator of each environment.
set -euo pipefail

# Privileges, all of them to read, at the level of the organisation. `*` stands for all that begin so.
privileges=(
@PRIVILEGES@
)

usage() {
  echo "usage: $0 --client-id ID --environment URL... [--role NAME] [--apply]" >&2
  echo "  --client-id ID     application (client) id" >&2
  echo "  --environment URL  address of an environment, https://contoso.crm4.dynamics.com; may be repeated" >&2
  echo "  --role NAME        name of the security role (Highwater reader)" >&2
  echo "  --apply            make and assign; without it nothing is changed" >&2
  exit 2
}

client_id=""
role="Highwater reader"
apply=0
environments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --client-id) [ $# -ge 2 ] || usage; client_id="$2"; shift 2 ;;
    --environment) [ $# -ge 2 ] || usage; environments+=("${2%/}"); shift 2 ;;
    --role) [ $# -ge 2 ] || usage; role="$2"; shift 2 ;;
    --apply) apply=1; shift ;;
    *) usage ;;
  esac
done
if [ -z "$client_id" ] || [ "${#environments[@]}" -eq 0 ]; then usage; fi
[[ "$role" =~ ^[A-Za-z0-9\ _-]+$ ]] || { echo "--role may hold letters, digits, blanks, _ and -" >&2; exit 2; }
[[ "$client_id" =~ ^[0-9a-fA-F-]{36}$ ]] || { echo "--client-id is no GUID" >&2; exit 2; }
command -v az >/dev/null 2>&1 || { echo "the Azure CLI (az) is not installed" >&2; exit 3; }

# get URL PATH QUERY [PARAMETER]...: one value of an answer, empty where there is none
get() {
  local url="$1" path="$2" query="$3"
  shift 3
  az rest --method get --resource "$url" --url "$url/api/data/v9.2/$path" --url-parameters "$@" --query "$query" --output tsv
}

# post URL PATH BODY [QUERY]: writes, and gives one value of the answer
post() {
  local url="$1" path="$2" body="$3" query="${4:-}"
  local shown=(--output none)
  [ -z "$query" ] || shown=(--query "$query" --output tsv)
  az rest --method post --resource "$url" --url "$url/api/data/v9.2/$path" \
    --headers "Content-Type=application/json" "Prefer=return=representation" --body "$body" "${shown[@]}"
}

# ids URL NAME: ids of the privileges of that name, or of those that begin so
ids() {
  local filter="name eq '$2'"
  case "$2" in
    *'*') filter="startswith(name,'${2%\*}')" ;;
  esac
  get "$1" privileges "value[].privilegeid" "\$select=privilegeid" "\$filter=$filter"
}

for url in "${environments[@]}"; do
  echo "$url"
  unit="$(get "$url" businessunits "value[0].businessunitid" "\$select=businessunitid" "\$filter=parentbusinessunitid eq null")"
  role_id="$(get "$url" roles "value[0].roleid" "\$select=roleid" "\$filter=name eq '$role' and _businessunitid_value eq $unit")"
  if [ -n "$role_id" ]; then
    echo "  there      security role $role"
  elif [ "$apply" -eq 1 ]; then
    role_id="$(post "$url" roles "{\"name\":\"$role\",\"businessunitid@odata.bind\":\"/businessunits($unit)\"}" roleid)"
    echo "  now made   security role $role"
  else
    echo "  would make security role $role"
  fi

  held=""
  if [ -n "$role_id" ]; then
    held="$(get "$url" "roles($role_id)/roleprivileges_association" "value[].privilegeid" "\$select=privilegeid")"
  fi
  for name in "${privileges[@]}"; do
    found="$(ids "$url" "$name")"
    if [ -z "$found" ]; then
      echo "  not here   $name"
      continue
    fi
    missing=""
    for id in $found; do
      case "$held" in
        *"$id"*) ;;
        *) missing="$missing,{\"Depth\":\"Global\",\"PrivilegeId\":\"$id\",\"BusinessUnitId\":\"$unit\"}" ;;
      esac
    done
    if [ -z "$missing" ]; then
      echo "  held       $name"
    elif [ "$apply" -eq 1 ]; then
      post "$url" "roles($role_id)/Microsoft.Dynamics.CRM.AddPrivilegesRole" "{\"Privileges\":[${missing#,}]}"
      echo "  now given  $name"
    else
      echo "  would give $name"
    fi
  done

  user="$(get "$url" systemusers "value[0].systemuserid" "\$select=systemuserid" "\$filter=applicationid eq $client_id")"
  if [ -n "$user" ]; then
    echo "  there      application user $client_id"
  elif [ "$apply" -eq 1 ]; then
    user="$(post "$url" systemusers "{\"applicationid\":\"$client_id\",\"businessunitid@odata.bind\":\"/businessunits($unit)\"}" systemuserid)"
    echo "  now made   application user $client_id"
  else
    echo "  would make application user $client_id"
  fi
  has=""
  if [ -n "$user" ] && [ -n "$role_id" ]; then
    has="$(get "$url" "systemusers($user)/systemuserroles_association" "value[0].roleid" "\$select=roleid" "\$filter=roleid eq $role_id")"
  fi
  if [ -n "$has" ]; then
    echo "  held       the role"
  elif [ "$apply" -eq 1 ]; then
    post "$url" "systemusers($user)/systemuserroles_association/\$ref" "{\"@odata.id\":\"$url/api/data/v9.2/roles($role_id)\"}"
    echo "  now given  the role"
  else
    echo "  would give the role"
  fi
done
[ "$apply" -eq 1 ] || echo "Nothing was changed: run it again with --apply."
