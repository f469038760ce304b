"""The commands that put an exported Outlook account into classic Outlook, as values.

Nothing is run here. The window shows a step, asks, and runs its commands one by one without a
shell. There are two methods, both untested with today's versions: Outlook imports a ``.prf``, or
reads a local Autodiscover file that the user's registry (HKEY_CURRENT_USER) names when the account
is added by its address. Neither could be run on Windows; the tests compare the commands with golden
values.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from mailsetup.apply.installation import Computer
from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.outlook import Outlook
from mailsetup.export.programs.outlook_files import AUTODISCOVER_KEY, SETUP_KEY
from mailsetup.i18n import _
from mailsetup.model.settings import Account

Command = tuple[str, ...]
"""A program and its arguments, to be started without a shell."""


class OutlookRunMode(StrEnum):
    """How the account reaches Outlook."""

    PROFILE = "profile"
    """Outlook imports a ``.prf`` file, which makes a profile with the account."""
    AUTODISCOVER = "autodiscover"
    """Outlook finds the servers in a local file when the user adds the address."""


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step to offer. All its commands must end with exit status 0, in this order."""

    mode: OutlookRunMode
    text: str
    """What will happen, and what the user does then."""
    commands: tuple[Command, ...]
    undo: tuple[Command, ...] = ()
    """Remove afterwards what the commands wrote into the registry."""


def outlook_program(computer: Computer | None = None) -> str:
    """The path of classic Outlook on this computer; empty where there is none to be changed."""
    computer = computer or Computer()
    if computer.temporary:
        return ""
    return computer.app_path("outlook.exe") if computer.platform == "win32" else ""


def run_steps(
    account: Account, folder: PurePath, outlook: str = "outlook.exe"
) -> tuple[RunStep, ...]:
    """The steps that can be run when the exported files are in ``folder``, best first.

    ``folder`` must be absolute: Outlook reads it later, with another working directory. Empty where
    the account has no files for classic Outlook.
    """
    artifact = Outlook().export(account)
    if isinstance(artifact, ExportFailure) or not folder.is_absolute():
        return ()
    steps = []
    profile = _file_name(artifact, ".prf")
    if profile:
        steps.append(
            RunStep(
                OutlookRunMode.PROFILE,
                _(
                    "Close Outlook first. It is then opened with the new account and asks for your"
                    " password. What you have stays as it is."
                ),
                ((outlook, "/importprf", str(folder / profile)),),
            )
        )
    document, off = _file_name(artifact, ".xml"), _file_name(artifact, "-off.reg")
    if document and off:
        steps.append(
            RunStep(
                OutlookRunMode.AUTODISCOVER,
                _(
                    "Outlook learns where the servers are. Then open it, add an account with the"
                    " address, and come back here to take the entries out again."
                ),
                (
                    _switch_on(AUTODISCOVER_KEY, "PreferLocalXML"),
                    _set_document(account.address.domain, folder / document),
                    _switch_on(SETUP_KEY, "DisableOffice365SimplifiedAccountCreation"),
                ),
                (("reg.exe", "import", str(folder / off)),),
            )
        )
    return tuple(steps)


def _file_name(artifact: Artifact, end: str) -> str:
    return next((file.name for file in artifact.files if file.name.endswith(end)), "")


def _switch_on(key: str, name: str) -> Command:
    return ("reg.exe", "add", key, "/v", name, "/t", "REG_DWORD", "/d", "1", "/f")


def _set_document(domain: str, document: PurePath) -> Command:
    where = str(document)
    return ("reg.exe", "add", AUTODISCOVER_KEY, "/v", domain, "/t", "REG_SZ", "/d", where, "/f")
