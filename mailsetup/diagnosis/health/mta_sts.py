"""The domain's policy for delivery over TLS: MTA-STS (RFC 8461) and TLS-RPT (RFC 8460).

Port 25 of the exchangers is not connected to, so their certificates are not checked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from mailsetup.model.certificate import TlsFault
from mailsetup.model.dns import Absent, DnsAnswer
from mailsetup.model.domain_facts import DomainFacts
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import is_dns_name
from mailsetup.model.text import plain
from mailsetup.net.http import Follow, HttpFailure, HttpFault, HttpReply
from mailsetup.net.network import Network

MAX_POLICY = 64 * 1024
"""Bytes (RFC 8461 section 3.3)."""
MAX_AGE = 31_557_600
"""Seconds (RFC 8461 section 3.2)."""
FETCH_TIMEOUT = 6.0
"""Seconds for the policy. Senders wait a minute (RFC 8461 section 3.3), users do not."""
_MAX_PATTERNS = 100
_VERSION = re.compile(r"v=STSv1[ \t]*(?:;|\Z)")
_RECORD = re.compile(
    r"v=STSv1(?:[ \t]*;[ \t]*[A-Za-z0-9][A-Za-z0-9_.\-]{0,31}=[!-:<>-~]+)*[ \t]*(?:;[ \t]*)?\Z"
)
_ID = re.compile(r";[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(?:;|\Z)")
_REPORTS = re.compile(r"v=TLSRPTv1[ \t]*;[ \t]*rua=(?:mailto:|https:)[!-:<-~]+", re.IGNORECASE)


class MtaStsMode(StrEnum):
    """RFC 8461 section 5."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MtaStsPolicy:
    """A valid policy. ``patterns`` are its ``mx`` values in lower case."""

    mode: MtaStsMode
    patterns: tuple[str, ...]

    def covers(self, host: str) -> bool:
        """Whether an exchanger matches (RFC 8461 section 4.1); ``*`` is exactly one label."""
        name = host.lower().rstrip(".")
        return name in self.patterns or f"*.{name.partition('.')[2]}" in self.patterns


@dataclass(frozen=True, slots=True)
class MtaStsFailure:
    """Why an announced policy is not usable."""

    reason: str


def read_record(texts: Sequence[str]) -> str | MtaStsFailure | None:
    """The id of the announced policy (RFC 8461 section 3.1); None where none is announced."""
    records = [text for text in texts if _VERSION.match(text)]
    if not records:
        return None
    if len(records) > 1:
        return MtaStsFailure(f"{len(records)} records")
    found = _ID.search(records[0]) if _RECORD.match(records[0]) else None
    return found[1] if found else MtaStsFailure(f"record: {plain(records[0], 120)}")


