"""Codes by the hundred are module for module those of the library, and are read by a phone."""

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup.export.guide.qr import quick_svg
from mailsetup.export.guide.qr_quick import MASK, rows
from tests.support.programs.qr_reader import decoded_svg


def of_the_library(text: str) -> tuple[bytes, ...]:
    code = segno.make_qr(
        text, error="L", mode="byte", encoding="utf-8", eci=False, mask=MASK, boost_error=False
    )
    return tuple(bytes(module & 1 for module in row) for row in code.matrix)


@pytest.mark.parametrize("length", [1, 17, 18, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367])
def test_every_size_is_that_of_the_library(length: int) -> None:
    for extra in (-1, 0, 1):
        text = ("ab7:ñ,[0" * 60).encode()[: max(1, length + extra)].decode("ascii", "replace")
        text = text.replace("\ufffd", "?")
        made = rows(text)
        assert made is None or made == of_the_library(text)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=120))
def test_any_text_gives_the_librarys_code(text: str) -> None:
    made = rows(text)
    assert made is not None
    assert made == of_the_library(text)


def test_a_text_that_is_too_long_gives_nothing() -> None:
    assert rows("x" * 368) is None
    assert quick_svg("x" * 368, 44) == ""


def test_the_picture_is_read_again() -> None:
    text = '[1,[1,1],[0,"imap.bodega.test",993,3,1,"ana@bodega.test"],[["Ana Núñez 文"]]]'
    assert decoded_svg(quick_svg(text, 44).encode()) == text
