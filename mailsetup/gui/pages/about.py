"""About the program: how it is shown, what it is made of, and what helps whoever helps."""

import platform

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QApplication

from mailsetup import __version__
from mailsetup.gui.appearance import Appearance
from mailsetup.gui.page import Overlay, Request
from mailsetup.gui.preferences import Preferences
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Type
from mailsetup.gui.widgets.basic import Foldable, PlainLabel, action_button
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _


class AboutPage(Overlay):
    """Opened from any page, closed again without having disturbed it."""

    def __init__(self, session: Session, look: Appearance, memory: Preferences) -> None:
        super().__init__(session)
        self._look, self._memory = look, memory
        self._versions = PlainLabel(role="muted")
        self._promise = PlainLabel()
        self._shown = PlainLabel(size=Type.LARGE, bold=True)
        self.contrast = WrappingCheckBox()
        self.contrast.toggled.connect(self._choose_contrast)
        self._helped = PlainLabel(size=Type.LARGE, bold=True)
        self._help = PlainLabel(role="muted")
        self.support, self.log = action_button(), action_button()
        self.support.clicked.connect(lambda: self.wanted.emit(Request.SAVE_SUPPORT))
        self.log.clicked.connect(lambda: self.wanted.emit(Request.SHOW_LOG))
        self._said = PlainLabel(role="muted")
        self.parts = Foldable()
        for widget in (
            self._versions,
            self._promise,
            self._shown,
            self.contrast,
            self._helped,
            self._help,
            wrapping_row(self.support, self.log),
            self._said,
            self.parts,
        ):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.retranslate()

    def enter(self) -> None:
        """Show how it is now."""
        self.contrast.setChecked(self._look.wants_contrast)
        self.contrast.setEnabled(not self._look.system_contrast)
        self.tell("")

    def tell(self, sentence: str) -> None:
        """What came of saving the report."""
        self._said.setText(sentence)
        self._said.setVisible(bool(sentence))

    def show_parts(self) -> None:
        """The libraries, as soon as they are known."""
        known = self.session.parts
        self.parts.fill([_("The parts keep their own licences:"), *known] if known else [])

    def _choose_contrast(self, wanted: bool) -> None:
        if self.contrast.isEnabled() and wanted != self._look.more_contrast:
            self._look.set_more_contrast(wanted)
            self._memory.keep_look(text_size=self._look.text_size, more_contrast=wanted)

    def announcement(self) -> str:
        """Title and version."""
        return f"{self.title.text()}. {self._versions.text()}"

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("About this program"))
        self._versions.setText(
            f"mailsetup {__version__} · Qt {qVersion()} · Python {platform.python_version()} · "
            f"{QApplication.platformName()}"
        )
        self._promise.setText(
            _(
                "Free software under the MIT licence. Your password goes to your mail servers "
                "only, over verified encrypted connections; nothing is sent to us."
            )
        )
        self._shown.setText(_("Display"))
        self.contrast.setText(_("Strong &contrast"))
        self._helped.setText(_("When somebody helps you"))
        self._help.setText(
            _(
                "The report and the log say what was tried and what the servers answered. Neither "
                "holds your password."
            )
        )
        self.support.setText(_("Save &report for support …"))
        self.log.setText(_("Show the &log"))
        self.parts.set_texts(
            _("Show the parts and their licences"), _("Hide the parts and their licences")
        )
        self.show_parts()
