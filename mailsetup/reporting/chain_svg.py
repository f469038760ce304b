"""The links of the chain and the status signs as SVG."""

import re
from functools import cache

from mailsetup import resources
from mailsetup.model.finding import Link, Status
from mailsetup.reporting.content import ReportLink

_ICON = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def is_joined(left: ReportLink, right: ReportLink) -> bool:
    """Whether mail is proven to get from one link to the next."""
    return left.status is Status.OK and right.status in (Status.OK, Status.WARN)


def picture(link: Link, status: Status) -> str:
    """A link as SVG: its icon in a ring, and the sign of its status.

    The foreground is ``currentColor``; the background is white, or as the style sheet says.
    """
    dashes = ' stroke-dasharray="5 5.1"' if status is Status.UNKNOWN else ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72" aria-hidden="true">'
        '<circle class="g-fill" cx="34" cy="34" r="31" fill="#ffffff" stroke="currentColor"'
        f' stroke-width="2.6"{dashes}/>{_icon(str(link), 17, 17, 34 / 24, 1.5)}'
        '<circle class="g-line" cx="58" cy="58" r="11.5" fill="currentColor" stroke="#ffffff"'
        f' stroke-width="3"/>{_icon(f"sign-{status}", 49, 49, 18 / 24, 3, white=True)}</svg>'
    )


def sign(status: Status) -> str:
    """The sign of a status on a disc, as SVG."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" aria-hidden="true"'
        ' class="sign"><circle cx="12" cy="12" r="12" fill="currentColor"/>'
        f"{_icon(f'sign-{status}', 2.4, 2.4, 0.8, 2.9, white=True)}</svg>"
    )


def _icon(name: str, x: float, y: float, scale: float, width: float, *, white: bool = False) -> str:
    group = 'class="g-line" stroke="#ffffff"' if white else 'stroke="currentColor"'
    return (
        f'<g transform="translate({x:g} {y:g}) scale({scale:.4g})" fill="none" {group}'
        f' stroke-width="{width:g}" stroke-linecap="round" stroke-linejoin="round">'
        f"{_drawing(name)}</g>"
    )


@cache
def _drawing(name: str) -> str:
    """The content of the ``svg`` element of a resource."""
    folder = "reporting" if name.startswith("sign-") else "icons"
    found = _ICON.search(resources.read_text(folder, f"{name}.svg"))
    return found.group(1) if found else ""
