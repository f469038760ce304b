"""Passwords and tokens, and their removal from texts."""

import base64
import html
import json
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NoReturn
from urllib.parse import quote, quote_plus

from mailsetup.model.text import ELLIPSIS, plain

_HIDDEN = "•••"
_SHORT = 4
"""Characters. A shorter part reveals nothing and occurs in any text."""
_LONG = 12
"""Octets from which a secret is also searched for inside longer base64 data."""


class Secret:
    """A value that only `reveal` returns.

    It has no useful ``repr``, ``str`` or pickle, so it cannot slip into a log line, an exception
    text or a report by accident.
    """

    __slots__ = ("_forms", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._forms: dict[str, tuple[str, ...]] = {}

    def reveal(self) -> str:
        """The value, for the code that sends it."""
        return self._value

    def forms(self, username: str) -> tuple[str, ...]:
        """Every form of the value that is searched for, in lower case; see `without_secret`."""
        if username not in self._forms:
            self._forms[username] = _forms_of(self._value, username)
        return self._forms[username]

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(•••)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


class AccessToken(Secret):
    """An access token (RFC 6749 section 1.4).

    A kind of its own, so that it never goes where a password belongs, nor a password where it does.
    """

    __slots__ = ()


def plain_without_secrets(
    text: str, secrets: Sequence[tuple[str, Secret | None]], limit: int = 300
) -> str:
    """Untrusted text made safe to show (see `plain`), without secrets.

    ``secrets`` come with their user names. What `plain` folds and cuts could not be recognised
    afterwards, so that it is blanked before; what becomes recognisable by folding, and what the cut
    left of a secret, is blanked after.
    """
    for username, secret in secrets:
        text = without_secret(text, username, secret)
    text = plain(text, limit)
    for username, secret in secrets:
        text = without_secret(text, username, secret)
    return text


def without_secret(text: str, username: str, secret: Secret | None) -> str:
    """The text with the password and its usual encodings blanked out, in upper and lower case.

    Where the text was cut (it ends with an ellipsis), a beginning of the password at its end is
    blanked as well. Of passwords with fewer than four characters only whole words are blanked, and
    of those with one character nothing: the blanks would tell the password.
    """
    if not secret:
        return text
    value = secret.reveal()
    if len(value.strip()) < _SHORT:
        return _without_word(text, value.strip())
    forms = secret.forms(username)
    lowered = _lower(text)
    spans = [span for form in forms for span in _spans(lowered, form)]
    if text.endswith(ELLIPSIS):
        spans += _cut_span(lowered.removesuffix(ELLIPSIS).rstrip(), forms)
    return _blanked(text, sorted(spans))


def _without_word(text: str, word: str) -> str:
    if len(word) < 2:
        return text
    spans = [
        (start, end)
        for start, end in _spans(text, word)
        if not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()
    ]
    return _blanked(text, spans)


def _spans(text: str, form: str) -> Iterator[tuple[int, int]]:
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + 1)


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with each run of adjacent spans replaced by one mark. ``spans`` are in order."""
    pieces: list[str] = []
    reached = -1
    for start, end in spans:
        if start > reached:
            pieces += [text[max(reached, 0) : start], _HIDDEN]
        reached = max(reached, end)
    return "".join((*pieces, text[max(reached, 0) :]))


def _cut_span(head: str, forms: Sequence[str]) -> list[tuple[int, int]]:
    """The span of a form's beginning at the end of a text that was cut there."""
    longest = 0
    for form in forms:
        start = head.find(form[:_SHORT], max(0, len(head) - len(form)))
        while start >= 0:
            if form.startswith(head[start:]):
                longest = max(longest, len(head) - start)
                break
            start = head.find(form[:_SHORT], start + 1)
    return [(len(head) - longest, len(head))] if longest else []


def _lower(text: str) -> str:
    """In lower case with unchanged length: a few letters have two in lower case."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


# The forms ----------------------------------------------------------------------------------------


def _forms_of(value: str, username: str) -> tuple[str, ...]:
    forms = {form.strip() for form in _written(value)}
    for text in {value, unicodedata.normalize("NFKC", value)}:
        forms |= _encoded(text, username)
    lowered = {_lower(form) for form in forms}
    return tuple(sorted((one for one in lowered if len(one) >= _SHORT), key=len, reverse=True))


def _written(value: str) -> set[str]:
    """The value as text: folded, in other normal forms, misread, and with escapes."""
    texts = {value, value.upper(), value.lower(), value.strip()}
    texts |= {unicodedata.normalize(form, value) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    octets = value.encode("utf-8", "replace")
    texts |= {
        octets.decode("latin-1"),
        value.encode("latin-1", "replace").decode("utf-8", "replace"),
    }
    texts |= {plain(text, 4 * len(text) + 4) for text in tuple(texts)}
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    escaped = {quoted, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    escaped |= {html.escape(value), html.escape(value, quote=False)}
    reverse = {value[::-1], plain(value[::-1], 4 * len(value) + 4)}
    return texts | escaped | {plain(one, 4 * len(one) + 4) for one in escaped} | reverse


def _encoded(value: str, username: str) -> set[str]:
    """The value in the encodings of protocols and servers."""
    octets = value.encode("utf-8", "replace")
    every = "".join(f"%{octet:02x}" for octet in octets)
    packed = {
        base64.b64encode(octets),
        base64.b64encode(value.encode("latin-1", "replace")),
        base64.b64encode(f"\0{username}\0{value}".encode("utf-8", "replace")),
    }
    found = {text.decode().rstrip("=") for text in packed} | _within_base64(octets)
    found |= {text.replace("+", "-").replace("/", "_") for text in found}
    found |= {quote(octets, safe=""), quote(octets), quote_plus(octets), every}
    return found | {octets.hex(), octets.hex(":"), octets.hex(" "), octets.hex("-")}


def _within_base64(octets: bytes) -> set[str]:
    """A long secret's form inside longer base64 data.

    Three forms, by where in a group of three octets it begins; the characters at either edge that
    also depend on its neighbours are left out.
    """
    if len(octets) < _LONG:
        return set()
    found = set()
    for shift, shared in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(b"\0" * shift + octets).decode().rstrip("=")
        last = len(text) - 1 if (shift + len(octets)) % 3 else len(text)
        found.add(text[shared:last])
    return found
