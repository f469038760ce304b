"""A password or token on its way from the person to the server."""

import base64
from typing import NoReturn

_HIDDEN = "•••"
_LONG = 24
"""Characters from which on a secret is also looked for inside of what was packed with it."""


class Secret:
    """A value that shows itself only when asked by name.

    It has no useful ``repr``, ``str`` or pickle, so it cannot slip into a log line, an exception
    text or a report by accident.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

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
    """What a sign-in in the browser gave (RFC 6749 section 1.4).

    A kind of its own, so that it never goes where a password belongs, nor a password where it does.
    """

    __slots__ = ()


def without_secret(text: str, username: str, secret: Secret | None) -> str:
    """The text with the password and its usual encodings blanked out."""
    if not secret:
        return text
    value = secret.reveal()
    forms = {
        value,
        base64.b64encode(value.encode()).decode(),
        base64.b64encode(f"\0{username}\0{value}".encode()).decode(),
        *_within_base64(value),
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, _HIDDEN)
    return text


def _within_base64(value: str) -> set[str]:
    """What a long secret looks like in the midst of something longer that was packed as base64.

    Three forms, by where in a group of three octets it begins; the characters at either edge, which
    also depend on its neighbours, are left out.
    """
    if len(value) < _LONG:
        return set()
    packed = (base64.b64encode(b"\0" * shift + value.encode()).decode() for shift in range(3))
    return {text.rstrip("=")[4:-4] for text in packed}
