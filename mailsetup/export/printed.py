"""The settings and their steps for paper: HTML as far as Qt's text documents show it.

Tables and plain paragraphs only: no style sheet, no script, no picture (Qt would load a local
file), nothing that floats. Everything from outside is escaped.
"""

from html import escape

from mailsetup import i18n
from mailsetup.export.exporter import CopyValue, Step
from mailsetup.export.guide import server_values
from mailsetup.export.universal import notes as usual_notes
from mailsetup.export.universal import steps as usual_steps
from mailsetup.i18n import _
from mailsetup.model.settings import Account

_MONO = (
    '<font face="DejaVu Sans Mono, Consolas, Menlo, monospace" size="{size}"><b>{value}</b></font>'
)


def print_html(
    account: Account,
    *,
    title: str = "",
    steps: tuple[Step, ...] | None = None,
    notes: tuple[str, ...] | None = None,
) -> str:
    """A document in the current language. The account must have passed the gate.

    Without ``steps`` and ``notes`` it is the guide for any program; with those of another
    program's artifact it is that program's.
    """
    title = title or _("Your settings for {address}").format(address=account.address)
    steps = usual_steps(account) if steps is None else steps
    notes = usual_notes(account) if notes is None else notes
    address = (CopyValue(_("E-mail address"), str(account.address)),)
    last = _("The password is not on this page.")
    parts = (
        f'<!doctype html>\n<html lang="{escape(i18n.language())}">\n<head><meta charset="utf-8">',
        f"<title>{escape(title)}</title></head>\n<body>\n<h1>{escape(title)}</h1>\n",
        *(f"<p><i>{escape(note)}</i></p>\n" for note in notes),
        _table(address, large=True),
        _heading(_("To receive")),
        _table(server_values(account.incoming), large=True),
        _heading(_("To send")),
        _table(server_values(account.outgoing), large=True),
        _heading(_("Step by step")),
        "<ol>\n",
        *(f"<li>{_step(step)}</li>\n" for step in steps),
        f"</ol>\n<p>{escape(last)}</p>\n</body>\n</html>\n",
    )
    return "".join(parts)


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>\n"


def _table(values: tuple[CopyValue, ...], *, large: bool = False) -> str:
    if not values:
        return ""
    size = 5 if large else 3
    rows = "".join(
        f'<tr><td width="35%">{escape(value.label)}</td>'
        f"<td>{_MONO.format(size=size, value=escape(value.value))}</td></tr>\n"
        for value in values
    )
    return f'<table width="100%" cellspacing="0" cellpadding="4" border="0">\n{rows}</table>\n'


def _step(step: Step) -> str:
    link = f"<br>{escape(step.link)}" if step.link.startswith("https://") else ""
    return f"{escape(step.text)}{link}{_table(step.values)}"
