"""The table of mail programs: one row for each, in the order in which they are shown.

The rest of the program uses a mail program through its row only. The table itself is light: the
code that writes a program's format is imported by its row's ``load_exporter``, and the code that
writes into an installed program by ``load_applier``, both only when they are used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from mailsetup.apply.installation import Computer, find_installation, has_classic_outlook
from mailsetup.apply.linux_desktop import EVOLUTION, LinuxProgram
from mailsetup.i18n import N_
from mailsetup.model.program_kind import ProgramKind

if TYPE_CHECKING:
    from mailsetup.apply.applier import Applier, ProfileApplier
    from mailsetup.apply.outlook import RunStep
    from mailsetup.export.exporter import Exporter, ExportFailure
    from mailsetup.export.guide.qr import QrMatrix
    from mailsetup.model.settings import Account


def _unknown(_computer: Computer) -> None:
    """For programs of other devices, and web applications."""


class Automation(StrEnum):
    """How much the user still has to do in the program."""

    APPLY = "apply"
    """This program puts the account into the installed mail program."""
    IMPORT = "import"
    """This program writes a file that the mail program imports."""
    GUIDE = "guide"
    """The user copies values, step by step."""


@dataclass(frozen=True, slots=True)
class Target:
    """One mail program."""

    id: str
    """The stable word for the program: ``--for ID``."""
    title: str
    """The program's own name, not yet translated."""
    automation: Automation
    load_exporter: "Callable[[], Exporter]"
    """Imports the code that writes an account in the program's format."""
    is_installed: Callable[[Computer], bool | None] = _unknown
    """Whether the program is on this computer; None where that cannot be known."""
    load_applier: "Callable[[], Applier] | None" = None
    """Imports the code that puts an account into the installed program, if there is any."""
    load_profile_applier: "Callable[[], ProfileApplier] | None" = None
    """The same, where the user can choose a place, store the password, and undo."""
    run_steps: "Callable[[Account, PurePath, str], tuple[RunStep, ...]] | None" = None
    """The commands that can be offered once the exported files are in a folder (account, folder,
    path of the program)."""
    qr_code: "Callable[[Account], QrMatrix | ExportFailure] | None" = None
    """The code from which the program reads the account, if it does."""
    has_printed_guide: bool = False
    """Whether the guide is also made as PDF."""
    can_be_signed: bool = False
    """Whether the files can be signed with a certificate (`apple_signing`)."""
    can_be_repaired: bool = False
    """Whether applying can correct an account that is in the program already (``--force``)."""
    kind: ProgramKind | None = None
    """The kind of programs for which this one is used where a person names no program but a kind;
    the words for it are in `Language.program_words`."""
    synonyms: tuple[str, ...] = ()
    """Names of the program in tables, lower case without accents; see also ``kind``."""
    icon: str = "client"
    """Name of an SVG icon."""
    is_usual: bool = False
    """Whether it is offered at once where it is not installed, instead of behind “more”."""


def _exporter(module: str, name: str) -> "Callable[[], Exporter]":
    """Imports a class of `mailsetup.export.programs` when it is called, as an entry point does."""

    def load() -> "Exporter":
        exporter: Exporter = getattr(import_module(f"mailsetup.export.programs.{module}"), name)()
        return exporter

    return load


def _thunderbird_applier() -> "ProfileApplier":
    from mailsetup.apply.thunderbird.applier import ThunderbirdApplier

    return ThunderbirdApplier()


def _evolution_applier() -> "Applier":
    from mailsetup.apply.evolution import EvolutionApplier

    return EvolutionApplier()


def _outlook_steps(account: "Account", folder: PurePath, outlook: str) -> "tuple[RunStep, ...]":
    from mailsetup.apply.outlook import run_steps

    return run_steps(account, folder, outlook)


def _thunderbird_android_code(account: "Account") -> "QrMatrix | ExportFailure":
    from mailsetup.export.programs.thunderbird_android import qr_matrix

    return qr_matrix(account)


