"""A wallet-sized card with everything but the password.

85 x 55 mm as SVG: browsers and word processors print it in its true size. It contains no script,
loads nothing, and shows every value in full, in smaller letters and on several lines where it is
long.
"""

import unicodedata
from dataclasses import dataclass
from html import escape

from mailsetup import i18n
from mailsetup.export.exporter import ArtifactFile
from mailsetup.export.guide.page import security_name
from mailsetup.i18n import _
from mailsetup.model.settings import Account, ServerSettings

# Tenths of a millimetre.
_WIDTH, _HEIGHT = 850, 550
_MARGIN = 40
_BAND = 118
_CELL = 0.63
"""Width of a letter relative to its size, in the widest of the usual monospaced fonts."""
_LEADING = 1.2
_INK, _SOFT, _ACCENT = "#17211f", "#55625f", "#0b6b5d"


def card(account: Account, name: str) -> ArtifactFile:
    """The card as a file, in the current language. The account must have been validated."""
    address = _block(
        str(account.address), _Box(_MARGIN, 34, _WIDTH - 2 * _MARGIN, 70), 44, "#ffffff"
    )
    half = (_WIDTH - 3 * _MARGIN) / 2
    right = 2 * _MARGIN + half
    title = _("Mail settings of {address}").format(address=account.address)
    parts = (
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="30" fill="#ffffff" stroke="#bbbbbb"/>',
        f'<path d="M0 {_BAND}V30a30 30 0 0 1 30-30h{_WIDTH - 60}a30 30 0 0 1 30 30v{_BAND - 30}z"'
        f' fill="{_ACCENT}"/>',
        address,
        _server(account.incoming, _("To receive"), _MARGIN, half),
        _server(account.outgoing, _("To send"), right, half),
        _line(_("The password is not on this card."), _MARGIN, _HEIGHT - 28, 21, _SOFT),
    )
    svg = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:lang="{i18n.language()}"'
        f' width="85mm" height="55mm" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">\n'
        f"<title>{escape(title, quote=False)}</title>\n" + "\n".join(parts) + "\n</svg>\n"
    )
    return ArtifactFile(name, svg.encode(), "image/svg+xml", private=True)


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    width: float
    height: float


def _server(server: ServerSettings, title: str, left: float, width: float) -> str:
    heading = f"{title} · {server.protocol.upper()}"
    parts = [
        _line(heading, left, 172, 26, _ACCENT, bold=True),
        _line(_("Server"), left, 212, 19, _SOFT),
        _block(server.host, _Box(left, 218, width, 74), 30),
        _line(_("Port and encryption"), left, 322, 19, _SOFT),
        _block(f"{server.port} · {security_name(server.security)}", _Box(left, 328, width, 40), 30),
    ]
    if server.username:
        parts += [
            _line(_("User name"), left, 398, 19, _SOFT),
            _block(server.username, _Box(left, 404, width, 86), 30),
        ]
    return "\n".join(parts)


def _line(text: str, left: float, base: float, size: float, colour: str, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{left:g}" y="{base:g}" font-family="sans-serif" font-size="{size:g}"{weight}'
        f' fill="{colour}">{escape(text)}</text>'
    )


def _block(value: str, box: _Box, largest: float, colour: str = _INK) -> str:
    """A value in full, in the largest letters that fit into its box."""
    size, lines = _fitted(value, box, largest)
    base = box.top + size
    texts = "".join(
        f'<text x="{box.left:g}" y="{base + number * size * _LEADING:.2f}" font-size="{size:.2f}"'
        f' xml:space="preserve">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<g class="value" font-family="DejaVu Sans Mono, Consolas, Menlo, monospace"'
        f' font-weight="700" fill="{colour}">{texts}</g>'
    )


def _fitted(value: str, box: _Box, largest: float) -> tuple[float, list[str]]:
    """Size and lines: as few lines as can be read easily, then whatever fits."""
    for most, smallest in ((1, 20.0), (2, 16.0), (len(value), 0.0)):
        size = largest
        while size >= smallest:
            lines = _lines(value, max(2, int(box.width / (size * _CELL))))
            if len(lines) <= most and len(lines) * size * _LEADING <= box.height:
                return size, lines
            size *= 0.94
    raise AssertionError("the last round ends only with a size")


def _lines(value: str, room: int) -> list[str]:
    """Split into lines of at most ``room`` cells, after a dot or an @ where one is near."""
    lines, cells = [""], 0
    for char in value:
        width = _cells(char)
        if cells + width > room:
            full = lines[-1]
            cut = max(full.rfind("@"), full.rfind(".")) + 1
            end = cut if cut > len(full) // 2 else len(full)
            lines[-1:] = [full[:end], full[end:]]
            cells = sum(map(_cells, lines[-1]))
        lines[-1] += char
        cells += width
    return lines


def _cells(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
