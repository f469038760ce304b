"""Classic Outlook on many computers: a script for Intune and group policy, and its parts.

The script writes what `mailsetup.export.programs.outlook_files` writes for one person. It could not
be run on Windows; the tests check it with a parser of the language and golden values.
"""

from mailsetup.export.exporter import ArtifactFile, ExportFailure
from mailsetup.export.filename import stem
from mailsetup.export.kit.common import DomainTemplate, KitFile, readme, script, with_placeholders
from mailsetup.export.programs.outlook_files import FOLDER, autodiscover, prf
from mailsetup.i18n import _


def outlook_kit(template: DomainTemplate) -> tuple[KitFile, ...] | ExportFailure:
    """The files, without passwords."""
    account, domain = template.account, template.domain
    xml, switch_on, switch_off = autodiscover(account)
    document = with_placeholders(xml.content.decode(), domain)
    profile = prf(account)
    text = ""
    files = [ArtifactFile("outlook.xml", document.encode(), "text/xml")]
    if not isinstance(profile, ExportFailure):
        text = with_placeholders(profile.content.decode("cp1252"), domain)
        kind = "application/octet-stream"
        files.append(ArtifactFile("outlook.prf", text.encode("cp1252"), kind))
    own_name = f"outlook-{stem(account.address)}.xml".encode("utf-16-le")
    for name, registry in (("outlook-on.reg", switch_on), ("outlook-off.reg", switch_off)):
        content = registry.content.replace(own_name, "outlook.xml".encode("utf-16-le"))
        files.append(ArtifactFile(name, content, "text/x-ms-regedit"))
    wanted = {"domain": domain, "xml": document, "prf": text}
    files += [
        script("outlook", "Set-OutlookMail.ps1", wanted),
        script("outlook", "Test-OutlookMail.ps1", {"domain": domain}),
        _readme(template, has_profile=bool(text)),
    ]
    return tuple(KitFile("", file) for file in files)


def _readme(template: DomainTemplate, *, has_profile: bool) -> ArtifactFile:
    paragraphs = [
        _(
            "For classic Outlook on Windows. New Outlook, Outlook for Mac and the apps take no"
            " settings from outside: give people the guide that “batch” writes. No file holds a"
            " password; Outlook asks each person once. Microsoft promises none of these ways, so"
            " try one computer first."
        ),
        _(
            "**Intune.** Devices, Scripts and remediations: add `Set-OutlookMail.ps1`, and answer"
            " yes to “Run this script using the logged-on credentials”. As a remediation take"
            " `Test-OutlookMail.ps1` for detection and `Set-OutlookMail.ps1` for remediation."
        ),
        _(
            "**Group policy.** User Configuration, Windows Settings, Scripts, Logon, PowerShell"
            " Scripts: add `Set-OutlookMail.ps1`. It takes address and name from Active Directory;"
            " whoever has no mailbox of {domain} is left alone."
        ).format(domain=template.domain),
        _(
            "**By hand.** `Set-OutlookMail.ps1 -Address {address} -WhatIf` shows what it would do;"
            " `-Undo` takes it out again. Afterwards the person adds the account in Outlook by its"
            " address alone."
        ).format(address=template.example.address),
        _(
            "**Without the script.** Put the person's address and name into `outlook.xml` where"
            " {placeholders} stand, copy it to `{folder}`, and import `outlook-on.reg` as the"
            " person. `outlook-off.reg` takes the entries out again."
        ).format(placeholders="`{ADDRESS}`, `{LOCAL}`, `{NAME}`", folder=FOLDER),
    ]
    if has_profile:
        paragraphs.append(
            _(
                "**A profile (experimental).** With `-ImportProfile` Outlook makes a profile from"
                " `outlook.prf` at its next start. Profiles that are there stay as they are."
            )
        )
    title = _("Outlook for everybody at {domain}").format(domain=template.domain)
    return readme(title, *paragraphs)
