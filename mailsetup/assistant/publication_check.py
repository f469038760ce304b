"""Whether a domain really serves the settings that it should: asked as mail programs ask.

What is compared is what a program would understand, not the bytes: a provider that writes its
documents in another way but says the same is right.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.discovery.fetch_autoconfig import failed, refused
from mailsetup.discovery.sources.autoconfig import Autoconfig
from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.discovery.sources.well_known import WellKnown
from mailsetup.export.publish import layout
from mailsetup.export.publish.layout import ServedFile
from mailsetup.export.publish.publication import Publication
from mailsetup.export.publish.zone import SrvData, TxtData
from mailsetup.formats import autoconfig, autodiscover, pacc
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, Reply
from mailsetup.model.hostname import parse_host
from mailsetup.model.outcome import Found, NotFound, Unreachable
from mailsetup.model.settings import AccountSettings, ServerSettings
from mailsetup.model.settings_json import Json
from mailsetup.model.source import Method
from mailsetup.model.text import plain
from mailsetup.net.http import Follow, HttpFailure, HttpReply
from mailsetup.net.network import Network

_MAX_SHOWN = 300
_MAX_POLICY = 64 * 1024
"""RFC 8461 section 3.3."""
_STS_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
# XML has two types, and no program minds which one it is.
_SAME_TYPE = {"application/xml": "text/xml"}


class PublicationState(StrEnum):
    """How one part of what should be served stands, in the command line's words."""

    RIGHT = "right"
    DIFFERS = "differs"
    MISSING = "missing"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is served differently. ``what`` is a stable word; texts are fit to be shown.

    ``content-type``, ``incoming``, ``outgoing``, ``services``, ``oauth2``, ``provider``,
    ``records``, ``text``, ``id``, or a key of the MTA-STS policy (``mode``, ``mx`` …).
    """

    what: str
    expected: str
    served: str


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """One part and how it stands.

    ``method`` is a word of `Method`, ``mta-sts`` or ``tls-rpt``; ``location`` a URL or a DNS name.
    ``reason`` is a stable word where there is nothing to compare. What is ``optional`` need not be
    there, because its twin below the domain does the same; but where it is, it must be right.
    """

    method: str
    location: str
    state: PublicationState
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    optional: bool = False

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done about it."""
        return self.state is PublicationState.RIGHT or (
            self.optional and self.state is PublicationState.MISSING
        )

    @property
    def sentence(self) -> str:
        """What was seen and what to do, in the current language."""
        match self.state:
            case PublicationState.RIGHT:
                return _("{location} is right.").format(location=self.location)
            case PublicationState.DIFFERS:
                return self._difference()
            case PublicationState.MISSING:
                return self._absence()
            case PublicationState.UNREACHABLE:
                return self._silence()

    def _difference(self) -> str:
        if self.differences:
            first = self.differences[0]
            return _(
                "{location} differs ({what}): it says “{served}” where “{expected}” should be."
            ).format(
                location=self.location,
                what=first.what,
                served=first.served or "–",
                expected=first.expected or "–",
            )
        texts = {
            "digest-mismatch": _(
                "{location} does not fit its digest in the DNS. Publish the two together."
            ),
            "redirect": _("{location} leads to another address. It must be served there itself."),
            "wants-login": _("{location} asks for a login. It must be open to everybody."),
            "several-records": _("{location} has several records where one is allowed."),
        }
        usual = _("{location} serves something else ({reason}). Put the published file there.")
        text = texts.get(self.reason, usual)
        return text.format(location=self.location, reason=self.reason)

    def _absence(self) -> str:
        if self.optional:
            text = _(
                "There is nothing at {location}. It is not needed, but some programs ask there."
            )
        elif self.reason == "no-such-host":
            text = _("The host of {location} is not in the DNS. Add the record of the zone file.")
        elif self.reason == "no-digest":
            text = _(
                "The digest for {location} is not in the DNS. Without it nobody reads the file."
            )
        elif self.reason == "html":
            text = _("At {location} stands a page of the web site. Put the published file there.")
        elif self.location.startswith("https://"):
            text = _("There is nothing at {location}. Put the published file there.")
        else:
            text = _("There is no record at {location}. Add the one of the zone file.")
        return text.format(location=self.location)

    def _silence(self) -> str:
        if self.reason.startswith("certificate-"):
            text = _("The certificate at {location} is not valid for it ({reason}).")
        else:
            text = _("{location} could not be asked ({reason}). Try again later.")
        return text.format(location=self.location, reason=self.reason)


