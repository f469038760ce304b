"""Fetching an autoconfig document."""

from typing import assert_never

from mailsetup.formats.autoconfig import AutoconfigFailure, read
from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, NotFound, SourceResult, Unreachable
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from mailsetup.net.network import Network


async def fetch_autoconfig(
    url: str, method: Method, address: EmailAddress, net: Network
) -> SourceResult:
    """The settings from the document at a URL. The caller sets `Found.vouched`.

    For an ``http://`` URL no redirect is followed, and the channel is `Channel.HTTP`.
    """
    is_plain = url.startswith("http://")
    reply = await (net.http.get_plain(url) if is_plain else net.http.get(url))
    match reply:
        case HttpReply(status=200):
            settings = read(reply.body, address)
            if isinstance(settings, AutoconfigFailure):
                return NotFound(reply.url, str(settings.fault))
            channel = Channel.HTTP if is_plain else Channel.HTTPS
            return Found(settings, Source(method, reply.url, channel))
        case HttpReply():
            return refused(reply)
        case HttpFailure():
            return failed(reply)
        case _:
            assert_never(reply)


def refused(reply: HttpReply) -> NotFound | Unreachable:
    """The result for a status other than 200."""
    reason = f"http-{reply.status}"
    # After 5xx and "too many requests" it is unknown whether there is a document.
    if reply.status >= 500 or reply.status == 429:
        return Unreachable(reply.url, reason)
    return NotFound(reply.url, reason)


def failed(failure: HttpFailure) -> NotFound | Unreachable:
    """The result for a request without a response."""
    match failure.fault:
        case HttpFault.UNRESOLVABLE:
            return NotFound(failure.url, "no-such-host")
        case (
            HttpFault.TOO_LARGE
            | HttpFault.ENCODED
            | HttpFault.REDIRECT_LOOP
            | HttpFault.REDIRECT_INSECURE
            | HttpFault.REDIRECT_FOREIGN
        ):
            return NotFound(failure.url, str(failure.fault))
        case HttpFault.TLS:
            reason = str(failure.tls.fault) if failure.tls else "tls"
            return Unreachable(failure.url, reason)
        case HttpFault.RESOLVER | HttpFault.UNREACHABLE | HttpFault.TIMEOUT | HttpFault.PROTOCOL:
            return Unreachable(failure.url, str(failure.fault))
        case _:
            assert_never(failure.fault)
