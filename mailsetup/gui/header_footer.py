"""The bars around every page: the header on top and the buttons below."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from mailsetup.gui.icons import as_icon
from mailsetup.gui.page_area import StepsBar
from mailsetup.gui.theme import Space, Type, colours_of
from mailsetup.gui.widgets.basic import LinkButton, PlainLabel
from mailsetup.i18n import _
from mailsetup.i18n.languages import LANGUAGES


class Header(QWidget):
    """The steps of the flow, text size, language, and About."""

    def __init__(self, current_language: str) -> None:
        super().__init__()
        self.brand = PlainLabel("mailsetup", "muted", bold=True)
        self.steps = StepsBar()
        self.smaller, self.larger = QPushButton("A−"), QPushButton("A+")
        self.about = QPushButton()
        for button in (self.smaller, self.larger, self.about):
            button.setProperty("role", "quiet")
            button.setAutoDefault(False)
        self.languages = QComboBox()
        self.languages.setProperty("role", "quiet")
        for language in LANGUAGES.values():
            self.languages.addItem(language.name, language.code)
        self.languages.setCurrentIndex(list(LANGUAGES).index(current_language))
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.SMALL)
        row.setSpacing(Space.TINY)
        row.addWidget(self.brand)
        row.addWidget(self.steps, 1)
        row.addStretch(0)
        for widget in self.in_order:
            row.addWidget(widget)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        """The widgets that Tab reaches, in order."""
        return (self.smaller, self.larger, self.languages, self.about)

    def show_steps(self, shown: bool) -> None:
        """Show the steps, or the program's name before they begin."""
        self.steps.setVisible(shown)
        self.brand.setVisible(not shown)

    def draw_icons(self) -> None:
        """Use the current colours and text size."""
        side = round(self.fontMetrics().height() * 1.2)
        self.about.setIcon(as_icon("about", colours_of(self).muted, 3 * side))
        self.about.setIconSize(QSize(side, side))

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.languages.setAccessibleName(_("Language"))
        for button, name in (
            (self.smaller, _("Smaller text")),
            (self.larger, _("Larger text")),
            (self.about, _("About this program, log and help")),
        ):
            button.setAccessibleName(name)
            button.setToolTip(name)
        self.draw_icons()


class Footer(QWidget):
    """Back, cancel, and the primary button."""

    def __init__(self) -> None:
        super().__init__()
        self.back = LinkButton()
        self.badge = PlainLabel(role="badge", size=Type.SMALL)
        self.badge.setWordWrap(False)
        self.cancel = QPushButton()
        self.cancel.setAutoDefault(False)
        self.primary = QPushButton()
        self.primary.setProperty("role", "primary")
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.MEDIUM)
        row.setSpacing(Space.SMALL)
        row.addWidget(self.back)
        row.addWidget(self.badge)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.primary)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        """The widgets that Tab reaches, in order."""
        return (self.primary, self.cancel, self.back)

    def show_primary_only(self, text: str) -> None:
        """The buttons of an overlay."""
        self.primary.setText(text)
        self.primary.setEnabled(True)
        self.primary.show()
        self.back.hide()
        self.cancel.hide()

    def show_buttons(
        self, text: str, *, is_ready: bool, can_go_back: bool, can_cancel: bool, is_demo: bool
    ) -> None:
        """The buttons of a page; ``text`` is that of the primary one, empty where it has none."""
        self.primary.setVisible(bool(text))
        self.primary.setText(text)
        self.primary.setEnabled(is_ready)
        self.back.setVisible(can_go_back)
        self.cancel.setVisible(can_cancel)
        self.badge.setVisible(is_demo)

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.badge.setText(_("Demo – nothing leaves this computer"))
        self.back.setText(_("← &Back"))
        self.cancel.setText(_("Cancel"))
