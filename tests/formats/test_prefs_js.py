"""``prefs.js``: read as Gecko reads it, and edited without changes to other preferences."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.formats.prefs_js import PrefsFile, PrefValue, line

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**31) + 1, 2**31 - 1),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'user_pref("a", "b");', "b"),
        (b"user_pref ( 'a' ,\n 'b' ) ;", "b"),
        (b'pref("a", true);', True),
        (b'sticky_pref("a", -5);', -5),
        (b'user_pref("a", 2147483647);', 2147483647),
        (rb'user_pref("a", "\" \' \\ \x41 \u00f1 \ud83d\ude00");', "\" ' \\ A ñ 😀"),
        (rb'user_pref("a", "x\ny\r");', "x\ny\r"),
        (b'user_pref("a", "raw\nline");', "raw\nline"),
        (b'// user_pref("a", 1);\n# user_pref("a", 2);\n/* user_pref("a", 3); */ x', None),
        (b'user_pref("a", 1);user_pref("a", 2);', 2),
        (b'user_pref("a", 1);\nuser_pref("a", 1.5);', 1),
    ],
)
def test_accepted_statements_are_read_as_by_gecko(text: bytes, value: PrefValue) -> None:
    assert PrefsFile(text).get("a") == value


@pytest.mark.parametrize(
    "text",
    [rb'"\t"', rb'"\b"', rb'"\/"', rb'"\u0000"', rb'"\ud800"', b"2147483648", b"1e3", b"nil"],
)
def test_discarded_statements_are_not_read_and_unchanged(text: bytes) -> None:
    content = b'user_pref("a", ' + text + b');\nuser_pref("b", 1);\n'
    file = PrefsFile(content)
    assert "a" not in file
    changed = file.changed({"b": 2})
    assert changed == content.replace(b"1);\n", b"2);\n")


def test_only_lines_of_changed_preferences_are_edited() -> None:
    before = (
        b'// Mozilla\r\n\r\nuser_pref("x", "\xff\xfe");\r\nnonsense (;\r\n'
        b'user_pref("gone", 1);\r\nuser_pref("twice", 1);\r\n  user_pref("twice", 2); // why\r\n'
        b'user_pref("gone", 2);'
    )
    after = PrefsFile(before).changed({"twice": 3, "new": 'q"\\'}, ["gone"])
    assert after == (
        b'// Mozilla\r\n\r\nuser_pref("x", "\xff\xfe");\r\nnonsense (;\r\n'
        b'  user_pref("twice", 3); // why\r\n'
        b'user_pref("new", "q\\"\\\\");\r\n'
    )


@pytest.mark.parametrize(
    "end", [b"/* never closed", b'user_pref("x", "never closed', b'user_pref("x", 1', b"\0"]
)
def test_a_file_with_an_unterminated_end_is_not_changed(end: bytes) -> None:
    assert PrefsFile(b'user_pref("a", 1);\n' + end).changed({"b": "it's"}) is None


@pytest.mark.parametrize(
    ("content", "values", "remove"),
    [
        (b"", {"b": True}, []),  # lost
        (b'user_pref("a", 1);user_pref("b", false);', {"b": True}, []),  # another value
        (b'user_pref("a", 1);user_pref("b", 1);', {"b": True}, []),  # another type
        (b'user_pref("a", 2);user_pref("b", true);', {"b": True}, []),  # another preference changed
        (b'user_pref("b", true);', {"b": True}, []),  # another preference lost
        (b'user_pref("a", 1);user_pref("b", true);user_pref("c", 1);', {"b": True}, []),  # one more
        (b'user_pref("a", 1);user_pref("b", true);', {}, ["b"]),  # not removed
        (b'// x\nuser_pref("a", 1);user_pref("b", true);', {"b": True}, []),  # a comment more
    ],
)
def test_an_unintended_result_is_detected(
    content: bytes, values: dict[str, PrefValue], remove: list[str]
) -> None:
    assert not PrefsFile(b'user_pref("a", 1);\n').became(content, values, remove)


UNIT_OF_HOSTILE = {
    "one name again and again": b'user_pref("a", 1);\n',
    "many names": b'user_pref("a%d", 1);\n',
    "comments in each gap": b"user_pref/* x */(//\n'a'#\n,/**/1)/**/;",
    "line comments without a statement": b"//",
    "block comments without a statement": b"/* */",
    "block comments that never close": b"/*",
    "statements that break off": b'user_pref("a", ',
    "texts that never close": b'user_pref("',
    "escapes": b"\\\\",
    "quotes": b"\"'",
    "digits": b"1",
    "blanks": b" ",
    "blanks before a broken sign": b"user_pref(  ",
    "slashes": b"/",
    "semicolons": b";",
}


@pytest.mark.parametrize("name", UNIT_OF_HOSTILE)
@pytest.mark.parametrize("before", [b"", b'user_pref("a", ', b'user_pref("a", "', b"user_pref(/*"])
def test_reading_takes_linear_time(name: str, before: bytes) -> None:
    unit = UNIT_OF_HOSTILE[name]

    def seconds(length: int) -> float:
        count = length // len(unit)
        numbered = b"%d" in unit
        content = before + (
            b"".join(unit % number for number in range(count)) if numbered else unit * count
        )
        least = float("inf")
        for _attempt in range(2):
            start = time.process_time()
            PrefsFile(content)
            least = min(least, time.process_time() - start)
        return least

    # Sixteen times the length costs 256 times as much where it is quadratic.
    assert seconds(400_000) < 64 * max(seconds(25_000), 0.0005)


def test_a_repeated_preference_is_changed_in_its_last_statement() -> None:
    before = b'user_pref("a", 1);\n' * 5
    assert PrefsFile(before).changed({"a": 2}) == b'user_pref("a", 2);\n'


# What Thunderbird writes is read by a shortcut; the same with a comment is read step by step.
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4))
def test_the_common_form_and_other_forms_are_equivalent(values: dict[str, PrefValue]) -> None:
    usual = "".join(line(name, value) for name, value in values.items()).encode()
    other = "".join(
        line(name, value).replace("user_pref(", "user_pref/**/(", 1)
        for name, value in values.items()
    ).encode()
    assert dict(read(usual)) == dict(read(other)) == values


def read(content: bytes) -> dict[str, PrefValue | None]:
    file = PrefsFile(content)
    return {name: file.get(name) for name in file}


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_what_is_written_is_read_back(values: dict[str, PrefValue]) -> None:
    content = "".join(line(name, value) + "\n" for name, value in values.items()).encode()
    file = PrefsFile(content)
    assert {name: file.get(name) for name in file} == values
    assert PrefsFile(b"").changed(values) == content


PIECES = st.lists(
    st.sampled_from(
        [
            *(b'user_pref("a", 1);', b'user_pref("b", "x', b'user_pref("c", "d\\"e");'),
            *(b"user_pref(", b'"a"', b",", b"true", b");", b"'", b'"', b"\\", b"\\t"),
            *(b"/*", b"*/", b"//", b"#", b"\n", b"\r\n", b" ", b"\xff"),
        ]
    ),
    max_size=30,
).map(b"".join)
CHANGES = st.dictionaries(st.sampled_from(["a", "b", "new", "it's"]), VALUES, max_size=3)


@given(PIECES | st.binary(max_size=200), CHANGES, st.sets(st.sampled_from(["c", "b"])))
def test_editing_preserves_other_preferences(
    content: bytes, values: dict[str, PrefValue], remove: set[str]
) -> None:
    before = PrefsFile(content)
    changed = before.changed(values, remove)
    if changed is not None:
        after = PrefsFile(changed)
        assert {name: after.get(name) for name in after} == {
            **{name: before.get(name) for name in before if name not in remove},
            **values,
        }
