"""Makes the files for one person: the welcome sheet, and the files of their programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailsetup import i18n
from mailsetup.apply.targets import find_target
from mailsetup.batch import welcome_sheet
from mailsetup.batch.person_folder import PersonFolder
from mailsetup.export.exporter import Artifact, ArtifactFile, ExportFailure
from mailsetup.i18n import _
from mailsetup.model.settings import Account


@dataclass(frozen=True, slots=True)
class FilesOrder:
    """What to make for one person, without secrets.

    ``folder`` is the name of their folder, ``contact`` a line on the sheet, ``page`` the sheet as
    PDF, if one is wanted.
    """

    folder: str
    account: Account
    language: str
    programs: tuple[str, ...]
    contact: str = ""
    page: bytes = b""


@dataclass(frozen=True, slots=True)
class PersonFiles:
    """The content of a folder. ``notes`` name the programs that got no files, with the reason."""

    folder: PersonFolder
    notes: tuple[str, ...] = ()


def make(order: FilesOrder) -> PersonFiles:
    """Make everything for one person, in their language."""
    with i18n.override_language(order.language):
        programs, notes = _programs(order.account, order.programs)
        sheet = welcome_sheet.sheet(order.account, programs, order.contact)
        html = ArtifactFile("welcome.html", welcome_sheet.html(sheet), "text/html", private=True)
    files: list[tuple[str, ArtifactFile]] = [("", html)]
    if order.page:
        files.append(("", ArtifactFile("welcome.pdf", order.page, "application/pdf", private=True)))
    files += [(program.id, file) for program in programs for file in program.artifact.files]
    return PersonFiles(PersonFolder(order.folder, tuple(files)), notes)


def printed(order: FilesOrder) -> welcome_sheet.Printed:
    """The sheet for a PDF writer, in the person's language."""
    with i18n.override_language(order.language):
        programs, _notes = _programs(order.account, order.programs)
        return welcome_sheet.printed(welcome_sheet.sheet(order.account, programs, order.contact))


def _programs(
    account: Account, wanted: Sequence[str]
) -> tuple[tuple[welcome_sheet.SheetProgram, ...], tuple[str, ...]]:
    """The artifacts in the current language, and why some programs have none."""
    made, notes = [], []
    for name in wanted:
        known = find_target(name)
        if known is None:
            continue
        artifact = known.load_exporter().export(account)
        match artifact:
            case ExportFailure(reason=reason):
                notes.append(f"{_(known.title)}: {reason}")
            case Artifact():
                made.append(welcome_sheet.SheetProgram(known.id, _(known.title), artifact))
    return tuple(made), tuple(notes)
