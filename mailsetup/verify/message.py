"""The test message of a round trip (RFC 5322), and how it is recognised where it arrives."""

import hashlib
import secrets
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import SMTPUTF8 as SMTPUTF8_POLICY
from email.utils import format_datetime

from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import DialogueFault
from mailsetup.model.rfc5322 import mime_parts
from mailsetup.model.settings import Account
from mailsetup.net.network import Network

_MIB = 1024 * 1024
_SMALLEST = 1024


@dataclass(frozen=True, slots=True)
class TestMessage:
    """The message as it is sent, and the marks that identify it."""

    __test__ = False  # not a test case, although pytest would collect the name

    data: bytes
    message_id: str
    token: str
    digest: bytes
    """SHA-256 of the attachment."""

    @property
    def size_limit(self) -> int:
        """Octets that are read of it at most: relays may add header fields and encode it again."""
        return 2 * len(self.data) + _MIB

    def is_in(self, headers: bytes) -> bool:
        """Whether these header lines belong to it. Some relays write a new Message-ID."""
        return self.token.encode() in headers or self.message_id.encode() in headers

    def attachment_fault(self, received: bytes) -> DialogueFault | None:
        """What is wrong with the attachment of the message as it was received, or None.

        Linear in the size of ``received``. Beyond the limits of `mime_parts` it counts as altered.
        """
        return attachment_fault(received, self.digest)


def compose(
    account: Account, attachment_mib: int, net: Network, *, to: EmailAddress | None = None
) -> TestMessage:
    """Write a test message to the account itself or to ``to``, with random bytes attached.

    The attachment has ``attachment_mib`` MiB, or 1 KiB for 0.
    """
    address = account.address
    token = secrets.token_hex(12)
    attachment = secrets.token_bytes(attachment_mib * _MIB or _SMALLEST)
    recipient = to or address
    # Letters beyond ASCII in a local part need an internationalised message (RFC 6532).
    ascii_only = (address.local + recipient.local).isascii()
    message = EmailMessage(policy=SMTP_POLICY if ascii_only else SMTPUTF8_POLICY)
    message["From"] = Address(account.person, address.local, address.domain)
    message["To"] = Address("", recipient.local, recipient.domain)
    message["Subject"] = _("mailsetup: test message {token}").format(token=token[:8])
    message["Date"] = format_datetime(net.clock.now())
    message["Message-ID"] = f"<{token}@{address.domain}>"
    message["X-Mailsetup-Test"] = token
    # Suppresses automatic responses (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        _(
            "mailsetup sent this message to check your account.\n"
            "It is removed by itself. If it is still here, you can delete it.\n"
        )
    )
    message.add_attachment(
        attachment,
        maintype="application",
        subtype="octet-stream",
        filename=_("test attachment ñ.bin"),
    )
    return TestMessage(
        data=message.as_bytes(),
        message_id=message["Message-ID"],
        token=token,
        digest=hashlib.sha256(attachment).digest(),
    )


def attachment_fault(data: bytes, digest: bytes) -> DialogueFault | None:
    """Whether no attachment of this message has the SHA-256 ``digest``, and why."""
    found = mime_parts(data)
    if any(hashlib.sha256(part.content()).digest() == digest for part in found.attachments):
        return None
    if found.attachments or not found.complete:
        return DialogueFault.ATTACHMENT_ALTERED
    return DialogueFault.ATTACHMENT_MISSING
