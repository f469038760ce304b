"""Folders of an IMAP mailbox, read from responses: names, special uses, UIDNEXT and quota."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailsetup.model.dialogue import Quota
from mailsetup.model.text import plain
from mailsetup.verify.imap.parser import ImapResponse, Token, number, quoted

_JUNK_NAMES = re.compile(
    r"(^|[./])(spam|junk( e-?mail)?|bulk( mail)?|correo (no deseado|basura)|no deseado)\Z", re.I
)


@dataclass(frozen=True, slots=True)
class Folder:
    """A mailbox in the sense of IMAP. ``wire`` is its name in modified UTF-7."""

    wire: str
    name: str
    flags: frozenset[str]
    delimiter: str = field(default="", compare=False)
    """The separator of levels in the name; empty where the server has none."""

    @property
    def is_junk(self) -> bool:
        r"""Whether this is the folder for spam: by ``\Junk`` (RFC 6154) or by its usual names."""
        return r"\junk" in self.flags or bool(_JUNK_NAMES.search(self.name))

    @property
    def is_selectable(self) -> bool:
        """Whether it can hold messages."""
        return not self.flags & {r"\noselect", r"\nonexistent"}


def listed_folders(responses: Iterable[ImapResponse]) -> tuple[Folder, ...]:
    """The folders of these LIST responses, INBOX first (added where it is missing)."""
    found: dict[str, Folder] = {}
    for response in responses:
        if len(response.tokens) < 3 or not isinstance(response.tokens[0], list):
            continue
        wire = _wire(response.tokens[2])
        if any(ord(char) < 32 for char in wire):
            continue
        flags = frozenset(str(flag).lower() for flag in response.tokens[0])
        given = response.tokens[1]
        delimiter = given if isinstance(given, str) and len(given) == 1 else ""
        found[wire] = Folder(wire, from_modified_utf7(wire), flags, delimiter)
    found.setdefault("INBOX", Folder("INBOX", "INBOX", frozenset()))
    return tuple(sorted(found.values(), key=lambda f: (f.wire.upper() != "INBOX", f.name)))


def subscribed_names(responses: Iterable[ImapResponse]) -> frozenset[str]:
    """The names on the wire in these LSUB responses."""
    return frozenset(_wire(response.tokens[2]) for response in responses if response.tokens[2:])


def status_command(folder: Folder) -> str:
    """The command that asks for a folder's UIDNEXT."""
    return f"STATUS {quoted(folder.wire)} (UIDNEXT)"


def next_uids(responses: Iterable[ImapResponse]) -> dict[str, int]:
    """UIDNEXT by the folder's name on the wire, from STATUS responses."""
    found: dict[str, int] = {}
    for response in responses:
        if len(response.tokens) != 2 or not isinstance(response.tokens[1], list):
            continue
        name, items = response.tokens
        for key, value in zip(items[::2], items[1::2], strict=False):
            uid = number(value)
            if str(key).upper() == "UIDNEXT" and uid is not None:
                found[_wire(name)] = uid
    return found


def fullest_quota(responses: Iterable[ImapResponse]) -> Quota | None:
    """The resource that is nearest to its limit, from QUOTA responses (RFC 9208)."""
    found: list[Quota] = []
    for response in responses:
        resources = response.tokens[-1] if response.tokens else None
        if not isinstance(resources, list):
            continue
        for index in range(0, len(resources) - 2, 3):
            name, used, limit = resources[index : index + 3]
            resource, octets, most = str(name).upper(), number(used), number(limit)
            if resource in ("STORAGE", "MESSAGE") and octets is not None and most is not None:
                found.append(Quota(octets, most, resource == "MESSAGE"))
    return max(found, key=lambda quota: quota.share, default=None)


def from_modified_utf7(wire: str) -> str:
    """A mailbox name as plain text (RFC 3501 section 5.1.3)."""

    def decode(match: re.Match[str]) -> str:
        packed = match.group(1)
        if not packed:
            return "&"
        padded = packed.replace(",", "/") + "=" * (-len(packed) % 4)
        try:
            return base64.b64decode(padded).decode("utf-16-be")
        except (ValueError, UnicodeDecodeError):
            return match.group(0)

    return plain(re.sub(r"&([A-Za-z0-9+,]*)-", decode, wire), 120)


def _wire(token: Token) -> str:
    return token.decode("ascii", "replace") if isinstance(token, bytes) else str(token)
