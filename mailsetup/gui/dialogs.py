"""The system's file dialogs; handed to the window, so that tests answer in a person's place."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from mailsetup.i18n import _


def ask_for_new_file(parent: QWidget, proposed: str) -> str:
    """Where to write a report; "" where the person changed their mind."""
    title = _("Where shall the report go?")
    kinds = "TXT (*.txt)" if proposed.endswith(".txt") else _REPORTS
    name, kind = QFileDialog.getSaveFileName(parent, title, proposed, kinds)
    if name and not Path(name).suffix:
        name += f".{kind.partition(' ')[0].lower()}"
    return name


_REPORTS = "PDF (*.pdf);;HTML (*.html);;TXT (*.txt)"


def ask_for_file(parent: QWidget, title: str) -> str:
    """A file that is there; "" where the person changed their mind."""
    return QFileDialog.getOpenFileName(parent, title)[0]


def ask_for_folder(parent: QWidget) -> str:
    """A folder to write files into; "" where the person changed their mind."""
    return QFileDialog.getExistingDirectory(parent, _("Where shall the files go?"))


def open_in_program(path: Path) -> None:
    """A file or folder, in whatever program the system opens it with."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.resolve())))


@dataclass
class Dialogs:
    """Each answers with a path, or with "" for no; ``show`` opens one."""

    folder: Callable[[QWidget], str] = ask_for_folder
    new_file: Callable[[QWidget, str], str] = ask_for_new_file
    file: Callable[[QWidget, str], str] = ask_for_file
    show: Callable[[Path], None] = open_in_program
