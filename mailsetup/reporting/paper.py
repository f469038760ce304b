"""The report in the HTML subset of Qt's rich text, from which the PDF is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import Final

from mailsetup import resources
from mailsetup.model.finding import Status
from mailsetup.model.headline import Headline
from mailsetup.reporting.chain_svg import is_joined, picture, sign
from mailsetup.reporting.content import (
    FindingText,
    ReportContent,
    ReportLink,
    ReportTable,
)

_COLOURS: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.OK: "#157347",
        Status.WARN: "#8a5a00",
        Status.FAIL: "#b3261e",
        Status.UNKNOWN: "#5b6875",
    }
)
_TINTS: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.OK: "#e6f4ec",
        Status.WARN: "#fdf3dc",
        Status.FAIL: "#fdebe9",
        Status.UNKNOWN: "#eef2f6",
    }
)
_JOINED, _APART = _COLOURS[Status.OK], "#b4c0cc"


@dataclass(frozen=True, slots=True)
class PrintHtml:
    """A report for Qt's rich text: HTML 4 without lists and floats, widths in percent.

    ``pictures`` are SVG documents by the ``src`` of their ``img`` elements.
    """

    body: str
    style: str
    pictures: dict[str, str]


def print_html(content: ReportContent) -> PrintHtml:
    """The whole report; the part for technicians begins on a new page."""
    pictures: dict[str, str] = {"line:joined": _line(_JOINED), "line:apart": _line(_APART, "5 4")}
    for status, colour in _COLOURS.items():
        pictures[f"sign:{status}"] = sign(status).replace("currentColor", colour)
        tinted = pictures[f"sign:{status}"].replace("#ffffff", _TINTS[status])
        pictures[f"sign:{status}:tinted"] = tinted
    for one in content.chain:
        drawn = picture(one.link, one.status).replace("currentColor", _COLOURS[one.status])
        pictures[f"link:{one.link}"] = drawn
    body = "".join((*_printed_person(content), *_printed_technician(content)))
    return PrintHtml(body, resources.read_text("reporting", "print.css"), pictures)


def _line(colour: str, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 92 72">'
        f'<path d="M1 34h86" fill="none" stroke="{colour}" stroke-width="2"{dashed}/></svg>'
    )


def _image(name: str, width: int, height: int) -> str:
    return f'<img src="{name}" width="{width}" height="{height}">'


def _p(text: str, kind: str = "", more: str = "") -> str:
    classed = f' class="{kind}"' if kind else ""
    return f"<p{classed}{more}>{escape(text)}</p>" if text else ""


def _gap() -> str:
    """A paragraph between two tables, which Qt would otherwise join."""
    return '<p class="gap">&nbsp;</p>'


def _printed_person(content: ReportContent) -> list[str]:
    words, headline = content.words, content.headline
    parts = [
        _p(content.title, "kind"),
        f"<h1>{escape(content.address)}</h1>",
        _p(content.when_text, "soft"),
        _gap(),
        _printed_headline(headline),
        f"<h2>{escape(words.chain)}</h2>",
        _p(words.chain_lead, "soft"),
        _gap(),
        _printed_chain(content.chain),
    ]
    if headline.advice:
        parts += [
            f"<h2>{escape(words.advice)}</h2>",
            _p(headline.advice),
            _p(headline.who, "soft"),
        ]
    if headline.proof:
        parts.append(f"<h2>{escape(words.proof)}</h2>")
        parts.append(_signed((Status.OK, _p(line)) for line in headline.proof))
    if content.others:
        parts.append(f"<h2>{escape(words.also)}</h2>")
        parts.append(_signed((other.status, _printed_other(other)) for other in content.others))
    if headline.notes:
        parts.append(_gap())
        parts += [_box(_p(note, "note")) for note in headline.notes]
    if headline.request:
        parts += [
            f"<h2>{escape(words.message)}</h2>",
            _p(headline.request_to, "soft"),
            _gap(),
            _box("".join(_p(line, "note") for line in _compact(headline.request))),
        ]
    return parts


def _compact(message: tuple[str, ...]) -> list[str]:
    """The request with its rows in one paragraph, so that the first part fits one page."""
    rows = [line.removeprefix("- ") for line in message if line.startswith("- ")]
    lines = [line for line in message if not line.startswith("- ")]
    return [" ".join(lines[:-1]), " · ".join(rows), *lines[-1:]] if rows else lines


def _printed_headline(headline: Headline) -> str:
    colour, tint = _COLOURS[headline.status], _TINTS[headline.status]
    return (
        '<table width="100%" cellspacing="0" cellpadding="0" class="verdict"><tr>'
        f'<td width="0.8%" bgcolor="{colour}"></td>'
        f'<td width="8.2%" bgcolor="{tint}" style="padding: 13px 0 13px 14px">'
        f"{_image(f'sign:{headline.status}:tinted', 32, 32)}</td>"
        f'<td width="91%" bgcolor="{tint}" style="padding: 13px 16px 14px 4px">'
        f"<h2>{escape(headline.title)}</h2>{_p(headline.complaint, 'soft')}"
        f"{f'<p><b>{escape(headline.answer)}</b></p>' if headline.answer else ''}"
        f"{_p(headline.sentence)}</td></tr></table>"
    )


def _printed_chain(links: tuple[ReportLink, ...]) -> str:
    """The icons and lines in one table row, and the texts below them in a second table."""
    drawn = ['<td width="7%"></td>']
    for number, one in enumerate(links):
        drawn.append(f'<td width="11%" align="center">{_image(f"link:{one.link}", 72, 72)}</td>')
        if number + 1 < len(links):
            line = "line:joined" if is_joined(one, links[number + 1]) else "line:apart"
            drawn.append(f'<td width="14%" align="center">{_image(line, 92, 72)}</td>')
    drawn.append('<td width="7%"></td>')
    texts = "".join(
        '<td width="25%" align="center" style="padding: 0 8px 0 8px">'
        f"{_p(one.name, 'name')}{_p(one.word, f'word {one.status}')}{_p(one.sentence, 'small')}"
        "</td>"
        for one in links
    )
    opening = '<table width="100%" cellspacing="0" cellpadding="0"><tr>'
    return f"{opening}{''.join(drawn)}</tr></table>{opening}{texts}</tr></table>"


def _signed(lines: Iterable[tuple[Status, str]]) -> str:
    rows = "".join(
        f'<tr><td width="4%" style="padding: 3px 0 0 0">{_image(f"sign:{status}", 17, 17)}</td>'
        f'<td width="96%" style="padding: 2px 0 4px 0">{inner}</td></tr>'
        for status, inner in lines
    )
    return f'{_gap()}<table width="100%" cellspacing="0" cellpadding="0">{rows}</table>'


def _printed_other(finding: FindingText) -> str:
    return (
        f'<h3>{escape(finding.title)} <span class="{finding.status}">'
        f"({escape(finding.link)}: {escape(finding.word)})</span></h3>"
        f"{_p(finding.advice)}{_p(finding.who, 'soft')}"
    )


def _box(inner: str) -> str:
    return (
        '<table width="100%" cellspacing="0" cellpadding="6" bgcolor="#f1f5f9"><tr>'
        f'<td width="100%">{inner}</td></tr></table>'
    )


def _printed_technician(content: ReportContent) -> list[str]:
    words = content.words
    parts = [
        f'<div class="technician"><p class="kind" style="page-break-before: always">'
        f"{escape(content.title)} · {escape(content.address)}</p>",
        f"<h1>{escape(words.technician)}</h1>",
        _p(words.technician_lead, "soft"),
    ]
    if content.findings:
        parts.append(f"<h2>{escape(words.evidence)}</h2>")
        parts += [_printed_evidence(finding) for finding in content.findings]
    for table in content.tables:
        parts.append(f"<h2>{escape(table.title)}</h2>")
        parts.append(_printed_table(table))
    parts.append("</div>")
    return parts


def _printed_evidence(finding: FindingText) -> str:
    head = (
        f'<h3><span class="code">{escape(finding.id)}</span> <span class="{finding.status}">'
        f"({escape(finding.link)}: {escape(finding.word)})</span></h3>{_p(finding.title, 'note')}"
    )
    rows = "".join(
        f'<tr><td width="26%">{_p(row.name, "soft")}</td>'
        f'<td width="74%">{_p(row.value or "—", "code")}</td></tr>'
        for row in finding.evidence
    )
    return f"{head}{_data_table(rows) if rows else ''}{_gap()}"


def _data_table(rows: str) -> str:
    return f'<table class="data" width="100%" cellspacing="0">{rows}</table>'


_WIDTHS: Final[Mapping[int, tuple[int, ...]]] = MappingProxyType(
    {1: (100,), 2: (26, 74), 3: (26, 37, 37), 4: (22, 26, 26, 26)}
)
_TRIED = (15, 26, 12, 47)


def _printed_table(table: ReportTable) -> str:
    widths = _TRIED if table.kind == "tried" else _WIDTHS[table.width]

    def row(cells: tuple[str, ...], kinds: tuple[str, ...]) -> str:
        return (
            "<tr>"
            + "".join(
                f'<td width="{width}%">{_p(cell, kind) or _gap()}</td>'
                for cell, kind, width in zip(cells, kinds, widths, strict=True)
            )
            + "</tr>"
        )

    plain = ("",) * (table.width - 1)
    rows = [row(table.columns, ("soft",) * table.width)] if table.columns else []
    rows += [row(cells, ("soft", *plain)) for cells in table.rows]
    return _data_table("".join(rows))
