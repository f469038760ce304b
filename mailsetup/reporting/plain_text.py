"""The report as plain text with lines of at most 78 characters.

Text from servers is indented or follows a label, so that it cannot imitate a heading.
"""

import textwrap
from collections.abc import Iterator

from mailsetup.model.finding import Status
from mailsetup.model.headline import STATUS_SIGNS
from mailsetup.reporting.content import FindingText, ReportContent, ReportTable

WIDTH = 78
"""Characters of a line: the limit of RFC 5322 section 2.1.1."""


def text(content: ReportContent) -> str:
    """The whole report, ending in a newline."""
    return "\n".join((*_person(content), *_technician(content))) + "\n"


def _person(content: ReportContent) -> Iterator[str]:
    words, headline = content.words, content.headline
    yield from _title(content.title)
    yield from _wrapped(content.address, "  ")
    yield from _wrapped(content.when_text, "  ")
    yield ""
    yield from _marked(headline.status, headline.title.upper())
    for line in (headline.complaint, headline.answer, headline.sentence):
        yield from _wrapped(line, "  ")
    yield from _heading(words.chain)
    for number, link in enumerate(content.chain):
        if number:
            yield "  |"
        margin = "  |   " if number + 1 < len(content.chain) else "      "
        yield from _wrapped(f"{STATUS_SIGNS[link.status]} {link.name}: {link.word}", "  ", "    ")
        yield from _wrapped(link.sentence, margin)
    if headline.advice:
        yield from _heading(words.advice)
        yield from _wrapped(headline.advice, "  ")
        yield from _wrapped(headline.who, "  ")
    if headline.proof:
        yield from _heading(words.proof)
        for line in headline.proof:
            yield from _marked(Status.OK, line)
    if content.others:
        yield from _heading(words.also)
        for number, finding in enumerate(content.others):
            if number:
                yield ""
            yield from _other(finding)
    if headline.notes:
        yield ""
        for note in headline.notes:
            yield from _wrapped(note, "> ", "  ")
    if headline.request:
        yield from _heading(words.message)
        yield from _wrapped(headline.request_to, "  ")
        yield ""
        for line in headline.request:
            yield from _wrapped(line, "  ", "    " if line.startswith("- ") else "  ")
    yield ""


def _other(finding: FindingText) -> Iterator[str]:
    yield from _marked(finding.status, f"{finding.title} ({finding.link}: {finding.word})")
    yield from _wrapped(finding.advice, "  ")
    yield from _wrapped(finding.who, "  ")


def _technician(content: ReportContent) -> Iterator[str]:
    words = content.words
    yield ""
    yield from _title(words.technician)
    yield from _wrapped(words.technician_lead)
    if content.findings:
        yield from _heading(words.evidence)
        for number, finding in enumerate(content.findings):
            if number:
                yield ""
            yield from _marked(finding.status, finding.id)
            yield from _wrapped(f"{finding.link}: {finding.word}. {finding.title}", "  ")
            for row in finding.evidence:
                yield from _wrapped(f"{row.name}: {row.value}", "    ", "      ")
    for table in content.tables:
        yield from _heading(table.title)
        yield from _table(table)
    yield ""
    yield from _wrapped(words.nothing_secret)
    yield content.program


def _table(table: ReportTable) -> Iterator[str]:
    """Column by column where each column is one server or message, otherwise row by row."""
    if table.kind == "tried" or not table.columns:
        for first, *cells in table.rows:
            rest = ", ".join(cell for cell in cells if cell != "—")
            yield from _wrapped(f"{first}: {rest}", "  ", "      ")
        return
    for column in range(1, table.width):
        if column > 1:
            yield ""
        yield from _wrapped(table.columns[column], "  ")
        for row in table.rows:
            if row[column] != "—":
                yield from _wrapped(f"{row[0]}: {row[column]}", "    ", "      ")


def _title(title: str) -> Iterator[str]:
    lines = list(_wrapped(title.upper()))
    yield from lines
    yield "=" * max(map(len, lines))


def _heading(title: str) -> Iterator[str]:
    yield ""
    lines = list(_wrapped(title))
    yield from lines
    yield "-" * max(map(len, lines))


def _marked(status: Status, line: str) -> Iterator[str]:
    return _wrapped(line, f"{STATUS_SIGNS[status]} ", "  ")


def _wrapped(line: str, first: str = "", following: str | None = None) -> Iterator[str]:
    """The wrapped text, the first line with one indent and the others with another."""
    if line:
        yield from textwrap.wrap(
            line,
            WIDTH,
            initial_indent=first,
            subsequent_indent=first if following is None else following,
            break_on_hyphens=False,
        )
