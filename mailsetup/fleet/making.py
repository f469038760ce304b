"""What one person is given: the sheet, and the files for their programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailsetup import i18n
from mailsetup.export.exporter import Artifact, ArtifactFile, CannotExport
from mailsetup.export.table import exporter
from mailsetup.fleet import welcome
from mailsetup.fleet.store import PersonFolder
from mailsetup.i18n import _
from mailsetup.model.settings import Account


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made for one person; nothing in it is secret.

    ``folder`` is the name of their folder, ``contact`` a line on the sheet, ``page`` the sheet as
    PDF, where there is to be one.
    """

    folder: str
    account: Account
    language: str
    programs: tuple[str, ...]
    contact: str = ""
    page: bytes = b""


@dataclass(frozen=True, slots=True)
class Made:
    """A folder's content. ``notes`` say which programs got nothing, and why."""

    folder: PersonFolder
    notes: tuple[str, ...] = ()


def make(order: Order) -> Made:
    """Make everything for one person, in their language."""
    with i18n.speaking(order.language):
        programs, notes = _programs(order.account, order.programs)
        sheet = welcome.sheet(order.account, programs, order.contact)
        html = ArtifactFile("welcome.html", welcome.html(sheet), "text/html", private=True)
    files: list[tuple[str, ArtifactFile]] = [("", html)]
    if order.page:
        files.append(("", ArtifactFile("welcome.pdf", order.page, "application/pdf", private=True)))
    files += [(program.id, file) for program in programs for file in program.artifact.files]
    return Made(PersonFolder(order.folder, tuple(files)), notes)


def printed(order: Order) -> welcome.Printed:
    """The sheet for a writer of PDF files, in the person's language."""
    with i18n.speaking(order.language):
        programs, _notes = _programs(order.account, order.programs)
        return welcome.printed(welcome.sheet(order.account, programs, order.contact))


def _programs(
    account: Account, wanted: Sequence[str]
) -> tuple[tuple[welcome.Program, ...], tuple[str, ...]]:
    """The artifacts in the current language, and why some are not to be had."""
    made, notes = [], []
    for name in wanted:
        known = exporter(name)
        if known is None:
            continue
        artifact = known.export(account)
        match artifact:
            case CannotExport(reason=reason):
                notes.append(f"{_(known.title)}: {reason}")
            case Artifact():
                made.append(welcome.Program(known.id, _(known.title), artifact))
    return tuple(made), tuple(notes)
