"""DNS health checks against real servers: a signed root zone and a web server."""

from dataclasses import replace

import dkim as oracle
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailsetup.diagnosis.checks.domain import check_domain
from mailsetup.diagnosis.health import dane, mta_sts
from mailsetup.diagnosis.health.domain_health import HealthRequest, check_received_message
from mailsetup.discovery.domain_facts import domain_facts
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Status
from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.network import open_network
from tests.support.samples.signed_zones import HEALTHY, KEY, SignedZoneServers

pytestmark = pytest.mark.servers


async def test_healthy_signed_domain_has_no_finding(zones: SignedZoneServers) -> None:
    assert await zones.check(HEALTHY, "mx.sana.es") == {}


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
async def test_each_fault_of_an_mta_sts_policy(
    zones: SignedZoneServers, domain: str, status: Status, reason: str
) -> None:
    finding = (await zones.check(domain, f"mx.{domain}"))["dns.mta-sts.broken"]
    assert finding.status is status
    assert reason in str(finding.evidence["reason"])


async def test_policy_with_mode_none_has_no_finding(zones: SignedZoneServers) -> None:
    assert await zones.check("prueba.es", "mx.prueba.es") == {}


async def test_policy_is_read_from_the_web_server(zones: SignedZoneServers) -> None:
    async with zones.network() as net:
        policy = await mta_sts.read_policy(HEALTHY, net)
    assert policy == mta_sts.MtaStsPolicy(mta_sts.MtaStsMode.ENFORCE, ("*.sana.es",))


async def test_validated_tlsa_records_have_no_finding(zones: SignedZoneServers) -> None:
    async with zones.network() as net:
        assert await net.dns.is_signed("_25._tcp.mx.sana.es", "TLSA")
        assert not await dane.findings(await domain_facts(HEALTHY, net), net.dns)


@pytest.mark.fault("dns.dane.broken")
async def test_tlsa_records_with_wrong_signature_are_reported(zones: SignedZoneServers) -> None:
    found = await zones.check("rota.es", "mx.rota.es")
    assert found["dns.dane.broken"].facts["hosts"] == ("mx.rota.es",)
    assert found["dns.dane.broken"].status is Status.WARN


async def test_exchanger_without_tlsa_records_has_no_finding(zones: SignedZoneServers) -> None:
    async with zones.network() as net:
        assert not await dane.findings(await domain_facts("ajena.es", net), net.dns)


async def test_tlsa_records_are_not_checked_without_trust_anchor(zones: SignedZoneServers) -> None:
    options = NetworkOptions(resolver=(zones.ip, 53), ca_files=(zones.ca_file,))
    async with open_network(options) as net:
        assert not await dane.findings(await domain_facts("rota.es", net), net.dns)


async def test_spf_and_dmarc_faults_through_the_real_resolver(zones: SignedZoneServers) -> None:
    found = await zones.check("doble.es", "mx.sana.es")
    assert {(one.id, one.status) for one in found.values()} == {
        ("dns.spf.multiple", Status.FAIL),
        ("dns.dmarc.invalid", Status.WARN),
    }


@pytest.mark.fault("dns.spf.sender-not-covered")
async def test_record_for_another_host_does_not_cover_the_outgoing_server(
    zones: SignedZoneServers,
) -> None:
    found = await zones.check("fuera.es", "mx.sana.es")
    assert found["dns.spf.sender-not-covered"].status is Status.FAIL
    assert found["dns.spf.sender-not-covered"].facts == {"host": "mx.sana.es"}


async def test_signed_message_verifies_with_the_published_key(zones: SignedZoneServers) -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    message = b"From: ana@sana.es\r\nTo: pepe@lejos.es\r\nSubject: prueba\r\n\r\nHola\r\n"
    away = (
        b"Return-Path: <ana@rebotes.hoster.net>\r\nReceived: from out.hoster.net "
        b"(out.hoster.net [8.8.4.30]) by mx.lejos.es with ESMTPS id 1;\r\n"
        b" Wed, 25 Nov 2026 06:00:05 +0000\r\n"
    )
    field: bytes = oracle.sign(message, b"sel", b"sana.es", pem)
    request = HealthRequest(EmailAddress("ana", HEALTHY), arrived_elsewhere=True)
    async with zones.network() as net:
        good = replace(request, arrived=away + field + message)
        changed = replace(request, arrived=away + field + message.replace(b"prueba", b"otra"))
        assert await check_received_message(good, net) == ()
        found = {one.id: one.status for one in await check_received_message(changed, net)}
    assert found == {"dns.dkim.invalid": Status.FAIL, "dns.dmarc.not-aligned": Status.FAIL}


@pytest.mark.fault("dns.domain.bogus")
async def test_domain_whose_keys_do_not_match_the_ds_record(zones: SignedZoneServers) -> None:
    async with zones.network() as net:
        broken = await check_domain(EmailAddress("ana", "falsa.es"), net)
        whole = await check_domain(EmailAddress("ana", HEALTHY), net)
    assert [finding.id for finding in broken.findings] == ["dns.domain.bogus"]
    assert whole.in_order
