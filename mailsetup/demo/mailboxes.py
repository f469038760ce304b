"""The mailboxes of the demo (pymap, in memory) and its submission service (aiosmtpd)."""

import asyncio
import logging
import ssl
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TypeAlias
from uuid import uuid4

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Identity, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash

from mailsetup.demo.accounts import FULL

SIZE_LIMIT = 20 * 1024 * 1024

# aiosmtpd logs every connection that ends early, and every search for servers makes some.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""The callback of `asyncio.start_server`."""


class Mailboxes:
    """All mailboxes, for IMAP and for delivery."""

    def __init__(self) -> None:
        self._config = _config(None)
        self._login = Login(self._config)

    async def add(self, address: str, password: str) -> None:
        """Add a mailbox with two messages."""
        hashed = await Passwords(self._config).hash_password(password)
        user = UserMetadata(self._config, address, password=hashed)
        await self._identity(address).set(user)
        for subject in ("¡Bienvenida! / Welcome!", "Factura de noviembre / November invoice"):
            await self.deliver(address, _sample(address, subject))

    async def deliver(self, address: str, message: bytes) -> None:
        """Put a message into the INBOX."""
        async with self._identity(address).new_session() as session:
            inbox = await session.mailbox_set.get_mailbox("INBOX")
            entry = AppendMessage(message, datetime.now(UTC), frozenset())
            await inbox.append(entry, recent=True)

    def imap(self, starttls: ssl.SSLContext | None, *, protected: bool) -> Serve:
        """The callback of `asyncio.start_server` for IMAP.

        ``protected`` connections use TLS from the start. Others refuse a login before STARTTLS,
        which is offered with a context only.
        """
        config = self._config if protected else _config(starttls, secure_auth=True)
        server = IMAPServer(self._login, config)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # In the task of asyncio for the connection. The callback of proxyprotocol creates
            # another one without a reference: the garbage collector ended it, and with Python
            # 3.13 the connection too.
            await server(reader, writer, SocketInfoLocal(writer, unique_id=uuid4().bytes))

        return serve

    def _identity(self, address: str) -> Identity:
        return Identity(address, self._login, None, frozenset())


def _config(starttls: ssl.SSLContext | None, *, secure_auth: bool = False) -> Config:
    arguments = Namespace(
        demo_data=False,
        demo_user="",
        demo_password="",
        host="127.0.0.1",
        port=0,
        debug=False,
        proxy_protocol=None,
        passlib_cfg=None,
        tls=starttls is not None,
    )
    return Config(
        arguments,
        demo_data=False,
        demo_user="",
        demo_password="",
        host="127.0.0.1",
        port=0,
        ssl_context=starttls,
        tls_enabled=starttls is not None,
        secure_auth=secure_auth,
        invalid_user_sleep=0.0,
        reject_dnsbl=False,
        # The passwords are printed in the README; slow hashing would only slow the start.
        hash_context=BuiltinHash(rounds=1),
        # pymap would compute these quick hashes in a thread pool, which it never shuts down.
        cpu_subsystem=Subsystem.for_asyncio(),
    )


def _sample(address: str, subject: str) -> bytes:
    message = EmailMessage()
    message["From"] = "mailsetup <hola@demo.test>"
    message["To"] = address
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{abs(hash((address, subject)))}@demo.test>"
    message.set_content("Este mensaje es de mentira. / This message is not real.\n")
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


class Submission:
    """The handler and authenticator for aiosmtpd; delivers to the mailboxes of the demo only."""

    def __init__(self, mailboxes: Mailboxes, passwords: Mapping[str, str]) -> None:
        self._mailboxes = mailboxes
        self._passwords = passwords

    def protocol(self, starttls: ssl.SSLContext | None, *, protected: bool) -> SMTP:
        """The protocol of one connection; a ``protected`` one uses TLS from the start."""
        return SMTP(
            self,
            hostname="smtp.demo.test",
            ident="mailsetup demo",
            data_size_limit=SIZE_LIMIT,
            tls_context=None if protected else starttls,
            require_starttls=False,
            # aiosmtpd recognises only its own STARTTLS as TLS; `handle_MAIL` requires the login.
            auth_require_tls=not protected,
            authenticator=self.authenticate,
            loop=asyncio.get_running_loop(),
        )

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Check PLAIN and LOGIN against the passwords of the demo."""
        good = (
            mechanism in ("PLAIN", "LOGIN")
            and isinstance(data, LoginPassword)
            and self._passwords.get(data.login.decode("utf-8", "replace"))
            == data.password.decode("utf-8", "replace")
        )
        return AuthResult(success=good, handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Accept a sender after a login only."""
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Accept mailboxes of the demo that are not full."""
        if address not in self._passwords:
            return "550 5.1.1 No such mailbox in the demo"
        if address in FULL:
            return "552 5.2.2 Mailbox is full"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Deliver the message immediately."""
        content = envelope.content
        data = content.encode() if isinstance(content, str) else content or b""
        for address in envelope.rcpt_tos:
            await self._mailboxes.deliver(address, data)
        return "250 2.0.0 Delivered"
