"""Texts from servers in a report, harmless and hostile ones."""

from dataclasses import replace

from hypothesis import strategies as st

from mailsetup.reporting.content import ReportContent, ReportRow
from tests.support.reporting.samples import content


def visible_texts(made: ReportContent) -> list[str]:
    """Every text that a report must show."""
    lines = [made.address, made.when_text, made.headline.title, made.headline.sentence]
    lines += [
        made.headline.advice,
        made.headline.answer,
        *made.headline.proof,
        *made.headline.notes,
    ]
    # On paper the rows of the message form one paragraph.
    lines += [line.removeprefix("- ") for line in made.headline.request]
    for link in made.chain:
        lines += [link.name, link.word, link.sentence]
    for finding in made.findings:
        lines += [finding.id, finding.title]
        lines += [row.value for row in finding.evidence]
    for other in made.others:
        lines += [other.advice, other.who]
    for table in made.tables:
        lines += [table.title, *table.columns, *(cell for row in table.rows for cell in row)]
    return [" ".join(line.split()) for line in lines if line]


def with_foreign_text(text: str) -> ReportContent:
    """A report with this text wherever a server or the DNS may have written it."""
    made = content("broken")
    first, *rest = made.findings
    changed = replace(first, title=text, advice=text, evidence=(ReportRow(text, text),))
    tables = tuple(
        replace(table, rows=tuple(tuple(text for _ in row) for row in table.rows))
        for table in made.tables
    )
    return replace(
        made,
        address=text,
        headline=replace(
            made.headline,
            sentence=text,
            answer=text,
            complaint=text,
            proof=(text,),
            notes=(text,),
            request=(text,),
        ),
        chain=tuple(replace(link, sentence=text) for link in made.chain),
        findings=(changed, *rest),
        tables=tables,
    )


HOSTILE_TEXTS = st.text(min_size=1).map(lambda s: s + "a") | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style><script>",
        "</title><b>",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "\u202e<b>\u2066",
        "a\x00b<\x1b[31m",
        "{page}",
        "javascript:alert(1)",
        "=" * 40,
        "-" * 200,
        "<" * 10_000,
        "é" * 10_000,
    ]
)
