"""The openspf.org test suite for RFC 7208 (release 2014.04) as JSON; licence in its folder."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mailsetup.diagnosis.health.spf import check_host
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, MxRecord, Reply, SrvRecord
from mailsetup.net.dns.resolver import by_preference
from tests.support.network.scripted_network import run

_SCENARIOS = json.loads((Path(__file__).parent / "rfc7208" / "suite.json").read_text())
_CASES = [
    pytest.param(scenario, case, id=f"{scenario['description']}-{name}".replace(" ", "-"))
    for scenario in _SCENARIOS
    for name, case in scenario["tests"].items()
]
T = TypeVar("T")


@dataclass
class Zone:
    """A resolver over a scenario's zone data. ``SPF`` stands for TXT too where TXT is not given."""

    data: Mapping[str, list[Any]]

    async def mx(self, domain: str) -> Reply[MxRecord]:
        reply = self._find(domain, "MX")
        if not isinstance(reply, DnsAnswer):
            return reply
        return DnsAnswer(
            by_preference([MxRecord(int(p), str(h).lower()) for p, h in reply.records])
        )

    async def srv(self, name: str) -> Reply[SrvRecord]:
        return Absent(nxdomain=True)

    async def txt(self, name: str) -> Reply[str]:
        reply = self._find(name, "TXT")
        if not isinstance(reply, DnsAnswer):
            return reply
        return DnsAnswer(
            tuple("".join(r) if isinstance(r, list) else str(r) for r in reply.records)
        )

    async def addresses(self, host: str) -> Reply[str]:
        six, four = self._find(host, "AAAA"), self._find(host, "A")
        found = [
            str(r) for reply in (six, four) if isinstance(reply, DnsAnswer) for r in reply.records
        ]
        if found:
            return DnsAnswer(tuple(found))
        return next((r for r in (four, six) if isinstance(r, DnsFailure)), Absent(nxdomain=False))

    async def aliases(self, host: str) -> tuple[str, ...]:
        return ()

    async def names_of(self, address: str) -> tuple[str, ...]:
        reply = self._find(ipaddress.ip_address(address).reverse_pointer, "PTR")
        return tuple(str(r).lower() for r in reply.records) if isinstance(reply, DnsAnswer) else ()

    async def is_bogus(self, domain: str) -> bool:
        return False

    async def is_signed(self, name: str, rdtype: str) -> bool:
        return False

    def _find(self, name: str, rdtype: str, depth: int = 0) -> DnsAnswer[Any] | Absent | DnsFailure:
        known = {key.lower().rstrip("."): value for key, value in self.data.items()}
        entries = known.get(name.lower().rstrip("."))
        if entries is None:
            return Absent(nxdomain=True)
        typed = [entry for entry in entries if isinstance(entry, dict)]
        alias = next((e["CNAME"] for e in typed if "CNAME" in e), None)
        if alias is not None:
            if depth > 8:
                return DnsFailure(DnsFault.SERVFAIL)
            return self._find(str(alias), rdtype, depth + 1)
        records = [entry[rdtype] for entry in typed if rdtype in entry]
        if rdtype == "TXT" and not records:
            records = [entry["SPF"] for entry in typed if "SPF" in entry]
        records = [record for record in records if record != "NONE"]
        if records:
            return DnsAnswer(tuple(records))
        if "TIMEOUT" in entries:
            return DnsFailure(DnsFault.TIMEOUT)
        return Absent(nxdomain=False)


@pytest.mark.parametrize(("scenario", "case"), _CASES)
def test_every_case_of_the_suite(scenario: dict[str, Any], case: dict[str, Any]) -> None:
    sender = case["mailfrom"]
    domain = sender.rpartition("@")[2] or case["helo"]
    zone = Zone(scenario["zonedata"])
    evaluated = run(check_host(case["host"], domain, sender, case["helo"], zone))
    expected = case["result"] if isinstance(case["result"], list) else [case["result"]]
    assert evaluated.result in expected, evaluated
