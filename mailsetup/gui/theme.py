"""The theme of the window: colours, spacing and font sizes."""

from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from mailsetup import resources


class Space(IntEnum):
    """Distances in logical pixels."""

    TINY = 4
    SMALL = 8
    MEDIUM = 14
    LARGE = 22
    HUGE = 34


class Type(IntEnum):
    """Type sizes in percent of the system's own font."""

    SMALL = 92
    BODY = 100
    LARGE = 118
    TITLE = 165


CARD_WIDTH = 700
"""The maximum width of a column of text: longer lines are hard to read."""


@dataclass(frozen=True, slots=True)
class Colours:
    """One colour scheme. Text has a contrast of at least 4.5 to 1 (WCAG AA)."""

    ground: str
    card: str
    edge: str
    """The border of the card and between parts; in high contrast nothing else separates them."""
    text: str
    muted: str
    border: str
    field: str
    accent: str
    accent_pressed: str
    on_accent: str
    soft: str
    ok: str
    warn: str
    fail: str


_COLUMNS = (
    ("#eef2f6", "#12171d", "#ffffff", "#000000"),  # ground
    ("#ffffff", "#1b222b", "#ffffff", "#000000"),  # card
    ("#d9e1ea", "#2b3541", "#000000", "#ffffff"),  # edge
    ("#17212c", "#eaf0f6", "#000000", "#ffffff"),  # text
    ("#52606e", "#a5b2c0", "#1f1f1f", "#ededed"),  # muted
    ("#8593a2", "#6d7b8a", "#000000", "#ffffff"),  # border
    ("#ffffff", "#12171d", "#ffffff", "#000000"),  # field
    ("#0f62ac", "#79b8f3", "#00318f", "#8fd0ff"),  # accent
    ("#0b4c87", "#a3cff8", "#000000", "#ffffff"),  # accent_pressed
    ("#ffffff", "#08243f", "#ffffff", "#000000"),  # on_accent
    ("#e4eef8", "#22303f", "#ffffff", "#000000"),  # soft
    ("#157347", "#6fd39c", "#00541f", "#8dffb0"),  # ok
    ("#8a5a00", "#f1c062", "#5c3a00", "#ffe08a"),  # warn
    ("#b3261e", "#ff9a90", "#930000", "#ffb4ad"),  # fail
)
"""The colours in the order of `Colours`: light, dark, and both with high contrast."""

SCHEMES = LIGHT, DARK, LIGHT_CONTRAST, DARK_CONTRAST = tuple(
    Colours(*column) for column in zip(*_COLUMNS, strict=True)
)


def scheme(*, dark: bool, contrast: bool = False) -> Colours:
    """One of the four schemes."""
    if contrast:
        return DARK_CONTRAST if dark else LIGHT_CONTRAST
    return DARK if dark else LIGHT


def is_dark(application: QApplication) -> bool:
    """Whether the system uses a dark colour scheme."""
    hints = application.styleHints()
    return hints.colorScheme() == Qt.ColorScheme.Dark


def colours_of(widget: QWidget) -> Colours:
    """The scheme that a widget is drawn in."""
    # Not its own palette, in which a style sheet's transparent background is black.
    palette = widget.window().palette()
    ground, text = palette.window().color().name(), palette.windowText().color().name()
    current = (one for one in SCHEMES if (one.ground, one.text) == (ground, text))
    return next(current, DARK if palette.window().color().lightness() < 128 else LIGHT)


def apply_theme(application: QApplication, *, dark: bool, contrast: bool = False) -> None:
    """Apply style (Fusion: native styles ignore parts of style sheets), palette and style sheet."""
    colours = scheme(dark=dark, contrast=contrast)
    # Each call updates every widget, so it is made only after a change. A style below a style sheet
    # does not give its name; only this function sets a style sheet.
    if not application.styleSheet():
        application.setStyle("Fusion")
    application.setPalette(_palette(colours))
    application.setStyleSheet(_stylesheet(colours))


