"""The log."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit

from mailsetup.gui.page import Overlay, OverlayPage
from mailsetup.gui.services import Services
from mailsetup.gui.widgets.basic import PlainLabel, action_button
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.i18n import _


class LogPage(Overlay):
    """Every step with its time, without secrets."""

    kind = OverlayPage.LOG

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self.view = QPlainTextEdit()
        self.view.setReadOnly(True)
        self.view.setTabChangesFocus(True)
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.copy = action_button(on_click=self._copy)
        self.column.addWidget(self._lead)
        self.column.addWidget(self.view, 1)
        self.column.addWidget(wrapping_row(self.copy))
        self.retranslate()

    def enter(self) -> None:
        """Show all lines, scrolled to the latest."""
        self.view.setPlainText("\n".join(self.services.log.lines(self.state.secrets)))
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
