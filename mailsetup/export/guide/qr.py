"""QR codes: a text as a matrix for the window, and as pictures for a file (ISO/IEC 18004).

Error correction is level L, as in Thunderbird's own codes, or higher where the code does not grow
by it. The bytes are UTF-8 without an ECI designator, which readers recognize.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segno import QRCode

QUIET_ZONE = 4
"""Light modules around the code that a reader needs."""

_PICTURE = 720
"""Pixels, roughly, of one side of a PNG."""

_QUICK_MASK = 2
"""The mask that inverts every third column."""

_IS_DARK = bytes(module & 1 for module in range(256))
"""Translates segno's kinds of modules to 0 (light) and 1 (dark)."""

_RUN = re.compile(rb"\x00*\x01+")


class _Bars(dict[bytes, str]):
    """A run of light and then dark modules -> the SVG path that draws the dark ones."""

    def __missing__(self, run: bytes) -> str:
        dark = run.count(1)
        self[run] = drawn = f"m{len(run) - dark} 0h{dark}v1h-{dark}m{dark}-1"
        return drawn


_BARS = _Bars()


@dataclass(frozen=True, slots=True)
class QrMatrix:
    """The modules, without the light margin (`QUIET_ZONE`) around them."""

    size: int
    """Modules of one side."""
    rows: tuple[tuple[bool, ...], ...]
    """From top to bottom and from left to right; True is dark."""

    def dark(self) -> Iterator[tuple[int, int]]:
        """Column and row of every dark module."""
        for y, row in enumerate(self.rows):
            for x, is_dark in enumerate(row):
                if is_dark:
                    yield x, y


@dataclass(frozen=True, slots=True)
class QrCode:
    """One code in all its forms, with dark modules on white."""

    matrix: QrMatrix
    png: bytes
    svg: bytes


def quick_svg(text: str, side_mm: float) -> str:
    """The code as a small SVG with a side of this many millimetres; "" when the text is too long.

    Five times faster than `encode`, for hundreds of codes: of the eight masks always the same one
    is used, instead of the one that is easiest to read.
    """
    code = _make_qr(text, mask=_QUICK_MASK, boost_error=False)
    if code is None:
        return ""
    matrix = [bytes(row).translate(_IS_DARK) for row in code.matrix]
    side = len(matrix) + 2 * QUIET_ZONE
    dark = "".join(
        f"M{QUIET_ZONE} {y}" + "".join(map(_BARS.__getitem__, _RUN.findall(row)))
        for y, row in enumerate(matrix, QUIET_ZONE)
    )
    # Qt's PDF writer draws an outline, as wide as a module, unless the outline is transparent.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"'
        f' width="{side_mm:g}mm" height="{side_mm:g}mm" shape-rendering="crispEdges"'
        ' stroke-opacity="0">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{dark}"/></svg>'
    )


def _make_qr(text: str, *, mask: int | None, boost_error: bool) -> "QRCode | None":
    """The code; None when the text is too long."""
    import segno  # 25 ms

    try:
        return segno.make_qr(
            text,
            error="L",
            mode="byte",
            encoding="utf-8",
            eci=False,
            mask=mask,
            boost_error=boost_error,
        )
    except segno.DataOverflowError:
        return None


def encode(text: str) -> QrCode | None:
    """The text as a QR code; None when it is longer than any code (about 2,900 bytes)."""
    code = _make_qr(text, mask=None, boost_error=True)
    if code is None:
        return None
    rows = tuple(tuple(module & 1 == 1 for module in row) for row in code.matrix)
    side = len(rows) + 2 * QUIET_ZONE
    png, svg = io.BytesIO(), io.BytesIO()
    code.save(png, kind="png", scale=max(4, _PICTURE // side), border=QUIET_ZONE)
    # With a white background: on a dark page a transparent one could not be read.
    code.save(svg, kind="svg", scale=4, border=QUIET_ZONE, light="white", nl=False)
    return QrCode(QrMatrix(len(rows), rows), png.getvalue(), svg.getvalue())
