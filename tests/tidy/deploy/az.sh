#!/usr/bin/env bash
# Stands in for the Azure CLI: writes down what is asked, answers reads as a tenant would that has granted nothing
# (or everything, with HELD=1), and takes every write.
printf '%s\n' "$*" | tr '\n' ' ' >> "$ASKED"
echo >> "$ASKED"
case "$*" in
  *"cloud show"*) echo "https://graph.microsoft.com/" ;;
  *"account show"*) echo "00000000-0000-0000-0000-000000000000" ;;
  *"storage account show"*) echo "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/contoso" ;;
  *"ad sp show"*appRoles*) echo "00000000-0000-0000-0000-000000000201" ;;
  *"ad sp show"*) echo "00000000-0000-0000-0000-000000000301" ;;
  *businessunits*) echo "00000000-0000-0000-0000-000000000401" ;;
  *"/privileges "*) echo "00000000-0000-0000-0000-000000000501" ;;
  *"--method post"*roles*) echo "00000000-0000-0000-0000-000000000601" ;;
  *"--method post"*systemusers*) echo "00000000-0000-0000-0000-000000000701" ;;
  *roleprivileges_association*) if [ "${HELD:-0}" = 1 ]; then echo "00000000-0000-0000-0000-000000000501"; fi ;;
  *) if [ "${HELD:-0}" = 1 ]; then echo "held-already"; fi ;;
esac
