"""The report as an HTML page: complete, self-contained, safe and accessible."""

import base64
import hashlib
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup import resources
from mailsetup.model.finding import Status
from mailsetup.reporting.chain_svg import picture
from mailsetup.reporting.html import html
from mailsetup.reporting.paper import print_html
from tests.support.reporting.foreign_text import HOSTILE_TEXTS, visible_texts, with_foreign_text
from tests.support.reporting.pages import Page
from tests.support.reporting.samples import KINDS, content, speaking

BOTH = pytest.mark.parametrize("language", ["en", "es"])
ALL = pytest.mark.parametrize("kind", KINDS)


@BOTH
@ALL
def test_the_page_contains_every_text(kind: str, language: str) -> None:
    made = content(kind, language)
    text = Page(html(made)).text
    assert [line for line in visible_texts(made) if line not in text] == []


@BOTH
@ALL
def test_equal_content_gives_the_same_page_in_any_current_language(
    kind: str, language: str
) -> None:
    made = content(kind, language)
    first = html(made)
    with speaking("en" if language == "es" else "es"):
        assert html(made) == first
    assert html(content(kind, language)) == first


@ALL
def test_the_page_is_well_formed_and_no_heading_level_is_skipped(kind: str) -> None:
    page = Page(html(content(kind)))
    assert page.faults == []
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@BOTH
def test_the_page_has_its_language_and_table_headers(language: str) -> None:
    page = Page(html(content("broken", language)))
    assert page.all("html")[0]["lang"] == language
    assert page.all("table")
    assert all(cell["scope"] in ("row", "col") for cell in page.all("th"))
    names = {attributes.get("id") for _tag, attributes in page.elements}
    assert all(t["aria-labelledby"] in names for t in page.all("table") if t)
    assert all(svg["aria-hidden"] == "true" for svg in page.all("svg"))


def test_the_page_loads_no_resource_and_runs_no_script() -> None:
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


def test_the_part_for_technicians_begins_on_a_new_printed_page() -> None:
    style = resources.read_text("reporting", "report.css")
    printing = style[style.index("@media print") :]
    assert re.search(r"\.technician \{ break-before: page", printing)
    assert "size:" not in style[style.index("@page") : style.index("@media print")]
    person, technician = html(content("broken")).split('<article class="sheet technician">')
    assert "For the technician" not in person
    assert "Certificate (SHA-256)" in technician


def test_every_status_has_a_sign_and_a_word() -> None:
    from mailsetup.model.finding import Link

    signs = {status: picture(Link.DNS, status).split("<g")[-1] for status in Status}
    assert len(set(signs.values())) == len(Status)
    text = Page(html(content("broken"))).text
    for word in ("broken", "worth a look", "not checked"):
        assert word in text


HARMLESS = Page(html(with_foreign_text("harmless"))).shape
HARMLESS_PRINT = Page(print_html(with_foreign_text("harmless")).body).shape


@settings(deadline=None, max_examples=60)  # a page takes a while, and machines differ
@given(HOSTILE_TEXTS)
def test_no_text_from_outside_becomes_markup(text: str) -> None:
    made = with_foreign_text(text)
    written = html(made)
    page = Page(written)
    assert page.shape == HARMLESS
    assert " ".join(made.headline.notes[0].split()) in page.text
    printed = Page(print_html(made).body)
    assert printed.shape == HARMLESS_PRINT


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "Zl", "Zp", "L"]), min_size=1))
def test_no_control_character_reaches_the_page(text: str) -> None:
    written = html(with_foreign_text(text + "a"))
    bad = [c for c in written if c != "\n" and (ord(c) < 32 or c in "\x7f\u202e\u2066\u2028\u200f")]
    assert bad == []


def test_a_right_to_left_value_is_isolated() -> None:
    written = html(with_foreign_text("שלום"))
    assert "<td><bdi>שלום</bdi></td>" in written
