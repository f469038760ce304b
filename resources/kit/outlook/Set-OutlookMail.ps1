#Requires -Version 5.1
<#
.SYNOPSIS
    Makes classic Outlook find the servers of a mailbox, for the person who is signed in.
.DESCRIPTION
    Writes a local Autodiscover file and names it in the person's own registry. Run it as the person,
    not as SYSTEM: in Intune under Devices, Scripts, with the signed-in person's rights; by group
    policy as a logon script. It holds no password: Outlook asks the person once. It may be run
    again and again.
.PARAMETER Address
    The mailbox. Without it: the address in Active Directory, otherwise the sign-in name.
.PARAMETER Name
    The name that recipients see. Without it: the one in Active Directory.
.PARAMETER Folder
    Where the files go.
.PARAMETER ImportProfile
    Experimental: also let Outlook make a profile of its own at its next start.
.PARAMETER Undo
    Take out again what this script put in.
.EXAMPLE
    .\Set-OutlookMail.ps1 -Address ana@company.com -Name 'Ana Gil' -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $Address = '',
    [string] $Name = '',
    [string] $Folder = '',
    [switch] $ImportProfile,
    [switch] $Undo
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Wanted = @'
@WANTED@
'@ | ConvertFrom-Json

$Office = 'HKCU:\Software\Microsoft\Office\16.0\Outlook'
$Discovery = "$Office\AutoDiscover"
$Setup = "$Office\Setup"

function Get-SignInName {
    # What a program writes to its error output would end a script that stops at errors.
    try { return [string](& whoami.exe /upn 2>$null) } catch { return '' }
}

function Find-Person {
    # The characters that mean something in a filter (RFC 4515, section 3).
    $login = [regex]::Replace($env:USERNAME, '[\\*()\x00]', { param($m) '\{0:x2}' -f [int][char]$m.Value })
    try {
        $searcher = [adsisearcher]"(&(objectCategory=person)(sAMAccountName=$login))"
        $found = $searcher.FindOne()
        if ($null -ne $found) {
            return @{
                Address = [string]($found.Properties['mail'] | Select-Object -First 1)
                Name    = [string]($found.Properties['displayname'] | Select-Object -First 1)
            }
        }
    }
    catch {
        Write-Verbose 'There is no Active Directory here.'
    }
    return @{ Address = (Get-SignInName); Name = '' }
}

function Set-Value([string] $Key, [string] $Property, [object] $Value, [string] $Type) {
    if (-not $PSCmdlet.ShouldProcess("$Key\$Property", 'Set')) { return }
    # New-Item -Force would empty a key that is there.
    if (-not (Test-Path -LiteralPath $Key)) { New-Item -Path $Key -Force | Out-Null }
    New-ItemProperty -LiteralPath $Key -Name $Property -Value $Value -PropertyType $Type -Force | Out-Null
}

function Remove-Value([string] $Key, [string] $Property) {
    if (-not $PSCmdlet.ShouldProcess("$Key\$Property", 'Remove')) { return }
    if (Test-Path -LiteralPath $Key) {
        Remove-ItemProperty -LiteralPath $Key -Name $Property -ErrorAction SilentlyContinue
    }
}

if ($Folder -eq '') { $Folder = Join-Path $env:LOCALAPPDATA 'mailsetup' }
$Xml = Join-Path $Folder 'outlook.xml'
$Prf = Join-Path $Folder 'outlook.prf'

if ($Undo) {
    Remove-Value $Discovery 'PreferLocalXML'
    Remove-Value $Discovery $Wanted.domain
    Remove-Value $Setup 'DisableOffice365SimplifiedAccountCreation'
    foreach ($file in @($Xml, $Prf)) {
        if ((Test-Path -LiteralPath $file) -and $PSCmdlet.ShouldProcess($file, 'Remove')) {
            Remove-Item -LiteralPath $file
        }
    }
    exit 0
}

if ($Address -eq '' -or $Name -eq '') {
    $person = Find-Person
    if ($Address -eq '') { $Address = $person.Address }
    if ($Name -eq '') { $Name = $person.Name }
}
$Address = $Address.Trim()
if ($Name.Trim() -eq '') { $Name = $Address }
$Shape = '^[^@\s"<>&]+@' + [regex]::Escape($Wanted.domain) + '$'
if ($Address -notmatch $Shape) {
    Write-Output "Nothing to do: the mailbox '$Address' is not one of $($Wanted.domain)."
    exit 0
}
if ("$Address$Name" -match '\p{C}') {
    Write-Error 'The name or the address holds control characters.'
}
$Local = $Address.Substring(0, $Address.LastIndexOf('@'))

function Expand-Text([string] $Text, [scriptblock] $Escape) {
    $Text = $Text.Replace('{ADDRESS}', (& $Escape $Address))
    $Text = $Text.Replace('{LOCAL}', (& $Escape $Local))
    return $Text.Replace('{NAME}', (& $Escape $Name))
}

if ($PSCmdlet.ShouldProcess($Xml, 'Write')) {
    New-Item -ItemType Directory -Path $Folder -Force | Out-Null
    $text = Expand-Text $Wanted.xml { param($value) [Security.SecurityElement]::Escape($value) }
    [IO.File]::WriteAllText($Xml, $text, (New-Object Text.UTF8Encoding($false)))
}
Set-Value $Discovery 'PreferLocalXML' 1 'DWord'
Set-Value $Discovery $Wanted.domain $Xml 'String'
# The short way of adding accounts asks Microsoft alone.
Set-Value $Setup 'DisableOffice365SimplifiedAccountCreation' 1 'DWord'

if ($ImportProfile) {
    if ($Wanted.prf -eq '') {
        Write-Error 'These servers cannot be written into a profile file.'
    }
    $text = Expand-Text $Wanted.prf { param($value) $value }
    $ansi = [Text.Encoding]::GetEncoding(1252)
    if ($ansi.GetString($ansi.GetBytes($text)) -ne $text) {
        Write-Error 'The profile file cannot carry some letters of the name.'
    }
    if ($PSCmdlet.ShouldProcess($Prf, 'Write')) {
        [IO.File]::WriteAllText($Prf, $text, $ansi)
    }
    Set-Value $Setup 'ImportPRF' $Prf 'String'
}
exit 0
