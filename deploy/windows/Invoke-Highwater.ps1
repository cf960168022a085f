<#
.SYNOPSIS
One run, as the scheduled task does it.

.DESCRIPTION
Reads variables (NAME=value, one a line) from highwater.env of the folder, runs highwater, writes what it says to a log
of its own, keeps the newest logs, and ends with the exit code of the run.

.PARAMETER Folder
Where configuration, credentials, store and logs are; only the task's account and administrators can read it.

.PARAMETER Program
The program.

.PARAMETER KeepLogs
Logs to keep.
#>
[CmdletBinding()]
param(
    [string] $Folder = (Join-Path $env:ProgramData 'Highwater'),
    [string] $Program = (Join-Path $PSScriptRoot 'highwater.exe'),
    [ValidateRange(1, 1000)] [int] $KeepLogs = 60
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$variables = Join-Path $Folder 'highwater.env'
if (Test-Path -LiteralPath $variables) {
    foreach ($line in Get-Content -LiteralPath $variables) {
        if ($line -match '^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$') {
            [System.Environment]::SetEnvironmentVariable($Matches[1], $Matches[2].Trim(), 'Process')
        }
    }
}

$logs = New-Item -ItemType Directory -Force -Path (Join-Path $Folder 'logs')
$name = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH-mm-ssZ')
$said = Join-Path $logs.FullName "$name.out.log"
$progress = Join-Path $logs.FullName "$name.log"
$run = @{
    FilePath               = $Program
    ArgumentList           = @('run', '--config', "`"$(Join-Path $Folder 'highwater.toml')`"", '--store', "`"$(Join-Path $Folder 'store')`"")
    WorkingDirectory       = $Folder
    RedirectStandardOutput = $said
    RedirectStandardError  = $progress
    NoNewWindow            = $true
    Wait                   = $true
    PassThru               = $true
}
if ($env:HIGHWATER_STORE) { $run.ArgumentList = $run.ArgumentList[0..2] }
$process = Start-Process @run

Get-ChildItem -LiteralPath $logs.FullName -Filter '*.log' | Sort-Object -Property Name -Descending |
    Select-Object -Skip (2 * $KeepLogs) | Remove-Item -Force
exit $process.ExitCode
