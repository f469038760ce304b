"""Verification by the trust store of Windows or macOS.

The systems' codes are played by a function that rejects like them. Under Wine the functions of
Windows themselves judge, with the tests' authority in the store of the user's roots (real Windows
would ask the user before it takes one).
"""

import asyncio
import ctypes
import ssl
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from mailsetup.model.certificate import CertificateFacts, TlsFault
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure, Dialer
from mailsetup.net.system_trust import FAULTS, SystemTrust, Verify, judge, unverified_chain
from tests.support.network.loopback import (
    HOST,
    LONG_AGO,
    PAST,
    authority,
    only_loopback,
    sending,
    server_context,
    serving,
)

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)
IN_A_YEAR, IN_TWO_YEARS = datetime.now(UTC) + 365 * DAY, datetime.now(UTC) + 730 * DAY

CERT_E_EXPIRED, CERT_E_UNTRUSTEDROOT, CERT_E_CN_NO_MATCH = 0x800B0101, 0x800B0109, 0x800B010F
CERT_E_REVOKED, CERT_E_WRONG_USAGE = 0x800B010C, 0x800B0110


def certificate(
    *names: str, begins: datetime = NOW - DAY, ends: datetime = NOW + DAY
) -> CertificateFacts:
    return CertificateFacts(names or (HOST,), "An authority", begins, ends, "00")


EXPIRED = certificate(begins=NOW - 2 * DAY, ends=NOW - DAY)
FUTURE = certificate(begins=NOW + DAY, ends=NOW + 2 * DAY)
OTHER = certificate("other.example")


@pytest.mark.parametrize(
    ("code", "facts", "fault"),
    [
        (CERT_E_EXPIRED, EXPIRED, TlsFault.EXPIRED),
        (CERT_E_EXPIRED, FUTURE, TlsFault.NOT_YET_VALID),
        (CERT_E_EXPIRED, None, TlsFault.EXPIRED),
        (CERT_E_EXPIRED, certificate(), TlsFault.EXPIRED),
        (CERT_E_UNTRUSTEDROOT, certificate(), TlsFault.UNKNOWN_ISSUER),
        (0x800B010A, certificate(), TlsFault.UNKNOWN_ISSUER),
        (CERT_E_CN_NO_MATCH, OTHER, TlsFault.WRONG_NAME),
        (CERT_E_CN_NO_MATCH, None, TlsFault.WRONG_NAME),
        (CERT_E_REVOKED, certificate(), TlsFault.REVOKED),
        (0x80092010, certificate(), TlsFault.REVOKED),
        (CERT_E_WRONG_USAGE, certificate(), TlsFault.INVALID),
        (CERT_E_WRONG_USAGE, OTHER, TlsFault.WRONG_NAME),
        (CERT_E_WRONG_USAGE, EXPIRED, TlsFault.EXPIRED),
        (-67818, FUTURE, TlsFault.NOT_YET_VALID),
        (-67818, EXPIRED, TlsFault.EXPIRED),
        (-67819, FUTURE, TlsFault.NOT_YET_VALID),
        (-67602, OTHER, TlsFault.WRONG_NAME),
        (-67843, certificate(), TlsFault.UNKNOWN_ISSUER),
        (-67820, certificate(), TlsFault.REVOKED),
        (-1, certificate(), TlsFault.INVALID),
    ],
)
def test_each_code_of_windows_and_macos_has_the_meaning_that_openssl_reports(
    code: int, facts: CertificateFacts | None, fault: TlsFault
) -> None:
    assert judge(code, facts, HOST, NOW) is fault


def test_of_several_faults_the_one_that_openssl_reports_is_named() -> None:
    expired_for_another_name = certificate("other.example", begins=NOW - 2 * DAY, ends=NOW - DAY)
    assert judge(CERT_E_EXPIRED, expired_for_another_name, HOST, NOW) is TlsFault.WRONG_NAME
    assert judge(CERT_E_UNTRUSTEDROOT, expired_for_another_name, HOST, NOW) is (
        TlsFault.UNKNOWN_ISSUER
    )


