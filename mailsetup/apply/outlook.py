"""The commands that put an exported Outlook account into classic Outlook, as values.

Nothing is run here. The window shows a step, asks, and starts its commands one by one without a
shell. Two ways exist and each is a guess for the versions sold today: a ``.prf`` handed to Outlook,
or a local Autodiscover file that the registry of the person (HKEY_CURRENT_USER) names, after which
the account is added by its address. Neither could be run where this was written, which was no
Windows; golden values in the tests hold what was meant.
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
"""A program and its arguments, for a start without a shell."""


class OutlookRunMode(StrEnum):
    """How the account reaches Outlook."""

    PROFILE = "profile"
    """A ``.prf`` makes a profile with the account."""
    AUTODISCOVER = "autodiscover"
    """Outlook finds the servers in a local file when the person adds the address."""


@dataclass(frozen=True, slots=True)
class RunStep:
    """One thing to offer. All commands succeed with exit status 0, in this order."""

    way: OutlookRunMode
    text: str
    """What will happen, and what the person does then."""
    commands: tuple[Command, ...]
    undo: tuple[Command, ...] = ()
    """Afterwards: takes out again what the commands put into the registry."""


def outlook_program(computer: Computer | None = None) -> str:
    """The path of classic Outlook on this computer; empty where there is none to be changed."""
    computer = computer or Computer()
    if computer.temporary:
        return ""
    return computer.app_path("outlook.exe") if computer.platform == "win32" else ""


def run_steps(
    account: Account, folder: PurePath, outlook: str = "outlook.exe"
) -> tuple[RunStep, ...]:
    """What may be run when the files of the account's export stand in ``folder``, best first.

    ``folder`` must be absolute: Outlook looks there later, from a place of its own. Empty where the
    account has no files for classic Outlook.
    """
    artifact = Outlook().export(account)
    if isinstance(artifact, ExportFailure) or not folder.is_absolute():
        return ()
    steps = []
    profile = _name(artifact, ".prf")
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
    document, off = _name(artifact, ".xml"), _name(artifact, "-off.reg")
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
                    _lead_to(account.address.domain, folder / document),
                    _switch_on(SETUP_KEY, "DisableOffice365SimplifiedAccountCreation"),
                ),
                (("reg.exe", "import", str(folder / off)),),
            )
        )
    return tuple(steps)


def _name(artifact: Artifact, end: str) -> str:
    return next((file.name for file in artifact.files if file.name.endswith(end)), "")


def _switch_on(key: str, name: str) -> Command:
    return ("reg.exe", "add", key, "/v", name, "/t", "REG_DWORD", "/d", "1", "/f")


def _lead_to(domain: str, document: PurePath) -> Command:
    where = str(document)
    return ("reg.exe", "add", AUTODISCOVER_KEY, "/v", domain, "/t", "REG_SZ", "/d", where, "/f")
