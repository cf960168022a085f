<#
.SYNOPSIS
Lets a workload sign in as an application without a secret: a federated credential of the application.

.DESCRIPTION
Prints what it would do; does it with -Apply. May be run again: a trust that is there is left alone.
Needs the module Microsoft.Graph.Authentication and an owner of the application (or Application Administrator).

.PARAMETER ClientId
Application (client) id.

.PARAMETER Name
Name of the credential.

.PARAMETER Issuer
Who vouches for the workload; as exactly as its tokens say it.

.PARAMETER Subject
The one workload that is trusted; no pattern.

.PARAMETER Apply
Make it; without it nothing is changed.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [guid] $ClientId,
    [Parameter(Mandatory)] [ValidatePattern('^[A-Za-z0-9_-]{3,120}$')] [string] $Name,
    [Parameter(Mandatory)] [ValidatePattern('^https://\S+$')] [string] $Issuer,
    [Parameter(Mandatory)] [ValidatePattern('^[^\s*]+$')] [string] $Subject,
    [switch] $Apply
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

Connect-MgGraph -Scopes 'Application.ReadWrite.All' -NoWelcome
$uri = "v1.0/applications(appId='$ClientId')/federatedIdentityCredentials"
$held = (Invoke-MgGraphRequest -Method GET -Uri $uri).value | Where-Object { $_.issuer -eq $Issuer -and $_.subject -eq $Subject }
if ($held) {
    Write-Output "there      $($held.name): $Subject of $Issuer"
}
elseif ($Apply) {
    $body = @{ name = $Name; issuer = $Issuer; subject = $Subject; audiences = @('api://AzureADTokenExchange') }
    Invoke-MgGraphRequest -Method POST -Uri $uri -Body $body | Out-Null
    Write-Output "now trusts $Subject of $Issuer"
}
else {
    Write-Output "would trust $Subject of $Issuer"
    Write-Output 'Nothing was changed: run it again with -Apply.'
}
