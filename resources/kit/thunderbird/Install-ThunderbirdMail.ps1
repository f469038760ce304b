#Requires -Version 5.1
<#
.SYNOPSIS
    Puts AutoConfig and the servers of a domain beside Thunderbird on this computer.
.DESCRIPTION
    Run it as SYSTEM or as an administrator, with the files of this folder beside it: in Intune as a
    Win32 app, by group policy as a start-up script. It may be run again and again.
.PARAMETER Program
    Thunderbird's folder. Without it: where the installer says that it is.
.PARAMETER Undo
    Take out again what this script put in.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $Program = '',
    [switch] $Undo
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Files = @'
@WANTED@
'@ | ConvertFrom-Json

function Find-Thunderbird {
    foreach ($root in @('HKLM:\SOFTWARE\Mozilla\Mozilla Thunderbird', 'HKLM:\SOFTWARE\WOW6432Node\Mozilla\Mozilla Thunderbird')) {
        foreach ($version in @(Get-ChildItem -Path $root -ErrorAction SilentlyContinue)) {
            $main = Join-Path $version.PSPath 'Main'
            $place = (Get-ItemProperty -LiteralPath $main -ErrorAction SilentlyContinue).'Install Directory'
            if ($place) { return $place }
        }
    }
    return Join-Path $env:ProgramFiles 'Mozilla Thunderbird'
}

if ($Program -eq '') { $Program = Find-Thunderbird }
if (-not (Test-Path -LiteralPath $Program -PathType Container)) {
    Write-Error "Thunderbird is not here: $Program"
}
foreach ($file in $Files) {
    $target = Join-Path $Program $file.place
    if ($Undo) {
        if ((Test-Path -LiteralPath $target) -and $PSCmdlet.ShouldProcess($target, 'Remove')) {
            Remove-Item -LiteralPath $target
        }
        continue
    }
    if ($PSCmdlet.ShouldProcess($target, 'Write')) {
        New-Item -ItemType Directory -Path (Split-Path -Parent $target) -Force | Out-Null
        Copy-Item -LiteralPath (Join-Path $PSScriptRoot $file.name) -Destination $target -Force
    }
}
exit 0
