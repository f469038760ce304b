"""The common parts of all kits: a mailbox whose names are placeholders, and text files."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mailsetup import resources
from mailsetup.export.exporter import ArtifactFile, ExportFailure
from mailsetup.export.publish.template import username_template
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import Account, ServerSettings

ADDRESS, LOCAL, NAME = "{ADDRESS}", "{LOCAL}", "{NAME}"
"""The placeholders of a kit's templates for the address, its local part, and the name."""

# Unlikely names, so that they are found wherever an exporter writes them.
_LOCAL_PART = "mailsetup-nobody-5f1c"
_PERSON = "Mailsetup Nobody 5f1c"


@dataclass(frozen=True, slots=True)
class KitFile:
    """One file of a kit; ``place`` is its folder inside the kit, with ``/`` ("" for the kit
    itself)."""

    place: str
    file: ArtifactFile


@dataclass(frozen=True, slots=True)
class DomainTemplate:
    """A mailbox that stands for every mailbox of its domain."""

    account: Account
    """With an address and a name that `with_placeholders` replaces."""
    example: Account
    """The mailbox for which the settings were found."""

    @property
    def domain(self) -> str:
        """The domain, as A-labels."""
        return self.example.address.domain


def domain_template(account: Account) -> DomainTemplate | ExportFailure:
    """The account as a template. Its user names must follow from the address."""
    failure = validate(account)
    if failure is not None:
        return failure
    address = EmailAddress(_LOCAL_PART, account.address.domain)
    incoming = _renamed(account.incoming, account.address, address)
    outgoing = _renamed(account.outgoing, account.address, address)
    if incoming is None or outgoing is None:
        return ExportFailure(
            _(
                "The user name of {address} does not follow from the address, so nothing can be"
                " said about everybody else. Use “batch” with a settings file for each person."
            ).format(address=account.address)
        )
    return DomainTemplate(Account(address, incoming, outgoing, _PERSON), account)


def _renamed(
    server: ServerSettings, owner: EmailAddress, placeholder: EmailAddress
) -> ServerSettings | None:
    if not server.username:
        return server
    template = username_template(server.username, owner.domain, owner)
    username = placeholder.fill(template) if template is not None else None
    return replace(server, username=username) if username is not None else None


def with_placeholders(text: str, domain: str) -> str:
    """A text with placeholders for the values of one user."""
    return (
        text.replace(f"{_LOCAL_PART}@{domain}", ADDRESS)
        .replace(_LOCAL_PART, LOCAL)
        .replace(_PERSON, NAME)
    )


def text_file(name: str, text: str, media_type: str = "text/plain; charset=utf-8") -> ArtifactFile:
    """A text file with its own line ends."""
    return ArtifactFile(name, text.encode(), media_type)


def filled_template(kind: str, name: str, words: Mapping[str, str]) -> str:
    """A template of a kit with values for its ``@WORD@``s.

    In one pass: a ``@WORD@`` inside a value is not replaced.
    """
    text = resources.read_text("kit", kind, name)
    return re.sub("@([A-Z_]+)@", lambda match: words.get(match[1], match[0]), text)


def script(
    kind: str, name: str, wanted: object, words: dict[str, str] | None = None
) -> ArtifactFile:
    """A PowerShell script with data in it.

    The data are ASCII JSON inside a here-string of single quotes, which they cannot end: that takes
    a line that begins with a quotation mark and an @, and no line of JSON does. The byte order mark
    makes PowerShell 5.1 read UTF-8.
    """
    data = json.dumps(wanted, indent=1, sort_keys=True)
    text = filled_template(kind, name, {**(words or {}), "WANTED": data})
    content = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    return ArtifactFile(name, content, "text/plain; charset=utf-8")


def readme(title: str, *paragraphs: str) -> ArtifactFile:
    """The kit's README.md in the current language."""
    return text_file("README.md", "\n\n".join((f"# {title}", *paragraphs)) + "\n", "text/markdown")
