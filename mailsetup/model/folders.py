"""Special-use folders of a mailbox (RFC 6154)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Folders:
    """Names of special-use folders that a mail program does not find by itself.

    Decoded, with ``/`` between levels (``INBOX/Enviados``). Where empty, the program uses the
    folder that the server announces (RFC 6154).
    """

    sent: str = ""
    drafts: str = ""
    trash: str = ""
    junk: str = ""
    templates: str = ""
    archive: str = ""


NO_FOLDERS = Folders()
"""The mail program decides on all folders."""
