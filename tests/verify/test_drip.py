"""Servers that never stop saying next to nothing: left in time. Hours take no time here."""

import asyncio
import ssl
from dataclasses import replace

import pytest

from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.net.connection import Connection, StreamProtocol, TlsSession
from mailsetup.net.network import Network
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.smtp import SmtpSession
from tests.support.network.scripted_network import ScriptedNetwork, run

HELLO = {
    Protocol.IMAP: b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n",
    Protocol.POP3: b"+OK ready\r\n",
    Protocol.SMTP: b"220 ready\r\n",
}
ABILITIES = {
    Protocol.POP3: b"+OK\r\nSASL PLAIN\r\n.\r\n",
    Protocol.SMTP: b"250-hello\r\n250 AUTH PLAIN\r\n",
}


class Dripping(asyncio.Transport):
    """Says what it has to say, then a byte each second, for ever."""

    def __init__(self, stream: StreamProtocol, protocol: Protocol, well_behaved: int) -> None:
        super().__init__()
        self._stream = stream
        answers = [HELLO[protocol], ABILITIES.get(protocol, b"")]
        self._left = [answer for answer in answers if answer][:well_behaved]
        self._closed = False
        stream.connection_made(self)
        self._speak()

    def _speak(self) -> None:
        if self._left:
            self._stream.data_received(self._left.pop(0))
        else:
            self._drip()

    def _drip(self) -> None:
        if not self._closed:
            self._stream.data_received(b".")
            asyncio.get_running_loop().call_later(1.0, self._drip)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._speak()

    def is_closing(self) -> bool:
        return self._closed

    def abort(self) -> None:
        self._closed = True


async def tried(protocol: Protocol, well_behaved: int) -> tuple[LoggedIn | DialogueFailure, float]:
    """What came of it, and after how many seconds."""

    async def connect(
        host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection:
        stream = StreamProtocol()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        connection = Connection(stream, host, port, "192.0.2.1", context)
        connection.tls = TlsSession("TLSv1.3", "", b"")
        Dripping(stream, protocol, well_behaved)
        return connection

    net: Network = replace(ScriptedNetwork().network(), connect=connect)
    server = ServerSettings(protocol, "mail.bodega.es", 993, SocketType.TLS, "ana")
    started = net.clock.monotonic()
    outcome = await _tried(server, net)
    return outcome, net.clock.monotonic() - started


async def _tried(server: ServerSettings, net: Network) -> LoggedIn | DialogueFailure:
    secret = Secret("canario")
    match server.protocol:
        case Protocol.IMAP:
            imap = await open_as(ImapSession, server, net)
            return imap if isinstance(imap, DialogueFailure) else await log_in(imap, secret, net)
        case Protocol.POP3:
            pop3 = await open_as(Pop3Session, server, net)
            return pop3 if isinstance(pop3, DialogueFailure) else await log_in(pop3, secret, net)
        case _:
            smtp = await open_as(SmtpSession, server, net)
            return smtp if isinstance(smtp, DialogueFailure) else await log_in(smtp, secret, net)


@pytest.mark.parametrize("protocol", HELLO, ids=str)
@pytest.mark.parametrize("well_behaved", [0, 1, 2])
def test_a_server_that_drips_is_left_within_its_time(protocol: Protocol, well_behaved: int) -> None:
    outcome, seconds = run(tried(protocol, well_behaved))
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.TIMEOUT
    assert seconds <= 30.0