def _on_path(*commands: str) -> Callable[[Computer], bool]:
    """Whether all these commands are on the PATH."""
    return lambda computer: all(computer.which(command) is not None for command in commands)


def _part_of_macos(computer: Computer) -> bool | None:
    # On other systems it may be on another device of the user.
    return True if computer.platform == "darwin" else None


TARGETS: Final[tuple[Target, ...]] = (
    Target(
        "thunderbird",
        "Thunderbird",
        Automation.APPLY,
        _exporter("thunderbird", "Thunderbird"),
        lambda computer: find_installation(computer) is not None,
        load_applier=_thunderbird_applier,
        load_profile_applier=_thunderbird_applier,
        is_usual=True,
    ),
    Target(
        "outlook",
        "Outlook",
        Automation.GUIDE,
        _exporter("outlook", "Outlook"),
        has_classic_outlook,
        run_steps=_outlook_steps,
        is_usual=True,
    ),
    Target(
        "gmail", "Gmail", Automation.GUIDE, _exporter("gmail", "Gmail"), icon="phone", is_usual=True
    ),
    Target(
        "apple-mail",
        "Apple Mail",
        Automation.IMPORT,
        _exporter("apple_mail", "AppleMail"),
        _part_of_macos,
        can_be_signed=True,
        synonyms=("apple", "iphone", "ipad", "mac", "ios"),
        is_usual=True,
    ),
    Target(
        "thunderbird-android",
        N_("Thunderbird for Android, K-9 Mail"),
        Automation.IMPORT,
        _exporter("thunderbird_android", "ThunderbirdAndroid"),
        qr_code=_thunderbird_android_code,
        kind=ProgramKind.PHONE,
        synonyms=("android", "k 9", "k9", "k 9 mail"),
        icon="phone",
        is_usual=True,
    ),
    Target(
        "evolution",
        "Evolution",
        Automation.APPLY,
        _exporter("evolution", "Evolution"),
        EVOLUTION.is_installed,
        load_applier=_evolution_applier,
        can_be_repaired=True,
    ),
    Target(
        "kmail",
        "KMail",
        Automation.IMPORT,
        _exporter("kmail", "KMail"),
        LinuxProgram("kmail", "org.kde.kmail2").is_installed,
    ),
    Target(
        "claws-mail",
        "Claws Mail",
        Automation.IMPORT,
        _exporter("claws_mail", "ClawsMail"),
        LinuxProgram("claws-mail", "org.claws_mail.Claws-Mail").is_installed,
        synonyms=("claws",),
    ),
    Target(
        "neomutt",
        "NeoMutt",
        Automation.IMPORT,
        _exporter("neomutt", "Neomutt"),
        _on_path("neomutt"),
    ),
    Target("aerc", "aerc", Automation.IMPORT, _exporter("aerc", "Aerc"), _on_path("aerc")),
    Target(
        "himalaya",
        "himalaya",
        Automation.IMPORT,
        _exporter("himalaya", "Himalaya"),
        _on_path("himalaya"),
    ),
    Target(
        "mbsync",
        "mbsync + msmtp",
        Automation.IMPORT,
        _exporter("mbsync_msmtp", "MbsyncMsmtp"),
        _on_path("mbsync", "msmtp"),
    ),
    Target(
        "thunderbird-fleet",
        N_("Thunderbird (many computers)"),
        Automation.IMPORT,
        _exporter("thunderbird_fleet", "ThunderbirdFleet"),
    ),
    Target(
        "other",
        N_("Any other program"),
        Automation.GUIDE,
        _exporter("other", "Other"),
        has_printed_guide=True,
        kind=ProgramKind.OTHER,
        icon="guide",
        is_usual=True,
    ),
)


def find_target(program: str) -> Target | None:
    """The row with this id."""
    return next((target for target in TARGETS if target.id == program), None)


def target_of_kind(kind: ProgramKind) -> Target:
    """The row that stands for a kind of programs."""
    return next(target for target in TARGETS if target.kind is kind)
