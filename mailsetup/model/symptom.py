"""What people can complain of, and the words for it on the command line."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Symptom(StrEnum):
    """A complaint; the value is its word on the command line."""

    NOT_RECEIVING = "not-receiving"
    NOT_SENDING = "not-sending"
    ATTACHMENTS = "attachments"
    SPAM = "spam"
    NOT_DELIVERED = "not-delivered"
    MIGRATION = "migration"
    UNSURE = "unsure"

    @property
    def needs_second_mailbox(self) -> bool:
        """Whether only a mailbox elsewhere shows it: mail to oneself never leaves the hosting."""
        return self in (Symptom.SPAM, Symptom.NOT_DELIVERED)


_SPANISH: Final[Mapping[str, Symptom]] = {
    "no-llega": Symptom.NOT_RECEIVING,
    "no-envio": Symptom.NOT_SENDING,
    "adjuntos": Symptom.ATTACHMENTS,
    "spam": Symptom.SPAM,
    "no-les-llega": Symptom.NOT_DELIVERED,
    "migracion": Symptom.MIGRATION,
    "no-se": Symptom.UNSURE,
}
WORDS: tuple[str, ...] = tuple(dict.fromkeys((*_SPANISH, *map(str, Symptom))))
"""Every word that names a complaint."""


def parse_symptom(word: str) -> Symptom | None:
    """The complaint that a word names, in Spanish or English."""
    word = word.strip().lower()
    return _SPANISH.get(word) or next((one for one in Symptom if one == word), None)
