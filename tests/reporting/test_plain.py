"""The report as plain text."""

import itertools
import re

import pytest
from hypothesis import given, settings

from mailsetup.reporting.plain_text import WIDTH, text
from tests.support.reporting.foreign_text import HOSTILE_TEXTS, visible_texts, with_foreign_text
from tests.support.reporting.samples import KINDS, content, speaking

BOTH = pytest.mark.parametrize("language", ["en", "es"])
ALL = pytest.mark.parametrize("kind", KINDS)


def squeezed(written: str) -> str:
    """Without white space and the line of the chain, so that wrapping makes no difference."""
    return re.sub(r"\s", "", re.sub(r"(?m)^  \|   ", "", written)).casefold()


@BOTH
@ALL
def test_the_text_contains_everything(kind: str, language: str) -> None:
    made = content(kind, language)
    written = squeezed(text(made))
    missing = [
        line for line in visible_texts(made) if line != "—" and squeezed(line) not in written
    ]
    heads = {column for table in made.tables if table.kind == "tried" for column in table.columns}
    assert set(missing) <= heads


@BOTH
@ALL
def test_lines_are_within_the_limit_of_a_message(kind: str, language: str) -> None:
    written = text(content(kind, language))
    assert max(map(len, written.splitlines())) <= WIDTH
    assert written.endswith("\n")
    assert not re.search(r" $", written, re.MULTILINE)


def test_equal_content_gives_the_same_text_in_any_current_language() -> None:
    made = content("broken", "es")
    first = text(made)
    with speaking("en"):
        assert text(made) == first


def test_the_chain_has_signs_and_words() -> None:
    written = text(content("broken"))
    for line in ("✘ Hosting: broken", "! Account: worth a look", "– Program: not checked"):
        assert f"  {line}\n" in written


@settings(deadline=None, max_examples=60)
@given(HOSTILE_TEXTS)
def test_a_text_from_outside_does_not_become_a_heading(nasty: str) -> None:
    made = with_foreign_text(nasty)
    written = text(made).splitlines()
    assert max(map(len, written)) <= WIDTH
    underlined = [above for above, line in itertools.pairwise(written) if re.match("[-=]+$", line)]
    ours = [
        made.title.upper(),
        made.words.chain,
        made.words.advice,
        made.words.proof,
        made.words.also,
        made.words.message,
        made.words.technician.upper(),
        made.words.evidence,
        *(table.title for table in made.tables),
    ]
    assert underlined == ours
