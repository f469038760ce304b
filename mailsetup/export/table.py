"""The programs that we can export to, in the order in which they are shown."""

from mailsetup.export.exporter import Exporter
from mailsetup.export.gmail import Gmail
from mailsetup.export.installation import find_installation, has_classic_outlook
from mailsetup.export.outlook import Outlook
from mailsetup.export.thunderbird import Thunderbird

EXPORTERS: tuple[Exporter, ...] = (Thunderbird(), Outlook(), Gmail())


def exporter(program: str) -> Exporter | None:
    """The exporter of this id."""
    return next((known for known in EXPORTERS if known.id == program), None)


def installed(program: str) -> bool | None:
    """Whether the program is on this computer; None where that cannot be known."""
    match program:
        case "thunderbird":
            return find_installation() is not None
        case "outlook":
            return has_classic_outlook()
        case _other:
            return None
