"""The special folders of a mailbox that a mail program does not find by itself."""

from collections.abc import Sequence

from mailsetup.diagnosis.checks.folders import SpecialUse, special_folders
from mailsetup.model.folders import Folders
from mailsetup.verify.imap.folder import Folder


def folders_for_programs(known: Sequence[Folder]) -> Folders:
    """The special folders that only their names identify, such as ``INBOX/Enviados``.

    A program finds those with a special-use attribute (RFC 6154). Without one it would create a
    second folder under its own name.
    """

    def named(use: SpecialUse) -> str:
        found = special_folders(known, use)
        marked = any(use.lower() in folder.flags for folder in found)
        return "" if marked or not found else _levels(found[0])

    return Folders(
        sent=named(SpecialUse.SENT),
        drafts=named(SpecialUse.DRAFTS),
        trash=named(SpecialUse.TRASH),
        junk=named(SpecialUse.JUNK),
    )


def _levels(folder: Folder) -> str:
    """The name with ``/`` as hierarchy delimiter; "" where a level contains a slash."""
    if folder.delimiter == "/":
        return folder.name
    if "/" in folder.name:
        return ""
    return folder.name.replace(folder.delimiter, "/") if folder.delimiter else folder.name
