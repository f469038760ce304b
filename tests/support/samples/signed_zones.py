"""Zones signed from the root, each domain with its own fault, and their MTA-STS policies."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.rdatatype
import dns.zone
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)

from mailsetup.diagnosis.health.domain_health import HealthRequest, check_dns_health
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding
from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.network import Network, open_network
from tests.support.servers.configs import knot, nginx, zone

DIGEST = "aa" * 32
KEY = rsa.generate_private_key(public_exponent=65537, key_size=3072)
STS = 'TXT "v=STSv1; id=20261125"'
HEALTHY = "sana.es"
DOMAINS = ("sana", "rota", "ajena", "otra", "salta", "grande", "tipo", "falta", "nombre", "prueba")
"""Domains with an MTA-STS policy on the web server, each but the first with its own fault."""

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
    """A TXT record in several strings: a key of 3072 bits does not fit into 255 octets."""
    return " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200))


@dataclass
class SignedZoneServers:
    """Address of the servers, their certificate authority, and the DS record of the root."""

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

    async def check(self, domain: str, host: str = "") -> dict[str, Finding]:
        request = HealthRequest(EmailAddress("ana", domain), host, host)
        async with self.network() as net:
            found = await check_dns_health(request, net)
        return {one.id: one for one in found}


def write_zones(folder: Path, ip: str) -> str:
    """Write the signed zones; one record is changed after signing. Returns the DS of the root."""
    falsa_ds = _sign(folder, "falsa.es.", f"@ NS ns.es.\n@ MX 10 mx\nmx A {ip}")
    other_key = falsa_ds[:-4] + ("0000" if not falsa_ds.endswith("0000") else "1111")
    below = f"falsa NS ns.es.\nfalsa DS {other_key}"
    es_ds = _sign(
        folder, "es.", f"{_records(ip)}\n{below}", tampered=f"_25._tcp.mx.rota.es. {DIGEST}"
    )
    root_ds = _sign(folder, ".", f"@ NS ns\nns A {ip}\nes NS ns.es\nns.es A {ip}\nes DS {es_ds}")
    (folder / "knot-db").mkdir()
    zones = (
        zone(folder, name, f"{name}zone", "semantic-checks: off")
        for name in (".", "es.", "falsa.es.")
    )
    (folder / "knot.conf").write_text(knot(folder, ip, *zones))
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


def write_web(folder: Path, ip: str) -> Path:
    """Write the web server's policies and configuration. Returns its certificate authority."""
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
    served = f"""\
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
        """
    (folder / "nginx.conf").write_text(nginx(folder, served, user="root"))
    return ca_file
