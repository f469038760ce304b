"""The system's file dialogs; passed to the window, so that tests can replace them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from mailsetup.i18n import _


def ask_for_new_file(parent: QWidget, proposed: str) -> str:
    """Where to write a report; "" where the user cancelled."""
    title = _("Where shall the report go?")
    kinds = "TXT (*.txt)" if proposed.endswith(".txt") else _REPORTS
    name, kind = QFileDialog.getSaveFileName(parent, title, proposed, kinds)
    if name and not Path(name).suffix:
        name += f".{kind.partition(' ')[0].lower()}"
    return name


_REPORTS = "PDF (*.pdf);;HTML (*.html);;TXT (*.txt)"


def ask_for_file(parent: QWidget, title: str) -> str:
    """An existing file; "" where the user cancelled."""
    return QFileDialog.getOpenFileName(parent, title)[0]


def ask_for_folder(parent: QWidget) -> str:
    """A folder to write files into; "" where the user cancelled."""
    return QFileDialog.getExistingDirectory(parent, _("Where shall the files go?"))


def open_in_program(path: Path) -> None:
    """Open a file or folder in the system's program for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.resolve())))


@dataclass
class Dialogs:
    """Each returns a path, or "" where the user cancelled; ``show`` opens a path."""

    folder: Callable[[QWidget], str] = ask_for_folder
    new_file: Callable[[QWidget, str], str] = ask_for_new_file
    file: Callable[[QWidget, str], str] = ask_for_file
    show: Callable[[Path], None] = open_in_program