def is_published(rows: Sequence[PublicationRow]) -> bool:
    """Whether everything that has to be served is served and right."""
    return all(row.is_well for row in rows)


def row_to_json(row: PublicationRow) -> dict[str, Json]:
    """A row for the command line's ``--json``; the sentence is in the current language."""
    document: dict[str, Json] = {
        "method": row.method,
        "location": row.location,
        "state": str(row.state),
        "optional": row.optional,
        "sentence": row.sentence,
    }
    if row.reason:
        document["reason"] = row.reason
    if row.differences:
        document["differences"] = [
            {"what": entry.what, "expected": entry.expected, "served": entry.served}
            for entry in row.differences
        ]
    return document


async def mail_exchangers(domain: str, net: Network) -> tuple[str, ...]:
    """The domain's MX hosts, best first, for `PublishOptions.mail_exchangers`; () without any.

    A null MX (RFC 7505) and hosts that others cannot reach are none.
    """
    reply = await net.dns.mx(domain)
    if not isinstance(reply, DnsAnswer):
        return ()
    hosts = (parse_host(record.host) for record in reply.records)
    return tuple(dict.fromkeys(host for host in hosts if host is not None))


async def verify_publication(expected: Publication, net: Network) -> tuple[PublicationRow, ...]:
    """Fetch every part and compare it. One row a part, in the order of the files and records.

    Cannot be seen from here: the CORS header, and whether the web server's names are aliases.
    """
    asked = _Asking(expected, net)
    places = [place for place in layout.PLACES if expected.content(place.file) is not None]
    services = [record for record in expected.records if isinstance(record, SrvData)]
    owners = dict.fromkeys(record.owner for record in services)
    texts = [record for record in expected.records if isinstance(record, TxtData)]
    return tuple(
        await asyncio.gather(
            *(asked.place(place) for place in places),
            *(asked.srv(owner) for owner in owners),
            *(asked.txt(record) for record in texts),
        )
    )


