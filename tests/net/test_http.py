"""HTTPS requests: redirects, limits, deadlines."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from mailsetup.model.certificate import TlsFault
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, Reply
from mailsetup.net.dial import Dialer
from mailsetup.net.http import REQUEST_TIMEOUT, Follow, HttpFailure, HttpFault, HttpReply
from mailsetup.net.https_client import HttpsClient
from tests.support.network.loopback import Handler, client_context, sending, server_context, serving

NAMES = ("autoconfig.bodega.example", "www.bodega.example", "hoster.example")
URL = "https://autoconfig.bodega.example/a"


async def look_up(host: str) -> Reply[str]:
    if host.startswith("unanswered."):
        return DnsFailure(DnsFault.SERVFAIL)
    return DnsAnswer(("192.0.2.1",)) if host in NAMES else Absent(nxdomain=True)


def pages_at(pages: Mapping[str, bytes], requests: list[bytes] | None = None) -> Handler:
    """A web server with complete responses by path."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if requests is not None:
            requests.append(head)
        path = head.split(b" ")[1].decode()
        writer.write(pages.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
        await writer.drain()

    return handler


def response(body: bytes, headers: bytes = b"") -> bytes:
    length = str(len(body)).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n" + headers + b"\r\n" + body


def redirect(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@asynccontextmanager
async def client(
    handler: Handler, *, tls: ssl.SSLContext | None = None, plaintext: bool = False, port: int = 443
) -> AsyncIterator[HttpsClient]:
    context = None if plaintext else tls or server_context(*NAMES)
    async with serving(handler, context) as server:
        routes = {(name, port): ("127.0.0.1", server.port) for name in NAMES}
        dial = Dialer(look_up, client_context, routes=routes)
        https = HttpsClient(dial, proxy_for=lambda _: None)
        try:
            yield https
        finally:
            await https.close()


async def get(
    handler: Handler,
    url: str = URL,
    *,
    tls: ssl.SSLContext | None = None,
    plaintext: bool = False,
    timeout: float = REQUEST_TIMEOUT,
    follow: Follow = Follow.ANYWHERE,
) -> HttpReply | HttpFailure:
    async with client(handler, tls=tls, plaintext=plaintext) as https:
        return await https.get(url, timeout=timeout, follow=follow)


async def test_document_is_fetched_without_identifying_headers() -> None:
    requests: list[bytes] = []
    reply = await get(pages_at({"/a": response(b"hello", b"Content-Type: text/xml\r\n")}, requests))
    assert reply == HttpReply(200, URL, b"hello", "text/xml")
    head = requests[0].lower()
    assert b"accept-encoding: identity" in head
    for word in (b"cookie", b"authorization", b"referer"):
        assert word not in head


async def test_redirects_are_followed_and_the_final_url_is_returned() -> None:
    reply = await get(
        pages_at(
            {
                "/a": redirect("/b"),
                "/b": redirect("https://hoster.example/c"),
                "/c": response(b"there"),
            }
        )
    )
    assert isinstance(reply, HttpReply)
    assert reply.url == "https://hoster.example/c"
    assert reply.body == b"there"


@pytest.mark.parametrize(
    "target",
    [
        "http://www.bodega.example/b",
        "https://user:pw@hoster.example/",
        "https://hoster.example:8443/",
        "https://127.0.0.1/",
        "https://localhost/",
        "file:///etc/passwd",
        "ftp://hoster.example/",
        "https://[::1",
        "//router/",
    ],
)
async def test_redirect_to_a_non_public_url_is_a_failure(target: str) -> None:
    reply = await get(pages_at({"/a": redirect(target)}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault in (HttpFault.REDIRECT_INSECURE, HttpFault.PROTOCOL)


async def test_redirect_loop_is_a_failure() -> None:
    reply = await get(pages_at({"/a": redirect("/a")}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.REDIRECT_LOOP


async def test_five_redirects_are_followed_at_most() -> None:
    chain = {f"/{n}": redirect(f"/{n + 1}") for n in range(10)}
    reply = await get(pages_at({**chain, "/5": response(b"x")}), "https://hoster.example/0")
    assert isinstance(reply, HttpReply)
    reply = await get(pages_at({**chain, "/6": response(b"x")}), "https://hoster.example/0")
    assert isinstance(reply, HttpFailure)


def compressed(body: bytes, encoding: bytes = b"gzip") -> bytes:
    return response(body, b"Content-Encoding: " + encoding + b"\r\n")


@pytest.mark.parametrize("encoding", [b"gzip", b"GZIP", b"x-gzip"])
async def test_unrequested_compression_is_decompressed(encoding: bytes) -> None:
    reply = await get(pages_at({"/a": compressed(gzip.compress(b"<clientConfig/>"), encoding)}))
    assert isinstance(reply, HttpReply)
    assert reply.body == b"<clientConfig/>"


@pytest.mark.parametrize("times", [1, 40])
async def test_decompression_stops_at_the_limit(times: int) -> None:
    bomb = gzip.compress(b"\0" * (50 * 2**20)) * times
    reply = await get(pages_at({"/a": compressed(bomb)}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.TOO_LARGE


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"\x1f\x8b", b"gzip"), (b"plain", b"gzip"), (b"x", b"br"), (b"x", b"gzip, gzip")],
)
async def test_invalid_compression_is_a_failure(body: bytes, encoding: bytes) -> None:
    reply = await get(pages_at({"/a": compressed(body, encoding)}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.ENCODED


async def test_redirect_to_another_owner_is_reported_if_requested() -> None:
    pages = {
        "/a": redirect("https://www.bodega.example/b"),
        "/b": redirect("https://hoster.example/c"),
    }
    reply = await get(pages_at(pages), follow=Follow.SAME_OWNER)
    assert reply == HttpFailure(HttpFault.REDIRECT_FOREIGN, "https://hoster.example/c")
    reply = await get(pages_at(pages), follow=Follow.NOWHERE)
    assert isinstance(reply, HttpReply)
    assert reply.location == "https://www.bodega.example/b"


async def test_posted_document_is_sent_completely_without_redirects() -> None:
    requests: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        requests.extend((head, await reader.readexactly(5)))
        writer.write(redirect("https://hoster.example/c"))
        await writer.drain()

    async with client(handler) as https:
        reply = await https.post(URL, b"hello", "text/xml; charset=utf-8")
    assert isinstance(reply, HttpReply)
    assert reply.location == "https://hoster.example/c"
    assert requests[0].startswith(b"POST /a ")
    assert b"Content-Type: text/xml; charset=utf-8\r\n" in requests[0]
    assert requests[1] == b"hello"


async def test_authentication_challenges_are_joined_in_lower_case() -> None:
    answer = (
        b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate\r\n"
        b"WWW-Authenticate: NTLM\r\n\r\n"
    )
    reply = await get(pages_at({"/a": answer}))
    assert isinstance(reply, HttpReply)
    assert reply.challenge == "negotiate, ntlm"


async def test_plain_http_is_not_redirected() -> None:
    async with client(
        pages_at({"/a": redirect("https://hoster.example/c")}), plaintext=True, port=80
    ) as https:
        reply = await https.get_plain("http://autoconfig.bodega.example/a")
    assert isinstance(reply, HttpReply)
    assert (reply.status, reply.location) == (302, "https://hoster.example/c")


async def test_body_of_ten_megabytes_is_too_large() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent < 10_000_000:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    reply = await get(flood)
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.TOO_LARGE
    assert sent < 10_000_000


async def test_endless_headers_are_a_protocol_failure() -> None:
    async def send_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Y: " + b"z" * 60_000 + b"\r\n")
            await writer.drain()

    reply = await get(send_headers)
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.PROTOCOL


async def test_timeout_applies_to_the_whole_request() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    reply = await get(drip, timeout=0.5)
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.TIMEOUT


async def test_certificate_for_another_name_is_a_tls_failure() -> None:
    reply = await get(pages_at({"/a": response(b"x")}), tls=server_context("other.example"))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.TLS
    assert reply.tls is not None
    assert reply.tls.fault is TlsFault.WRONG_NAME


async def test_data_before_the_handshake_is_a_failure() -> None:
    reply = await get(sending(b"220 ftp ready\r\n"), plaintext=True)
    assert isinstance(reply, HttpFailure)
    assert reply.fault in (HttpFault.TLS, HttpFault.PROTOCOL)


async def test_nonexistent_name_is_unresolvable() -> None:
    reply = await get(pages_at({}), "https://absent.example/")
    assert reply == HttpFailure(HttpFault.UNRESOLVABLE, "https://absent.example/")


async def test_resolver_failure_is_reported_as_such() -> None:
    reply = await get(pages_at({}), "https://unanswered.example/")
    assert reply == HttpFailure(HttpFault.RESOLVER, "https://unanswered.example/")


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"", b"\0" * 100]
)
async def test_invalid_http_is_a_protocol_failure(answer: bytes) -> None:
    reply = await get(pages_at({"/a": answer}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.PROTOCOL


async def test_cancelled_request_closes_the_connection() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass

    async with serving(silent, server_context(*NAMES)) as server:
        routes = {(name, 443): ("127.0.0.1", server.port) for name in NAMES}
        dial = Dialer(look_up, client_context, routes=routes)
        client = HttpsClient(dial, proxy_for=lambda _: None)
        task = asyncio.ensure_future(client.get(URL))
        async with asyncio.timeout(10):
            await server.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(10):
            await server.all_ended.wait()
        await client.close()


async def test_certificate_is_verified_through_a_proxy() -> None:
    requests: list[bytes] = []

    async with serving(pages_at({"/a": response(b"hello")}), server_context(*NAMES)) as origin:

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            upstream_reader, upstream_writer = await asyncio.open_connection(
                "127.0.0.1", origin.port
            )
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

            async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()

            try:
                await asyncio.gather(copy(reader, upstream_writer), copy(upstream_reader, writer))
            finally:
                upstream_writer.transport.abort()

        async with serving(proxy) as proxy_server:
            dial = Dialer(look_up, client_context)
            proxy_url = f"http://127.0.0.1:{proxy_server.port}"
            client = HttpsClient(dial, proxy_for=lambda _: proxy_url)
            try:
                reply = await client.get(URL)
                foreign = await client.get("https://other.example/a")
            finally:
                await client.close()
    assert isinstance(reply, HttpReply)
    assert reply.body == b"hello"
    # The proxy resolves the name: this computer may have no resolver.
    assert requests[0].startswith(b"CONNECT autoconfig.bodega.example:443 ")
    assert isinstance(foreign, HttpFailure)
    assert foreign.fault is HttpFault.TLS
