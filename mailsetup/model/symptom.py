"""What people can complain of; the words for it in each language are in `i18n.languages`."""

from enum import StrEnum


class Symptom(StrEnum):
    """A complaint; the value is its English word on the command line."""

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