class _Asking:
    """One comparison. The mailbox that is asked about is the one that every domain has."""

    def __init__(self, expected: Publication, net: Network) -> None:
        self._expected = expected
        self._domain = expected.domain
        self._net = net
        self._address = EmailAddress("postmaster", expected.domain)

    async def place(self, place: ServedFile) -> PublicationRow:
        """One file at one address."""
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

    async def _config(self, place: ServedFile, content: bytes) -> PublicationRow:
        source = Autoconfig() if place.label else WellKnown()
        reply = await self._net.http.get(source.location(self._address))
        row = _Row(str(source.method), place, self._domain)
        if isinstance(reply, HttpFailure) or reply.status != 200:
            return row.without_document(reply)
        served = autoconfig.read(reply.body, self._address)
        if isinstance(served, autoconfig.AutoconfigFailure):
            return row.unreadable(str(served.fault))
        wanted = autoconfig.read(content, self._address)
        return row.compared(_typed(place, reply) + _settings(wanted, served))

    async def _autodiscover(self, place: ServedFile, content: bytes) -> PublicationRow:
        reply = await self._net.http.post(
            place.url(self._domain),
            autodiscover.request(self._address),
            autodiscover.REQUEST_TYPE,
        )
        row = _Row(str(Method.AUTODISCOVER), place, self._domain)
        if isinstance(reply, HttpFailure) or reply.status != 200:
            return row.without_document(reply)
        served = autodiscover.read(reply.body, self._address)
        match served:
            case AccountSettings():
                wanted = autodiscover.read(content, self._address)
                return row.compared(_typed(place, reply) + _settings(wanted, served))
            case autodiscover.AutodiscoverFailure():
                return row.unreadable(str(served.fault))
            case autodiscover.ExchangeOnly():
                return row.differs("exchange")
            case _:
                return row.differs("redirect")

    async def _pacc(self, place: ServedFile, content: bytes) -> PublicationRow:
        row = _Row(str(Method.PACC), place, self._domain)
        url = place.url(self._domain)
        reply = await self._net.http.get(url, limit=pacc.MAX_BYTES, follow=Follow.SAME_OWNER)
        if isinstance(reply, HttpFailure) or reply.status != 200:
            return row.without_document(reply)
        # The document is there; the source says whether a program would believe it.
        match await Pacc().discover(self._address, self._net):
            case Found(settings=served):
                wanted = pacc.read(content, self._address)
                return row.compared(_typed(place, reply) + _settings(wanted, served))
            case NotFound(reason="no-digest"):
                return row.missing("no-digest")
            case NotFound(reason=reason):
                return row.differs(reason)
            case Unreachable(reason=reason):
                return row.unreachable(reason)
            case other:
                return row.differs(type(other).__name__.lower())

    async def _policy(self, place: ServedFile, content: bytes) -> PublicationRow:
        row = _Row("mta-sts", place, self._domain)
        url = place.url(self._domain)
        reply = await self._net.http.get(url, limit=_MAX_POLICY, follow=Follow.NOWHERE)
        if isinstance(reply, HttpFailure) or reply.status != 200:
            return row.without_document(reply)
        wanted, served = _policy_values(content), _policy_values(reply.body)
        if served.get("version") != wanted["version"]:
            return row.unreadable("html" if b"<html" in reply.body.lower() else "not-a-policy")
        found = [
            Difference(key, wanted[key], served.get(key, ""))
            for key in wanted
            if served.get(key) != wanted[key]
        ]
        return row.compared(_typed(place, reply) + found)

    async def srv(self, owner: str) -> PublicationRow:
        """The records of one service."""
        protocols = {server.protocol for server in self._expected.settings.incoming}
        both = len(protocols) > 1 and owner.startswith(("_imap", "_pop3"))
        wanted = [
            (record.priority, record.port, record.target)
            for record in self._expected.records
            if isinstance(record, SrvData) and record.owner == owner
        ]
        optional = owner.startswith("_autodiscover.")
        method = str(Method.AUTODISCOVER if optional else Method.SRV)
        reply = await self._net.dns.srv(owner)
        row = _dns_row(method, owner, reply, optional=optional)
        if row is not None or not isinstance(reply, DnsAnswer):
            return row or PublicationRow(method, owner, PublicationState.MISSING, optional=optional)
        served = [(record.priority, record.port, record.target) for record in reply.records]
        # Between IMAP and POP3 the numbers themselves decide; within one name only their order.
        compared = sorted if both else _by_rank
        if compared(wanted) == compared(served):
            return PublicationRow(method, owner, PublicationState.RIGHT, optional=optional)
        change = Difference("records", _srv_text(wanted), _srv_text(served))
        return PublicationRow(
            method, owner, PublicationState.DIFFERS, differences=(change,), optional=optional
        )

    async def txt(self, record: TxtData) -> PublicationRow:
        """One text; each kind has its own rules for what is the same."""
        label = record.owner.removesuffix(f".{self._domain}")
        method = _TXT_METHODS.get(label, str(Method.SRV))
        # The paths of calendars stand beside the service records, under the same name.
        owner = record.owner if label in _TXT_METHODS else f"{record.owner} (TXT)"
        reply = await self._net.dns.txt(record.owner)
        row = _dns_row(method, owner, reply)
        if row is not None or not isinstance(reply, DnsAnswer):
            return row or PublicationRow(method, owner, PublicationState.MISSING)
        version = record.text.partition(";")[0] if label in _TXT_METHODS else ""
        served = [text for text in reply.records if text.strip().startswith(version)]
        if not served:
            return PublicationRow(method, owner, PublicationState.MISSING, "absent")
        if label == "_mta-sts":
            return _sts_row(owner, record.text, served)
        if label == "_ua-auto-config":
            return await self._digest_row(record, served)
        if len(served) > 1:
            return PublicationRow(method, owner, PublicationState.DIFFERS, "several-records")
        if _squeezed(served[0]) == _squeezed(record.text):
            return PublicationRow(method, owner, PublicationState.RIGHT)
        change = Difference("text", record.text, plain(served[0], _MAX_SHOWN))
        return PublicationRow(method, owner, PublicationState.DIFFERS, differences=(change,))

    async def _digest_row(self, record: TxtData, served: list[str]) -> PublicationRow:
        """Right where it fits the document that is served, or else the one that will be."""
        method = str(Method.PACC)
        if any(_squeezed(text) == _squeezed(record.text) for text in served):
            return PublicationRow(method, record.owner, PublicationState.RIGHT)
        if isinstance(await Pacc().discover(self._address, self._net), Found):
            return PublicationRow(method, record.owner, PublicationState.RIGHT)
        change = Difference("text", record.text, plain(served[0], _MAX_SHOWN))
        return PublicationRow(method, record.owner, PublicationState.DIFFERS, differences=(change,))


