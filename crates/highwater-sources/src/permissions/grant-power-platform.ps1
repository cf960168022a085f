<#
.SYNOPSIS
Gives an application the reading role of Power Platform, for the whole tenant.

.DESCRIPTION
Prints what it would do; does it with -Apply. May be run again: a role that is held is left alone.
The role reads the Power Platform API and nothing else (docs/permissions.md says what that unlocks). The vendor calls
role assignments of Power Platform a preview.
Needs the modules Az.Accounts and Az.Resources and an administrator of Power Platform.

.PARAMETER ClientId
Application (client) id.

.PARAMETER ApiHost
Power Platform API of another cloud than the public one.

.PARAMETER Apply
Assign; without it nothing is changed.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [guid] $ClientId,
    [uri] $ApiHost = 'https://api.powerplatform.com',
    [switch] $Apply
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Power Platform reader, the same in every tenant.
$role = 'c886ad2e-27f7-4874-8381-5849b8d8a090'
$resource = $ApiHost.GetLeftPart([System.UriPartial]::Authority)
$scope = "/tenants/$((Get-AzContext).Tenant.Id)"
$principal = (Get-AzADServicePrincipal -ApplicationId $ClientId).Id
if (-not $principal) { throw "the tenant has no service principal of $ClientId" }

$request = @{
    Uri            = "$resource/authorization/roleAssignments?api-version=2024-10-01"
    Authentication = 'Bearer'
    Token          = (Get-AzAccessToken -ResourceUrl $resource -AsSecureString).Token
}
$held = (Invoke-RestMethod -Method GET @request).value | Where-Object {
    $_.principalObjectId -eq $principal -and $_.roleDefinitionId -eq $role -and $_.scope -eq $scope
}
if ($held) {
    Write-Output 'held       Power Platform reader'
}
elseif ($Apply) {
    $body = @{ principalObjectId = $principal; principalType = 'ApplicationUser'; roleDefinitionId = $role; scope = $scope }
    Invoke-RestMethod -Method POST @request -ContentType 'application/json' -Body ($body | ConvertTo-Json) | Out-Null
    Write-Output "now given  Power Platform reader for $scope"
}
else {
    Write-Output "would give Power Platform reader for $scope"
    Write-Output 'Nothing was changed: run it again with -Apply.'
}
