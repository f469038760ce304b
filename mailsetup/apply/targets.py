"""The table of mail programs: one row for each, in the order in which they are shown.

The rest of the program uses a mail program through its row only. Code for writing into a
program of this computer is imported by the row's ``load_applier`` only: loading all of it takes
35 ms, which the commands that write files do without.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from mailsetup.apply import outlook
from mailsetup.apply.installation import Computer, find_installation, has_classic_outlook
from mailsetup.apply.linux_desktop import EVOLUTION, LinuxProgram
from mailsetup.export.exporter import Exporter, ExportFailure
from mailsetup.export.guide.qr import QrMatrix
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
from mailsetup.export.programs.thunderbird_android import ThunderbirdAndroid, qr_matrix
from mailsetup.export.programs.thunderbird_fleet import ThunderbirdFleet
from mailsetup.model.settings import Account

if TYPE_CHECKING:
    from mailsetup.apply.applier import Applier, ProfileApplier


def _unknown(_computer: Computer) -> None:
    """For programs of other devices, and web applications."""


@dataclass(frozen=True, slots=True)
class Target:
    """One mail program."""

    exporter: Exporter
    is_installed: Callable[[Computer], bool | None] = _unknown
    """Whether the program is on this computer; None where that cannot be known."""
    load_applier: "Callable[[], Applier] | None" = None
    """Imports the code that puts an account into the installed program, if there is any."""
    load_profile_applier: "Callable[[], ProfileApplier] | None" = None
    """The same, where the user can choose a place, store the password, and undo."""
    run_steps: Callable[[Account, PurePath, str], tuple[outlook.RunStep, ...]] | None = None
    """The commands that can be offered once the exported files are in a folder (account, folder,
    path of the program)."""
    qr_code: Callable[[Account], QrMatrix | ExportFailure] | None = None
    """The code from which the program reads the account, if it does."""
    has_printed_guide: bool = False
    """Whether the guide is also made as PDF."""
    can_be_signed: bool = False
    """Whether the files can be signed with a certificate (`apple_signing`)."""
    synonyms: tuple[str, ...] = ()
    """Names of the program in tables, lower case without accents; see also `Language`."""
    icon: str = "client"
    """Name of an SVG icon."""
    is_usual: bool = False
    """Whether it is offered at once where it is not installed, instead of behind “more”."""

    @property
    def id(self) -> str:
        """The stable word for the program: ``--for ID``."""
        return self.exporter.id

    @property
    def title(self) -> str:
        """The program's name, not yet translated."""
        return self.exporter.title


def _thunderbird() -> "ProfileApplier":
    from mailsetup.apply.thunderbird.applier import ThunderbirdApplier

    return ThunderbirdApplier()


def _evolution() -> "Applier":
    from mailsetup.apply.evolution import EvolutionApplier

    return EvolutionApplier()


def _on_path(*commands: str) -> Callable[[Computer], bool]:
    """Whether all these commands are on the PATH."""
    return lambda computer: all(computer.which(command) is not None for command in commands)


def _part_of_macos(computer: Computer) -> bool | None:
    # On other systems it may be on another device of the user.
    return True if computer.platform == "darwin" else None


TARGETS: tuple[Target, ...] = (
    Target(
        Thunderbird(),
        lambda computer: find_installation(computer) is not None,
        load_applier=_thunderbird,
        load_profile_applier=_thunderbird,
        is_usual=True,
    ),
    Target(Outlook(), has_classic_outlook, run_steps=outlook.run_steps, is_usual=True),
    Target(Gmail(), icon="phone", is_usual=True),
    Target(
        AppleMail(),
        _part_of_macos,
        can_be_signed=True,
        synonyms=("apple", "iphone", "ipad", "mac", "ios"),
        is_usual=True,
    ),
    Target(
        ThunderbirdAndroid(),
        qr_code=qr_matrix,
        synonyms=("android", "k 9", "k9", "k 9 mail"),
        icon="phone",
        is_usual=True,
    ),
    Target(Evolution(), EVOLUTION.is_installed, load_applier=_evolution),
    Target(KMail(), LinuxProgram("kmail", "org.kde.kmail2").is_installed),
    Target(
        ClawsMail(),
        LinuxProgram("claws-mail", "org.claws_mail.Claws-Mail").is_installed,
        synonyms=("claws",),
    ),
    Target(Neomutt(), _on_path("neomutt")),
    Target(Aerc(), _on_path("aerc")),
    Target(Himalaya(), _on_path("himalaya")),
    Target(MbsyncMsmtp(), _on_path("mbsync", "msmtp")),
    Target(ThunderbirdFleet()),
    Target(Other(), has_printed_guide=True, icon="guide", is_usual=True),
)


def find_target(program: str) -> Target | None:
    """The row with this id."""
    return next((target for target in TARGETS if target.id == program), None)
