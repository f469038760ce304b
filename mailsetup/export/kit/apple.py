"""Apple Mail by a device management (MDM): one profile, into which the management inserts the user.

Each management has its own variables for the user's address. Those of Jamf School are from its
maker's documentation; for the others no documentation was available. None could be tested.
"""

import plistlib
from dataclasses import dataclass

from mailsetup.export.exporter import ArtifactFile, ExportFailure
from mailsetup.export.kit.common import (
    ADDRESS,
    LOCAL,
    NAME,
    DomainTemplate,
    KitFile,
    readme,
    with_placeholders,
)
from mailsetup.export.programs.apple_mail import MEDIA_TYPE, mobileconfig
from mailsetup.i18n import _

Value = str | int | bool | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Management:
    """A management's variables; ``local`` is empty where it has none for the part before the @."""

    id: str
    title: str
    address: str
    name: str
    local: str = ""


MANAGEMENTS = (
    Management("intune", "Microsoft Intune", "{{mail}}", "{{username}}", "{{partialupn}}"),
    Management("jamf-pro", "Jamf Pro", "$EMAIL", "$FULLNAME", "$USERNAME"),
    Management("jamf-school", "Jamf School", "%Email%", "%FullName%", "%ShortName%"),
)


def apple_kit(template: DomainTemplate) -> tuple[KitFile, ...] | ExportFailure:
    """A profile for each management, without passwords."""
    content = mobileconfig(template.account)
    if isinstance(content, ExportFailure):
        return content
    files = [
        ArtifactFile(f"mail-{known.id}.mobileconfig", made, MEDIA_TYPE)
        for known in MANAGEMENTS
        if (made := _for_management(content, template.domain, known)) is not None
    ]
    return tuple(KitFile("", file) for file in (*files, _readme(template)))


def _for_management(content: bytes, domain: str, known: Management) -> bytes | None:
    document: Value = plistlib.loads(content)
    words = {ADDRESS: known.address, LOCAL: known.local, NAME: known.name}
    needs_local = LOCAL in with_placeholders(content.decode(), domain)
    if needs_local and not known.local:
        return None

    def filled(value: Value) -> Value:
        if isinstance(value, str):
            text = with_placeholders(value, domain)
            for placeholder, word in words.items():
                text = text.replace(placeholder, word)
            return text
        if isinstance(value, list):
            return [filled(one) for one in value]
        if isinstance(value, dict):
            # Only a user at the device can be asked for one password for both directions.
            left_out = "OutgoingPasswordSameAsIncomingPassword"
            return {key: filled(one) for key, one in value.items() if key != left_out}
        return value

    return plistlib.dumps(filled(document), fmt=plistlib.FMT_XML, sort_keys=True)


def _readme(template: DomainTemplate) -> ArtifactFile:
    names = "\n".join(
        f"- {known.title}: `mail-{known.id}.mobileconfig` (`{known.address}`)"
        for known in MANAGEMENTS
    )
    return readme(
        _("Apple Mail for everybody at {domain}").format(domain=template.domain),
        _(
            "One profile for iPhone, iPad and Mac, which your device management gives to each"
            " person. It holds no password: the device asks. A profile that is there already is"
            " replaced, not doubled."
        ),
        _("Take the file of your management and load it up as a profile of your own:"),
        names,
        _(
            "The words in it that stand for the person's address and name were not tried in any"
            " management. Compare them with yours, and look at one device before you do the"
            " others. For another management put its own words there. Sign the profile in the"
            " management, not before: it changes the file."
        ),
    )
