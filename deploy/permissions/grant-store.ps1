<#
.SYNOPSIS
Lets an application or a managed identity keep its snapshots in one container of a storage account.

.DESCRIPTION
Prints what it would do; does it with -Apply. May be run again: a role that is held is left alone.
Needs the modules Az.Resources and Az.Storage and somebody who may assign roles there (Role Based Access Control
Administrator).

.PARAMETER ClientId
Application (client) id, also of a managed identity.

.PARAMETER Account
Storage account.

.PARAMETER Container
Container; the role holds there and nowhere else.

.PARAMETER ReadOnly
For whoever only looks: highwater report, status, history.

.PARAMETER Apply
Assign; without it nothing is changed.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [guid] $ClientId,
    [Parameter(Mandatory)] [ValidatePattern('^[a-z0-9]{3,24}$')] [string] $Account,
    [Parameter(Mandatory)] [ValidatePattern('^[a-z0-9-]{3,63}$')] [string] $Container,
    [switch] $ReadOnly,
    [switch] $Apply
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$role = if ($ReadOnly) { 'Storage Blob Data Reader' } else { 'Storage Blob Data Contributor' }
$storage = Get-AzStorageAccount | Where-Object { $_.StorageAccountName -eq $Account }
if (-not $storage) { throw "the subscription has no storage account $Account" }
$scope = "$($storage.Id)/blobServices/default/containers/$Container"
$principal = (Get-AzADServicePrincipal -ApplicationId $ClientId).Id
if (-not $principal) { throw "the tenant has no service principal of $ClientId" }

if (Get-AzRoleAssignment -ObjectId $principal -RoleDefinitionName $role -Scope $scope) {
    Write-Output "held       $role"
}
elseif ($Apply) {
    New-AzRoleAssignment -ObjectId $principal -RoleDefinitionName $role -Scope $scope | Out-Null
    Write-Output "now given  $role at $scope"
}
else {
    Write-Output "would give $role at $scope"
    Write-Output 'Nothing was changed: run it again with -Apply.'
}
