"""Which folders of a mailbox a mail program has to be told."""

from collections.abc import Sequence

from mailsetup.diagnosis.checks.folders import SpecialUse, special_folders
from mailsetup.model.folders import Folders
from mailsetup.verify.imap.folder import Folder


def folders_for_programs(known: Sequence[Folder]) -> Folders:
    """The folders that only their name tells apart, such as ``INBOX/Enviados``.

    What the server marks (RFC 6154) every program finds by itself. Without a mark a program would
    make a second folder under its own name.
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
    """The name with ``/`` between its levels; "" where a level itself holds one."""
    if folder.delimiter == "/":
        return folder.name
    if "/" in folder.name:
        return ""
    return folder.name.replace(folder.delimiter, "/") if folder.delimiter else folder.name
