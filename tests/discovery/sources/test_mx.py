"""Settings of the hosting that receives the domain's mail."""

import pytest

from mailsetup.discovery.exchangers import hosting_domains
from mailsetup.discovery.sources.mx import Mx
from mailsetup.discovery.trust import domains_to_confirm
from mailsetup.model.dns import DnsAnswer, DnsFailure, DnsFault, MxRecord, SrvRecord
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found, NotFound, Unreachable
from mailsetup.net.public_suffix import owned_domain
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    ISPDB,
    ISPDB_COPY,
    NO_DATA,
    ScriptedNetwork,
    address,
    config,
    mx,
)
from tests.support.network.sources import found_by, result_of


def test_a_built_in_exchanger_gives_the_providers_hosts() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("aspmx.l.google.com")
    outcome = found_by(Mx(), scripted)
    assert outcome.source.method is Method.BUILTIN
    assert outcome.source.location == "mx:aspmx.l.google.com"
    assert outcome.vouched
    assert outcome.settings.incoming[0].username == "ana@bodega.es"


def test_suffixes_of_exchangers_match_whole_labels() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx.notgoogle.com")
    assert isinstance(result_of(Mx(), scripted), NotFound)


def test_the_hostings_document_is_requested_without_the_address() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.eu.hoster.com")
    scripted.serve("https://autoconfig.hoster.com/mail/config-v1.1.xml", config("a.hoster.com"))
    outcome = found_by(Mx(), scripted)
    assert not outcome.vouched
    assert outcome.source.method is Method.MX
    assert not any("ana" in url for url in scripted.asked_urls)
    assert set(scripted.asked_urls) >= {
        "https://autoconfig.eu.hoster.com/mail/config-v1.1.xml",
        "https://autoconfig.hoster.com/mail/config-v1.1.xml",
        "https://v1.ispdb.net/eu.hoster.com",
        "https://v1.ispdb.net/hoster.com",
    }


def test_the_databases_entry_of_the_hosting_is_not_vouched_for() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.hoster.com")
    scripted.serve("https://v1.ispdb.net/hoster.com", config("a.hoster.com"))
    assert not found_by(Mx(), scripted).vouched


def test_the_longer_name_is_preferred() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.eu.hoster.com")
    for name in ("hoster.com", "eu.hoster.com"):
        scripted.serve(f"https://autoconfig.{name}/mail/config-v1.1.xml", config(f"a.{name}"))
    assert found_by(Mx(), scripted).settings.incoming[0].host == "a.eu.hoster.com"


def test_all_exchangers_of_equal_preference_are_used() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("a.unknown.net", "mx1.hoster.com")
    scripted.serve("https://autoconfig.hoster.com/mail/config-v1.1.xml", config("a.hoster.com"))
    assert found_by(Mx(), scripted).settings.incoming[0].host == "a.hoster.com"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(mx("", preference=0), "null-mx"), (NO_DATA, "no-mx"), (mx("mx.bodega.es"), "own-mx")],
)
def test_own_exchangers_give_no_further_requests(reply: DnsAnswer[SrvRecord], reason: str) -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = reply
    assert result_of(Mx(), scripted) == NotFound("bodega.es", reason)
    assert not scripted.asked_urls


def test_a_department_uses_what_the_parent_domain_publishes() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["ventas.bodega.es", "MX"] = mx("mx.bodega.es")
    scripted.serve(AUTOCONFIG, config())
    outcome = found_by(Mx(), scripted, "ana@ventas.bodega.es")
    assert outcome.settings.incoming[0].username == "ana@ventas.bodega.es"
    assert not outcome.vouched
    assert domains_to_confirm(outcome, address("ana@ventas.bodega.es")) == ()
    # Neither the exchanger nor the domain itself, which other sources query.
    assert set(scripted.asked_urls) == {AUTOCONFIG, ISPDB, ISPDB_COPY}


@pytest.mark.parametrize("suffix", ["com", "co.uk", "eu.org"])
def test_no_domain_above_the_owners_is_requested(suffix: str) -> None:
    scripted = ScriptedNetwork()
    scripted.dns[f"bodega.{suffix}", "MX"] = mx(f"mx.bodega.{suffix}")
    assert result_of(Mx(), scripted, f"ana@bodega.{suffix}") == NotFound(
        f"bodega.{suffix}", "own-mx"
    )
    assert not scripted.asked_urls


