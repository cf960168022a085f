#!/usr/bin/env bash
# Gives an application the roles of Azure that Highwater reads with, at one management group.
# Prints what it would do; does it with --apply. May be run again: roles that are held are left alone.
# Generated from the declarations of the sources (docs/permissions.md). Needs the Azure CLI, signed in as somebody who
# may assign roles there (User Access Administrator). No role of the list reads the value of a secret.
set -euo pipefail

# What suffices for every table of Azure.
roles=("Reader")
# More, each for a purpose of its own; add it with --with.
further=(
  "Key Vault Reader"
  "Log Analytics Reader"
  "Microsoft Sentinel Reader"
  "Security Reader"
)

usage() {
  echo "usage: $0 --client-id ID --management-group NAME [--with ROLE]... [--apply]" >&2
  echo "  --client-id ID           application (client) id" >&2
  echo "  --management-group NAME  the group that is audited; its subscriptions inherit the roles" >&2
  echo "  --scope SCOPE            another scope instead of a management group" >&2
  echo "  --with ROLE              one of: ${further[*]@Q}" >&2
  echo "  --apply                  assign; without it nothing is changed" >&2
  exit 2
}

client_id=""
scope=""
apply=0
while [ $# -gt 0 ]; do
  case "$1" in
    --client-id) [ $# -ge 2 ] || usage; client_id="$2"; shift 2 ;;
    --management-group) [ $# -ge 2 ] || usage; scope="/providers/Microsoft.Management/managementGroups/$2"; shift 2 ;;
    --scope) [ $# -ge 2 ] || usage; scope="$2"; shift 2 ;;
    --with)
      [ $# -ge 2 ] || usage
      known=0
      for role in "${further[@]}"; do
        [ "$role" = "$2" ] && known=1
      done
      [ "$known" -eq 1 ] || usage
      roles+=("$2")
      shift 2
      ;;
    --apply) apply=1; shift ;;
    *) usage ;;
  esac
done
if [ -z "$client_id" ] || [ -z "$scope" ]; then usage; fi
[[ "$client_id" =~ ^[0-9a-fA-F-]{36}$ ]] || { echo "--client-id is no GUID" >&2; exit 2; }
command -v az >/dev/null 2>&1 || { echo "the Azure CLI (az) is not installed" >&2; exit 3; }

principal="$(az ad sp show --id "$client_id" --query id --output tsv)"
for role in "${roles[@]}"; do
  held="$(az role assignment list --assignee "$principal" --role "$role" --scope "$scope" --query "[0].id" --output tsv)"
  if [ -n "$held" ]; then
    echo "held       $role"
  elif [ "$apply" -eq 1 ]; then
    az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
      --role "$role" --scope "$scope" --output none
    echo "now given  $role at $scope"
  else
    echo "would give $role at $scope"
  fi
done
[ "$apply" -eq 1 ] || echo "Nothing was changed: run it again with --apply."
