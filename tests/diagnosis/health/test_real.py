"""A signed root and a web server of our own: what real servers make of a domain's records."""

import base64
import os
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim as oracle
import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.rdatatype
import dns.zone
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mailsetup.diagnosis.checks.domain import look_at_domain
from mailsetup.diagnosis.health import dane, mtasts
from mailsetup.diagnosis.health.look import HealthRequest, look_at_dns_health, look_at_message
from mailsetup.discovery.domain import domain_facts
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Status
from mailsetup.net.network import Network, NetworkOptions, open_network
from tests.servers.process import Server, answers
from tests.servers.world import _free_loopback_address, _with_sbin, missing

DIGEST = "aa" * 32
KEY = rsa.generate_private_key(public_exponent=65537, key_size=3072)
STS = 'TXT "v=STSv1; id=20261125"'
HEALTHY = "sana.es"
DOMAINS = ("sana", "rota", "ajena", "otra", "salta", "grande", "tipo", "falta", "nombre", "prueba")
"""Domains whose policy the web server holds, each with its own fault but the first."""

POLICY = "version: STSv1\nmode: {mode}\nmax_age: 86400\n{mx}"


def _records(ip: str) -> str:
    lines = ["@ NS ns", f"ns A {ip}"]
    for name in DOMAINS:
        lines += [
            f"{name} MX 10 mx.{name}",
            f"mx.{name} A {ip}",
            f"_mta-sts.{name} {STS}",
            f"mta-sts.{name} A {ip}",
            f'{name} TXT "v=spf1 mx -all"',
            f'_dmarc.{name} TXT "v=DMARC1; p=reject; rua=mailto:d@{name}.es"',
        ]
    lines += [f"_25._tcp.mx.{name} TLSA 3 1 1 {DIGEST}" for name in ("sana", "rota")]
    lines += ['doble TXT "v=spf1 mx -all"\ndoble TXT "v=spf1 a ~all"\ndoble MX 10 mx.sana']
    lines += ['_dmarc.doble TXT "v=DMARC1; p=monitor"']
    lines += ['fuera TXT "v=spf1 ip4:192.0.2.1 -all"', "fuera MX 10 mx.sana"]
    lines += ['_dmarc.fuera TXT "v=DMARC1; p=none"']
    lines += [f"sel._domainkey.sana TXT {_in_strings(_public())}"]
    return "\n".join(lines)


def _public() -> str:
    der = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def _in_strings(text: str) -> str:
    """A key of 3072 bits does not fit into one string of 255 bytes."""
    return " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200))


@dataclass
class Place:
    """Where the servers are, whom to trust, and the root's key."""

    ip: str
    ca_file: Path
    anchor: str

    @asynccontextmanager
    async def network(self) -> AsyncIterator[Network]:
        options = NetworkOptions(
            resolver=(self.ip, 53), ca_files=(self.ca_file,), anchors=(self.anchor,)
        )
        async with open_network(options) as net:
            yield net

    async def look(self, domain: str, host: str = "") -> dict[str, Finding]:
        request = HealthRequest(EmailAddress("ana", domain), host, host)
        async with self.network() as net:
            found = await look_at_dns_health(request, net)
        return {one.id: one for one in found}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    reason = missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("health")
    ip = _free_loopback_address()
    anchor = _write_zones(folder, ip)
    ca_file = _write_web(folder, ip)
    servers = [
        Server(
            "knotd", ["knotd", "-c", str(folder / "knot.conf")], folder / "knot.log", _with_sbin()
        ),
        Server(
            "nginx",
            ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"],
            folder / "nginx.log",
            _with_sbin(),
        ),
    ]
    try:
        servers[0].wait_until(lambda: answers(ip, 53))
        servers[1].wait_until(lambda: answers(ip, 443))
        yield Place(ip, ca_file, anchor)
    finally:
        for server in servers:
            server.stop()


def _write_zones(folder: Path, ip: str) -> str:
    """The root and ``es.``, signed; one record is changed after it was signed. The root's DS."""
    falsa_ds = _sign(folder, "falsa.es.", f"@ NS ns.es.\n@ MX 10 mx\nmx A {ip}")
    other_key = falsa_ds[:-4] + ("0000" if not falsa_ds.endswith("0000") else "1111")
    below = f"falsa NS ns.es.\nfalsa DS {other_key}"
    es_ds = _sign(
        folder, "es.", f"{_records(ip)}\n{below}", tampered=f"_25._tcp.mx.rota.es. {DIGEST}"
    )
    root_ds = _sign(folder, ".", f"@ NS ns\nns A {ip}\nes NS ns.es\nns.es A {ip}\nes DS {es_ds}")
    (folder / "db").mkdir()
    (folder / "knot.conf").write_text(
        textwrap.dedent(f"""\
            server:
                rundir: "{folder}"
                listen: {ip}@53
                udp-workers: 1
                tcp-workers: 1
                background-workers: 1
            database:
                storage: "{folder}/db"
            zone:
            """)
        + "".join(
            f'  - domain: {zone}\n    storage: "{folder}"\n    file: {zone}zone\n'
            f"    zonefile-sync: -1\n    zonefile-load: whole\n    semantic-checks: off\n"
            for zone in (".", "es.", "falsa.es.")
        )
    )
    return root_ds


