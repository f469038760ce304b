"""Text from outside, and what must never become text."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.model.secret import Secret
from mailsetup.model.text import has_control, plain


def test_escapes_and_directions_lose_their_effect() -> None:
    assert plain("a\x1b[31mred\x1b[0m") == "a [31mred [0m"
    assert plain("x\u202efdp.exe") == "x fdp.exe"
    assert plain("one\r\ntwo\u2028three") == "one two three"


def test_long_text_is_cut_visibly() -> None:
    assert plain("a" * 5_000_000, 10) == "a" * 9 + "…"
    assert plain("a" * 10, 10) == "a" * 10


@given(st.text(), st.integers(1, 50))
def test_shown_text_is_one_clean_line(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert len(shown) <= limit
    assert not has_control(shown)


CANARY = "correct horse"


def test_a_secret_is_not_in_its_representation() -> None:
    secret = Secret(CANARY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", repr([secret])]
    assert not any(CANARY in text for text in shown)
    assert secret.reveal() == CANARY


def test_a_secret_cannot_be_pickled_or_copied() -> None:
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            leak(Secret(CANARY))
        assert CANARY not in str(caught.value)


def test_a_secret_is_immutable() -> None:
    assert not hasattr(Secret(CANARY), "__dict__")
    assert not Secret("")
    assert Secret("x") == Secret("x")
    assert Secret("x") != "x"
