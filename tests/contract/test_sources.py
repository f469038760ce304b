"""The contract of sources of settings. A new source adds one class that inherits the suite."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from mailsetup.discovery.find import all_sources
from mailsetup.discovery.source import DiscoverySource
from mailsetup.discovery.sources.autoconfig import Autoconfig, PlainAutoconfig, WellKnown
from mailsetup.discovery.sources.autodiscover import Autodiscover
from mailsetup.discovery.sources.builtin import Builtin
from mailsetup.discovery.sources.isp_files import IspFiles
from mailsetup.discovery.sources.ispdb import Ispdb
from mailsetup.discovery.sources.mx import Mx
from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.discovery.sources.probe import Probe
from mailsetup.discovery.sources.srv import Srv
from mailsetup.model.dns import DnsAnswer, DnsFailure, DnsFault, MxRecord, SrvRecord
from mailsetup.model.hostname import parse_host
from mailsetup.model.settings import SocketType
from mailsetup.model.source import Method
from mailsetup.model.source_result import (
    Found,
    NeedsInput,
    NotFound,
    SourceCrashed,
    SourceResult,
    Unreachable,
)
from mailsetup.model.text import has_control
from mailsetup.net.dial import ConnectFault
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from tests.support.network.scripted_network import (
    NEVER,
    NO_DATA,
    NOT_OFFERED,
    DnsReply,
    Script,
    ScriptedNetwork,
    address,
    config,
    imap,
    run,
    smtp,
)

ANA = address("ana@bodega.example")
PREFIXES = ("imap.", "mail.", "smtp.", "pop.", "")
PORTS = (993, 143, 995, 110, 465, 587)
LOCAL = {Method.BUILTIN, Method.FILE}


class _Everywhere(dict[str, HttpReply | HttpFailure]):
    """The same answer at every URL."""

    def __init__(self, answer: HttpReply | HttpFailure) -> None:
        super().__init__()
        self._answer = answer

    def get(  # type: ignore[override]
        self, key: str, default: HttpReply | HttpFailure | None = None
    ) -> HttpReply | HttpFailure:
        return self._answer


def scripted(
    dns: DnsReply, web: HttpReply | HttpFailure, mail: Script | ConnectFault
) -> ScriptedNetwork:
    made = ScriptedNetwork(dns_default=dns, web=_Everywhere(web))
    made.mail = {(prefix + ANA.domain, port): mail for prefix in PREFIXES for port in PORTS}
    return made


def hostile_worlds() -> Iterator[tuple[str, ScriptedNetwork]]:
    absent = HttpReply(404, "https://x.example/", b"")
    refused = ConnectFault.REFUSED
    bad = SrvRecord(0, 0, 0, 'im"ap')
    for name, reply in {
        "no data": NO_DATA,
        "servfail": DnsFailure(DnsFault.SERVFAIL),
        "no resolver": DnsFailure(DnsFault.NO_RESOLVER),
        "malformed": DnsFailure(DnsFault.MALFORMED),
        "empty": DnsAnswer(()),
    }.items():
        yield f"dns {name}", scripted(reply, absent, refused)
    for fault in HttpFault:
        yield f"web {fault}", scripted(NO_DATA, HttpFailure(fault, "https://x.example/"), refused)
    for body in (b"", b"<html>", b"\0\xff", b"<clientConfig/>", config('im"ap', "a b")):
        page = HttpReply(200, "https://x.example/", body)
        yield f"document {body[:20]!r}", scripted(NO_DATA, page, refused)
    for status in (204, 301, 401, 418, 500):
        yield f"status {status}", scripted(NO_DATA, HttpReply(status, "https://x/", b""), refused)
    for connect in ConnectFault:
        yield f"connect {connect}", scripted(NO_DATA, absent, connect)
    for greeting in (b"* BYE\r\n", b"-ERR\r\n", b"554 no\r\n", b"\0\r\n", b"y" * 100_000):
        yield f"greeting {greeting[:10]!r}", scripted(NO_DATA, absent, Script(greeting))
    for name, records in {"declined": NOT_OFFERED, "bad records": DnsAnswer((bad,))}.items():
        made = scripted(NO_DATA, absent, refused)
        made.dns = {
            (f"_{label}._tcp.{ANA.domain}", "SRV"): records
            for label in ("imaps", "imap", "pop3s", "pop3", "submissions", "submission")
        }
        yield name, made
    for host in ("", "localhost", "127.0.0.1", "mx.bodega.example"):
        made = scripted(NO_DATA, absent, refused)
        made.dns[ANA.domain, "MX"] = DnsAnswer((MxRecord(0, host),))
        yield f"exchanger {host}", made


HOSTILE = dict(hostile_worlds())


class SourceContract:
    """A subclass for each source defines the source under test."""

    source: DiscoverySource
    document = config()
    """The document at every URL that the source requests."""

    def ask(self, there: ScriptedNetwork) -> SourceResult:
        return run(self.source.discover(ANA, there.network()))

    @pytest.mark.parametrize("name", HOSTILE)
    def test_an_expected_failure_is_a_value(self, name: str) -> None:
        there = dict(hostile_worlds())[name]
        outcome = self.ask(there)
        assert isinstance(outcome, NotFound | Unreachable | NeedsInput)
        reason = outcome.question if isinstance(outcome, NeedsInput) else outcome.reason
        assert reason == reason.lower()
        assert " " not in reason
        assert not has_control(reason)

    def test_settings_are_usable(self) -> None:
        there = scripted(
            NO_DATA, HttpReply(200, "https://x.example/", self.document), ConnectFault.REFUSED
        )
        for port in PORTS:
            script = smtp if port in (465, 587) else imap
            there.mail |= {(prefix + ANA.domain, port): script() for prefix in PREFIXES}
        there.dns = {
            ("_imaps._tcp.bodega.example", "SRV"): DnsAnswer(
                (SrvRecord(0, 0, 993, "imap.bodega.example"),)
            ),
            ("bodega.example", "MX"): DnsAnswer((MxRecord(0, "mx.hoster.example"),)),
            ("_ua-auto-config.bodega.example", "TXT"): DnsAnswer(
                (f"v=UAAC1; a=sha256; d={b64encode(sha256(self.document).digest()).decode()}",)
            ),
        }
        outcome = self.ask(there)
        if not isinstance(outcome, Found):
            assert self.source.method in LOCAL
            return
        for server in outcome.settings.servers:
            assert parse_host(server.host) == server.host
            assert 1 <= server.port <= 65535
            assert server.security is not SocketType.NONE
            assert server.username
            assert server.authentication

    def test_cancellation_closes_everything(self) -> None:
        async def cancelled() -> None:
            there = ScriptedNetwork(dns_delay=NEVER, web_delay=NEVER)
            there.mail = {
                (prefix + ANA.domain, port): imap(connect_delay=NEVER)
                for prefix in PREFIXES
                for port in PORTS
            }
            task = asyncio.ensure_future(self.source.discover(ANA, there.network()))
            await asyncio.sleep(1.0)
            if task.done():
                assert self.source.method in LOCAL
                return
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        # The loop itself checks that no task is left behind.
        run(cancelled())

    def test_method_and_location_are_valid(self) -> None:
        assert isinstance(self.source.method, Method)
        assert not has_control(self.source.location(ANA))

    def test_it_can_be_used_repeatedly(self) -> None:
        there = ScriptedNetwork()
        assert self.ask(there) == self.ask(there)
        assert not isinstance(self.ask(there), SourceCrashed)


class TestBuiltin(SourceContract):
    source = Builtin()


class TestIspFiles(SourceContract):
    source = IspFiles([Path("/nonexistent")])


class TestAutoconfig(SourceContract):
    source = Autoconfig()


class TestWellKnown(SourceContract):
    source = WellKnown()


class TestIspdb(SourceContract):
    source = Ispdb()


class TestSrv(SourceContract):
    source = Srv()


class TestMx(SourceContract):
    source = Mx()


class TestPacc(SourceContract):
    source = Pacc()
    document = b'{"protocols": {"imap": {"host": "imap.bodega.example"}}}'


class TestAutodiscover(SourceContract):
    source = Autodiscover()
    document = (
        b"<Autodiscover><Response><Account><Protocol><Type>IMAP</Type>"
        b"<Server>imap.bodega.example</Server></Protocol></Account></Response></Autodiscover>"
    )


class TestPlainAutoconfig(SourceContract):
    source = PlainAutoconfig()


class TestProbe(SourceContract):
    source = Probe()


def test_every_source_has_a_contract_suite() -> None:
    tested = {type(suite.source) for suite in SourceContract.__subclasses__()}
    assert {type(source) for source in all_sources(plain_http=True)} <= tested


def test_every_method_is_in_the_table_once() -> None:
    methods = [source.method for source in all_sources()]
    assert len(methods) == len(set(methods))
