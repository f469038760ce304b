"""The programs that we can export to, in the order in which they are shown."""

from mailsetup.apply.installation import Computer, find_installation, has_classic_outlook
from mailsetup.apply.linux_desktop import find_program
from mailsetup.export.exporter import Exporter
from mailsetup.export.programs.aerc import Aerc
from mailsetup.export.programs.apple_mail import AppleMail
from mailsetup.export.programs.claws_mail import ClawsMail
from mailsetup.export.programs.evolution import Evolution
from mailsetup.export.programs.gmail import Gmail
from mailsetup.export.programs.himalaya import Himalaya
from mailsetup.export.programs.kmail import KMail
from mailsetup.export.programs.mbsync_msmtp import MbsyncMsmtp
from mailsetup.export.programs.neomutt import Neomutt
from mailsetup.export.programs.other import Other
from mailsetup.export.programs.outlook import Outlook
from mailsetup.export.programs.thunderbird import Thunderbird
from mailsetup.export.programs.thunderbird_android import ThunderbirdAndroid
from mailsetup.export.programs.thunderbird_fleet import ThunderbirdFleet

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