def test_an_address_is_not_compared_with_dns_names() -> None:
    assert judge(CERT_E_EXPIRED, EXPIRED, "192.0.2.1", NOW) is TlsFault.EXPIRED


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (("mail.example",), "mail.example", True),
        (("mail.example",), "MAIL.example", True),
        (("*.example.org",), "mail.example.org", True),
        (("*.example.org",), "a.mail.example.org", False),
        (("*.example.org",), "example.org", False),
        (("*",), "localhost", False),
        ((), "mail.example", False),
    ],
)
def test_a_wildcard_covers_exactly_one_label(
    names: tuple[str, ...], host: str, *, covered: bool
) -> None:
    facts = CertificateFacts(names, "", NOW, NOW, "")
    assert facts.covers(host) is covered


def rejecting(code: int) -> Verify:
    def verify(_options: ssl.SSLContext, _chain: list[bytes], _host: str) -> None:
        error = ssl.SSLCertVerificationError("rejected by the system")
        error.verify_code, error.verify_message = code, "rejected by the system"
        raise error

    return verify


def dialer(port: int, verify: Verify) -> Dialer:
    return Dialer(
        look_up=only_loopback,
        trust=lambda: SystemTrust(verify),
        routes={(HOST, 993): ("127.0.0.1", port)},
    )


async def test_a_chain_that_the_system_accepts_gives_a_verified_session() -> None:
    asked: list[tuple[int, str]] = []

    def accept(options: ssl.SSLContext, chain: list[bytes], host: str) -> None:
        assert options.verify_mode is ssl.CERT_REQUIRED
        assert options.check_hostname
        assert chain[0].startswith(b"\x30\x82")
        asked.append((len(chain), host))

    async with serving(sending(b"* OK hi\r\n"), server_context()) as there:
        connection = await dialer(there.port, accept)(HOST, 993, implicit_tls=True)
        assert isinstance(connection, Connection)
        assert connection.is_secure
        assert await connection.read_line() == b"* OK hi"
        connection.close()
    assert asked == [(1, HOST)]


