"""Autodiscover, as Outlook asks it, but never with a password and never where it could leak.

Microsoft's own clients once asked ``autodiscover.<top level domain>`` and gave passwords away to
whoever owned it. Here only the address's own domain is asked, at its owner's hosts; anybody else's
host is asked only after the person agreed.
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
    """All ways at once: the alias of ``autodiscover.``, XML, JSON, SRV and the plain redirect.

    ``agreed`` are domains (or hosts) that the person lets us be redirected to.
    """

    method = Method.AUTODISCOVER

    def __init__(self, agreed: Collection[str] = ()) -> None:
        self._agreed = frozenset(agreed)

    def location(self, address: EmailAddress) -> str:
        """The first URL."""
        return f"https://autodiscover.{address.domain}{_PATH}"

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Ask; a document from the domain itself counts for more than where it points to."""
        if registrable_domain(address.domain) is None:
            return NotFound(address.domain, "public-suffix")
        asked = _Asking(address, net, self._agreed)
        return await first_preferred(
            [
                asked.alias(),
                asked.post(self.location(address)),
                asked.post(f"https://{address.domain}{_PATH}"),
                asked.json(),
                asked.srv(),
                asked.plain_redirect(),
            ],
            _GRACE,
        )


class _Asking:
    """One search. URLs that were asked are not asked again, however often we are sent round."""

    def __init__(self, address: EmailAddress, net: Network, agreed: frozenset[str]) -> None:
        self._address = address
        self._net = net
        self._agreed = agreed
        self._asked: set[tuple[str, str]] = set()

    async def alias(self) -> SourceResult:
        """Customers of a hosting point ``autodiscover.`` at it, whose certificate then differs."""
        host = f"autodiscover.{self._address.domain}"
        for name in await self._net.dns.aliases(host):
            found = self._of_provider(name, f"cname:{name}")
            if found is not None:
                return found
        return NotFound(host)

    async def post(
        self, url: str, address: EmailAddress | None = None, hops: int = 0
    ) -> SourceResult:
        """The XML question at a URL that may be asked."""
        address = address or self._address
        if (url, address.ascii) in self._asked or hops > _MAX_HOPS:
            return NotFound(url, "redirect-loop")
        self._asked.add((url, address.ascii))
        reply = await self._net.http.post(url, request(address), REQUEST_TYPE)
        if isinstance(reply, HttpFailure):
            return failed(reply)
        if reply.location:
            return await self._go_on(reply.location, address, hops)
        if reply.status == 401:
            return _wants_login(reply)
        if reply.status != 200:
            return refused(reply)
        said = read(reply.body, address)
        match said:
            case AccountSettings():
                return Found(said, Source(Method.AUTODISCOVER, url, Channel.HTTPS))
            case RedirectAddress():
                return await self._go_on_with(said.address, hops)
            case RedirectUrl():
                return await self._go_on(said.url, address, hops)
            case ExchangeOnly():
                return self._exchange(said.hosts, url)
            case AutodiscoverFailure():
                return NotFound(url, str(said.fault))
            case _:
                assert_never(said)

    async def json(self) -> SourceResult:
        """Version 2, which never names mail servers, but does name Microsoft's."""
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
        """``_autodiscover._tcp``: by priority, weight and port."""
        name = f"_autodiscover._tcp.{self._address.domain}"
        reply = await self._net.dns.srv(name)
        records = rfc2782_order(reply.records) if isinstance(reply, DnsAnswer) else ()
        outcome: SourceResult = NotFound(name)
        for record in records[:_MAX_TARGETS]:
            host, port = parse_host(record.target), parse_port(record.port)
            if host is None or port is None:
                continue
            place = host if port == 443 else f"{host}:{port}"
            outcome = await self._go_on(f"https://{place}{_PATH}", self._address, 0)
            if isinstance(outcome, Found | NeedsInput):
                break
        return outcome

    async def plain_redirect(self) -> SourceResult:
        """A redirect from plain HTTP, to HTTPS only; nothing else is believed of that answer."""
        url = f"http://autodiscover.{self._address.domain}{_PATH}"
        reply = await self._net.http.get_plain(url)
        if isinstance(reply, HttpFailure):
            return failed(reply)
        target = https_url(reply.location)
        if not target:
            return NotFound(url, "redirect-insecure" if reply.location else "no-redirect")
        if not _is_service(target):
            # A sign-in page of this network sends everybody away, whatever they asked for.
            return NotFound(url, "no-redirect")
        return await self._go_on(target, self._address, 0)

    async def _go_on(self, url: str, address: EmailAddress, hops: int) -> SourceResult:
        """Follow to a URL of the same owner, of one agreed to, or to a provider that we know."""
        host = _host_of(url)
        if parse_host(host) is None or not url.startswith("https://"):
            return NotFound(url[:200], "redirect-insecure")
        known = self._of_provider(host, host)
        if known is not None:
            return known
        if not self._may_ask(host):
            return self._question(host, url)
        return await self.post(url, address, hops + 1)

    async def _go_on_with(self, other: EmailAddress, hops: int) -> SourceResult:
        """Ask again under another address; one of another owner's only after asking."""
        base = registrable_domain(other.domain)
        if base is None:
            return NotFound(other.domain, "public-suffix")
        known = self._of_provider(other.domain, other.domain)
        if known is not None:
            return known
        if not self._may_ask(other.domain):
            return self._question(other.domain, other.domain)
        outcome: SourceResult = NotFound(other.domain)
        for host in (f"autodiscover.{other.domain}", other.domain):
            outcome = await self.post(f"https://{host}{_PATH}", other, hops + 1)
            if isinstance(outcome, Found):
                # Whoever logs in is still the person who typed the first address.
                named = outcome.settings.with_login_of(other, self._address)
                return replace(outcome, settings=named)
        return outcome

    def _may_ask(self, host: str) -> bool:
        return is_own_host(host, self._address.domain) or bool(
            {host, owned_domain(host)} & self._agreed
        )

    def _question(self, host: str, place: str) -> NeedsInput:
        source = Source(Method.AUTODISCOVER, place[:200], Channel.DNS)
        return NeedsInput(source, "redirect", (owned_domain(host),))

    def _exchange(self, hosts: tuple[str, ...], url: str) -> SourceResult:
        """An Exchange mailbox: at a provider that we know by its hosts, or at somebody's own."""
        for host in hosts:
            found = self._of_provider(host, host)
            if found is not None:
                return found
        return NeedsInput(Source(Method.AUTODISCOVER, url, Channel.HTTPS), "exchange")

    def _of_provider(self, host: str, evidence: str) -> Found | None:
        return provider_settings.of_alias(host, self._address, Method.AUTODISCOVER, evidence)


def _wants_login(reply: HttpReply) -> SourceResult:
    """Exchange asks who we are, and offers what only it offers."""
    if any(word in reply.challenge for word in ("negotiate", "ntlm")):
        return NeedsInput(Source(Method.AUTODISCOVER, reply.url, Channel.HTTPS), "exchange")
    return NotFound(reply.url, "wants-login")


def _is_service(url: str) -> bool:
    """Whether a URL looks like Autodiscover's, whose path is the same everywhere but in case."""
    return "/autodiscover" in urlsplit(url).path.lower()


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
