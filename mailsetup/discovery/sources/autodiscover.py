"""Autodiscover as Outlook uses it, but without passwords and restricted to the domain's owner.

Microsoft's clients used to contact ``autodiscover.<top level domain>`` and sent passwords to its
owner. Here only hosts with the same owner as the address's domain are contacted, and others only
after the user agreed.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import assert_never
from urllib.parse import quote, urlsplit

from mailsetup.discovery import provider_settings
from mailsetup.discovery.fetch_autoconfig import failed, refused
from mailsetup.discovery.first_preferred import first_preferred
from mailsetup.discovery.trust import is_own_host
from mailsetup.formats.autodiscover import (
    REQUEST_TYPE,
    AutodiscoverFailure,
    ExchangeOnly,
    RedirectAddress,
    RedirectUrl,
    read,
    request,
)
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.hostname import https_url, parse_host, parse_port
from mailsetup.model.settings import AccountSettings
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, NeedsInput, NotFound, SourceResult
from mailsetup.net.dns.resolver import rfc2782_order
from mailsetup.net.http import Follow, HttpFailure, HttpReply
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain, registrable_domain

_PATH = "/autodiscover/autodiscover.xml"
_MAX_HOPS = 5
_MAX_TARGETS = 4
_GRACE = 0.1


class Autodiscover:
    """All variants concurrently: the alias of ``autodiscover.``, XML, JSON, SRV, plain redirect.

    ``agreed`` are domains (or hosts) to which redirects may lead.
    """

    method = Method.AUTODISCOVER

    def __init__(self, agreed: Collection[str] = ()) -> None:
        self._agreed = frozenset(agreed)

    def location(self, address: EmailAddress) -> str:
        """The first URL."""
        return f"https://autodiscover.{address.domain}{_PATH}"

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Search; a document from the domain itself is preferred to one that it points to."""
        if registrable_domain(address.domain) is None:
            return NotFound(address.domain, "public-suffix")
        search = _Search(address, net, self._agreed)
        return await first_preferred(
            [
                search.alias(),
                search.post(self.location(address)),
                search.post(f"https://{address.domain}{_PATH}"),
                search.json(),
                search.srv(),
                search.plain_redirect(),
            ],
            _GRACE,
        )


