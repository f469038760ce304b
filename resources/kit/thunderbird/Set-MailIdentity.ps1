#Requires -Version 5.1
<#
.SYNOPSIS
    Tells AutoConfig who is signed in: sets the person's variables with address and name.
.DESCRIPTION
    Run it as the person, before Thunderbird starts: by group policy as a logon script, in Intune
    under Devices, Scripts, with the signed-in person's rights.
.PARAMETER Address
    The mailbox. Without it: the address in Active Directory, otherwise the sign-in name.
.PARAMETER Name
    The name that recipients see. Without it: the one in Active Directory.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $Address = '',
    [string] $Name = ''
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Wanted = @'
@WANTED@
'@ | ConvertFrom-Json

function Get-SignInName {
    # What a program writes to its error output would end a script that stops at errors.
    try { return [string](& whoami.exe /upn 2>$null) } catch { return '' }
}

# The characters that mean something in a filter (RFC 4515, section 3).
$Login = [regex]::Replace($env:USERNAME, '[\\*()\x00]', { param($m) '\{0:x2}' -f [int][char]$m.Value })
try {
    $found = ([adsisearcher]"(&(objectCategory=person)(sAMAccountName=$Login))").FindOne()
    if ($null -ne $found) {
        if ($Address -eq '') { $Address = [string]($found.Properties['mail'] | Select-Object -First 1) }
        if ($Name -eq '') { $Name = [string]($found.Properties['displayname'] | Select-Object -First 1) }
    }
}
catch {
    Write-Verbose 'There is no Active Directory here.'
}
if ($Address -eq '') { $Address = (Get-SignInName) }
if ($Address -notmatch ('^[^@\s]+@' + [regex]::Escape($Wanted.domain) + '$')) {
    Write-Output "Nothing to do: the mailbox '$Address' is not one of $($Wanted.domain)."
    exit 0
}
if ("$Address$Name" -match '\p{C}') {
    Write-Error 'The name or the address holds control characters.'
}
foreach ($pair in @(@('@ADDRESS@', $Address), @('@NAME@', $Name))) {
    if ($PSCmdlet.ShouldProcess($pair[0], 'Set')) {
        [Environment]::SetEnvironmentVariable($pair[0], $pair[1], 'User')
    }
}
exit 0
