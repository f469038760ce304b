"""The report as a page: complete, alone, harmless, and readable by everybody."""

import base64
import hashlib
import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup import resources
from mailsetup.model.finding import Status
from mailsetup.reporting.chain_svg import picture
from mailsetup.reporting.content import ReportContent, ReportRow
from mailsetup.reporting.html import html
from mailsetup.reporting.paper import print_html
from tests.support.reporting.pages import Page
from tests.support.reporting.samples import KINDS, content, speaking

BOTH = pytest.mark.parametrize("language", ["en", "es"])
ALL = pytest.mark.parametrize("kind", KINDS)


def said(told: ReportContent) -> list[str]:
    """Every sentence that a person has to be able to read."""
    lines = [told.address, told.when_text, told.headline.title, told.headline.sentence]
    lines += [
        told.headline.advice,
        told.headline.answer,
        *told.headline.proof,
        *told.headline.notes,
    ]
    # On paper the rows of the message stand in one paragraph.
    lines += [line.removeprefix("- ") for line in told.headline.request]
    for link in told.chain:
        lines += [link.name, link.word, link.sentence]
    for finding in told.findings:
        lines += [finding.id, finding.title]
        lines += [row.value for row in finding.evidence]
    for other in told.others:
        lines += [other.advice, other.who]
    for table in told.tables:
        lines += [table.title, *table.columns, *(cell for row in table.rows for cell in row)]
    return [" ".join(line.split()) for line in lines if line]


@BOTH
@ALL
def test_everything_stands_on_the_page(kind: str, language: str) -> None:
    told = content(kind, language)
    text = Page(html(told)).text
    assert [line for line in said(told) if line not in text] == []


@BOTH
@ALL
def test_the_same_content_gives_the_same_page_whatever_is_spoken_meanwhile(
    kind: str, language: str
) -> None:
    told = content(kind, language)
    first = html(told)
    with speaking("en" if language == "es" else "es"):
        assert html(told) == first
    assert html(content(kind, language)) == first


@ALL
def test_the_page_is_well_formed_and_its_headings_leave_no_level_out(kind: str) -> None:
    page = Page(html(content(kind)))
    assert page.faults == []
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@BOTH
def test_the_page_says_its_language_and_what_its_cells_mean(language: str) -> None:
    page = Page(html(content("broken", language)))
    assert page.all("html")[0]["lang"] == language
    assert page.all("table")
    assert all(cell["scope"] in ("row", "col") for cell in page.all("th"))
    names = {attributes.get("id") for _tag, attributes in page.elements}
    assert all(t["aria-labelledby"] in names for t in page.all("table") if t)
    assert all(svg["aria-hidden"] == "true" for svg in page.all("svg"))


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = html(content("broken"))
    page = Page(text)
    assert not page.all("script")
    assert not page.all("link")
    for _tag, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on")}
        assert not {"src", "href", "style", "action", "background"} & set(attributes)
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style.group(1)
    assert "@import" not in style.group(1)


def test_the_technicians_page_begins_on_a_new_sheet_of_any_size() -> None:
    style = resources.read_text("reporting", "report.css")
    printing = style[style.index("@media print") :]
    assert re.search(r"\.technician \{ break-before: page", printing)
    assert "size:" not in style[style.index("@page") : style.index("@media print")]
    person, technician = html(content("broken")).split('<article class="sheet technician">')
    assert "For the technician" not in person
    assert "Certificate (SHA-256)" in technician


def test_a_state_is_never_told_by_colour_alone() -> None:
    from mailsetup.model.finding import Link

    signs = {status: picture(Link.DNS, status).split("<g")[-1] for status in Status}
    assert len(set(signs.values())) == len(Status)
    text = Page(html(content("broken"))).text
    for word in ("broken", "worth a look", "not checked"):
        assert word in text


def outside(text: str) -> ReportContent:
    """A report with this text wherever something from outside may stand."""
    told = content("broken")
    first, *rest = told.findings
    hurt = replace(first, title=text, advice=text, evidence=(ReportRow(text, text),))
    tables = tuple(
        replace(table, rows=tuple(tuple(text for _ in row) for row in table.rows))
        for table in told.tables
    )
    return replace(
        told,
        address=text,
        headline=replace(
            told.headline,
            sentence=text,
            answer=text,
            complaint=text,
            proof=(text,),
            notes=(text,),
            request=(text,),
        ),
        chain=tuple(replace(link, sentence=text) for link in told.chain),
        findings=(hurt, *rest),
        tables=tables,
    )


HARMLESS = Page(html(outside("harmless"))).shape
HARMLESS_PRINT = Page(print_html(outside("harmless")).body).shape
NASTY = st.text(min_size=1).map(lambda s: s + "a") | st.sampled_from(
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


@settings(deadline=None, max_examples=60)  # a page takes a while, and machines differ
@given(NASTY)
def test_no_text_from_outside_becomes_markup(text: str) -> None:
    told = outside(text)
    written = html(told)
    page = Page(written)
    assert page.shape == HARMLESS
    assert " ".join(told.headline.notes[0].split()) in page.text
    printed = Page(print_html(told).body)
    assert printed.shape == HARMLESS_PRINT


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "Zl", "Zp", "L"]), min_size=1))
def test_no_control_character_reaches_the_page(text: str) -> None:
    written = html(outside(text + "a"))
    bad = [c for c in written if c != "\n" and (ord(c) < 32 or c in "\x7f\u202e\u2066\u2028\u200f")]
    assert bad == []


def test_a_value_written_from_right_to_left_does_not_turn_its_surroundings() -> None:
    written = html(outside("שלום"))
    assert "<td><bdi>שלום</bdi></td>" in written
