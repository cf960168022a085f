<#
.SYNOPSIS
Registers the weekly run with Task Scheduler.

.DESCRIPTION
Makes the folder for configuration, credentials, store and logs, lets only the task's account and administrators in, and
registers the task. -WhatIf says what it would do. May be run again.

.PARAMETER Account
Who runs it: LocalService, or a group managed service account such as CONTOSO\highwater$.

.PARAMETER Folder
Where configuration, credentials, store and logs are.

.PARAMETER TaskName
Name of the task.

.EXAMPLE
.\Register-HighwaterTask.ps1 -WhatIf

.EXAMPLE
.\Register-HighwaterTask.ps1 -Account 'CONTOSO\highwater$'
#>
#Requires -RunAsAdministrator
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Account = 'LocalService',
    [string] $Folder = (Join-Path $env:ProgramData 'Highwater'),
    [string] $TaskName = 'Highwater'
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Built-in accounts are named by their ids, because their names are translated.
$sids = @{ LocalService = 'S-1-5-19'; NetworkService = 'S-1-5-20' }
$sid = if ($sids.ContainsKey($Account)) { $sids[$Account] }
else { ([System.Security.Principal.NTAccount] $Account).Translate([System.Security.Principal.SecurityIdentifier]).Value }

if ($PSCmdlet.ShouldProcess($Folder, "make the folder; only $Account, SYSTEM and administrators may enter")) {
    New-Item -ItemType Directory -Force -Path $Folder | Out-Null
    & icacls.exe $Folder /inheritance:r /grant:r '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F' "*${sid}:(OI)(CI)M" /Q | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "icacls could not protect $Folder" }
}

$task = [xml] (Get-Content -Raw -LiteralPath (Join-Path $PSScriptRoot 'highwater-task.xml'))
$principal = $task.Task.Principals.Principal
$principal.UserId = $sid
if ($Account.EndsWith('$')) {
    # A managed service account signs in by a password that Windows knows and nobody types.
    $logon = $task.CreateElement('LogonType', $task.Task.NamespaceURI)
    $logon.InnerText = 'Password'
    $principal.InsertAfter($logon, $principal['UserId']) | Out-Null
}
if ($PSCmdlet.ShouldProcess($TaskName, "register the task for $Account, every Monday")) {
    Register-ScheduledTask -TaskName $TaskName -Xml $task.OuterXml -Force | Out-Null
}
