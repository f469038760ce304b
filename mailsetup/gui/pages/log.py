"""What happened so far, for whoever wants to know exactly."""

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit

from mailsetup.gui.page import Overlay
from mailsetup.gui.session import Session
from mailsetup.gui.widgets.basic import PlainLabel, action_button
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.i18n import _


class LogPage(Overlay):
    """``lines`` gives the log, from which secrets are gone already."""

    def __init__(self, session: Session, lines: Callable[[], tuple[str, ...]]) -> None:
        super().__init__(session)
        self._lines = lines
        self._lead = PlainLabel(role="muted")
        self.view = QPlainTextEdit()
        self.view.setReadOnly(True)
        self.view.setTabChangesFocus(True)
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.copy = action_button()
        self.copy.clicked.connect(self._copy)
        self.column.addWidget(self._lead)
        self.column.addWidget(self.view, 1)
        self.column.addWidget(wrapping_row(self.copy))
        self.retranslate()

    def enter(self) -> None:
        """Show what there is, the latest in sight."""
        self.view.setPlainText("\n".join(self._lines()))
        bar = self.view.verticalScrollBar()
        bar.setValue(bar.maximum())
        self.copy.setText(_("&Copy everything"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.view.toPlainText())
        self.copy.setText(_("Copied"))

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Log"))
        self._lead.setText(_("Every step with its time. Passwords are blanked out."))
        self.view.setAccessibleName(_("Log"))
        self.copy.setText(_("&Copy everything"))
