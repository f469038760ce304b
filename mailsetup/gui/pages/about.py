"""About the program: display, libraries, and what helps support."""

import platform
from pathlib import Path

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QApplication

from mailsetup import __version__
from mailsetup.gui.page import Overlay, OverlayPage
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Type
from mailsetup.gui.widgets.basic import Foldable, PlainLabel, action_button, announce
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _


class AboutPage(Overlay):
    """Version, display, report and log, licences."""

    kind = OverlayPage.ABOUT

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._appearance = services.appearance
        self._versions = PlainLabel(role="muted")
        self._privacy = PlainLabel()
        self._display_heading = PlainLabel(size=Type.LARGE, bold=True)
        self.contrast = WrappingCheckBox()
        self.contrast.toggled.connect(self._choose_contrast)
        self._support_heading = PlainLabel(size=Type.LARGE, bold=True)
        self._help = PlainLabel(role="muted")
        self.support, self.log = action_button(), action_button()
        self.support.clicked.connect(self._save_support)
        self.log.clicked.connect(lambda: self.overlay_requested.emit(OverlayPage.LOG))
        self._saved = PlainLabel(role="muted")
        self.parts = Foldable()
        self.add_to_column(
            self._versions,
            self._privacy,
            self._display_heading,
            self.contrast,
            self._support_heading,
            self._help,
            wrapping_row(self.support, self.log),
            self._saved,
            self.parts,
        )
        services.reports.support_saved.connect(self._show_saved)
        self.retranslate()

    def enter(self) -> None:
        """Show the current contrast."""
        self.contrast.setChecked(self._appearance.wants_contrast)
        self.contrast.setEnabled(not self._appearance.system_contrast)
        self._saved.hide()

    def _save_support(self) -> None:
        name = self.services.dialogs.new_file(self.window(), "mailsetup-support.txt")
        if name:
            rows = (
                ("Qt", f"{qVersion()} {QApplication.platformName()}"),
                (_("Text size"), f"{self._appearance.text_size} %"),
            )
            self.services.reports.save_support(Path(name), rows)

    def _show_saved(self, sentence: str) -> None:
        self._saved.setText(sentence)
        self._saved.show()
        announce(self, sentence)

    def _show_libraries(self) -> None:
        known = self.state.libraries
        self.parts.fill([_("The parts keep their own licences:"), *known] if known else [])

    def _choose_contrast(self, wanted: bool) -> None:
        if self.contrast.isEnabled() and wanted != self._appearance.more_contrast:
            self._appearance.set_more_contrast(wanted)
            self.services.preferences.store_appearance(
                text_size=self._appearance.text_size, more_contrast=wanted
            )

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
        self._privacy.setText(
            _(
                "Free software under the MIT licence. Your password goes to your mail servers "
                "only, over verified encrypted connections; nothing is sent to us."
            )
        )
        self._display_heading.setText(_("Display"))
        self.contrast.setText(_("Strong &contrast"))
        self._support_heading.setText(_("When somebody helps you"))
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
        self._show_libraries()
