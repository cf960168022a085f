<#
.SYNOPSIS
Gives an application the roles of Azure that Highwater reads with, at one management group.

.DESCRIPTION
Prints what it would do; does it with -Apply. May be run again: roles that are held are left alone.
Generated from the declarations of the sources (docs/permissions.md). Needs the module Az.Resources and somebody who may
assign roles there (User Access Administrator). No role of the list reads the value of a secret.

.PARAMETER ClientId
Application (client) id.

.PARAMETER ManagementGroup
Name of the group that is audited; its subscriptions inherit the roles.

.PARAMETER With
More roles, each for a purpose of its own.

.PARAMETER Apply
Assign; without it nothing is changed.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [guid] $ClientId,
    [Parameter(Mandatory)] [string] $ManagementGroup,
    [ValidateSet('Key Vault Reader', 'Log Analytics Reader', 'Microsoft Sentinel Reader', 'Security Reader')] [string[]] $With = @(),
    [switch] $Apply
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$scope = "/providers/Microsoft.Management/managementGroups/$ManagementGroup"
$principal = (Get-AzADServicePrincipal -ApplicationId $ClientId).Id
if (-not $principal) { throw "the tenant has no service principal of $ClientId" }

foreach ($role in @('Reader') + $With) {
    $held = Get-AzRoleAssignment -ObjectId $principal -RoleDefinitionName $role -Scope $scope
    if ($held) {
        Write-Output "held       $role"
    }
    elseif ($Apply) {
        New-AzRoleAssignment -ObjectId $principal -RoleDefinitionName $role -Scope $scope | Out-Null
        Write-Output "now given  $role at $scope"
    }
    else {
        Write-Output "would give $role at $scope"
    }
}
if (-not $Apply) { Write-Output 'Nothing was changed: run it again with -Apply.' }