def test_a_null_mx_next_to_a_real_one_is_ignored() -> None:
    scripted = ScriptedNetwork()
    records = (MxRecord(0, ""), MxRecord(10, "aspmx.l.google.com"))
    scripted.dns["bodega.es", "MX"] = DnsAnswer(records)
    assert found_by(Mx(), scripted).settings.incoming[0].host == "imap.gmail.com"


def test_an_invalid_exchanger_is_not_a_null_mx() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("192.0.2.7")
    assert result_of(Mx(), scripted) == NotFound("bodega.es", "bad-mx")


def test_a_resolver_that_does_not_answer() -> None:
    scripted = ScriptedNetwork(dns_default=DnsFailure(DnsFault.TIMEOUT))
    assert result_of(Mx(), scripted) == Unreachable("bodega.es", "timeout")


@pytest.mark.parametrize(
    ("host", "domains"),
    [
        ("mx.premium.europe.example.com", ["premium.europe.example.com", "example.com"]),
        ("mx1.hoster.co.uk", ["hoster.co.uk"]),
        ("hoster.com", ["hoster.com"]),
        ("mx.shop.eu.org", ["shop.eu.org"]),
    ],
)
def test_hosting_domains(host: str, domains: list[str]) -> None:
    assert hosting_domains([host]) == list(dict.fromkeys([host, *domains]))


@pytest.mark.parametrize("exchanger", ["mx1.pphosted.com", "eu.mimecast.com"])
@pytest.mark.parametrize(
    ("name", "leads_to"),
    [
        ("autodiscover.bodega.es", "autodiscover.outlook.com"),
        ("selector1._domainkey.bodega.es", "selector1-bodega-es._domainkey.b.onmicrosoft.com"),
    ],
)
def test_behind_a_filter_an_alias_identifies_the_hosting(
    exchanger: str, name: str, leads_to: str
) -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx(exchanger)
    scripted.chains[name] = (leads_to, "farm7.example.net")
    outcome = found_by(Mx(), scripted)
    assert outcome.settings.incoming[0].host == "outlook.office365.com"
    assert outcome.source.location == f"cname:{leads_to}"
    assert outcome.vouched


def test_behind_a_filter_the_spf_record_identifies_the_hosting() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.antispamcloud.com", "mx2.antispamcloud.com")
    scripted.dns["bodega.es", "TXT"] = DnsAnswer(
        ("site=1", "v=spf1 include:news.example +include:_SPF.google.com. ~all")
    )
    outcome = found_by(Mx(), scripted)
    assert outcome.settings.incoming[0].host == "imap.gmail.com"
    assert outcome.source.location == "spf:_spf.google.com"


@pytest.mark.parametrize(
    ("text", "found_there"), [("v=DKIM1; k=rsa; p=MIIB", True), ("v=spf1 -all", False)]
)
def test_behind_a_filter_a_dkim_key_identifies_the_hosting(text: str, found_there: bool) -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.pphosted.com")
    scripted.dns["google._domainkey.bodega.es", "TXT"] = DnsAnswer((text,))
    outcome = result_of(Mx(), scripted)
    assert isinstance(outcome, Found) is found_there
    if isinstance(outcome, Found):
        assert outcome.settings.incoming[0].host == "imap.gmail.com"


def test_two_hostings_in_the_spf_record_identify_none() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.antispamcloud.com")
    scripted.dns["bodega.es", "TXT"] = DnsAnswer(
        ("v=spf1 include:spf.protection.outlook.com include:_spf.google.com -all",)
    )
    assert result_of(Mx(), scripted) == NotFound("bodega.es", "filter")


def test_the_spf_record_is_ignored_without_a_filter() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx.bodega.es")
    scripted.dns["bodega.es", "TXT"] = DnsAnswer(("v=spf1 include:_spf.google.com -all",))
    assert result_of(Mx(), scripted) == NotFound("bodega.es", "own-mx")


def test_an_alias_to_a_provider_identifies_the_hosting() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx.unknown.net")
    scripted.chains["imap.bodega.es"] = ("imap.ionos.es",)
    outcome = found_by(Mx(), scripted)
    assert outcome.source.location == "cname:imap.ionos.es"
    assert set(map(owned_domain, outcome.settings.hosts)) == {"ionos.es"}


def test_a_filter_is_not_requested() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.pphosted.com")
    assert result_of(Mx(), scripted) == NotFound("bodega.es", "filter")
    assert not scripted.asked_urls
