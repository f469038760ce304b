"""HTTP as the other packages use it: an interface, replies and failures as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, assert_never
from urllib.parse import urlsplit

from mailsetup.model.certificate import TlsFailure
from mailsetup.model.hostname import parse_host
from mailsetup.model.secret import AccessToken
from mailsetup.net.dial import ConnectFailure, ConnectFault

BODY_LIMIT = 256 * 1024
REQUEST_TIMEOUT = 10.0


class HttpFault(StrEnum):
    """Why there is no reply."""

    UNRESOLVABLE = "unresolvable"
    RESOLVER = "resolver"
    """The name server did not respond."""
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    TOO_LARGE = "too-large"
    ENCODED = "encoded"
    """Compressed with an unknown coding, although none was accepted."""
    REDIRECT_LOOP = "redirect-loop"
    REDIRECT_INSECURE = "redirect-insecure"
    REDIRECT_FOREIGN = "redirect-foreign"
    """A redirect to another owner's host, which the caller excluded; ``url`` is the target."""
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """A request without a reply, and its URL."""

    fault: HttpFault
    url: str
    tls: TlsFailure | None = None


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A response. ``url`` is its URL after all redirects.

    ``location`` is the absolute target of a redirect that was not followed, ``challenge`` the
    content of WWW-Authenticate as plain text in lower case.
    """

    status: int
    url: str
    body: bytes
    content_type: str = ""
    location: str = ""
    challenge: str = ""
    date: datetime | None = None
    """The server's clock (the Date field), if given."""


class Follow(StrEnum):
    """Which redirects of an HTTPS URL are followed; never one to plain HTTP."""

    ANYWHERE = "anywhere"
    SAME_OWNER = "same-owner"
    NOWHERE = "nowhere"


class HttpClient(Protocol):
    """An HTTP client for small public documents."""

    async def get(
        self,
        url: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
        follow: Follow = Follow.ANYWHERE,
        bearer: AccessToken | None = None,
    ) -> HttpReply | HttpFailure:
        """GET over HTTPS. ``limit`` is in bytes, ``timeout`` in seconds for the whole request.

        With ``bearer``, a token for this host alone (RFC 6750), no redirect is followed.
        """
        ...

    async def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
    ) -> HttpReply | HttpFailure:
        """POST over HTTPS. Redirects are not followed."""
        ...

    async def get_plain(
        self, url: str, *, limit: int = BODY_LIMIT, timeout: float = REQUEST_TIMEOUT
    ) -> HttpReply | HttpFailure:
        """GET over plain HTTP, which can be forged on the path. Redirects are not followed."""
        ...


def is_public_https(url: str) -> bool:
    """Whether a URL is HTTPS on port 443 at a public host name, without user information."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme == "https"
            and parts.username is None
            and parts.port in (None, 443)
            and parts.hostname is not None
            and parse_host(parts.hostname) is not None
        )
    except ValueError:
        return False


def connect_failure(failure: ConnectFailure, url: str) -> HttpFailure:
    """A failed connection as a failed request."""
    match failure.fault:
        case ConnectFault.TLS:
            return HttpFailure(HttpFault.TLS, url, failure.tls)
        case ConnectFault.UNRESOLVABLE:
            return HttpFailure(HttpFault.UNRESOLVABLE, url)
        case ConnectFault.RESOLVER:
            return HttpFailure(HttpFault.RESOLVER, url)
        case ConnectFault.TIMEOUT:
            return HttpFailure(HttpFault.TIMEOUT, url)
        case (
            ConnectFault.REFUSED
            | ConnectFault.UNREACHABLE
            | ConnectFault.RESET
            | ConnectFault.FORBIDDEN_ADDRESS
        ):
            return HttpFailure(HttpFault.UNREACHABLE, url)
        case _:
            assert_never(failure.fault)
