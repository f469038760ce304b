"""The files of a publication: fetched at their URLs and compared."""

from typing import Final

from mailsetup.assistant.publication.result import Difference, PublicationPart, PublicationRow
from mailsetup.discovery.fetch_autoconfig import failed, refused
from mailsetup.discovery.sources.autoconfig import Autoconfig, WellKnown
from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.export.publish import layout
from mailsetup.export.publish.layout import ServedFile
from mailsetup.export.publish.publication import Publication
from mailsetup.formats import autoconfig, autodiscover, pacc
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import AccountSettings, ServerSettings
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found, NotFound, Unreachable
from mailsetup.model.text import plain
from mailsetup.net.http import Follow, HttpFailure, HttpReply
from mailsetup.net.network import Network

_MAX_SHOWN: Final = 300
_MAX_POLICY: Final = 64 * 1024
"""RFC 8461 section 3.3."""


class FileComparison:
    """Fetches the files of a publication, for the address that every domain has (RFC 2142)."""

    def __init__(self, expected: Publication, net: Network) -> None:
        self._expected = expected
        self._domain = expected.domain
        self._net = net
        self._address = EmailAddress("postmaster", expected.domain)

    async def compare(self, place: ServedFile) -> PublicationRow:
        """Compare the file at one URL."""
        content = self._expected.content(place.file) or b""
        match place.file:
            case layout.CONFIG:
                return await self._config(place, content)
            case layout.AUTODISCOVER:
                return await self._autodiscover(place, content)
            case layout.PACC:
                return await self._pacc(place, content)
            case _:
                return await self._policy(place, content)

    def _part(self, method: str, place: ServedFile) -> PublicationPart:
        return PublicationPart(method, place.url(self._domain), optional=not place.label)

    async def _config(self, place: ServedFile, content: bytes) -> PublicationRow:
        source = Autoconfig() if place.label else WellKnown()
        reply = await self._net.http.get(source.location(self._address))
        part = self._part(str(source.method), place)
        if isinstance(reply, HttpFailure) or reply.status != 200:
            return _without_document(part, reply)
        served = autoconfig.read(reply.body, self._address)
        if isinstance(served, autoconfig.AutoconfigFailure):
            return _unreadable(part, str(served.fault))
        wanted = autoconfig.read(content, self._address)
        return part.compared(*_typed(place, reply), *_settings(wanted, served))

    async def _autodiscover(self, place: ServedFile, content: bytes) -> PublicationRow:
        reply = await self._net.http.post(
            place.url(self._domain),
            autodiscover.request(self._address),
            autodiscover.REQUEST_TYPE,
        )
        part = self._part(str(Method.AUTODISCOVER), place)
        if isinstance(reply, HttpFailure) or reply.status != 200:
            return _without_document(part, reply)
        served = autodiscover.read(reply.body, self._address)
        match served:
            case AccountSettings():
                wanted = autodiscover.read(content, self._address)
                return part.compared(*_typed(place, reply), *_settings(wanted, served))
            case autodiscover.AutodiscoverFailure():
                return _unreadable(part, str(served.fault))
            case autodiscover.ExchangeOnly():
                return part.differs("exchange")
            case _:
                return part.differs("redirect")

    async def _pacc(self, place: ServedFile, content: bytes) -> PublicationRow:
        part = self._part(str(Method.PACC), place)
        url = place.url(self._domain)
        reply = await self._net.http.get(url, limit=pacc.MAX_BYTES, follow=Follow.SAME_OWNER)
        if isinstance(reply, HttpFailure) or reply.status != 200:
            return _without_document(part, reply)
        # The document is there; the source decides whether a program would accept it.
        match await Pacc().discover(self._address, self._net):
            case Found(settings=served):
                wanted = pacc.read(content, self._address)
                return part.compared(*_typed(place, reply), *_settings(wanted, served))
            case NotFound(reason="no-digest"):
                return part.missing("no-digest")
            case NotFound(reason=reason):
                return part.differs(reason)
            case Unreachable(reason=reason):
                return part.unreachable(reason)
            case other:
                return part.differs(type(other).__name__.lower())

    async def _policy(self, place: ServedFile, content: bytes) -> PublicationRow:
        part = self._part("mta-sts", place)
        url = place.url(self._domain)
        reply = await self._net.http.get(url, limit=_MAX_POLICY, follow=Follow.NOWHERE)
        if isinstance(reply, HttpFailure) or reply.status != 200:
            return _without_document(part, reply)
        wanted, served = _policy_values(content), _policy_values(reply.body)
        if served.get("version") != wanted["version"]:
            return _unreadable(part, "html" if b"<html" in reply.body.lower() else "not-a-policy")
        found = [
            Difference(key, wanted[key], served.get(key, ""))
            for key in wanted
            if served.get(key) != wanted[key]
        ]
        return part.compared(*_typed(place, reply), *found)


