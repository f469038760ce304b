"""The report as one self-contained HTML page.

It loads nothing and runs no script: its content security policy allows only its own style sheet,
by hash. All texts are escaped.
"""

import hashlib
from html import escape

from mailsetup import resources
from mailsetup.formats.html_page import html_head
from mailsetup.model.finding import Status
from mailsetup.model.headline import Headline
from mailsetup.reporting.chain_svg import is_joined, picture, sign
from mailsetup.reporting.content import (
    FindingText,
    ReportContent,
    ReportLink,
    ReportRow,
    ReportTable,
)


def html(content: ReportContent) -> str:
    """The whole report as a self-contained HTML document (UTF-8)."""
    style = resources.read_text("reporting", "report.css")
    head = html_head(
        content.language,
        f"{content.title}: {content.address}",
        style,
        further=(
            '<meta name="color-scheme" content="light dark">',
            f'<meta name="generator" content="{escape(content.program)}">',
        ),
    )
    return f"{head}{_person(content)}{_technician(content)}</main>\n</body>\n</html>\n"


# The page for a person ----------------------------------------------------------------------------


def _person(content: ReportContent) -> str:
    words = content.words
    return "".join(
        (
            '<article class="sheet">\n<header>\n',
            f'<p class="kind">{escape(content.title)}</p>\n',
            f"<h1>{escape(content.address)}</h1>\n",
            f'<p class="when"><time datetime="{escape(content.when.isoformat())}">'
            f"{escape(content.when_text)}</time></p>\n</header>\n",
            _headline(content.headline),
            f'<section>\n<h2>{escape(words.chain)}</h2>\n<p class="lead">'
            f'{escape(words.chain_lead)}</p>\n<ol class="chain">\n',
            *_chain(content.chain),
            "</ol>\n</section>\n",
            _advice(content),
            _list(words.proof, content.headline.proof, "proof", Status.OK),
            _others(content),
            _notes(content.headline.notes),
            _message(content),
            _footer(content),
            "</article>\n",
        )
    )


def _headline(headline: Headline) -> str:
    asked = "".join(
        f'<p class="{kind}">{escape(line)}</p>\n'
        for kind, line in (("complaint", headline.complaint), ("answer", headline.answer))
        if line
    )
    return (
        f'<section class="verdict {headline.status}">\n{sign(headline.status)}<div>\n'
        f'<h2>{escape(headline.title)}</h2>\n{asked}<p class="sentence">{escape(headline.sentence)}'
        "</p>\n</div>\n</section>\n"
    )


def _chain(links: tuple[ReportLink, ...]) -> list[str]:
    items = []
    for number, one in enumerate(links):
        following = links[number + 1] if number + 1 < len(links) else None
        joined = " joined" if following and is_joined(one, following) else ""
        items.append(
            f'<li class="{one.status}{joined}">{picture(one.link, one.status)}<div>'
            f'<p class="name">{escape(one.name)}</p><p class="word">{escape(one.word)}</p>'
            f"<p>{escape(one.sentence)}</p></div></li>\n"
        )
    return items


def _advice(content: ReportContent) -> str:
    headline = content.headline
    if not headline.advice:
        return ""
    who = f'<p class="who">{escape(headline.who)}</p>\n' if headline.who else ""
    return (
        f'<section class="advice">\n<h2>{escape(content.words.advice)}</h2>\n'
        f"<p>{escape(headline.advice)}</p>\n{who}</section>\n"
    )


def _list(title: str, lines: tuple[str, ...], kind: str, status: Status) -> str:
    if not lines:
        return ""
    items = "".join(f'<li class="{status}">{sign(status)}{escape(line)}</li>\n' for line in lines)
    return f'<section>\n<h2>{escape(title)}</h2>\n<ul class="{kind}">\n{items}</ul>\n</section>\n'


def _others(content: ReportContent) -> str:
    if not content.others:
        return ""
    items = "".join(_other(finding) for finding in content.others)
    title = escape(content.words.also)
    return f'<section>\n<h2>{title}</h2>\n<ul class="others">\n{items}</ul>\n</section>\n'


def _other(finding: FindingText) -> str:
    return (
        f'<li class="{finding.status}">{sign(finding.status)}<div>'
        f'<h3>{escape(finding.title)} <span class="tag">{escape(finding.link)}: '
        f"{escape(finding.word)}</span></h3><p>{escape(finding.advice)}</p>"
        f'<p class="who">{escape(finding.who)}</p></div></li>\n'
    )


def _notes(notes: tuple[str, ...]) -> str:
    if not notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>\n" for note in notes)
    return f'<ul class="notes">\n{items}</ul>\n'


def _message(content: ReportContent) -> str:
    headline = content.headline
    if not headline.request:
        return ""
    return (
        f'<section class="message">\n<h2>{escape(content.words.message)}</h2>\n'
        f'<p class="who">{escape(headline.request_to)}</p>\n'
        f"<blockquote>{_lines(headline.request)}</blockquote>\n</section>\n"
    )


def _lines(lines: tuple[str, ...]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _footer(content: ReportContent) -> str:
    return (
        f"<footer><p>{escape(content.words.nothing_secret)}</p>"
        f"<p>{escape(content.program)}</p></footer>\n"
    )


# The technician's page ----------------------------------------------------------------------------


def _technician(content: ReportContent) -> str:
    words = content.words
    return "".join(
        (
            '<article class="sheet technician">\n<header>\n',
            f'<p class="kind">{escape(content.title)} · {escape(content.address)}</p>\n',
            f"<h1>{escape(words.technician)}</h1>\n",
            f'<p class="when">{escape(words.technician_lead)}</p>\n</header>\n',
            _evidence(content),
            *(_table(table) for table in content.tables),
            _footer(content),
            "</article>\n",
        )
    )


def _evidence(content: ReportContent) -> str:
    if not content.findings:
        return ""
    parts = []
    for finding in content.findings:
        rows = "".join(_row(row) for row in finding.evidence)
        parts.append(
            f'<div class="finding {finding.status}"><h3>{sign(finding.status)}'
            f"<code>{escape(finding.id)}</code></h3>"
            f"<p>{escape(finding.link)}: {escape(finding.word)}. {escape(finding.title)}</p>"
            f"{f'<table><tbody>{rows}</tbody></table>' if rows else ''}</div>\n"
        )
    title = escape(content.words.evidence)
    return f"<section>\n<h2>{title}</h2>\n{''.join(parts)}</section>\n"


def _row(row: ReportRow) -> str:
    return f'<tr><th scope="row">{escape(row.name)}</th><td>{_data(row.value)}</td></tr>'


def _table(table: ReportTable) -> str:
    head = ""
    if table.columns:
        cells = "".join(
            f'<th scope="col">{escape(name)}</th>' if name else "<td></td>"
            for name in table.columns
        )
        head = f"<thead><tr>{cells}</tr></thead>"
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{_data(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in table.rows
    )
    kind = f"w{table.width} {table.kind}".strip()
    return (
        f'<section>\n<h2 id="{_anchor(table.title)}">{escape(table.title)}</h2>\n'
        f'<table class="{kind}" aria-labelledby="{_anchor(table.title)}">{head}'
        f"<tbody>{body}</tbody></table>\n</section>\n"
    )


def _anchor(title: str) -> str:
    return "t-" + hashlib.sha256(title.encode()).hexdigest()[:8]


def _data(text: str) -> str:
    """A value from outside, isolated so that its direction does not affect the text around it."""
    return f"<bdi>{escape(text)}</bdi>"
