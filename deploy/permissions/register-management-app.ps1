<#
.SYNOPSIS
Registers an application as a management application of Power Platform.

.DESCRIPTION
Prints what it would do; does it with -Apply. May be run again.
Know what it means: the vendor has no reading form of this. A registered application may do what an administrator of
Power Platform may do; Highwater only ever reads. docs/permissions.md tells what works without it.
Needs the module Microsoft.PowerApps.Administration.PowerShell and an administrator of Power Platform.

.PARAMETER ClientId
Application (client) id.

.PARAMETER Apply
Register; without it nothing is changed.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [guid] $ClientId,
    [switch] $Apply
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

Add-PowerAppsAccount
$held = @(Get-PowerAppManagementApps) | Where-Object { $_.applicationId -eq $ClientId }
if ($held) {
    Write-Output "registered     $ClientId"
}
elseif ($Apply) {
    New-PowerAppManagementApp -ApplicationId $ClientId | Out-Null
    Write-Output "now registered $ClientId"
}
else {
    Write-Output "would register $ClientId as a management application of Power Platform"
    Write-Output 'Nothing was changed: run it again with -Apply.'
}
