"""The settings and their steps for paper: the subset of HTML that Qt's text documents support.

Tables and plain paragraphs only: no style sheet, no script, no picture (Qt would load a local
file), no floats. All values are escaped.
"""

from collections.abc import Callable
from dataclasses import replace
from html import escape

from mailsetup import i18n
from mailsetup.export.exporter import Artifact, ArtifactFile, CopyValue, InstructionStep
from mailsetup.export.filename import stem
from mailsetup.export.guide import any_program
from mailsetup.export.guide.page import server_values
from mailsetup.i18n import _
from mailsetup.model.settings import Account

MakePdf = Callable[[str, str], bytes]
"""Converts a document (HTML) and its title to a PDF; b"" where this computer cannot."""

_VALUE = (
    '<font face="DejaVu Sans Mono, Consolas, Menlo, monospace" size="{size}"><b>{value}</b></font>'
)
_ACCENT, _SOFT, _GROUND = "#0b6b5d", "#55625f", "#eef4f2"


def with_pdf(artifact: Artifact, account: Account, make: MakePdf) -> Artifact:
    """The guide for any program, with its PDF as one file more."""
    title = _title(account)
    content = make(print_html(account), title)
    if not content:
        note = _("No PDF could be made on this computer. Print the page from your browser instead.")
        return replace(artifact, notes=(*artifact.notes, note))
    name = f"mail-{stem(account.address)}.pdf"
    step = InstructionStep(
        _("To print it or to attach it to a message, take {name}.").format(name=name)
    )
    return replace(
        artifact,
        files=(*artifact.files, ArtifactFile(name, content, "application/pdf", private=True)),
        steps=(artifact.steps[0], step, *artifact.steps[1:]),
    )


def print_html(account: Account) -> str:
    """The guide for any program, in the current language. The account must have been validated."""
    title = _title(account)
    address = (CopyValue(_("E-mail address"), str(account.address)),)
    above = (
        (_("To receive"), server_values(account.incoming)),
        (_("To send"), server_values(account.outgoing)),
    )
    last = _("The password is not on this page.")
    parts = (
        f'<!doctype html>\n<html lang="{escape(i18n.language())}">\n<head><meta charset="utf-8">',
        f'<title>{escape(title)}</title></head>\n<body>\n<h1><font color="{_ACCENT}">',
        f"{escape(title)}</font></h1>\n",
        *(f"<p><i>{escape(note)}</i></p>\n" for note in any_program.notes(account)),
        _table(address, large=True),
        *(_heading(heading) + _table(values, large=True) for heading, values in above),
        _heading(_("Step by step")),
        "<ol>\n",
        *(f"<li>{_step(step, above)}</li>\n" for step in any_program.steps(account)),
        f'</ol>\n<p><font color="{_SOFT}">{escape(last)}</font></p>\n</body>\n</html>\n',
    )
    return "".join(parts)


def _title(account: Account) -> str:
    return _("Your settings for {address}").format(address=account.address)


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>\n"


def _table(values: tuple[CopyValue, ...], *, large: bool = False) -> str:
    if not values:
        return ""
    size, ground = (5, f' bgcolor="{_GROUND}"') if large else (3, "")
    rows = "".join(
        f'<tr><td width="32%"><font color="{_SOFT}">{escape(value.label)}</font></td>'
        f"<td>{_VALUE.format(size=size, value=escape(value.value))}</td></tr>\n"
        for value in values
    )
    padding = 6 if large else 3
    return (
        f'<table width="100%" cellspacing="0" cellpadding="{padding}" border="0"{ground}>\n'
        f"{rows}</table>\n"
    )


def _step(step: InstructionStep, above: tuple[tuple[str, tuple[CopyValue, ...]], ...]) -> str:
    """Values that are shown above in large letters are not repeated: the steps stay on one page."""
    for heading, values in above:
        if step.values and set(step.values) <= set(values):
            hint = _("the values above, under “{heading}”").format(heading=heading)
            return f'<p>{escape(step.text)} <font color="{_SOFT}">({escape(hint)})</font></p>'
    return f"<p>{escape(step.text)}</p>{_table(step.values)}"