def scaled(font: QFont, size: Type, *, bold: bool = False) -> QFont:
    """A font relative to the system's, so that it follows the system's text size."""
    result = QFont(font)
    if font.pointSizeF() > 0:
        result.setPointSizeF(font.pointSizeF() * size / 100)
    else:
        result.setPixelSize(round(font.pixelSize() * size / 100))
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    return result


def set_type(widget: QWidget, size: Type, *, bold: bool = False) -> None:
    """Set a font size of the scale, which `refit_type` applies after a change of the font."""
    widget.setProperty("type", int(size))
    widget.setProperty("bold", bold)
    widget.setFont(scaled(QApplication.font(), size, bold=bold))


def refit_type(root: QWidget) -> None:
    """Update all texts with a size of the scale after the application's font changed."""
    for widget in root.findChildren(QWidget):
        size = widget.property("type")
        if size is not None:
            set_type(widget, Type(size), bold=bool(widget.property("bold")))


def _palette(colours: Colours) -> QPalette:
    palette = QPalette(QColor(colours.card), QColor(colours.ground))
    roles = QPalette.ColorRole
    for role, value in (
        (roles.Window, colours.ground),
        (roles.WindowText, colours.text),
        (roles.Base, colours.field),
        (roles.AlternateBase, colours.card),
        (roles.Text, colours.text),
        (roles.Button, colours.card),
        (roles.ButtonText, colours.text),
        (roles.PlaceholderText, colours.muted),
        (roles.Highlight, colours.accent),
        (roles.HighlightedText, colours.on_accent),
        (roles.Link, colours.accent),
        (roles.ToolTipBase, colours.card),
        (roles.ToolTipText, colours.text),
    ):
        palette.setColor(role, QColor(value))
    disabled = QPalette.ColorGroup.Disabled
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(disabled, role, QColor(colours.muted))
    return palette


