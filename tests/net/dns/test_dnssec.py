"""Signatures from the root down, made by a real name server."""

import asyncio
import os
import subprocess
import textwrap
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
    """Where the signed root is served, and its key."""

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
    config.write_text(
        textwrap.dedent(f"""\
            server:
                rundir: "{folder}"
                listen: {ip}@53
                udp-workers: 1
                tcp-workers: 1
                background-workers: 1
            control:
                listen: "{folder}/knot.sock"
            database:
                storage: "{folder}/db"
            policy:
              - id: ours
                manual: on
                algorithm: ecdsap256sha256
            zone:
            """)
        + "".join(
            f'  - domain: {zone}\n    storage: "{folder}"\n    file: {zone}zone\n'
            f"    zonefile-sync: -1\n    zonefile-load: whole\n"
            + ("    dnssec-signing: on\n    dnssec-policy: ours\n" if zone in SIGNED else "")
            for zone in ZONES
        )
    )
    (folder / "db").mkdir()
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


async def test_records_in_a_chain_of_signed_zones_are_proven(root: Root) -> None:
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
async def test_what_cannot_be_proven_is_not(root: Root, name: str) -> None:
    assert not await is_signed(root.resolver(), name)


async def test_another_roots_signatures_prove_nothing(root: Root) -> None:
    number, algorithm, kind, digest = root.anchor.split()
    other = f"{number} {algorithm} {kind} {digest[::-1]}"
    assert not await is_signed(root.resolver(other), NAME)
    assert not await is_signed(DnsResolver((root.ip, 53)), NAME)


@pytest.mark.parametrize("rdtype", ["SRV", "DS", "DNSKEY"])
@pytest.mark.parametrize("harm", ["changed", "unsigned", "unanswered"])
async def test_one_harmed_answer_on_the_way_and_nothing_is_proven(
    root: Root, rdtype: str, harm: str
) -> None:
    queries = root.queries()

    async def fetch(name: str, kind: str) -> dns.message.Message | None:
        message = await queries.fetch(name, kind)
        if kind != rdtype or message is None or name == ".":
            return message
        if harm == "unanswered":
            return None
        for rrset in list(message.answer):
            if harm == "unsigned" and rrset.rdtype == dns.rdatatype.RRSIG:
                message.answer.remove(rrset)
            elif harm == "changed" and rrset.rdtype == dns.rdatatype.from_text(rdtype):
                message.answer.remove(rrset)
                text = [record.to_text() for record in rrset]
                forged = [line.replace("hoster", "h0ster").replace(" 13 ", " 14 ") for line in text]
                message.answer.append(dns.rrset.from_text(rrset.name, 60, "IN", rdtype, *forged))
        message.index = {}
        return message

    assert not await Validator(fetch, (root.anchor,)).is_proven(NAME, "SRV")


@pytest.mark.parametrize("years", [-5, 5])
async def test_signatures_of_another_time_prove_nothing(root: Root, years: int) -> None:
    queries = root.queries()
    then = time.time() + years * 365 * 86400
    validator = Validator(queries.fetch, (root.anchor,), now=lambda: then)
    assert not await validator.is_proven(NAME, "SRV")


async def test_all_keys_on_the_way_are_asked_for_side_by_side_and_once(root: Root) -> None:
    queries = root.queries()
    asked: list[tuple[str, str]] = []
    open_now = most = 0

    async def fetch(name: str, kind: str) -> dns.message.Message | None:
        nonlocal open_now, most
        asked.append((name, kind))
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0)
        try:
            return await queries.fetch(name, kind)
        finally:
            open_now -= 1

    validator = Validator(fetch, (root.anchor,))
    assert await validator.is_proven(NAME, "SRV")
    assert len(asked) == len(set(asked))
    assert most >= 8
    await validator.close()
