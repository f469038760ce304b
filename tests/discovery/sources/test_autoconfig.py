"""Autoconfig documents at the domain's own hosts."""

import pytest

from mailsetup.discovery.sources.autoconfig import Autoconfig, WellKnown
from mailsetup.model.source import Channel
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    WELL_KNOWN,
    ScriptedNetwork,
    address,
    config,
)
from tests.support.network.sources import found_by


def test_the_address_is_percent_encoded() -> None:
    url = Autoconfig().location(address("ana+x@peñíscola.es"))
    assert url == (
        "https://autoconfig.xn--pescola-8ya9a.es/mail/config-v1.1.xml"
        "?emailaddress=ana%2Bx%40xn--pescola-8ya9a.es"
    )


def test_xml_with_media_type_plain_text_is_read() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(AUTOCONFIG, config())
    outcome = found_by(Autoconfig(), scripted)
    assert outcome.vouched
    assert outcome.source.channel is Channel.HTTPS


@pytest.mark.parametrize(
    ("final_url", "vouched"),
    [
        ("https://www.bodega.es/c.xml", True),
        ("https://autoconfig.hoster.com/c.xml", False),
        ("https://bodega.es.evil.com/c.xml", False),
    ],
)
def test_the_domain_vouches_only_for_documents_of_its_hosts(final_url: str, vouched: bool) -> None:
    for source, url in ((Autoconfig(), AUTOCONFIG), (WellKnown(), WELL_KNOWN)):
        scripted = ScriptedNetwork()
        scripted.serve(url, config(), final_url=final_url)
        outcome = found_by(source, scripted)
        assert outcome.vouched is vouched
        assert outcome.source.location == final_url
