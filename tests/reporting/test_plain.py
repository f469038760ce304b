"""The report as text, to be pasted into a message."""

import itertools
import re

import pytest
from hypothesis import given, settings

from mailsetup.reporting.plain_text import WIDTH, text
from tests.reporting.test_html import NASTY, outside, said
from tests.support.reporting.samples import KINDS, content, speaking

BOTH = pytest.mark.parametrize("language", ["en", "es"])
ALL = pytest.mark.parametrize("kind", KINDS)


def squeezed(written: str) -> str:
    """Without blanks, margins and the chain's line, so that wrapping makes no difference."""
    return re.sub(r"\s", "", re.sub(r"(?m)^  \|   ", "", written)).casefold()


@BOTH
@ALL
def test_everything_stands_in_the_text(kind: str, language: str) -> None:
    told = content(kind, language)
    written = squeezed(text(told))
    missing = [line for line in said(told) if line != "—" and squeezed(line) not in written]
    heads = {column for table in told.tables if table.kind == "tried" for column in table.columns}
    assert set(missing) <= heads


@BOTH
@ALL
def test_no_line_is_longer_than_a_message_allows(kind: str, language: str) -> None:
    written = text(content(kind, language))
    assert max(map(len, written.splitlines())) <= WIDTH
    assert written.endswith("\n")
    assert not re.search(r" $", written, re.MULTILINE)


def test_the_same_content_gives_the_same_text() -> None:
    told = content("broken", "es")
    first = text(told)
    with speaking("en"):
        assert text(told) == first


def test_the_chain_is_drawn_with_signs_and_words() -> None:
    written = text(content("broken"))
    for line in ("✘ Hosting: broken", "! Account: worth a look", "– Program: not checked"):
        assert f"  {line}\n" in written


@settings(deadline=None, max_examples=60)
@given(NASTY)
def test_a_text_from_outside_never_passes_for_a_heading(nasty: str) -> None:
    told = outside(nasty)
    written = text(told).splitlines()
    assert max(map(len, written)) <= WIDTH
    underlined = [above for above, line in itertools.pairwise(written) if re.match("[-=]+$", line)]
    ours = [
        told.title.upper(),
        told.words.chain,
        told.words.advice,
        told.words.proof,
        told.words.also,
        told.words.message,
        told.words.technician.upper(),
        told.words.evidence,
        *(table.title for table in told.tables),
    ]
    assert underlined == ours