def _stylesheet(c: Colours) -> str:
    variant = "dark" if c in (DARK, DARK_CONTRAST) else "light"

    def icon(name: str) -> str:
        return resources.path("icons", f"{name}-{variant}.svg").as_posix()

    return f"""
    QWidget#card {{
        background: {c.card}; border: 1px solid {c.edge}; border-radius: 14px;
    }}
    QWidget#page {{ background: {c.card}; }}
    QScrollArea, QScrollArea > QWidget > QWidget#ground {{ background: {c.ground}; border: none; }}
    QLabel {{ background: transparent; }}
    QLabel[role="muted"] {{ color: {c.muted}; }}
    QLabel[role="fault"] {{ color: {c.fail}; }}
    QLabel[role="warn"] {{ color: {c.warn}; }}
    QLabel[role="ok"] {{ color: {c.ok}; }}
    QLabel[role="domain"] {{ color: {c.accent}; }}
    QLabel[role="badge"] {{
        background: {c.soft}; color: {c.accent}; border-radius: 9px; padding: 3px 10px;
    }}
    QProgressBar {{
        background: {c.soft}; border: none; border-radius: 5px; min-height: 10px; max-height: 10px;
    }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: 5px; }}
    QPlainTextEdit {{
        background: {c.field}; color: {c.text}; border: 1px solid {c.border}; border-radius: 7px;
        padding: 6px; font-family: monospace;
    }}
    QPlainTextEdit:focus {{ border: 2px solid {c.accent}; padding: 5px; }}
    QLineEdit, QComboBox, QSpinBox {{
        background: {c.field}; color: {c.text}; border: 1px solid {c.border};
        border-radius: 7px; padding: 7px 9px; min-height: 1.3em;
    }}
    QLineEdit:focus, QComboBox:focus, QSpinBox:focus {{
        border: 2px solid {c.accent}; padding: 6px 8px;
    }}
    QLineEdit[fault="true"] {{ border: 2px solid {c.fail}; padding: 6px 8px; }}
    QComboBox {{ padding-right: 26px; }}
    QComboBox::drop-down {{ border: none; width: 26px; }}
    QComboBox::down-arrow {{ image: url({icon("arrow")}); width: 14px; height: 14px; }}
    QComboBox QAbstractItemView {{
        background: {c.card}; color: {c.text}; selection-background-color: {c.accent};
        selection-color: {c.on_accent};
    }}
    QPushButton {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border};
        border-radius: 8px; padding: 8px 16px; min-height: 1.3em; outline: none;
    }}
    QPushButton:hover {{ border-color: {c.accent}; }}
    QPushButton:focus {{ border: 2px solid {c.accent}; padding: 7px 15px; }}
    QPushButton:disabled {{ color: {c.muted}; border-color: {c.soft}; }}
    QPushButton[role="primary"] {{
        background: {c.accent}; color: {c.on_accent}; border: 2px solid {c.accent};
        padding: 7px 22px; font-weight: 600;
    }}
    QPushButton[role="primary"]:hover, QPushButton[role="primary"]:pressed {{
        background: {c.accent_pressed}; border-color: {c.accent_pressed};
    }}
    QPushButton[role="primary"]:focus {{ border: 2px solid {c.text}; }}
    QPushButton[role="primary"]:disabled {{
        background: {c.soft}; color: {c.muted}; border-color: {c.soft};
    }}
    QPushButton[role="choice"] {{
        background: {c.card}; border: 1px solid {c.border}; border-radius: 12px; padding: 0;
        text-align: left;
    }}
    QPushButton[role="choice"]:hover {{ border-color: {c.accent}; background: {c.soft}; }}
    QPushButton[role="choice"]:focus {{ border: 2px solid {c.accent}; }}
    QPushButton[role="link"] {{
        background: transparent; border: none; border-radius: 0;
        border-bottom: 2px solid transparent;
        color: {c.accent}; padding: 4px 0 2px 0; text-align: left; min-height: 0;
    }}
    QPushButton[role="link"]:hover {{ text-decoration: underline; }}
    QPushButton[role="link"]:focus {{ border-bottom-color: {c.accent}; }}
    QPushButton[role="quiet"] {{
        background: transparent; border: 2px solid transparent; color: {c.muted};
        padding: 4px 8px; border-radius: 7px;
    }}
    QPushButton[role="quiet"]:hover {{ background: {c.soft}; color: {c.accent}; }}
    QPushButton[role="quiet"]:focus {{ border: 2px solid {c.accent}; }}
    QPushButton[role="quiet"]:disabled {{ color: {c.border}; }}
    QComboBox[role="quiet"] {{
        background: transparent; border: 2px solid transparent; color: {c.muted};
        padding: 4px 20px 4px 8px;
    }}
    QComboBox[role="quiet"]::drop-down {{ width: 20px; }}
    QComboBox[role="quiet"]:hover {{ background: {c.soft}; color: {c.accent}; }}
    QComboBox[role="quiet"]:focus {{ border: 2px solid {c.accent}; }}
    QRadioButton, QCheckBox {{ spacing: 9px; background: transparent; }}
    QCheckBox::indicator, QRadioButton::indicator {{
        width: 1.1em; height: 1.1em; border: 2px solid {c.border}; background: {c.field};
    }}
    QCheckBox::indicator {{ border-radius: 5px; }}
    QRadioButton::indicator {{ border-radius: 9px; }}
    QCheckBox::indicator:checked, QRadioButton::indicator:checked {{
        background: {c.accent}; border-color: {c.accent};
    }}
    QCheckBox::indicator:checked {{ image: url({icon("check")}); }}
    QRadioButton::indicator:checked {{ image: url({icon("dot")}); }}
    QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{
        border-color: {c.soft}; background: {c.ground};
    }}
    QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border-color: {c.text}; }}
    QCheckBox:disabled {{ color: {c.muted}; }}
    QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
    QScrollBar::handle:vertical {{ background: {c.border}; border-radius: 4px; min-height: 36px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
    QScrollBar::handle:horizontal {{ background: {c.border}; border-radius: 4px; min-width: 36px; }}
    QFrame#notice {{
        background: {c.soft}; border: 1px solid {c.edge}; border-radius: 9px;
    }}
    QFrame#row {{ background: {c.soft}; border: 1px solid {c.edge}; border-radius: 8px; }}
    QFrame#line {{ background: {c.edge}; max-height: 1px; border: none; }}
    """
