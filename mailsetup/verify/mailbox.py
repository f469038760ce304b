"""A mailbox where a message of ours can be seen to arrive, whatever protocol it speaks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import RoundTripOutcome
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, ServerSettings
from mailsetup.net.network import Network
from mailsetup.verify.events import TripProgress
from mailsetup.verify.imap import ImapSession
from mailsetup.verify.pop3_round_trip import pop3_round_trip
from mailsetup.verify.round_trip import round_trip
from mailsetup.verify.smtp import SmtpSession


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: from whose account, over which session, to whom (itself, unless said)."""

    smtp: SmtpSession
    account: Account
    to: EmailAddress | None = None
    attachment_mib: int = 0
    """0 is a kilobyte, for when the way is looked at and not the load."""


class Mailbox(Protocol):
    """Where messages arrive."""

    async def see_arrive(
        self,
        message: Message,
        net: Network,
        *,
        wait: float,
        emit: Callable[[TripProgress], None] = lambda _progress: None,
    ) -> RoundTripOutcome:
        """Send it, and look until it is here or ``wait`` seconds are over. It is removed again."""
        ...


@dataclass(frozen=True, slots=True)
class ImapMailbox:
    """A session that is logged in."""

    session: ImapSession

    async def see_arrive(
        self,
        message: Message,
        net: Network,
        *,
        wait: float,
        emit: Callable[[TripProgress], None] = lambda _progress: None,
    ) -> RoundTripOutcome:
        """See `Mailbox`."""
        return await round_trip(
            self.session,
            message.smtp,
            message.account,
            net,
            attachment_mib=message.attachment_mib,
            wait=wait,
            to=message.to,
            emit=emit,
        )


@dataclass(frozen=True, slots=True)
class Pop3Mailbox:
    """A maildrop that no session of ours holds at the moment: every look is a login."""

    server: ServerSettings
    secret: Secret

    async def see_arrive(
        self,
        message: Message,
        net: Network,
        *,
        wait: float,
        emit: Callable[[TripProgress], None] = lambda _progress: None,
    ) -> RoundTripOutcome:
        """See `Mailbox`."""
        return await pop3_round_trip(
            self.server,
            self.secret,
            message.smtp,
            message.account,
            net,
            attachment_mib=message.attachment_mib,
            wait=wait,
            to=message.to,
            emit=emit,
        )
