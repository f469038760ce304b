"""HTTPS to strangers: redirects, limits, deadlines."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from mailsetup.model.certificate import TlsFault
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, Reply
from mailsetup.net.dial import Dialer
from mailsetup.net.http import Follow, HttpFailure, HttpFault, HttpReply
from mailsetup.net.https_client import HttpsClient
from tests.support.network.loopback import Handler, client_context, saying, server_context, serving

NAMES = ("autoconfig.bodega.example", "www.bodega.example", "hoster.example")
URL = "https://autoconfig.bodega.example/a"


async def look_up(host: str) -> Reply[str]:
    if host.startswith("unanswered."):
        return DnsFailure(DnsFault.SERVFAIL)
    return DnsAnswer(("192.0.2.1",)) if host in NAMES else Absent(nxdomain=True)


def web(pages: Mapping[str, bytes], seen: list[bytes] | None = None) -> Handler:
    """A web server: path -> the whole answer as bytes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        path = head.split(b" ")[1].decode()
        writer.write(pages.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
        await writer.drain()

    return handler


def ok(body: bytes, headers: bytes = b"") -> bytes:
    length = str(len(body)).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n" + headers + b"\r\n" + body


def to(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@asynccontextmanager
async def client(
    handler: Handler, *, tls: ssl.SSLContext | None = None, clear: bool = False, port: int = 443
) -> AsyncIterator[HttpsClient]:
    context = None if clear else tls or server_context(*NAMES)
    async with serving(handler, context) as there:
        routes = {(name, port): ("127.0.0.1", there.port) for name in NAMES}
        dial = Dialer(look_up, client_context, routes=routes)
        made = HttpsClient(dial, proxy_for=lambda _: None)
        try:
            yield made
        finally:
            await made.close()


async def get(
    handler: Handler,
    url: str = URL,
    *,
    tls: ssl.SSLContext | None = None,
    clear: bool = False,
    **options: object,
) -> HttpReply | HttpFailure:
    async with client(handler, tls=tls, clear=clear) as https:
        return await https.get(url, **options)  # type: ignore[arg-type]


async def test_a_document_and_what_we_tell_of_ourselves() -> None:
    seen: list[bytes] = []
    reply = await get(web({"/a": ok(b"hello", b"Content-Type: text/xml\r\n")}, seen))
    assert reply == HttpReply(200, URL, b"hello", "text/xml")
    head = seen[0].lower()
    assert b"accept-encoding: identity" in head
    for word in (b"cookie", b"authorization", b"referer"):
        assert word not in head


async def test_redirects_are_followed_over_https_and_the_end_is_named() -> None:
    reply = await get(
        web({"/a": to("/b"), "/b": to("https://hoster.example/c"), "/c": ok(b"there")})
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
async def test_a_redirect_to_where_nothing_public_is_ends_there(target: str) -> None:
    reply = await get(web({"/a": to(target)}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault in (HttpFault.REDIRECT_INSECURE, HttpFault.PROTOCOL)


async def test_a_redirect_loop_ends() -> None:
    reply = await get(web({"/a": to("/a")}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.REDIRECT_LOOP


async def test_five_redirects_pass_and_six_do_not() -> None:
    chain = {f"/{n}": to(f"/{n + 1}") for n in range(10)}
    reply = await get(web({**chain, "/5": ok(b"x")}), "https://hoster.example/0")
    assert isinstance(reply, HttpReply)
    reply = await get(web({**chain, "/6": ok(b"x")}), "https://hoster.example/0")
    assert isinstance(reply, HttpFailure)


def packed(body: bytes, encoding: bytes = b"gzip") -> bytes:
    return ok(body, b"Content-Encoding: " + encoding + b"\r\n")


@pytest.mark.parametrize("encoding", [b"gzip", b"GZIP", b"x-gzip"])
async def test_what_comes_compressed_unasked_is_unpacked(encoding: bytes) -> None:
    reply = await get(web({"/a": packed(gzip.compress(b"<clientConfig/>"), encoding)}))
    assert isinstance(reply, HttpReply)
    assert reply.body == b"<clientConfig/>"


@pytest.mark.parametrize("times", [1, 40])
async def test_a_compressed_bomb_is_cut_off_at_the_limit(times: int) -> None:
    bomb = gzip.compress(b"\0" * (50 * 2**20)) * times
    reply = await get(web({"/a": packed(bomb)}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.TOO_LARGE


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"\x1f\x8b", b"gzip"), (b"plain", b"gzip"), (b"x", b"br"), (b"x", b"gzip, gzip")],
)
async def test_what_cannot_be_unpacked_is_no_document(body: bytes, encoding: bytes) -> None:
    reply = await get(web({"/a": packed(body, encoding)}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.ENCODED


async def test_a_redirect_to_another_owner_is_told_instead_of_followed_where_asked() -> None:
    pages = {"/a": to("https://www.bodega.example/b"), "/b": to("https://hoster.example/c")}
    reply = await get(web(pages), follow=Follow.SAME_OWNER)
    assert reply == HttpFailure(HttpFault.REDIRECT_FOREIGN, "https://hoster.example/c")
    reply = await get(web(pages), follow=Follow.NOWHERE)
    assert isinstance(reply, HttpReply)
    assert reply.location == "https://www.bodega.example/b"


async def test_a_posted_document_arrives_whole_and_is_not_redirected() -> None:
    seen: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.extend((head, await reader.readexactly(5)))
        writer.write(to("https://hoster.example/c"))
        await writer.drain()

    async with client(handler) as https:
        reply = await https.post(URL, b"hello", "text/xml; charset=utf-8")
    assert isinstance(reply, HttpReply)
    assert reply.location == "https://hoster.example/c"
    assert seen[0].startswith(b"POST /a ")
    assert b"Content-Type: text/xml; charset=utf-8\r\n" in seen[0]
    assert seen[1] == b"hello"


async def test_the_ways_to_log_in_that_a_server_names_are_told_plain() -> None:
    answer = (
        b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate\r\n"
        b"WWW-Authenticate: NTLM\r\n\r\n"
    )
    reply = await get(web({"/a": answer}))
    assert isinstance(reply, HttpReply)
    assert reply.challenge == "negotiate, ntlm"


async def test_plain_http_is_asked_only_by_its_own_name_and_never_redirected() -> None:
    async with client(web({"/a": to("https://hoster.example/c")}), clear=True, port=80) as https:
        reply = await https.get_plain("http://autoconfig.bodega.example/a")
    assert isinstance(reply, HttpReply)
    assert (reply.status, reply.location) == (302, "https://hoster.example/c")


async def test_a_body_of_ten_megabytes_is_cut_off() -> None:
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


async def test_endless_headers_are_cut_off() -> None:
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Y: " + b"z" * 60_000 + b"\r\n")
            await writer.drain()

    reply = await get(chatter)
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.PROTOCOL


async def test_a_dripping_server_meets_the_deadline_over_everything() -> None:
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


async def test_a_certificate_for_another_name_gives_no_document() -> None:
    reply = await get(web({"/a": ok(b"x")}), tls=server_context("other.example"))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.TLS
    assert reply.tls is not None
    assert reply.tls.fault is TlsFault.WRONG_NAME


async def test_a_server_that_talks_before_the_handshake_is_no_web_server() -> None:
    reply = await get(saying(b"220 ftp ready\r\n"), clear=True)
    assert isinstance(reply, HttpFailure)
    assert reply.fault in (HttpFault.TLS, HttpFault.PROTOCOL)


async def test_a_name_that_does_not_exist() -> None:
    reply = await get(web({}), "https://nobody.example/")
    assert reply == HttpFailure(HttpFault.UNRESOLVABLE, "https://nobody.example/")


async def test_a_name_that_nobody_answers_for_is_another_thing() -> None:
    reply = await get(web({}), "https://unanswered.example/")
    assert reply == HttpFailure(HttpFault.RESOLVER, "https://unanswered.example/")


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"", b"\0" * 100]
)
async def test_something_that_is_no_http(answer: bytes) -> None:
    reply = await get(web({"/a": answer}))
    assert isinstance(reply, HttpFailure)
    assert reply.fault is HttpFault.PROTOCOL


async def test_giving_up_closes_the_connection() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass

    async with serving(silent, server_context(*NAMES)) as there:
        routes = {(name, 443): ("127.0.0.1", there.port) for name in NAMES}
        dial = Dialer(look_up, client_context, routes=routes)
        client = HttpsClient(dial, proxy_for=lambda _: None)
        task = asyncio.ensure_future(client.get(URL))
        async with asyncio.timeout(10):
            await there.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(10):
            await there.all_ended.wait()
        await client.close()


async def test_through_a_proxy_the_certificate_is_still_the_servers_own() -> None:
    asked: list[bytes] = []

    async with serving(web({"/a": ok(b"hello")}), server_context(*NAMES)) as origin:

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            there, back = await asyncio.open_connection("127.0.0.1", origin.port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

            async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()

            try:
                await asyncio.gather(carry(reader, back), carry(there, writer))
            finally:
                back.transport.abort()

        async with serving(proxy) as way:
            dial = Dialer(look_up, client_context)
            through = f"http://127.0.0.1:{way.port}"
            client = HttpsClient(dial, proxy_for=lambda _: through)
            try:
                reply = await client.get(URL)
                foreign = await client.get("https://other.example/a")
            finally:
                await client.close()
    assert isinstance(reply, HttpReply)
    assert reply.body == b"hello"
    # The name is the proxy's to look up: this computer may have no resolver at all.
    assert asked[0].startswith(b"CONNECT autoconfig.bodega.example:443 ")
    assert isinstance(foreign, HttpFailure)
    assert foreign.fault is HttpFault.TLS