def parse_policy(body: bytes) -> MtaStsPolicy | MtaStsFailure:
    """Parse a policy (RFC 8461 section 3.2). Of a repeated key the first value counts.

    Unknown keys are ignored; keys and values are case-sensitive.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return MtaStsFailure("not UTF-8")
    values: dict[str, str] = {}
    patterns: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip(" \t"):
            continue
        key, colon, value = line.partition(":")
        if not colon or not key.strip(" \t"):
            return MtaStsFailure(f"line: {plain(line, 80)}")
        key, value = key.strip(" \t"), value.strip(" \t")
        if key == "mx":
            patterns.append(value.lower().rstrip("."))
        else:
            values.setdefault(key, value)
    if values.get("version") != "STSv1":
        return MtaStsFailure("no version: STSv1")
    if values.get("mode") not in set(MtaStsMode):
        return MtaStsFailure(f"mode: {plain(values.get('mode', ''), 40)}")
    mode = MtaStsMode(values["mode"])
    age = values.get("max_age", "")
    if not re.fullmatch(r"[0-9]{1,10}", age) or int(age) > MAX_AGE:
        return MtaStsFailure(f"max_age: {plain(age, 40)}")
    wrong = [one for one in patterns if not is_dns_name(one.removeprefix("*."))]
    if wrong:
        return MtaStsFailure(f"mx: {plain(wrong[0], 80)}")
    if not patterns and mode is not MtaStsMode.NONE:
        return MtaStsFailure("no mx")
    return MtaStsPolicy(mode, tuple(patterns[:_MAX_PATTERNS]))


async def read_policy(domain: str, net: Network) -> MtaStsPolicy | MtaStsFailure | None:
    """Fetch the announced policy, by HTTPS and without redirects.

    None where none is announced, or where it is unknown whether senders would get it.
    """
    reply = await net.dns.txt(f"_mta-sts.{domain}")
    announced = read_record(reply.records) if isinstance(reply, DnsAnswer) else None
    if announced is None:
        return None
    if isinstance(announced, MtaStsFailure):
        return announced
    document = await net.http.get(
        f"https://mta-sts.{domain}/.well-known/mta-sts.txt",
        limit=MAX_POLICY,
        timeout=FETCH_TIMEOUT,
        follow=Follow.NOWHERE,
    )
    match document:
        case HttpReply():
            return _document(document)
        case HttpFailure():
            return await _failure(document, domain, net)
        case _:
            assert_never(document)


def _document(reply: HttpReply) -> MtaStsPolicy | MtaStsFailure | None:
    if reply.status >= 500 or reply.status == 429:
        return None
    if reply.location or reply.status != 200:
        target = f" to {plain(reply.location, 120)}" if reply.location else ""
        return MtaStsFailure(f"http-{reply.status}{target}")
    kind = reply.content_type.partition(";")[0].strip().lower()
    if kind != "text/plain":
        return MtaStsFailure(f"content type: {plain(kind, 60) or 'none'}")
    return parse_policy(reply.body)


async def _failure(failure: HttpFailure, domain: str, net: Network) -> MtaStsFailure | None:
    """A failure that every sender would meet; None for one that may be due to this network."""
    host = f"mta-sts.{domain}"
    match failure.fault:
        case HttpFault.UNRESOLVABLE:
            gone = isinstance(await net.dns.addresses(host), Absent)
            return MtaStsFailure(f"{host} has no address") if gone else None
        case HttpFault.TLS:
            fault = failure.tls.fault if failure.tls else TlsFault.FAILED
            conclusive = (TlsFault.WRONG_NAME, TlsFault.EXPIRED, TlsFault.UNKNOWN_ISSUER)
            return MtaStsFailure(f"{host}: {fault}") if fault in conclusive else None
        case HttpFault.TOO_LARGE | HttpFault.ENCODED:
            return MtaStsFailure(str(failure.fault))
        case (
            HttpFault.RESOLVER
            | HttpFault.UNREACHABLE
            | HttpFault.TIMEOUT
            | HttpFault.PROTOCOL
            | HttpFault.REDIRECT_LOOP
            | HttpFault.REDIRECT_INSECURE
            | HttpFault.REDIRECT_FOREIGN
        ):
            return None
        case _:
            assert_never(failure.fault)


async def findings(
    policy: MtaStsPolicy | MtaStsFailure | None, facts: DomainFacts, net: Network
) -> tuple[Finding, ...]:
    """Fails only where senders that honour the policy cannot deliver at all, else warns."""
    match policy:
        case None | MtaStsPolicy(mode=MtaStsMode.NONE):
            return ()
        case MtaStsFailure():
            shown: dict[str, Fact] = {"reason": policy.reason}
            status = Status.WARN
        case MtaStsPolicy():
            hosts = tuple(dict.fromkeys(mx.host for mx in facts.exchangers if mx.host))
            hosts = hosts or ((facts.domain,) if facts.has_address else ())
            left_out = tuple(host for host in hosts if not policy.covers(host))
            if not left_out:
                return ()
            shown = {
                "reason": "the policy leaves out exchangers",
                "mode": str(policy.mode),
                "policy": policy.patterns[:6],
                "left_out": left_out[:6],
            }
            resolvable = [host for host in hosts if host not in facts.unresolvable]
            unreachable = not any(policy.covers(host) for host in resolvable)
            fails = policy.mode is MtaStsMode.ENFORCE and unreachable
            status = Status.FAIL if fails else Status.WARN
        case _:
            assert_never(policy)
    return (
        Finding(
            FindingId.DNS_MTA_STS_BROKEN, status, {}, shown | await _reports(facts.domain, net)
        ),
    )


async def _reports(domain: str, net: Network) -> dict[str, Fact]:
    """Evidence about the TLS-RPT record, by which the domain gets reports of failed deliveries."""
    reply = await net.dns.txt(f"_smtp._tls.{domain}")
    texts = reply.records if isinstance(reply, DnsAnswer) else ()
    meant = [text for text in texts if text.lower().startswith("v=tlsrptv1")]
    if not meant:
        return {"tls_rpt": "none"} if isinstance(reply, Absent | DnsAnswer) else {}
    good = len(meant) == 1 and _REPORTS.match(meant[0]) is not None
    return {"tls_rpt": plain(meant[0], 200) if good else f"invalid: {plain(meant[0], 200)}"}