def _sign(folder: Path, origin: str, records: str, tampered: str = "") -> str:
    text = f"$TTL 60\n@ SOA ns admin 1 3600 600 86400 1\n{records}\n"
    zone = dns.zone.from_text(text, origin=origin, relativize=False)
    private = ec.generate_private_key(ec.SECP256R1())
    key = dns.dnssec.make_dnskey(
        private.public_key(), dns.dnssectypes.Algorithm.ECDSAP256SHA256, flags=257
    )
    now = datetime.now(UTC)
    with zone.writer() as txn:
        dns.dnssec.sign_zone(
            zone,
            txn,
            keys=[(private, key)],
            add_dnskey=True,
            dnskey_ttl=60,
            inception=now - timedelta(hours=1),
            expiration=now + timedelta(days=1),
        )
    lines = zone.to_text(relativize=False).splitlines()
    if tampered:
        name, digest = tampered.split()
        changed = [
            line.replace(digest, "bb" * 32) if line.startswith(name) and " TLSA " in line else line
            for line in lines
        ]
        assert changed != lines
        lines = changed
    (folder / f"{origin}zone").write_text("\n".join(lines) + "\n")
    return str(dns.dnssec.make_ds(dns.name.from_text(origin), key, "SHA256"))


def _write_web(folder: Path, ip: str) -> Path:
    ca = trustme.CA()
    ca_file = folder / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    hosts = [f"mta-sts.{name}.es" for name in DOMAINS if name != "nombre"]
    issued = ca.issue_cert(*hosts)
    (folder / "web.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    (folder / "web.key").write_bytes(issued.private_key_pem.bytes())
    policies = {
        "sana": POLICY.format(mode="enforce", mx="mx: *.sana.es\n"),
        "rota": POLICY.format(mode="testing", mx="mx: mx.vieja.es\n"),
        "ajena": POLICY.format(mode="enforce", mx="mx: mx.vieja.es\n"),
        "otra": POLICY.format(mode="nunca", mx="mx: mx.otra.es\n"),
        "grande": POLICY.format(mode="enforce", mx="mx: mx.grande.es\n") + "x: y\n" * 20_000,
        "tipo": POLICY.format(mode="enforce", mx="mx: mx.tipo.es\n"),
        "nombre": POLICY.format(mode="enforce", mx="mx: mx.nombre.es\n"),
        "salta": POLICY.format(mode="enforce", mx="mx: mx.salta.es\n"),
        "prueba": POLICY.format(mode="none", mx=""),
    }
    for name, policy in policies.items():
        path = folder / "www" / f"mta-sts.{name}.es" / ".well-known" / "mta-sts.txt"
        path.parent.mkdir(parents=True)
        path.write_text(policy)
    (folder / "nginx.conf").write_text(
        textwrap.dedent(f"""\
            user root;
            worker_processes 1;
            pid {folder}/nginx.pid;
            error_log {folder}/nginx-error.log;
            events {{ worker_connections 64; }}
            http {{
              access_log off;
              client_body_temp_path {folder}/nginx-body;
              proxy_temp_path {folder}/nginx-proxy;
              fastcgi_temp_path {folder}/nginx-fastcgi;
              uwsgi_temp_path {folder}/nginx-uwsgi;
              scgi_temp_path {folder}/nginx-scgi;
              default_type text/plain;
              ssl_certificate {folder}/web.pem;
              ssl_certificate_key {folder}/web.key;
              server {{ listen {ip}:443 ssl; root {folder}/www/$host; }}
              server {{
                listen {ip}:443 ssl; server_name mta-sts.tipo.es;
                root {folder}/www/$host; default_type text/html;
              }}
              server {{
                listen {ip}:443 ssl; server_name mta-sts.salta.es;
                return 301 https://mta-sts.sana.es$request_uri;
              }}
            }}
            """)
    )
    return ca_file


async def test_a_healthy_signed_domain_has_nothing_to_be_told(place: Place) -> None:
    assert await place.look(HEALTHY, "mx.sana.es") == {}


@pytest.mark.parametrize(
    ("domain", "status", "reason"),
    [
        ("rota.es", Status.WARN, "leaves out"),
        ("ajena.es", Status.FAIL, "leaves out"),
        ("otra.es", Status.WARN, "mode: nunca"),
        ("salta.es", Status.WARN, "http-301 to https://mta-sts.sana.es"),
        ("grande.es", Status.WARN, "too-large"),
        ("tipo.es", Status.WARN, "content type: text/html"),
        ("falta.es", Status.WARN, "http-404"),
        ("nombre.es", Status.WARN, "certificate-wrong-name"),
    ],
)
async def test_each_fault_of_a_policy_is_named(
    place: Place, domain: str, status: Status, reason: str
) -> None:
    finding = (await place.look(domain, f"mx.{domain}"))["dns.mta-sts.broken"]
    assert finding.status is status
    assert reason in str(finding.evidence["reason"])


async def test_a_policy_that_takes_itself_back_is_no_fault(place: Place) -> None:
    assert await place.look("prueba.es", "mx.prueba.es") == {}


async def test_a_policy_is_read_as_the_web_server_sends_it(place: Place) -> None:
    async with place.network() as net:
        policy = await mtasts.read_policy(HEALTHY, net)
    assert policy == mtasts.Policy(mtasts.Mode.ENFORCE, ("*.sana.es",), 86400)


async def test_fingerprints_that_dnssec_proves_are_believed(place: Place) -> None:
    async with place.network() as net:
        assert await net.dns.is_signed("_25._tcp.mx.sana.es", "TLSA")
        assert not await dane.findings(await domain_facts(HEALTHY, net), net.dns)


@pytest.mark.fault("dns.dane.broken")
async def test_fingerprints_with_a_wrong_signature_are_told(place: Place) -> None:
    found = await place.look("rota.es", "mx.rota.es")
    assert found["dns.dane.broken"].facts["hosts"] == ("mx.rota.es",)
    assert found["dns.dane.broken"].status is Status.WARN


async def test_an_exchanger_without_fingerprints_is_in_order(place: Place) -> None:
    async with place.network() as net:
        assert not await dane.findings(await domain_facts("ajena.es", net), net.dns)


async def test_nothing_is_said_of_fingerprints_where_the_root_is_not_trusted(place: Place) -> None:
    options = NetworkOptions(resolver=(place.ip, 53), ca_files=(place.ca_file,))
    async with open_network(options) as net:
        assert not await dane.findings(await domain_facts("rota.es", net), net.dns)


async def test_faults_of_spf_and_dmarc_are_seen_through_the_real_resolver(place: Place) -> None:
    found = await place.look("doble.es", "mx.sana.es")
    assert {(one.id, one.status) for one in found.values()} == {
        ("dns.spf.multiple", Status.FAIL),
        ("dns.dmarc.invalid", Status.WARN),
    }


@pytest.mark.fault("dns.spf.sender-not-covered")
async def test_a_record_for_another_machine_leaves_the_outgoing_server_out(place: Place) -> None:
    found = await place.look("fuera.es", "mx.sana.es")
    assert found["dns.spf.sender-not-covered"].status is Status.FAIL
    assert found["dns.spf.sender-not-covered"].facts == {"host": "mx.sana.es"}


async def test_a_signed_message_is_proven_with_the_published_key(place: Place) -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    message = b"From: ana@sana.es\r\nTo: pepe@lejos.es\r\nSubject: prueba\r\n\r\nHola\r\n"
    away = (
        b"Return-Path: <ana@rebotes.hoster.net>\r\nReceived: from out.hoster.net "
        b"(out.hoster.net [8.8.4.30]) by mx.lejos.es with ESMTPS id 1;\r\n"
        b" Wed, 25 Nov 2026 06:00:05 +0000\r\n"
    )
    field: bytes = oracle.sign(message, b"sel", b"sana.es", pem)
    request = HealthRequest(EmailAddress("ana", HEALTHY), arrived_elsewhere=True)
    async with place.network() as net:
        good = replace(request, arrived=away + field + message)
        touched = replace(request, arrived=away + field + message.replace(b"prueba", b"otra"))
        assert await look_at_message(good, net) == ()
        found = {one.id: one.status for one in await look_at_message(touched, net)}
    assert found == {"dns.dkim.invalid": Status.FAIL, "dns.dmarc.not-aligned": Status.FAIL}


@pytest.mark.fault("dns.domain.bogus")
async def test_a_domain_whose_signatures_are_not_those_that_were_promised(place: Place) -> None:
    async with place.network() as net:
        broken = await look_at_domain(EmailAddress("ana", "falsa.es"), net)
        whole = await look_at_domain(EmailAddress("ana", HEALTHY), net)
    assert [finding.id for finding in broken.findings] == ["dns.domain.bogus"]
    assert whole.in_order