def _unreadable(part: PublicationPart, reason: str) -> PublicationRow:
    """The row of a document that cannot be read.

    A web site that answers every URL with its own page publishes nothing there.
    """
    return part.missing(reason) if reason == "html" else part.differs(reason)


def _without_document(part: PublicationPart, reply: HttpReply | HttpFailure) -> PublicationRow:
    """The row of a response without a document."""
    if isinstance(reply, HttpReply) and reply.location:
        return part.differs("redirect")
    if isinstance(reply, HttpReply) and reply.status in (401, 403):
        return part.differs("wants-login")
    outcome = refused(reply) if isinstance(reply, HttpReply) else failed(reply)
    if isinstance(outcome, Unreachable):
        return part.unreachable(outcome.reason)
    absent = outcome.reason == "no-such-host" or outcome.reason.startswith("http-")
    return part.missing(outcome.reason) if absent else part.differs(outcome.reason)


def _typed(place: ServedFile, reply: HttpReply) -> list[Difference]:
    served = reply.content_type.partition(";")[0].strip().lower()
    wanted = place.media_type.partition(";")[0]
    if served == "application/xml":
        # XML has two types (RFC 7303 section 9), and programs accept both.
        served = "text/xml"
    if served == wanted:
        return []
    return [Difference("content-type", wanted, plain(served, 80))]


def _settings(wanted: object, served: AccountSettings) -> list[Difference]:
    """What a program would set up differently from the expected document."""
    if not isinstance(wanted, AccountSettings):
        wanted = AccountSettings((), ())
    pairs = (
        ("incoming", _servers(wanted.incoming), _servers(served.incoming)),
        ("outgoing", _servers(wanted.outgoing), _servers(served.outgoing)),
        ("services", _services(wanted), _services(served)),
        ("oauth2", _issuer(wanted), _issuer(served)),
        ("provider", wanted.provider, served.provider),
    )
    return [
        Difference(what, plain(one, _MAX_SHOWN), plain(other, _MAX_SHOWN))
        for what, one, other in pairs
        if one != other
    ]


def _servers(servers: tuple[ServerSettings, ...]) -> str:
    return "; ".join(
        f"{server} {server.username} {'/'.join(server.authentication)}" for server in servers
    )


def _services(settings: AccountSettings) -> str:
    return "; ".join(
        sorted(
            f"{service.kind} {service.url or f'{service.host}:{service.port}'} {service.username}"
            for service in settings.services
        )
    )


def _issuer(settings: AccountSettings) -> str:
    endpoints = settings.oauth2
    if endpoints is None:
        return ""
    urls = (endpoints.issuer, endpoints.auth_url, endpoints.token_url, *endpoints.scope)
    return " ".join(filter(None, urls))


def _policy_values(content: bytes) -> dict[str, str]:
    """The keys of a policy, the first value of each; all ``mx`` in one value, sorted."""
    values: dict[str, str] = {}
    exchangers = set()
    for line in content.decode("utf-8", "replace").splitlines()[:200]:
        key, colon, value = line.partition(":")
        key, value = key.strip(), plain(value.strip(), _MAX_SHOWN)
        if not colon or key not in ("version", "mode", "mx", "max_age"):
            continue
        if key == "mx":
            exchangers.add(value.lower())
        else:
            values.setdefault(key, value)
    values["mx"] = ", ".join(sorted(exchangers))
    return values
