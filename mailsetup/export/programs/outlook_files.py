"""Files for classic Outlook for Windows: a profile (.prf) and a local Autodiscover file.

None of these files could be tried in Outlook itself. They contain what several other generators of
such files agree on; the tests compare them with golden files.
"""

from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import ArtifactFile, ExportFailure
from mailsetup.export.filename import stem
from mailsetup.formats.autodiscover import write_for_mailbox
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType

FOLDER = "C:\\mailsetup"
"""The folder for the files on every computer: a value of type REG_SZ cannot name the user's own."""

_OFFICE = "HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook"
AUTODISCOVER_KEY = f"{_OFFICE}\\AutoDiscover"
"""The registry key that makes classic Outlook read a local Autodiscover file for a domain."""
SETUP_KEY = f"{_OFFICE}\\Setup"
"""The registry key that switches off the simplified dialog for adding accounts, which queries
only Microsoft."""

# Property tags of the Office Customization Tool; a property without one is dropped silently.
_COMMON_TAGS: Final[Mapping[str, str]] = {
    "AccountName": "PT_UNICODE,0x0002",
    "DisplayName": "PT_UNICODE,0x000B",
    "EmailAddress": "PT_UNICODE,0x000C",
    "SMTPServer": "PT_UNICODE,0x0200",
    "SMTPPort": "PT_LONG,0x0201",
    "SMTPUseSSL": "PT_LONG,0x0202",
    "SMTPUseAuth": "PT_LONG,0x0203",
    "SMTPSecureConnection": "PT_LONG,0x020A",
    "ConnectionType": "PT_LONG,0x000F",
}
_INCOMING_TAGS: Final[Mapping[str, str]] = {
    "Server": "PT_UNICODE,0x0100",
    "UserName": "PT_UNICODE,0x0101",
    "Port": "PT_LONG,0x0104",
    "UseSSL": "PT_LONG,0x0105",
}


def prf(account: Account) -> ArtifactFile | ExportFailure:
    """A profile file for classic Outlook (experimental), or why there is none.

    The format has no escapes, one code page, and cannot express STARTTLS for the incoming server.
    It has no key for a password either; Outlook asks.
    """
    incoming, outgoing = account.incoming, account.outgoing
    if incoming.security is not SocketType.TLS:
        return ExportFailure(
            _("There is no .prf file: the format cannot say STARTTLS for {host}.").format(
                host=incoming.host
            )
        )
    if _smtp_signs_in(account) and outgoing.username != incoming.username:
        return ExportFailure(
            _("There is no .prf file: the format cannot carry two different user names.")
        )
    sections = _prf_sections(account)
    if any(not _fits_prf(value) for keys in sections.values() for value in keys.values()):
        return ExportFailure(
            _("There is no .prf file: the format cannot carry some letters of the name or address.")
        )
    text = "\r\n".join(
        "\r\n".join((f"[{title}]", *(f"{key}={value}" for key, value in keys.items()), ""))
        for title, keys in sections.items()
    )
    return ArtifactFile(
        name=f"outlook-{stem(account.address)}.prf",
        content=text.encode("cp1252"),
        media_type="application/octet-stream",
        private=True,
    )


def _smtp_signs_in(account: Account) -> bool:
    return account.outgoing.authentication != (Authentication.NONE,)


def _prf_sections(account: Account) -> Mapping[str, Mapping[str, str]]:
    protocol = account.incoming.protocol
    kind = "IMAP_I_Mail" if protocol is Protocol.IMAP else "I_Mail"
    prefix = _prefix(protocol)
    tags = {**_COMMON_TAGS, **{f"{prefix}{key}": tag for key, tag in _INCOMING_TAGS.items()}}
    if protocol is Protocol.POP3:
        tags["LeaveOnServer"] = "PT_LONG,0x1000"
    return {
        "General": {
            "Custom": "1",
            "ProfileName": f"mailsetup {account.address.ascii}",
            # Existing profiles stay, and the default profile stays the default.
            "DefaultProfile": "No",
            "OverwriteProfile": "Append",
            "ModifyDefaultProfileIfPresent": "FALSE",
            "BackupProfile": "No",
        },
        "Service List": {"Service1": "Outlook Address Book"},
        "Internet Account List": {"Account1": kind},
        "Service1": {"UniqueService": "Yes"},
        "Account1": _prf_properties(account),
        "Outlook Address Book": {"ServiceName": "CONTAB"},
        kind: {"AccountType": str(protocol).upper(), **tags},
    }


def _prefix(protocol: Protocol) -> str:
    return "IMAP" if protocol is Protocol.IMAP else "POP3"


def _prf_properties(account: Account) -> Mapping[str, str]:
    incoming, outgoing = account.incoming, account.outgoing
    address, prefix = account.address.ascii, _prefix(incoming.protocol)
    properties = {
        "AccountName": address,
        "DisplayName": account.person or address,
        "EmailAddress": address,
        f"{prefix}Server": incoming.host,
        f"{prefix}UserName": incoming.username,
        f"{prefix}Port": str(incoming.port),
        f"{prefix}UseSSL": "1",
        "SMTPServer": outgoing.host,
        "SMTPPort": str(outgoing.port),
        # An Outlook that drops the property for STARTTLS must fail, not continue in plain text.
        "SMTPUseSSL": "1",
        "SMTPUseAuth": "1" if _smtp_signs_in(account) else "0",
        "SMTPSecureConnection": "1" if outgoing.security is SocketType.TLS else "2",
        "ConnectionType": "0",
    }
    if incoming.protocol is Protocol.POP3:
        properties["LeaveOnServer"] = "1"
    return properties


def _fits_prf(value: str) -> bool:
    try:
        value.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return value == value.strip() and not value.startswith(("[", ";", '"'))


def autodiscover(account: Account) -> tuple[ArtifactFile, ArtifactFile, ArtifactFile]:
    """The settings as a local Autodiscover file, the registry entries that make classic Outlook
    read it, and those that remove these entries."""
    name = stem(account.address)
    document = write_for_mailbox(account)
    xml = ArtifactFile(f"outlook-{name}.xml", document, "text/xml", private=True)
    domain = _registry(account.address.domain)
    path = _registry(f"{FOLDER}\\{xml.name}")
    switch_on = _registry_file(
        {
            AUTODISCOVER_KEY: {"PreferLocalXML": "dword:00000001", domain: f'"{path}"'},
            SETUP_KEY: {"DisableOffice365SimplifiedAccountCreation": "dword:00000001"},
        }
    )
    switch_off = _registry_file(
        {
            AUTODISCOVER_KEY: {"PreferLocalXML": "-", domain: "-"},
            SETUP_KEY: {"DisableOffice365SimplifiedAccountCreation": "-"},
        }
    )
    kind = "text/x-ms-regedit"
    return (
        xml,
        ArtifactFile(f"outlook-{name}-on.reg", switch_on, kind),
        ArtifactFile(f"outlook-{name}-off.reg", switch_off, kind),
    )


def _registry(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _registry_file(keys: dict[str, dict[str, str]]) -> bytes:
    lines = ["Windows Registry Editor Version 5.00", ""]
    for key, values in keys.items():
        lines.append(f"[{key}]")
        lines += [f'"{name}"={value}' for name, value in values.items()]
        lines.append("")
    return b"\xff\xfe" + ("\r\n".join(lines) + "\r\n").encode("utf-16-le")
