"""Reading what IMAP servers write, and comparing attachments."""

import contextlib
import hashlib
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.model.dialogue import DialogueFault
from mailsetup.net.connection import TooMuchDataError
from mailsetup.verify.imap.folder import Folder, from_modified_utf7
from mailsetup.verify.imap.parser import fetch_items, parse, quoted, tokens
from mailsetup.verify.message import attachment_fault
from mailsetup.verify.smtp import dot_stuffed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", ["a", "b"]),
        ("(a (b c)) d", [["a", ["b", "c"]], "d"]),
        ('"a \\"b\\" c" NIL', ['a "b" c', "NIL"]),
        ("BODY[HEADER.FIELDS (A B)] x", ["BODY[HEADER.FIELDS (A B)]", "x"]),
        ("", []),
        (")(", [[]]),
    ],
)
def test_atoms_strings_and_lists(text: str, expected: list[object]) -> None:
    assert tokens(text, []) == expected


def test_literals_stand_where_they_were() -> None:
    response = parse(b"* 3 FETCH (UID 7 BODY[] \0)", [b"the message"])
    assert response.name == "FETCH"
    assert fetch_items(response) == {"UID": "7", "BODY[]": b"the message"}


def test_a_status_line_is_taken_apart() -> None:
    response = parse(b"m1 NO [ALERT] Log in there", [])
    assert (response.name, response.code, response.text) == ("NO", "ALERT", "Log in there")
    response = parse(b"* OK [CAPABILITY IMAP4rev1 IDLE] hi", [])
    assert (response.code, response.arguments) == ("CAPABILITY", "IMAP4rev1 IDLE")


def test_a_deep_list_is_refused() -> None:
    with pytest.raises(TooMuchDataError):
        tokens("(" * 100, [])


@given(st.binary(max_size=300), st.lists(st.binary(max_size=20), max_size=3))
def test_no_line_can_break_the_parser(line: bytes, literals: list[bytes]) -> None:
    with contextlib.suppress(TooMuchDataError):
        fetch_items(parse(line, literals))


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("INBOX", "INBOX"),
        ("Entw&APw-rfe", "Entwürfe"),
        ("A&-B", "A&B"),
        ("&ZeVnLIqe-", "日本語"),
        ("&broken", "&broken"),
        ("&2AA-", "&2AA-"),
    ],
)
def test_mailbox_names_are_read_as_people_write_them(wire: str, name: str) -> None:
    assert from_modified_utf7(wire) == name


@pytest.mark.parametrize(
    ("name", "flags", "junk"),
    [
        ("Whatever", {r"\junk"}, True),
        ("INBOX.Spam", set(), True),
        ("Junk E-mail", set(), True),
        ("Correo no deseado", set(), True),
        ("Spamalot", set(), False),
        ("INBOX", set(), False),
    ],
)
def test_the_folder_for_spam_is_known_by_its_use_or_its_name(
    name: str, flags: set[str], *, junk: bool
) -> None:
    assert Folder(name, name, frozenset(flags)).is_junk is junk


def test_a_quoted_string_escapes_what_would_end_it() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'


def with_attachment(content: bytes | None) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "x"
    message.set_content("text")
    if content is not None:
        message.add_attachment(content, maintype="application", subtype="octet-stream")
    return message.as_bytes()


CONTENT = bytes(range(256)) * 40
DIGEST = hashlib.sha256(CONTENT).digest()


def test_an_attachment_is_compared_by_what_it_holds() -> None:
    intact = with_attachment(CONTENT)
    assert attachment_fault(intact, DIGEST) is None
    assert attachment_fault(intact.replace(b"\r\n", b"\n"), DIGEST) is None
    assert (
        attachment_fault(with_attachment(CONTENT[:-1]), DIGEST) is DialogueFault.ATTACHMENT_ALTERED
    )
    assert attachment_fault(with_attachment(None), DIGEST) is DialogueFault.ATTACHMENT_MISSING
    assert attachment_fault(b"", DIGEST) is DialogueFault.ATTACHMENT_MISSING
    assert attachment_fault(b"\xff\0garbage", DIGEST) is DialogueFault.ATTACHMENT_MISSING


def test_lines_that_begin_with_a_dot_survive_data() -> None:
    assert dot_stuffed(b".a\r\nb\r\n..c\r\n") == b"..a\r\nb\r\n...c\r\n.\r\n"
    assert dot_stuffed(b"a") == b"a\r\n.\r\n"
