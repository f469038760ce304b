"""The illustrated guide: one self-contained HTML page, to be opened from a disk or printed.

It loads nothing, and its content security policy names its one script and one style sheet by their
hashes, so that no text in it can be executed. All values are escaped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from html import escape as _escape
from typing import Final

from mailsetup import i18n, resources
from mailsetup.export.exporter import ArtifactFile, CopyValue, InstructionStep
from mailsetup.export.guide.qr import QUIET_ZONE, QrMatrix
from mailsetup.formats.html_page import html_head
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType

escape = lru_cache(maxsize=2048)(_escape)
"""Cached: guides for different accounts share most of their texts."""


class GuideStyle(StrEnum):
    """How an element of a dialog is drawn."""

    HEADING = "heading"
    FIELD = "field"
    CHOICE = "choice"
    CHECKED = "checked"
    UNCHECKED = "unchecked"
    HINT = "hint"
    """A field for a value that is not known here: the password."""


@dataclass(frozen=True, slots=True)
class GuideRow:
    """One line of a drawn dialog."""

    label: str
    value: str = ""
    style: GuideStyle = GuideStyle.FIELD


@dataclass(frozen=True, slots=True)
class GuideDialog:
    """A dialog of the program, as the user will see it."""

    title: str
    rows: tuple[GuideRow, ...]
    button: str


@dataclass(frozen=True, slots=True)
class GuideChapter:
    """The steps for one program or one variant of it."""

    title: str
    steps: tuple[InstructionStep, ...]
    lead: str = ""
    note: str = ""
    dialog: GuideDialog | None = None
    code: QrMatrix | None = None
    """A QR code to be scanned from the page, instead of a dialog."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A page."""

    title: str
    lead: str
    chapters: tuple[GuideChapter, ...]
    notes: tuple[str, ...] = ()


def security_name(security: SocketType) -> str:
    """The encryption's name in mail programs."""
    match security:
        case SocketType.TLS:
            return "SSL/TLS"
        case SocketType.STARTTLS:
            return "STARTTLS"
        case SocketType.NONE:
            return _("None")


def server_values(server: ServerSettings) -> tuple[CopyValue, ...]:
    """The values that a user copies for one server."""
    host = (
        _("Outgoing mail server (SMTP)")
        if server.protocol is Protocol.SMTP
        else _("Incoming mail server ({protocol})").format(protocol=server.protocol.upper())
    )
    values = [
        CopyValue(host, server.host),
        CopyValue(_("Port"), str(server.port)),
        CopyValue(_("Encryption"), security_name(server.security)),
    ]
    if server.username:
        values.append(CopyValue(_("User name"), server.username))
    return tuple(values)


def address_value(account: Account) -> CopyValue:
    """The address as the user copies it."""
    return CopyValue(_("E-mail address"), account.address.ascii)


def identity_values(account: Account) -> tuple[CopyValue, CopyValue]:
    """Name and address as the user copies them."""
    return CopyValue(_("Your name"), account.display_name), address_value(account)


def server_rows(server: ServerSettings, encryption: str = "") -> tuple[GuideRow, ...]:
    """Host, port and encryption (a choice with the given label) in a drawn dialog."""
    return (
        GuideRow(_("Server"), server.host),
        GuideRow(_("Port"), str(server.port)),
        GuideRow(encryption or _("Encryption"), security_name(server.security), GuideStyle.CHOICE),
    )


def credential_rows(server: ServerSettings) -> tuple[GuideRow, ...]:
    """User name and password in a drawn dialog."""
    return (
        GuideRow(_("User name"), server.username),
        GuideRow(_("Password"), _("yours"), GuideStyle.HINT),
    )


def open_guide_step(guide: ArtifactFile) -> InstructionStep:
    """The first step of a program for which there is a guide only."""
    return InstructionStep(
        _("Open {name} in your browser: it shows every step with pictures.").format(name=guide.name)
    )


