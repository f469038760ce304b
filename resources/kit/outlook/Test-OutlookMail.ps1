#Requires -Version 5.1
<#
.SYNOPSIS
    Tells Intune whether Set-OutlookMail.ps1 has done its work for the person who is signed in.
.DESCRIPTION
    Exit status 0: it has. 1: it has not, so it is to be run. Run it as the person.
#>
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Wanted = @'
@WANTED@
'@ | ConvertFrom-Json

$Key = 'HKCU:\Software\Microsoft\Office\16.0\Outlook\AutoDiscover'
if (-not (Test-Path -LiteralPath $Key)) { exit 1 }
$Item = Get-Item -LiteralPath $Key
$File = $Item.GetValue($Wanted.domain)
if ($Item.GetValue('PreferLocalXML') -ne 1 -or [string]::IsNullOrEmpty($File)) { exit 1 }
if (-not (Test-Path -LiteralPath $File)) { exit 1 }
Write-Output "Outlook knows the servers of $($Wanted.domain)."
exit 0
