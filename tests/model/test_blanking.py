"""A password in a text: blanked in every form that a server or a cut can give it."""

import base64
import html
import json
import time
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup.model.dialogue import DialogueFault, Stage
from mailsetup.model.secret import AccessToken, Secret, plain_without_secrets, without_secret
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.model.text import ELLIPSIS, plain
from mailsetup.verify.failures import DialogueGuard, DialogueRefusedError

PASSWORDS = (
    "CANARY  two  spaces",
    " CANARY at the edge ",
    "CANARY-longpassword-0123456789",
    'CANARY "quoted" \\ back',
    "CANÁRY-ñandú-€",
    "CANARY\ttab",
    "CANARY\u00a0nbsp\u200bzero",
    "CANARY<&>html",
    "CANARY ﬁgure ①",  # what NFKC changes, as in SASLprep
    "CANARY%20+%",
)
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda value: value,
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "reversed": lambda value: value[::-1],
    "folded": lambda value: plain(value, 5000),
    "tabs for blanks": lambda value: value.replace(" ", "\t"),
    "line ends for blanks": lambda value: value.replace(" ", "\r\n "),
    "percent-encoded": lambda value: quote(value, safe=""),
    "percent-encoded in lower case": lambda value: quote(value, safe="").lower(),
    "as a form": quote_plus,
    "all percent-encoded": lambda value: "".join(f"%{byte:02X}" for byte in value.encode()),
    "hex": lambda value: value.encode().hex(),
    "hex in upper case": lambda value: value.encode().hex().upper(),
    "hex with colons": lambda value: value.encode().hex(":"),
    "hex with blanks": lambda value: value.encode().hex(" "),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 without padding": lambda value: base64.b64encode(value.encode()).decode().rstrip("="),
    "base64 for addresses": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64 of PLAIN": lambda value: base64.b64encode(f"\0ana\0{value}".encode()).decode(),
    "base64 of PLAIN for another": lambda value: base64.b64encode(
        f"root\0ana\0{value}".encode()
    ).decode(),
    "a quoted string": lambda value: value.replace("\\", "\\\\").replace('"', '\\"'),
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON in UTF-8": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "HTML": html.escape,
    "UTF-8 read as Latin-1": lambda value: value.encode().decode("latin-1"),
    "Latin-1 read as UTF-8": lambda value: value.encode("latin-1", "replace").decode(
        "utf-8", "replace"
    ),
    "NFKC": lambda value: unicodedata.normalize("NFKC", value),
    "NFD": lambda value: unicodedata.normalize("NFD", value),
}


def letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_is_blanked_in_every_form(password: str, name: str) -> None:
    form = FORMS[name](password)
    said = f"wrong: {form} - go away"
    shown = plain_without_secrets(said, [("ana", Secret(password))])
    assert "•••" in shown
    # What is left of it is shorter than what would help anybody.
    names = base64.b64encode(b"root\0ana\0").decode()
    left = letters(shown.replace("wrong:", "").replace("go away", "").replace(names, ""))
    assert len(left) <= max(6, len(letters(form)) // 4), shown


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("before", range(255, 305))
def test_the_beginning_of_a_password_before_a_cut_is_blanked(password: str, before: int) -> None:
    said = "x" * before + password + " and more of it " * 100
    for shown in (
        plain_without_secrets(said, [("ana", Secret(password))]),
        without_secret(plain(said), "ana", Secret(password)),
    ):
        assert len(shown) <= 310
        assert "CANA" not in shown


@pytest.mark.parametrize("name", ["base64", "reversed", "percent-encoded", "hex"])
def test_the_beginning_of_another_form_before_a_cut_is_blanked(name: str) -> None:
    password = PASSWORDS[2]
    form = FORMS[name](password)
    for before in range(260, 300):
        shown = without_secret(plain("-" * before + form + "-" * 99), "ana", Secret(password))
        assert form[:4] not in shown


def test_a_text_that_was_not_cut_keeps_its_end() -> None:
    assert without_secret("type your pass", "ana", Secret("password")) == "type your pass"
    assert without_secret("type your pass…", "ana", Secret("password")) == "type your •••…"
    assert without_secret("type your pas…", "ana", Secret("password")) == "type your pas…"


@pytest.mark.parametrize(
    ("password", "said", "shown"),
    [
        ("a", "a mailbox has a name", "a mailbox has a name"),
        ("ab", "about ab, cab", "about •••, cab"),
        ("abc", "abc abcd 'abc' ABC", "••• abcd '•••' ABC"),
        ("abcd", "abcde ABCD", "•••e •••"),
        (" ", "one two", "one two"),
        ("    ", "one    two", "one    two"),
        ("", "one two", "one two"),
    ],
)
def test_a_short_password_does_not_blank_every_letter(password: str, said: str, shown: str) -> None:
    assert without_secret(said, "ana", Secret(password)) == shown


def test_a_cut_is_always_marked() -> None:
    assert plain("a" + " " * 5000 + "b", 10) == "a…"
    assert plain(" " * 5000, 10) == "…"
    assert plain("a" * 9 + " " * 5000, 10) == "a" * 9 + "…"


SERVER = ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, "ana")


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_failure_contains_it_neither_in_text_nor_in_code(password: str) -> None:
    for text in (password, "y" * 270 + password + "z" * 900, "y" * 1190 + password):
        with DialogueGuard(SERVER, Stage.LOGIN, Secret(password)) as login:
            raise DialogueRefusedError(
                Stage.LOGIN, DialogueFault.AUTH_WRONG, code=f"NO {password}", text=text
            )
        failure = login.required_failure()
        assert "CANA" not in failure.text
        assert "CANA" not in failure.code


def test_blanking_a_long_token_is_fast() -> None:
    token = AccessToken("eyJ" + "aB3-_" * 1600)
    before = time.process_time()
    for number in range(200):
        without_secret(f"{number}: " + "word " * 60 + ELLIPSIS, "ana", token)
    assert time.process_time() - before < 4.0


@settings(max_examples=200, deadline=None)
@given(
    st.text(min_size=4, max_size=40).filter(lambda text: len(letters(text)) >= 4),
    st.text(max_size=400),
    st.text(max_size=400),
)
def test_any_password_is_removed_from_any_text(password: str, before: str, after: str) -> None:
    shown = plain_without_secrets(before + password + after, [("ana", Secret(password))])
    assert password not in shown
    assert len(shown) <= 310
