<#
.SYNOPSIS
Grants an application the permissions of Microsoft Graph and of the activity feed that Highwater reads with.

.DESCRIPTION
Prints what it would do; does it with -Apply. May be run again: what is granted already is left alone.
Generated from the declarations of the sources (docs/permissions.md). Needs the module Microsoft.Graph.Authentication and
somebody who may consent for the whole tenant (Privileged Role Administrator).

.PARAMETER ClientId
Application (client) id.

.PARAMETER Only
These permissions and no others.

.PARAMETER Apply
Grant; without it nothing is changed.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [guid] $ClientId,
    [string[]] $Only = @(),
    [switch] $Apply
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$permissions = @(
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'AccessReview.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'CloudApp-Discovery.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'DeviceManagementApps.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'DeviceManagementConfiguration.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'DeviceManagementManagedDevices.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'EntitlementManagement.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'Group.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'LicenseAssignment.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'Policy.Read.All' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'RoleManagement.Read.Directory' }
    @{ Api = '00000003-0000-0000-c000-000000000000'; Name = 'User.Read.All' }
    @{ Api = 'c5393580-f805-4401-95e8-94b7a6ef2fc2'; Name = 'ActivityFeed.Read' }
)

Connect-MgGraph -Scopes 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All' -NoWelcome

function Get-Principal([string] $AppId) {
    Invoke-MgGraphRequest -Method GET -Uri "v1.0/servicePrincipals(appId='$AppId')?`$select=id,appRoles"
}

$principal = (Get-Principal $ClientId).id
$uri = "v1.0/servicePrincipals/$principal/appRoleAssignments"
$held = (Invoke-MgGraphRequest -Method GET -Uri $uri).value
$resources = @{}
$failed = $false

foreach ($entry in $permissions) {
    $name = $entry.Name
    if ($Only.Count -gt 0 -and $Only -notcontains $name) { continue }
    if (-not $resources.ContainsKey($entry.Api)) { $resources[$entry.Api] = Get-Principal $entry.Api }
    $resource = $resources[$entry.Api]
    $role = $resource.appRoles | Where-Object { $_.value -eq $name -and $_.allowedMemberTypes -contains 'Application' } | Select-Object -First 1
    if (-not $role) {
        Write-Warning "missing    ${name}: $($entry.Api) has no such permission for applications"
        $failed = $true
        continue
    }
    $has = $held | Where-Object { $_.resourceId -eq $resource.id -and $_.appRoleId -eq $role.id }
    if ($has) {
        Write-Output "granted    $name"
    }
    elseif ($Apply) {
        $body = @{ principalId = $principal; resourceId = $resource.id; appRoleId = $role.id }
        Invoke-MgGraphRequest -Method POST -Uri $uri -Body $body | Out-Null
        Write-Output "now given  $name"
    }
    else {
        Write-Output "would give $name"
    }
}
if (-not $Apply) { Write-Output 'Nothing was changed: run it again with -Apply.' }
if ($failed) { exit 1 }
