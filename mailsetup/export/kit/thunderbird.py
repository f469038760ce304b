"""Thunderbird on many computers: AutoConfig, a policy, and scripts that install them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mailsetup.export.exporter import ArtifactFile, ExportFailure
from mailsetup.export.kit.common import DomainTemplate, KitFile, readme, script, text_file
from mailsetup.export.programs.thunderbird_fleet import (
    ADDRESS_VARIABLE,
    NAME_VARIABLE,
    ThunderbirdFleet,
    script_for_everybody,
)
from mailsetup.i18n import _

_KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Mozilla\\Thunderbird"
_PLACES: Final[Mapping[str, str]] = {"mailsetup.cfg": "", "autoconfig.js": "defaults/pref/"}


def thunderbird_kit(template: DomainTemplate) -> tuple[KitFile, ...] | ExportFailure:
    """The files, without passwords."""
    made = fleet_files(template)
    if isinstance(made, ExportFailure):
        return made
    files = list(made)
    placed = [
        {"name": file.name, "place": place.replace("/", "\\") + file.name}
        for file, place in autoconfig_files(made)
    ]
    policies = next((file for file in files if file.name == "policies.json"), None)
    if policies is not None:
        files += _policy_values(policies)
    words = {"ADDRESS": ADDRESS_VARIABLE, "NAME": NAME_VARIABLE}
    files += [
        script("thunderbird", "Install-ThunderbirdMail.ps1", [*placed]),
        script("thunderbird", "Set-MailIdentity.ps1", {"domain": template.domain}, words),
        _readme(template, has_policies=policies is not None),
    ]
    return tuple(KitFile("", file) for file in files)


def fleet_files(template: DomainTemplate) -> tuple[ArtifactFile, ...] | ExportFailure:
    """Thunderbird's files for a fleet; the ``.cfg`` sets up the signed-in user only."""
    artifact = ThunderbirdFleet().export(template.example)
    script = script_for_everybody(template.example)
    if isinstance(artifact, ExportFailure):
        return artifact
    if isinstance(script, ExportFailure):
        return script
    return tuple(
        replace(file, content=script) if file.name.endswith(".cfg") else file
        for file in artifact.files
    )


def autoconfig_files(files: tuple[ArtifactFile, ...]) -> list[tuple[ArtifactFile, str]]:
    """The files for Thunderbird's installation folder, with their folder inside it."""
    return [
        (file, _PLACES.get(file.name, "isp/"))
        for file in files
        if file.name in _PLACES or file.name.endswith(".xml")
    ]


def _policy_values(policies: ArtifactFile) -> list[ArtifactFile]:
    """The policy in the form of the administrative template (ADMX), which Intune accepts.

    ``Preferences`` is one value of several lines that contain JSON.
    """
    preferences = json.loads(policies.content)["policies"]["Preferences"]
    # In ASCII: a line of a registry file has only its own two escapes.
    value = json.dumps(preferences, sort_keys=True)
    lines = value.encode("utf-16-le") + b"\x00\x00" + b"\x00\x00"
    octets = ",".join(f"{octet:02x}" for octet in lines)
    text = (
        f'Windows Registry Editor Version 5.00\r\n\r\n[{_KEY}]\r\n"Preferences"=hex(7):{octets}\r\n'
    )
    registry = b"\xff\xfe" + text.encode("utf-16-le")
    indented = json.dumps(preferences, indent=2, sort_keys=True) + "\n"
    return [
        ArtifactFile("thunderbird-policy.reg", registry, "text/x-ms-regedit"),
        text_file("admx-preferences.json", indented, "application/json"),
    ]


def _readme(template: DomainTemplate, *, has_policies: bool) -> ArtifactFile:
    paragraphs = [
        _(
            "For Thunderbird on Windows, macOS and Linux. No file holds a password; Thunderbird"
            " asks each person once. Use one way only, and try one computer first."
        ),
        _(
            "**AutoConfig, for everybody.** `mailsetup.cfg` goes into Thunderbird's folder,"
            " `autoconfig.js` into `defaults/pref` in it. The account is added to what a person"
            " has, once. Who the person is stands in the variables {address} and {name}."
        ).format(address=f"`{ADDRESS_VARIABLE}`", name=f"`{NAME_VARIABLE}`"),
        _(
            "**Windows.** `Install-ThunderbirdMail.ps1` puts the files there: by group policy as a"
            " start-up script, in Intune as a Win32 app of this folder. `Set-MailIdentity.ps1` sets"
            " the variables: as a logon script, or in Intune with the signed-in person's rights."
            " `-WhatIf` shows what they would do."
        ),
        _("**Linux.** The kit for Ansible does all of it."),
        _(
            "**Only help.** `{isp}` goes into the folder `isp`: people type name, address and"
            " password, and Thunderbird knows the servers."
        ).format(isp=f"{template.domain}.xml"),
    ]
    if has_policies:
        paragraphs.append(
            _(
                "**A policy, for one mailbox.** `policies.json` (into the folder `distribution`),"
                " `thunderbird-policy.reg`, and `admx-preferences.json` (the value of"
                " “Preferences” in Thunderbird's administrative template, and in Intune) set up"
                " {address} alone, where Thunderbird has no account yet: for a shared mailbox at a"
                " counter."
            ).format(address=template.example.address)
        )
    title = _("Thunderbird for everybody at {domain}").format(domain=template.domain)
    return readme(title, *paragraphs)