class _Search:
    """One search. No URL is requested twice, however often a redirect leads to it."""

    def __init__(self, address: EmailAddress, net: Network, agreed: frozenset[str]) -> None:
        self._address = address
        self._net = net
        self._agreed = agreed
        self._asked: set[tuple[str, str]] = set()

    async def alias(self) -> SourceResult:
        """The hosting that ``autodiscover.`` is an alias of; its certificate has another name."""
        host = f"autodiscover.{self._address.domain}"
        for name in await self._net.dns.aliases(host):
            found = self._of_provider(name, f"cname:{name}")
            if found is not None:
                return found
        return NotFound(host)

    async def post(
        self, url: str, address: EmailAddress | None = None, hops: int = 0
    ) -> SourceResult:
        """The XML request at a permitted URL."""
        address = address or self._address
        if (url, address.ascii) in self._asked or hops > _MAX_HOPS:
            return NotFound(url, "redirect-loop")
        self._asked.add((url, address.ascii))
        reply = await self._net.http.post(url, request(address), REQUEST_TYPE)
        if isinstance(reply, HttpFailure):
            return failed(reply)
        if reply.location:
            return await self._follow(reply.location, address, hops)
        if reply.status == 401:
            return _login_required(reply)
        if reply.status != 200:
            return refused(reply)
        answer = read(reply.body, address)
        match answer:
            case AccountSettings():
                return Found(answer, Source(Method.AUTODISCOVER, url, Channel.HTTPS))
            case RedirectAddress():
                return await self._retry_with(answer.address, hops)
            case RedirectUrl():
                return await self._follow(answer.url, address, hops)
            case ExchangeOnly():
                return self._exchange(answer.hosts, url)
            case AutodiscoverFailure():
                return NotFound(url, str(answer.fault))
            case _:
                assert_never(answer)

    async def json(self) -> SourceResult:
        """Version 2 (JSON): it names no mail servers, but shows Microsoft's hosting."""
        address = quote(self._address.ascii, safe="")
        url = (
            f"https://autodiscover.{self._address.domain}/autodiscover/autodiscover.json"
            f"/v1.0/{address}?Protocol=AutodiscoverV1"
        )
        reply = await self._net.http.get(url, follow=Follow.SAME_OWNER)
        if isinstance(reply, HttpFailure):
            found = self._of_provider(_host_of(reply.url), _host_of(reply.url))
            return found or failed(reply)
        if reply.status != 200:
            return refused(reply)
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            return NotFound(url, "not-json")
        target = https_url(document.get("Url")) if isinstance(document, dict) else ""
        return self._exchange((_host_of(target),), url) if target else NotFound(url)

    async def srv(self) -> SourceResult:
        """The SRV record ``_autodiscover._tcp``."""
        name = f"_autodiscover._tcp.{self._address.domain}"
        reply = await self._net.dns.srv(name)
        records = rfc2782_order(reply.records) if isinstance(reply, DnsAnswer) else ()
        outcome: SourceResult = NotFound(name)
        for record in records[:_MAX_TARGETS]:
            host, port = parse_host(record.target), parse_port(record.port)
            if host is None or port is None:
                continue
            place = host if port == 443 else f"{host}:{port}"
            outcome = await self._follow(f"https://{place}{_PATH}", self._address, 0)
            if isinstance(outcome, Found | NeedsInput):
                break
        return outcome

    async def plain_redirect(self) -> SourceResult:
        """A redirect from plain HTTP to HTTPS; the rest of that response is ignored."""
        url = f"http://autodiscover.{self._address.domain}{_PATH}"
        reply = await self._net.http.get_plain(url)
        if isinstance(reply, HttpFailure):
            return failed(reply)
        target = https_url(reply.location)
        if not target:
            return NotFound(url, "redirect-insecure" if reply.location else "no-redirect")
        if not _is_autodiscover(target):
            # A captive portal redirects every request.
            return NotFound(url, "no-redirect")
        return await self._follow(target, self._address, 0)

    async def _follow(self, url: str, address: EmailAddress, hops: int) -> SourceResult:
        """Follow a redirect to the same owner, an agreed domain, or a built-in provider."""
        host = _host_of(url)
        if parse_host(host) is None or not url.startswith("https://"):
            return NotFound(url[:200], "redirect-insecure")
        known = self._of_provider(host, host)
        if known is not None:
            return known
        if not self._is_permitted(host):
            return self._question(host, url)
        return await self.post(url, address, hops + 1)

    async def _retry_with(self, other: EmailAddress, hops: int) -> SourceResult:
        """Repeat the search with another address; of another owner only after confirmation."""
        base = registrable_domain(other.domain)
        if base is None:
            return NotFound(other.domain, "public-suffix")
        known = self._of_provider(other.domain, other.domain)
        if known is not None:
            return known
        if not self._is_permitted(other.domain):
            return self._question(other.domain, other.domain)
        outcome: SourceResult = NotFound(other.domain)
        for host in (f"autodiscover.{other.domain}", other.domain):
            outcome = await self.post(f"https://{host}{_PATH}", other, hops + 1)
            if isinstance(outcome, Found):
                # The user name is still derived from the address that the user entered.
                named = outcome.settings.with_login_of(other, self._address)
                return replace(outcome, settings=named)
        return outcome

    def _is_permitted(self, host: str) -> bool:
        return is_own_host(host, self._address.domain) or bool(
            {host, owned_domain(host)} & self._agreed
        )

    def _question(self, host: str, place: str) -> NeedsInput:
        source = Source(Method.AUTODISCOVER, place[:200], Channel.DNS)
        return NeedsInput(source, "redirect", (owned_domain(host),))

    def _exchange(self, hosts: tuple[str, ...], url: str) -> SourceResult:
        """An Exchange mailbox: at a provider known by its hosts, or at another server."""
        for host in hosts:
            found = self._of_provider(host, host)
            if found is not None:
                return found
        return NeedsInput(Source(Method.AUTODISCOVER, url, Channel.HTTPS), "exchange")

    def _of_provider(self, host: str, evidence: str) -> Found | None:
        return provider_settings.of_alias(host, self._address, Method.AUTODISCOVER, evidence)


def _login_required(reply: HttpReply) -> SourceResult:
    """A 401 response: Exchange where it offers Windows authentication."""
    if any(word in reply.challenge for word in ("negotiate", "ntlm")):
        return NeedsInput(Source(Method.AUTODISCOVER, reply.url, Channel.HTTPS), "exchange")
    return NotFound(reply.url, "wants-login")


def _is_autodiscover(url: str) -> bool:
    """Whether a URL has Autodiscover's path, whose case varies."""
    return "/autodiscover" in urlsplit(url).path.lower()


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
