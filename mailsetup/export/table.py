"""The programs that we can export to, in the order in which they are shown."""

from mailsetup.export.aerc import Aerc
from mailsetup.export.apple import AppleMail
from mailsetup.export.claws import ClawsMail
from mailsetup.export.evolution import Evolution
from mailsetup.export.exporter import Exporter
from mailsetup.export.gmail import Gmail
from mailsetup.export.himalaya import Himalaya
from mailsetup.export.installation import Computer, find_installation, has_classic_outlook
from mailsetup.export.k9 import ThunderbirdAndroid
from mailsetup.export.kmail import KMail
from mailsetup.export.linux_desktop import find_program
from mailsetup.export.mbsync_msmtp import MbsyncMsmtp
from mailsetup.export.neomutt import Neomutt
from mailsetup.export.outlook import Outlook
from mailsetup.export.thunderbird import Thunderbird
from mailsetup.export.thunderbird_fleet import ThunderbirdFleet
from mailsetup.export.universal import Other

EXPORTERS: tuple[Exporter, ...] = (
    Thunderbird(),
    ThunderbirdAndroid(),
    Outlook(),
    Gmail(),
    AppleMail(),
    Evolution(),
    KMail(),
    ClawsMail(),
    Neomutt(),
    Aerc(),
    Himalaya(),
    MbsyncMsmtp(),
    ThunderbirdFleet(),
    Other(),
)


def exporter(program: str) -> Exporter | None:
    """The exporter of this id."""
    return next((known for known in EXPORTERS if known.id == program), None)


def installed(program: str, computer: Computer | None = None) -> bool | None:
    """Whether the program is on this computer; None where that cannot be known."""
    computer = computer or Computer()
    match program:
        case "thunderbird":
            return find_installation(computer) is not None
        case "outlook":
            return has_classic_outlook(computer)
        case "apple-mail":
            # It comes with macOS; from elsewhere the person has it on another device.
            return True if computer.platform == "darwin" else None
        case "neomutt" | "aerc" | "himalaya":
            return computer.which(program) is not None
        case "evolution" | "kmail" | "claws-mail":
            return find_program(program, computer) is not None
        case "mbsync":
            return all(computer.which(part) is not None for part in ("mbsync", "msmtp"))
        case _other:
            return None
