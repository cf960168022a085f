<#
.SYNOPSIS
Makes an application user with a reading security role in Dataverse environments.

.DESCRIPTION
Prints what it would do; does it with -Apply. May be run again: what is there already is left alone.
Generated from the declarations of the sources (docs/permissions.md; deploy/permissions/dataverse-role.md lists the
privileges). Needs the module Az.Accounts and a system administrator of each environment.

.PARAMETER ClientId
Application (client) id.

.PARAMETER Environment
Addresses of environments, https://contoso.crm4.dynamics.com.

.PARAMETER Role
Name of the security role.

.PARAMETER Apply
Make and assign; without it nothing is changed.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [guid] $ClientId,
    [Parameter(Mandatory)] [uri[]] $Environment,
    [string] $Role = 'Highwater reader',
    [switch] $Apply
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Privileges, all of them to read, at the level of the organisation. `*` stands for all that begin so.
$privileges = @(
    'prvReadAppModule'
    'prvReadEnvironmentVariableDefinition'
    'prvReadEnvironmentVariableValue'
    'prvReadOrganization'
    'prvReadPublisher'
    'prvReadRole'
    'prvReadSolution'
    'prvReadTeam'
    'prvReadUser'
    'prvReadWorkflow'
    'prvReadbot'
    'prvReadconnectionreference'
    'prvReadconversationtranscript'
    'prvReadcredential'
    'prvReaddeploymentenvironment'
    'prvReaddeploymentpipeline'
    'prvReaddeploymentstage'
    'prvReaddeploymentstagerun'
    'prvReadflowmachine'
    'prvReadflowmachinegroup'
    'prvReadflowrun'
    'prvReadflowsession'
    'prvReadmsdyn_AIModel'
    'prvReadmsdyn_componentlayer'
    'prvReadmsdyn_pm*'
    'prvReadsourcecontrol*'
    'prvReadworkqueue'
)

# One request to the environment; the answer as an object.
function Invoke-Dataverse([string] $Method, [string] $Url, [string] $Path, $Body = $null) {
    $token = (Get-AzAccessToken -ResourceUrl $Url -AsSecureString).Token
    $request = @{
        Method         = $Method
        Uri            = "$Url/api/data/v9.2/$Path"
        Authentication = 'Bearer'
        Token          = $token
        Headers        = @{ Prefer = 'return=representation'; Accept = 'application/json' }
    }
    if ($Body) {
        $request.Body = $Body | ConvertTo-Json -Depth 5
        $request.ContentType = 'application/json'
    }
    Invoke-RestMethod @request
}

function Write-State([bool] $There, [string] $What) {
    if ($There) { Write-Output "  there      $What" }
    elseif ($Apply) { Write-Output "  now given  $What" }
    else { Write-Output "  would give $What" }
}

foreach ($address in $Environment) {
    $url = $address.GetLeftPart([System.UriPartial]::Authority)
    Write-Output $url
    $unit = (Invoke-Dataverse GET $url 'businessunits?$select=businessunitid&$filter=parentbusinessunitid eq null').value[0].businessunitid
    $quoted = $Role.Replace("'", "''")
    $found = @((Invoke-Dataverse GET $url "roles?`$select=roleid&`$filter=name eq '$quoted' and _businessunitid_value eq $unit").value)
    Write-State ($found.Count -gt 0) "security role $Role"
    $roleId = if ($found.Count -gt 0) { $found[0].roleid }
    elseif ($Apply) {
        (Invoke-Dataverse POST $url 'roles' @{ name = $Role; 'businessunitid@odata.bind' = "/businessunits($unit)" }).roleid
    }

    $held = @()
    if ($roleId) {
        $held = @((Invoke-Dataverse GET $url "roles($roleId)/roleprivileges_association?`$select=privilegeid").value | ForEach-Object { $_.privilegeid })
    }
    foreach ($name in $privileges) {
        $filter = if ($name.EndsWith('*')) { "startswith(name,'$($name.TrimEnd('*'))')" } else { "name eq '$name'" }
        $ids = @((Invoke-Dataverse GET $url "privileges?`$select=privilegeid&`$filter=$filter").value | ForEach-Object { $_.privilegeid })
        if ($ids.Count -eq 0) {
            Write-Output "  not here   $name"
            continue
        }
        $missing = @($ids | Where-Object { $held -notcontains $_ } | ForEach-Object {
                @{ Depth = 'Global'; PrivilegeId = $_; BusinessUnitId = $unit }
            })
        Write-State ($missing.Count -eq 0) $name
        if ($Apply -and $missing.Count -gt 0) {
            Invoke-Dataverse POST $url "roles($roleId)/Microsoft.Dynamics.CRM.AddPrivilegesRole" @{ Privileges = $missing } | Out-Null
        }
    }

    $users = @((Invoke-Dataverse GET $url "systemusers?`$select=systemuserid&`$filter=applicationid eq $ClientId").value)
    Write-State ($users.Count -gt 0) "application user $ClientId"
    $user = if ($users.Count -gt 0) { $users[0].systemuserid }
    elseif ($Apply) {
        (Invoke-Dataverse POST $url 'systemusers' @{ applicationid = "$ClientId"; 'businessunitid@odata.bind' = "/businessunits($unit)" }).systemuserid
    }
    $has = @()
    if ($user -and $roleId) {
        $has = @((Invoke-Dataverse GET $url "systemusers($user)/systemuserroles_association?`$select=roleid&`$filter=roleid eq $roleId").value)
    }
    Write-State ($has.Count -gt 0) 'the role of the application user'
    if ($Apply -and $has.Count -eq 0) {
        Invoke-Dataverse POST $url "systemusers($user)/systemuserroles_association/`$ref" @{ '@odata.id' = "$url/api/data/v9.2/roles($roleId)" } | Out-Null
    }
}
if (-not $Apply) { Write-Output 'Nothing was changed: run it again with -Apply.' }
