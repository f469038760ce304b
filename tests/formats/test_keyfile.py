"""Key files: written as GLib reads them, and changed value by value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.formats import keyfile
from tests.support.programs.desktop_parsers import read_glib

TEXT = st.text(
    st.one_of(st.characters(exclude_categories=("Cs", "Cc")), st.sampled_from("\n\r\t \\=[]#;")),
    max_size=40,
)


@given(first=TEXT, second=TEXT)
def test_any_text_survives_a_key_file(first: str, second: str) -> None:
    # U+0085 and the like are no line ends for GLib; only \r and \n are, and those are escaped.
    content = keyfile.render({"One": {"A": first, "B": second}, "Two": {"A": second}})
    assert keyfile.read(content) == {"One": {"A": first, "B": second}, "Two": {"A": second}}
    assert read_glib(content) == keyfile.read(content)


@given(old=TEXT, new=TEXT)
def test_setting_a_value_changes_no_other(old: str, new: str) -> None:
    content = keyfile.render({"One": {"A": old, "B": old}, "Two": {"A": old}})
    changed = keyfile.with_values(content, {"One": {"A": new, "C": new}, "Three": {"A": new}})
    assert changed is not None
    assert keyfile.read(changed) == {
        "One": {"A": new, "B": old, "C": new},
        "Two": {"A": old},
        "Three": {"A": new},
    }


OLD = b"# mine\r\n[One]\r\n\r\nA=1\r\nB = 2\r\n\r\n[Two]\r\nA=3\r\n\r\n\r\n"


def test_other_bytes_of_a_key_file_are_unchanged() -> None:
    changed = keyfile.with_values(OLD, {"One": {"A": "x"}, "Two": {"C": "y"}})
    assert changed == OLD.replace(b"A=1", b"A=x").replace(b"A=3\r\n", b"A=3\r\nC=y\r\n")
    assert keyfile.became(OLD, changed, {"One": {"A": "x"}, "Two": {"C": "y"}})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"A=1", b"A=2"),  # not the value that was meant
        (b"B = 2", b"B=2"),  # another line
        (b"# mine\r\n", b""),  # a comment lost
        (b"[Two]", b"[Three]"),  # another group
        (b"A=3", b"A=x"),  # the same key in another group
        (b"[Two]", b"C=1\r\n[Two]"),  # one value more
        (b"[One]", b"\xff[One]"),  # no key file any more
    ],
)
def test_an_unintended_change_of_a_key_file_is_detected(old: bytes, new: bytes) -> None:
    right = OLD.replace(b"A=1", b"A=x")
    assert keyfile.became(OLD, right, {"One": {"A": "x"}})
    wrong = OLD.replace(old, new) if old == b"A=1" else right.replace(old, new)
    assert not keyfile.became(OLD, wrong, {"One": {"A": "x"}})


def test_other_files_are_not_edited() -> None:
    assert keyfile.read(b"\xff\xfe[") is None
    assert keyfile.with_values(b"\xff", {"One": {"A": "b"}}) is None
    assert keyfile.read(b"x" * (keyfile.MAX_SIZE + 1)) is None
