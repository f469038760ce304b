"""Folders of a mailbox with a use of their own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Folders:
    """Names of folders on an IMAP server that a mail program does not find by itself.

    As people read them, with ``/`` between levels (``INBOX/Enviados``); empty ones are left to the
    program, which follows what the server says (RFC 6154).
    """

    sent: str = ""
    drafts: str = ""
    trash: str = ""
    junk: str = ""
    templates: str = ""
    archive: str = ""


NO_FOLDERS = Folders()
"""Everything is left to the program."""
