"""Many addresses in one run."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from mailsetup.discovery.batch_search import BatchSearch
from mailsetup.discovery.find import FIRST_STAGE_TIMEOUT, GRACE, find
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.search_options import SearchOptions
from mailsetup.model.source import Method
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    ISPDB,
    NEVER,
    WELL_KNOWN,
    ScriptedNetwork,
    address,
    config,
    imap,
    run,
    smtp,
    srv,
)


def all_of(scripted: ScriptedNetwork, *texts: str) -> list[Discovery]:
    async def search() -> list[Discovery]:
        searches = BatchSearch(scripted.network())
        try:
            return await asyncio.gather(*(searches.find(address(text)) for text in texts))
        finally:
            await searches.close()

    return run(search())


def names(discovery: Discovery) -> set[str]:
    return (
        {server.username for server in discovery.settings.servers} if discovery.settings else set()
    )


def test_each_domain_is_searched_once_and_user_names_are_adapted() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(AUTOCONFIG, config())
    found = all_of(scripted, "ana@bodega.es", "eva@bodega.es", "leo@bodega.es", "ana@otra.es")
    assert [names(one) for one in found] == [
        {"ana@bodega.es"},
        {"eva@bodega.es"},
        {"leo@bodega.es"},
        set(),
    ]
    asked = Counter(url.partition("?")[0] for url in scripted.asked_urls)
    assert set(asked.values()) == {1}
    assert found[3].outcome is DiscoveryStatus.NOT_FOUND


def test_local_parts_as_user_names_are_adapted() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(AUTOCONFIG, config().replace(b"%EMAILADDRESS%", b"%EMAILLOCALPART%"))
    found = all_of(scripted, "ana@bodega.es", "eva@bodega.es")
    assert [names(one) for one in found] == [{"ana"}, {"eva"}]


def test_a_domain_with_settings_per_mailbox_is_searched_per_mailbox() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(AUTOCONFIG, config().replace(b"%EMAILADDRESS%", b"w123456"))
    all_of(scripted, "ana@bodega.es", "eva@bodega.es")
    asked = [url for url in scripted.asked_urls if url.startswith(AUTOCONFIG)]
    assert len(asked) == 2
    assert {"ana%40" in url for url in asked} == {True, False}


def test_a_domain_that_publishes_settings_is_not_probed() -> None:
    scripted = ScriptedNetwork(dns_delay=0.05)
    scripted.serve(AUTOCONFIG, config(), after=0.2)
    scripted.mail["imap.bodega.es", 993], scripted.mail["smtp.bodega.es", 465] = imap(), smtp()
    (found,) = all_of(scripted, "ana@bodega.es")
    assert found.outcome is DiscoveryStatus.FOUND
    assert (scripted.asked_hosts, scripted.posted) == ([], [])
    assert not [url for url in scripted.asked_urls if "bodega.es/" not in url]


def test_an_unresponsive_host_delays_probing_only_briefly() -> None:
    scripted = ScriptedNetwork(web_delay=NEVER)
    scripted.mail["imap.bodega.es", 993], scripted.mail["smtp.bodega.es", 465] = imap(), smtp()
    (found,) = all_of(scripted, "ana@bodega.es")
    assert found.source is not None
    assert found.source.method is Method.PROBE
    assert found.elapsed_ms <= 1000 * (FIRST_STAGE_TIMEOUT + GRACE) + 500


def _guessed(scripted: ScriptedNetwork) -> None:
    scripted.mail["imap.bodega.es", 993], scripted.mail["smtp.bodega.es", 465] = imap(), smtp()


def _half_published(scripted: ScriptedNetwork) -> None:
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.bodega.es", 993))
    scripted.mail["smtp.bodega.es", 465] = smtp()


def _published_twice(scripted: ScriptedNetwork) -> None:
    scripted.serve(AUTOCONFIG, config(), after=0.1)
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 465))


def _listed(scripted: ScriptedNetwork) -> None:
    scripted.serve(ISPDB, config())


def _elsewhere(scripted: ScriptedNetwork) -> None:
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.hoster.com", 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("smtp.hoster.com", 465))


def _nothing(scripted: ScriptedNetwork) -> None:
    scripted.serve("https://www.bodega.es/", b"<html></html>")


@pytest.mark.parametrize("budget", [0.3, 20.0])
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize(
    "made", [_guessed, _half_published, _published_twice, _listed, _elsewhere, _nothing]
)
def test_a_search_in_two_stages_finds_the_same_settings(
    made: Callable[[ScriptedNetwork], None], silent: bool, budget: float
) -> None:
    found = []
    for in_stages in (False, True):
        scripted = ScriptedNetwork()
        made(scripted)
        if silent:
            scripted.web_delays[WELL_KNOWN] = NEVER
        search = find(
            address("ana@bodega.es"),
            scripted.network(),
            SearchOptions(budget=budget),
            in_stages=in_stages,
        )
        found.append(run(search))
    race, turns = found
    assert (turns.outcome, turns.settings, turns.source, turns.confirm) == (
        (race.outcome, race.settings, race.source, race.confirm)
    )
    assert (race.settings is None) is (made is _nothing)


def test_a_batch_leaves_no_connections_open() -> None:
    scripted = ScriptedNetwork()
    scripts = [imap(), smtp()]
    scripted.mail["imap.bodega.es", 993], scripted.mail["smtp.bodega.es", 465] = scripts
    all_of(scripted, "ana@bodega.es", "eva@bodega.es")
    assert [script.closed for script in scripts] == [1, 1]


def test_cancelling_one_address_does_not_affect_others() -> None:
    async def search() -> Discovery:
        scripted = ScriptedNetwork()
        scripted.serve(AUTOCONFIG, config(), after=0.2)
        searches = BatchSearch(scripted.network())
        first = asyncio.ensure_future(searches.find(EmailAddress("ana", "bodega.es")))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(searches.find(EmailAddress("eva", "bodega.es")))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        try:
            return await second
        finally:
            await searches.close()

    assert names(run(search())) == {"eva@bodega.es"}