def page(guide: Guide, account: Account, name: str, *, large: bool = False) -> ArtifactFile:
    """The guide as a file, in the current language; ``large`` enlarges the account's values."""
    style, script = _assets()
    chapters = guide.chapters
    html = "".join(
        (
            html_head(i18n.language(), guide.title, style, script=script),
            f"<header>\n<h1>{escape(guide.title)}</h1>\n",
            f'<p class="lead">{escape(guide.lead)}</p>\n</header>\n',
            _notes(guide.notes),
            _summary(account, large=large),
            _contents(chapters),
            *(_chapter(number, chapter) for number, chapter in enumerate(chapters, 1)),
            "<footer>",
            escape(_("This page holds no password and loads nothing.")),
            "</footer>\n",
            '</main>\n<div id="announce" role="status" aria-live="polite" class="quiet"></div>\n',
            f"<script>{script}</script>\n</body>\n</html>\n",
        )
    )
    return ArtifactFile(name, html.encode(), "text/html; charset=utf-8", private=True)


@lru_cache(maxsize=1)
def _assets() -> tuple[str, str]:
    return resources.read_text("export", "guide.css"), resources.read_text("export", "guide.js")


def _notes(notes: tuple[str, ...]) -> str:
    if not notes:
        return ""
    return '<ul class="notes">' + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>\n"


def _summary(account: Account, *, large: bool) -> str:
    both = (
        (_("To receive"), server_values(account.incoming)),
        (_("To send"), server_values(account.outgoing)),
    )
    address = (CopyValue(_("E-mail address"), str(account.address)),)
    sections = "".join(
        f"<section><h3>{escape(title)}</h3>{_values(values)}</section>" for title, values in both
    )
    title, kind = escape(_("Your settings")), "card large" if large else "card"
    return (
        f'<section class="{kind}"><h2>{title}</h2>{_values(address)}'
        f'<div class="servers">{sections}</div></section>\n'
    )


def _contents(chapters: tuple[GuideChapter, ...]) -> str:
    if len(chapters) < 2:
        return ""
    links = "".join(
        f'<a href="#way-{number}">{escape(chapter.title)}</a>'
        for number, chapter in enumerate(chapters, 1)
    )
    label = escape(_("On this page"))
    return f'<nav aria-label="{label}">{links}</nav>\n'


def _chapter(number: int, chapter: GuideChapter) -> str:
    lead = f"<p>{escape(chapter.lead)}</p>" if chapter.lead else ""
    note = f'<p class="note">{escape(chapter.note)}</p>' if chapter.note else ""
    steps = "".join(f"<li>{_step(step)}</li>" for step in chapter.steps)
    figure, kind = "", "columns"
    if chapter.dialog is not None:
        caption = escape(_("How it looks when it is filled in. The details may differ a little."))
        figure = f"<figure>{_drawing(chapter.dialog)}<figcaption>{caption}</figcaption></figure>"
        kind = "columns drawn"
    elif chapter.code is not None:
        figure = f'<figure class="code">{_code(chapter.code)}</figure>'
        kind = "columns drawn"
    return (
        f'<section class="card" id="way-{number}"><h2>{escape(chapter.title)}</h2>{lead}{note}'
        f'<div class="{kind}"><ol class="steps">{steps}</ol>{figure}</div></section>\n'
    )


def _step(step: InstructionStep) -> str:
    link = ""
    if step.link.startswith("https://"):
        target = escape(step.link)
        link = f'<p><a href="{target}" rel="noopener noreferrer">{target}</a></p>'
    return f"<p>{escape(step.text)}</p>{link}{_values(step.values)}"


def _values(values: tuple[CopyValue, ...]) -> str:
    if not values:
        return ""
    return "<dl>" + "".join(_value(value) for value in values) + "</dl>"


def _value(value: CopyValue) -> str:
    spoken = escape(_("Copy: {label}").format(label=value.label))
    copied, copy = escape(_("Copied")), escape(_("Copy"))
    return (
        f'<div class="value"><dt>{escape(value.label)}</dt><dd>{escape(value.value)}</dd>'
        f'<button type="button" class="copy" data-value="{escape(value.value)}"'
        f' data-done="{copied}" aria-label="{spoken}">{copy}</button></div>'
    )


