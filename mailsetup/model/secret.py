"""A password or token on its way from the person to the server."""

from typing import NoReturn


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
