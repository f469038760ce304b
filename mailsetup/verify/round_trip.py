"""Sends a test message and follows it: sent, arrived, compared, and removed again.

The steps are the same for every protocol; a `Mailbox` says how they are done in its own.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import (
    DialogueFailure,
    DialogueFault,
    RoundTrip,
    RoundTripOutcome,
    Stage,
)
from mailsetup.model.settings import Account, ServerSettings
from mailsetup.model.text import plain
from mailsetup.net.network import Network
from mailsetup.system.threads import in_thread
from mailsetup.verify.events import (
    CleaningUp,
    Comparing,
    MessageArrived,
    Sending,
    Sent,
    TripProgress,
)
from mailsetup.verify.failures import DialogueGuard
from mailsetup.verify.message import TestMessage, compose
from mailsetup.verify.smtp import SmtpSession

Emit = Callable[[TripProgress], None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """The folder in which the message was found."""

    folder: str
    is_junk: bool = False


class Delivery(AbstractAsyncContextManager["Delivery"], Protocol):
    """One test message on its way into a mailbox whose earlier messages are recorded.

    A context manager, because the session in which the message was found may have to stay open
    until the message is removed.
    """

    async def search(self, emit: Emit) -> Arrival | DialogueFailure:
        """Search until the message is found or the time is over (`DialogueFault.NOT_ARRIVED`)."""
        ...

    async def fetch(self) -> bytes | DialogueFailure:
        """The message that `search` found; empty where it is gone by now."""
        ...

    async def remove(self) -> bool:
        """Remove the message that `search` found and nothing else; False where that failed."""
        ...


class Mailbox(Protocol):
    """Where messages arrive."""

    @property
    def server(self) -> ServerSettings:
        """The server that holds the mailbox."""
        ...

    async def prepare(
        self, message: TestMessage, net: Network, wait: float
    ) -> Delivery | DialogueFailure:
        """Record what is in the mailbox before ``message`` is sent; ``wait`` is in seconds."""
        ...


async def round_trip(
    mailbox: Mailbox,
    smtp: SmtpSession,
    account: Account,
    net: Network,
    *,
    attachment_mib: int = 0,
    wait: float = 120.0,
    to: EmailAddress | None = None,
    emit: Emit = lambda _progress: None,
) -> RoundTripOutcome:
    """Send a message from ``account`` and wait up to ``wait`` seconds until it is in ``mailbox``.

    It goes to the account itself, or to the address ``to``, whose mailbox ``mailbox`` is then. An
    attachment of 0 MiB is one of 1 KiB: enough where the delivery is tested and not the size.
    """
    message = compose(account, attachment_mib, net, to=to)
    oversize = _oversize(smtp, message)
    if oversize is not None:
        return oversize
    delivery = await mailbox.prepare(message, net, wait)
    if isinstance(delivery, DialogueFailure):
        return delivery
    emit(Sending())
    started = net.clock.monotonic()
    response = await _submit(message, smtp, account, to)
    if isinstance(response, DialogueFailure):
        return response
    accepted = net.clock.monotonic()
    emit(Sent())
    async with delivery:
        received = await _receive(message, delivery, mailbox.server, net, emit)
    if isinstance(received, DialogueFailure):
        return replace(received, message_id=message.message_id, accepted=response)
    return RoundTrip(
        sent_ms=1000 * (accepted - started),
        arrived_ms=1000 * (received.at - accepted),
        folder=received.arrival.folder,
        junk=received.arrival.is_junk,
        attachment_intact=True,
        size=len(message.data),
        cleaned_up=received.removed,
        message_id=message.message_id,
        raw=received.data,
    )


def _oversize(smtp: SmtpSession, message: TestMessage) -> DialogueFailure | None:
    """The failure to expect from the size that the server advertises (RFC 1870), or None."""
    limit = smtp.size_limit
    if limit is None or len(message.data) <= limit:
        return None
    return DialogueFailure(
        Stage.SENDER, DialogueFault.TOO_LARGE, smtp.server, limit=limit, size=len(message.data)
    )


async def _submit(
    message: TestMessage, smtp: SmtpSession, account: Account, to: EmailAddress | None
) -> str | DialogueFailure:
    """Send the message; the server's response to its data as plain text, cut."""
    sender = account.address.ascii
    response = ""
    with DialogueGuard(smtp.server, Stage.DATA) as sending:
        response = plain(await smtp.send(sender, (to or account.address).ascii, message.data), 160)
    failure = sending.failure
    if failure is None or failure.error is not DialogueFault.TOO_LARGE:
        return failure or response
    limit = None
    with DialogueGuard(smtp.server, Stage.SENDER):
        limit = await smtp.largest(sender, len(message.data))
    return replace(failure, limit=limit, size=len(message.data))


@dataclass(frozen=True, slots=True)
class _Received:
    arrival: Arrival
    at: float
    """When it was found, by the monotonic clock."""
    data: bytes
    removed: bool


async def _receive(
    message: TestMessage, delivery: Delivery, server: ServerSettings, net: Network, emit: Emit
) -> _Received | DialogueFailure:
    arrival = await delivery.search(emit)
    if isinstance(arrival, DialogueFailure):
        return arrival
    at = net.clock.monotonic()
    emit(MessageArrived(arrival.folder))
    emit(Comparing())
    data = await delivery.fetch()
    if isinstance(data, DialogueFailure):
        return data
    fault = await in_thread(message.attachment_fault, data)
    emit(CleaningUp())
    removed = await delivery.remove()
    if fault is not None:
        return DialogueFailure(Stage.ATTACHMENT, fault, server)
    return _Received(arrival, at, data, removed)
