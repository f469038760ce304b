"""DNSSEC validation from the root down, with the signatures of a real name server."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.name
import dns.rrset
import pytest

from mailsetup.net.dns.dnssec import SignedQueries, Validator
from mailsetup.net.dns.resolver import DnsResolver
from mailsetup.net.dns.transport import LIFETIME
from tests.support.servers import configs
from tests.support.servers.availability import missing
from tests.support.servers.process import Server, answers, free_loopback_address, with_sbin

pytestmark = pytest.mark.servers

ZONES = {
    ".": "ns A {ip}\n",
    "es.": "ns A {ip}\nsin NS ns\nfirmado NS ns\n",
    "firmado.es.": (
        "ns A {ip}\n"
        "_imaps._tcp SRV 0 1 993 imap.hoster.com.\n"
        "*.comodin SRV 0 1 993 imap.hoster.com.\n"
        "alias CNAME _imaps._tcp\n"
    ),
    "sin.es.": "ns A {ip}\n_imaps._tcp SRV 0 1 993 imap.hoster.com.\n",
}
SIGNED = (".", "es.", "firmado.es.")
NAME = "_imaps._tcp.firmado.es"


@dataclass
class Root:
    """The name server of the signed root, and the DS record of its key."""

    ip: str
    anchor: str

    def queries(self) -> SignedQueries:
        """Queries to this name server."""
        return SignedQueries((self.ip, 53), LIFETIME)

    def resolver(self, *anchors: str) -> DnsResolver:
        return DnsResolver((self.ip, 53), anchors or (self.anchor,))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    reason = missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("knot")
    ip = free_loopback_address()
    config = folder / "knot.conf"
    policy = "policy:\n  - id: manual\n    manual: on\n    algorithm: ecdsap256sha256\n"
    signing = ("dnssec-signing: on", "dnssec-policy: manual")
    zones = (
        configs.zone(folder, zone, f"{zone}zone", *(signing if zone in SIGNED else ()))
        for zone in ZONES
    )
    config.write_text(policy + configs.knot(folder, ip, *zones))
    (folder / "knot-db").mkdir()
    delegations = {zone: _new_key(config, zone) for zone in SIGNED}
    for zone, records in ZONES.items():
        above = {"es.": ".", "firmado.es.": "es."}
        signed_below = [child for child, parent in above.items() if parent == zone]
        lines = [f"$ORIGIN {zone}", "$TTL 60", "@ SOA ns admin 1 3600 600 86400 1", "@ NS ns"]
        lines += [f"{child} NS ns.{child}" for child in signed_below]
        lines += [f"{child} DS {delegations[child]}" for child in signed_below]
        (folder / f"{zone}zone").write_text("\n".join(lines) + "\n" + records.format(ip=ip))
    server = Server("knotd", ["knotd", "-c", str(config)], folder / "log", with_sbin())
    try:
        server.wait_until(lambda: answers(ip, 53))
        yield Root(ip, delegations["."])
    finally:
        server.stop()


def _new_key(config: Path, zone: str) -> str:
    """A key for the zone; its DS record with SHA-256."""

    def keymgr(*arguments: str) -> str:
        command = ["keymgr", "-c", str(config), zone, *arguments]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, **with_sbin()}
        )
        return done.stdout

    keymgr("generate", "ksk=yes", "zsk=yes", "algorithm=13")
    records = (line.split(" DS ")[1] for line in keymgr("ds").splitlines() if " DS " in line)
    return next(record for record in records if record.split()[2] == "2")


async def is_signed(resolver: DnsResolver, name: str) -> bool:
    try:
        return await resolver.is_signed(name, "SRV")
    finally:
        await resolver.close()


async def test_records_in_a_chain_of_signed_zones_are_validated(root: Root) -> None:
    assert await is_signed(root.resolver(), NAME)


@pytest.mark.parametrize(
    "name",
    [
        "_imaps._tcp.sin.es",
        "x.comodin.firmado.es",
        "alias.firmado.es",
        "_imap._tcp.firmado.es",
        "nichts.firmado.es",
        "",
        "a" * 70 + ".es",
    ],
)
async def test_records_without_valid_signatures_are_not_validated(root: Root, name: str) -> None:
    assert not await is_signed(root.resolver(), name)


async def test_signatures_of_another_root_are_invalid(root: Root) -> None:
    number, algorithm, kind, digest = root.anchor.split()
    other = f"{number} {algorithm} {kind} {digest[::-1]}"
    assert not await is_signed(root.resolver(other), NAME)
    assert not await is_signed(DnsResolver((root.ip, 53)), NAME)


@pytest.mark.parametrize("rdtype", ["SRV", "DS", "DNSKEY"])
@pytest.mark.parametrize("fault", ["changed", "unsigned", "unanswered"])
async def test_one_invalid_response_in_the_chain_prevents_validation(
    root: Root, rdtype: str, fault: str
) -> None:
    queries = root.queries()

    async def fetch(name: str, kind: str) -> dns.message.Message | None:
        message = await queries.fetch(name, kind)
        if kind != rdtype or message is None or name == ".":
            return message
        if fault == "unanswered":
            return None
        for rrset in list(message.answer):
            if fault == "unsigned" and rrset.rdtype == dns.rdatatype.RRSIG:
                message.answer.remove(rrset)
            elif fault == "changed" and rrset.rdtype == dns.rdatatype.from_text(rdtype):
                message.answer.remove(rrset)
                text = [record.to_text() for record in rrset]
                forged = [line.replace("hoster", "h0ster").replace(" 13 ", " 14 ") for line in text]
                message.answer.append(dns.rrset.from_text(rrset.name, 60, "IN", rdtype, *forged))
        message.index = {}
        return message

    assert not await Validator(fetch, (root.anchor,)).is_proven(NAME, "SRV")


@pytest.mark.parametrize("years", [-5, 5])
async def test_expired_and_future_signatures_are_invalid(root: Root, years: int) -> None:
    queries = root.queries()
    then = time.time() + years * 365 * 86400
    validator = Validator(queries.fetch, (root.anchor,), now=lambda: then)
    assert not await validator.is_proven(NAME, "SRV")


async def test_keys_of_the_chain_are_queried_once_and_concurrently(root: Root) -> None:
    queries = root.queries()
    queried: list[tuple[str, str]] = []
    pending = maximum = 0

    async def fetch(name: str, kind: str) -> dns.message.Message | None:
        nonlocal pending, maximum
        queried.append((name, kind))
        pending += 1
        maximum = max(maximum, pending)
        await asyncio.sleep(0)
        try:
            return await queries.fetch(name, kind)
        finally:
            pending -= 1

    validator = Validator(fetch, (root.anchor,))
    assert await validator.is_proven(NAME, "SRV")
    assert len(queried) == len(set(queried))
    assert maximum >= 8
    await validator.close()
