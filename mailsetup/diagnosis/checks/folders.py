"""Mailboxes that mail programs do not show: special use (RFC 6154), subscription (RFC 9051)."""

import re
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final

from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.text import plain
from mailsetup.verify.imap.folder import Folder

_MAX_SHOWN = 6


class SpecialUse(StrEnum):
    """Special-use attributes (RFC 6154 section 2)."""

    SENT = r"\Sent"
    DRAFTS = r"\Drafts"
    JUNK = r"\Junk"
    TRASH = r"\Trash"


# Usual names of such folders, for servers that send no special-use attribute.
_NAMES: Final[Mapping[SpecialUse, str]] = {
    SpecialUse.SENT: r"sent([- ]?(items|messages|mail))?|(elementos|mensajes|correos?) enviados"
    r"|enviados?",
    SpecialUse.DRAFTS: r"drafts?|borrador(es)?",
    SpecialUse.TRASH: r"trash|bin|deleted([- ]?(items|messages))?|papelera( de reciclaje)?"
    r"|(elementos|mensajes) eliminados|eliminados",
}
_PATTERNS: Final[Mapping[SpecialUse, re.Pattern[str]]] = {
    use: re.compile(rf"(?:.*[./])?(?:{names})", re.IGNORECASE) for use, names in _NAMES.items()
}


def special_folders(folders: Sequence[Folder], use: SpecialUse) -> tuple[Folder, ...]:
    """The folders for a use: those with the attribute, else those with a usual name."""
    selectable = [folder for folder in folders if folder.is_selectable]
    marked = tuple(folder for folder in selectable if use.lower() in folder.flags)
    return marked or tuple(folder for folder in selectable if _has_usual_name(folder, use))


def unassigned_special_uses(folders: Sequence[Folder]) -> tuple[SpecialUse, ...]:
    """The uses without a folder. No fault: programs create these folders when they need them."""
    return tuple(use for use in SpecialUse if not special_folders(folders, use))


def folder_findings(
    folders: Sequence[Folder],
    subscribed: Collection[str] | None,
    *,
    receiving: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Folders that exist and are not subscribed, so that most programs do not show them.

    ``subscribed`` are names as the server writes them (`Folder.wire`); None where it is unknown.
    ``receiving`` are the decoded names of folders into which mail is delivered: the one where the
    test message arrived, and those of the mailbox's rules. Other folders are not reported: many
    people leave old folders unsubscribed on purpose.
    """
    if subscribed is None:
        return ()
    # INBOX is shown by every program, subscribed or not.
    shown = {_with_canonical_inbox(wire) for wire in subscribed} | {"INBOX"}
    hidden: dict[str, None] = {}
    for use in SpecialUse:
        fitting = special_folders(folders, use)
        # One that is shown is enough: a second one was created by another program.
        if fitting and not any(_with_canonical_inbox(folder.wire) in shown for folder in fitting):
            hidden[fitting[0].name] = None
    wanted = {_normalized(name) for name in receiving}
    for folder in folders:
        if _normalized(folder.name) in wanted and _with_canonical_inbox(folder.wire) not in shown:
            hidden[folder.name] = None
    if not hidden:
        return ()
    names = tuple(plain(name, 80) for name in hidden)[:_MAX_SHOWN]
    evidence: dict[str, Fact] = {"folders": names, "subscribed": len(subscribed)}
    missing = unassigned_special_uses(folders)
    if missing:
        evidence["missing"] = tuple(str(use) for use in missing)
    return (
        Finding(FindingId.ACCOUNT_FOLDERS_UNSUBSCRIBED, Status.WARN, {"folders": names}, evidence),
    )


def _has_usual_name(folder: Folder, use: SpecialUse) -> bool:
    if use is SpecialUse.JUNK:
        return folder.is_junk
    return _PATTERNS[use].fullmatch(folder.name) is not None


def _with_canonical_inbox(wire: str) -> str:
    """INBOX is case-insensitive, other names are not (RFC 9051 section 5.1)."""
    return "INBOX" if wire.upper() == "INBOX" else wire


def _normalized(name: str) -> str:
    """For comparing names of different servers: case, hierarchy separator, personal namespace."""
    return name.casefold().replace("/", ".").removeprefix("inbox.")