def _code(code: QrMatrix) -> str:
    """Black on white in every colour scheme, with the quiet zone that a reader needs."""
    side = code.size + 2 * QUIET_ZONE
    dark = "".join(f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h1v1h-1z" for x, y in code.dark())
    return (
        f'<svg viewBox="0 0 {side} {side}" role="img" shape-rendering="crispEdges"'
        f' aria-label="{escape(_("QR code"))}"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path fill="#000" d="{dark}"/></svg>'
    )


_WIDTH = 430
_MARGIN = 24
_INNER = _WIDTH - 2 * _MARGIN
_BAR = 42
_HEIGHTS: Final[Mapping[GuideStyle, int]] = {
    GuideStyle.HEADING: 34,
    GuideStyle.FIELD: 60,
    GuideStyle.HINT: 60,
    GuideStyle.CHOICE: 60,
    GuideStyle.CHECKED: 32,
    GuideStyle.UNCHECKED: 32,
}


def _drawing(dialog: GuideDialog) -> str:
    """The dialog as SVG; its colours are those of the page."""
    parts = []
    top = _BAR + 20
    for row in dialog.rows:
        parts.append(_row(row, top))
        top += _HEIGHTS[row.style]
    height = top + 62
    label = escape(_cut(dialog.button, 26))
    width = max(96, 9 * len(_cut(dialog.button, 26)) + 28)
    left = _WIDTH - _MARGIN - width
    button = (
        f'<rect class="d-button" x="{left}" y="{top + 8}" width="{width}" height="34" rx="6"/>'
        f'<text class="d-button-text" x="{left + width / 2:g}" y="{top + 30}"'
        f' text-anchor="middle">{label}</text>'
    )
    frame = (
        f'<rect class="d-window" x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1}" rx="10"/>'
        f'<path class="d-bar" d="M1 {_BAR}V10a9 9 0 0 1 9-9h{_WIDTH - 20}'
        f'a9 9 0 0 1 9 9v{_BAR - 10}z"/>'
        f'<text class="d-title" x="{_MARGIN}" y="27">{escape(_cut(dialog.title, 42))}</text>'
        f'<path class="d-dots" d="M{_WIDTH - 32} 16l10 10m0-10l-10 10"/>'
    )
    spoken = "; ".join(
        f"{row.label}: {row.value}" if row.value else row.label for row in dialog.rows
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="'
        f'{escape(f"{dialog.title}. {spoken}")}">{frame}{"".join(parts)}{button}</svg>'
    )


def _row(row: GuideRow, top: int) -> str:
    label = escape(_cut(row.label, 56))
    match row.style:
        case GuideStyle.HEADING:
            return f'<text class="d-heading" x="{_MARGIN}" y="{top + 16}">{label}</text>'
        case GuideStyle.CHECKED | GuideStyle.UNCHECKED:
            off = " off" if row.style is GuideStyle.UNCHECKED else ""
            tick = "" if off else f'<path class="d-tick" d="M{_MARGIN + 4} {top + 9}l3.5 3.5 6-7"/>'
            return (
                f'<rect class="d-box{off}" x="{_MARGIN}" y="{top}" width="17" height="17" rx="4"/>'
                f'{tick}<text class="d-text" x="{_MARGIN + 27}" y="{top + 14}">{label}</text>'
            )
        case GuideStyle.FIELD | GuideStyle.CHOICE | GuideStyle.HINT:
            kind = "d-field" if row.style is GuideStyle.HINT else "d-field fill"
            text = "d-hint" if row.style is GuideStyle.HINT else "d-text"
            arrow = (
                f'<path class="d-arrow" d="M{_WIDTH - _MARGIN - 22} {top + 31}l5 5 5-5"/>'
                if row.style is GuideStyle.CHOICE
                else ""
            )
            return (
                f'<text class="d-label" x="{_MARGIN}" y="{top + 10}">{label}</text>'
                f'<rect class="{kind}" x="{_MARGIN}" y="{top + 17}" width="{_INNER}"'
                f' height="32" rx="5"/>'
                f'<text class="{text}" x="{_MARGIN + 11}" y="{top + 38}">'
                f"{escape(_cut(row.value, 44))}</text>{arrow}"
            )


def _cut(text: str, limit: int) -> str:
    """The drawing shows the beginning; the whole value is next to its copy button."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