async def test_a_rejected_chain_gives_the_fault_with_the_certificate_over_one_connection() -> None:
    context = server_context(not_before=LONG_AGO, not_after=PAST)
    async with serving(sending(b"* OK hi\r\n"), context) as there:
        dial = dialer(there.port, rejecting(CERT_E_EXPIRED))
        failure = await dial(HOST, 993, implicit_tls=True, explain=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.tls is not None
        assert failure.tls.fault is TlsFault.EXPIRED
        assert failure.tls.certificate is not None
        assert failure.tls.certificate.names == (HOST,)
        assert there.accepted == 1


async def test_a_function_of_the_system_that_fails_proves_nothing() -> None:
    def fail(_options: ssl.SSLContext, _chain: list[bytes], _host: str) -> None:
        raise OSError(8, "not enough memory")

    async with serving(sending(b""), server_context()) as there:
        failure = await dialer(there.port, fail)(HOST, 993, implicit_tls=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.tls is not None
        assert failure.tls.fault is TlsFault.INVALID


async def test_nothing_can_be_sent_before_the_system_has_decided() -> None:
    decided = asyncio.Event()
    loop = asyncio.get_running_loop()
    states: list[bool] = []

    async with serving(sending(b""), server_context()) as there:
        dial = dialer(there.port, lambda *_: None)
        connection = await dial(HOST, 993, implicit_tls=False)
        assert isinstance(connection, Connection)

        def verify(_options: ssl.SSLContext, _chain: list[bytes], _host: str) -> None:
            states.append(connection.is_secure)
            loop.call_soon_threadsafe(decided.set)

        connection._trust = SystemTrust(verify)
        assert await connection.start_tls() is None
        connection.close()
    assert decided.is_set()
    assert states == [False]


async def test_the_event_loop_runs_while_the_system_downloads_an_issuer() -> None:
    ticks = 0

    async def count() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    def slow(_options: ssl.SSLContext, _chain: list[bytes], _host: str) -> None:
        time.sleep(0.3)

    async with serving(sending(b""), server_context()) as there:
        counting = asyncio.create_task(count())
        connection = await dialer(there.port, slow)(HOST, 993, implicit_tls=True)
        counting.cancel()
        assert isinstance(connection, Connection)
        connection.close()
    assert ticks > 5


async def test_cancelling_closes_the_connection_that_is_being_verified() -> None:
    def slow(_options: ssl.SSLContext, _chain: list[bytes], _host: str) -> None:
        time.sleep(0.2)

    async with serving(sending(b""), server_context()) as there:
        dial = asyncio.create_task(dialer(there.port, slow)(HOST, 993, implicit_tls=True))
        await there.reached.wait()
        await asyncio.sleep(0.1)
        dial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dial
        await asyncio.wait_for(there.all_ended.wait(), 5)


async def test_every_certificate_that_the_server_sends_is_judged() -> None:
    intermediate = authority().create_child_ca()
    chains: list[int] = []

    def count(_options: ssl.SSLContext, chain: list[bytes], _host: str) -> None:
        chains.append(len(chain))

    async with serving(sending(b""), server_context(ca=intermediate)) as there:
        connection = await dialer(there.port, count)(HOST, 993, implicit_tls=True)
        assert isinstance(connection, Connection)
        connection.close()
    assert chains == [2]


def test_a_session_without_certificates_has_an_empty_chain() -> None:
    session = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(
        ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=HOST
    )
    assert unverified_chain(session) == []


def test_the_codes_of_the_systems_do_not_overlap_with_those_of_openssl() -> None:
    assert not {code for code in FAULTS if 0 <= code < 1000}


# The functions of Windows --------------------------------------------------------------------


def is_wine() -> bool:
    """Whether this is Windows as Wine implements it."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


@pytest.fixture
def root_store() -> None:
    """The tests' authority as one of the user's roots."""
    if sys.platform == "win32":
        crypt32 = ctypes.WinDLL("crypt32")
        crypt32.CertOpenSystemStoreW.restype = ctypes.c_void_p
        store = ctypes.c_void_p(crypt32.CertOpenSystemStoreW(None, ctypes.c_wchar_p("ROOT")))
        der = ssl.PEM_cert_to_DER_cert(authority().cert_pem.bytes().decode())
        x509_asn, replace_existing = 1, 3
        assert crypt32.CertAddEncodedCertificateToStore(
            store, x509_asn, der, len(der), replace_existing, None
        )
        crypt32.CertCloseStore(store, 0)


@pytest.mark.skipif(not is_wine(), reason="only under Wine can a root be added without a question")
@pytest.mark.usefixtures("root_store")
@pytest.mark.parametrize(
    ("fault", "names", "options"),
    [
        (None, (), {}),
        (TlsFault.EXPIRED, (), {"not_before": LONG_AGO, "not_after": PAST}),
        (TlsFault.NOT_YET_VALID, (), {"not_before": IN_A_YEAR, "not_after": IN_TWO_YEARS}),
        (TlsFault.WRONG_NAME, ("srv12.hoster.example",), {}),
        (TlsFault.WRONG_NAME, ("*.example",), {}),
    ],
)
async def test_windows_judges_a_certificate_as_openssl_does(
    fault: TlsFault | None, names: tuple[str, ...], options: dict[str, datetime]
) -> None:
    context = server_context(
        *names, not_before=options.get("not_before"), not_after=options.get("not_after")
    )
    async with serving(sending(b"* OK hi\r\n"), context) as there:
        dial = Dialer(only_loopback, SystemTrust, routes={(HOST, 993): ("127.0.0.1", there.port)})
        result = await dial(HOST, 993, implicit_tls=True, explain=True)
        if fault is None:
            assert isinstance(result, Connection)
            assert result.is_secure
            result.close()
            return
        assert isinstance(result, ConnectFailure)
        assert result.tls is not None
        assert result.tls.fault is fault
        assert result.tls.certificate is not None
        assert result.tls.certificate.names == (names or (HOST,))
