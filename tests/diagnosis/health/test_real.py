"""What real servers make of a domain's records: a signed root and a web server of our own."""

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
from tests.support.samples.signed_messages import HEALTHY, KEY, Place

pytestmark = pytest.mark.servers


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
        policy = await mta_sts.read_policy(HEALTHY, net)
    assert policy == mta_sts.MtaStsPolicy(mta_sts.MtaStsMode.ENFORCE, ("*.sana.es",), 86400)


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
        assert await check_received_message(good, net) == ()
        found = {one.id: one.status for one in await check_received_message(touched, net)}
    assert found == {"dns.dkim.invalid": Status.FAIL, "dns.dmarc.not-aligned": Status.FAIL}


@pytest.mark.fault("dns.domain.bogus")
async def test_a_domain_whose_signatures_are_not_those_that_were_promised(place: Place) -> None:
    async with place.network() as net:
        broken = await check_domain(EmailAddress("ana", "falsa.es"), net)
        whole = await check_domain(EmailAddress("ana", HEALTHY), net)
    assert [finding.id for finding in broken.findings] == ["dns.domain.bogus"]
    assert whole.in_order