_TXT_METHODS = {
    "_ua-auto-config": str(Method.PACC),
    "_mta-sts": "mta-sts",
    "_smtp._tls": "tls-rpt",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """Rows about one place."""

    method: str
    place: ServedFile
    domain: str

    def _made(
        self, state: PublicationState, reason: str = "", differences: tuple[Difference, ...] = ()
    ) -> PublicationRow:
        url = self.place.url(self.domain)
        return PublicationRow(
            self.method, url, state, reason, differences, optional=not self.place.label
        )

    def compared(self, differences: list[Difference]) -> PublicationRow:
        state = PublicationState.DIFFERS if differences else PublicationState.RIGHT
        return self._made(state, differences=tuple(differences))

    def differs(self, reason: str) -> PublicationRow:
        return self._made(PublicationState.DIFFERS, reason)

    def missing(self, reason: str) -> PublicationRow:
        return self._made(PublicationState.MISSING, reason)

    def unreachable(self, reason: str) -> PublicationRow:
        return self._made(PublicationState.UNREACHABLE, reason)

    def unreadable(self, reason: str) -> PublicationRow:
        """A web site that answers every address with its own page publishes nothing there."""
        return self.missing(reason) if reason == "html" else self.differs(reason)

    def without_document(self, reply: HttpReply | HttpFailure) -> PublicationRow:
        """What an answer other than a document means."""
        if isinstance(reply, HttpReply) and reply.location:
            return self.differs("redirect")
        if isinstance(reply, HttpReply) and reply.status in (401, 403):
            return self.differs("wants-login")
        outcome = refused(reply) if isinstance(reply, HttpReply) else failed(reply)
        if isinstance(outcome, Unreachable):
            return self.unreachable(outcome.reason)
        absent = outcome.reason == "no-such-host" or outcome.reason.startswith("http-")
        return self.missing(outcome.reason) if absent else self.differs(outcome.reason)


def _dns_row(
    method: str, owner: str, reply: Reply[object], *, optional: bool = False
) -> PublicationRow | None:
    """The row where there is no answer to compare."""
    match reply:
        case Absent():
            return PublicationRow(
                method, owner, PublicationState.MISSING, "absent", optional=optional
            )
        case DnsFailure(fault=fault):
            return PublicationRow(
                method, owner, PublicationState.UNREACHABLE, str(fault), optional=optional
            )
        case _:
            return None


def _typed(place: ServedFile, reply: HttpReply) -> list[Difference]:
    served = reply.content_type.partition(";")[0].strip().lower()
    wanted = place.media_type.partition(";")[0]
    if _SAME_TYPE.get(served, served) == wanted:
        return []
    return [Difference("content-type", wanted, plain(served, 80))]


def _settings(wanted: object, served: AccountSettings) -> list[Difference]:
    """What a program would set up differently from what our own document reads as."""
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


def _by_rank(records: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Priorities as their places in the order."""
    ranks = {
        priority: rank for rank, priority in enumerate(sorted({entry[0] for entry in records}))
    }
    return sorted((ranks[priority], port, target) for priority, port, target in records)


def _srv_text(records: list[tuple[int, int, str]]) -> str:
    texts = (f"{priority} {target or '.'}:{port}" for priority, port, target in sorted(records))
    return plain("; ".join(texts), _MAX_SHOWN)


def _policy_values(content: bytes) -> dict[str, str]:
    """The policy's keys; exchangers in one value, in the order of their names. First one wins."""
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


def _sts_row(owner: str, wanted: str, served: list[str]) -> PublicationRow:
    """Any valid id will do: it only has to change with the policy, which is compared by itself."""
    if len(served) > 1:
        return PublicationRow("mta-sts", owner, PublicationState.DIFFERS, "several-records")
    fields = dict(part.strip().partition("=")[::2] for part in served[0].split(";") if "=" in part)
    if _STS_ID.match(fields.get("id", "")):
        return PublicationRow("mta-sts", owner, PublicationState.RIGHT)
    change = Difference("id", wanted, plain(served[0], _MAX_SHOWN))
    return PublicationRow("mta-sts", owner, PublicationState.DIFFERS, differences=(change,))


def _squeezed(text: str) -> str:
    """Without what RFC 8460 and PACC let vary: blanks around separators and a last semicolon."""
    return ";".join(part.strip() for part in text.split(";") if part.strip())
