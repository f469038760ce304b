"""What each source makes of the network's answers."""

import sys
from pathlib import Path

import pytest

from mailsetup.discovery.exchangers import hosting_domains
from mailsetup.discovery.sources.autoconfig import Autoconfig
from mailsetup.discovery.sources.builtin import Builtin
from mailsetup.discovery.sources.isp_files import IspFiles
from mailsetup.discovery.sources.ispdb import Ispdb
from mailsetup.discovery.sources.mx import Mx
from mailsetup.discovery.sources.probe import Probe
from mailsetup.discovery.sources.srv import Srv
from mailsetup.discovery.sources.well_known import WellKnown
from mailsetup.discovery.trust import domains_to_confirm
from mailsetup.model.dns import DnsAnswer, DnsFailure, DnsFault, MxRecord, SrvRecord
from mailsetup.model.settings import Authentication, HostAlias, Protocol, SocketType
from mailsetup.model.source import Channel, Method
from mailsetup.model.source_result import Found, NeedsInput, NotFound, SourceResult, Unreachable
from mailsetup.net.dial import ConnectFault
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from mailsetup.net.open_connections import OpenConnection
from mailsetup.net.public_suffix import owned_domain
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    ISPDB,
    ISPDB_COPY,
    NEVER,
    NO_DATA,
    NOT_OFFERED,
    SERVFAIL,
    WELL_KNOWN,
    Script,
    World,
    address,
    config,
    imap,
    mx,
    run,
    smtp,
    srv,
)

Source = Autoconfig | IspFiles | WellKnown | Ispdb | Srv | Mx | Probe | Builtin


def ask(source: Source, world: World, text: str = "ana@bodega.es") -> SourceResult:
    return run(source.discover(address(text), world.network()))


def found(source: Source, world: World, text: str = "ana@bodega.es") -> Found:
    outcome = ask(source, world, text)
    assert isinstance(outcome, Found), outcome
    return outcome


def hosts(outcome: Found) -> list[tuple[str, int, SocketType]]:
    return [(one.host, one.port, one.security) for one in outcome.settings.servers]


class TestAutoconfig:
    def test_the_address_goes_out_percent_encoded(self) -> None:
        url = Autoconfig().location(address("ana+x@peñíscola.es"))
        assert url == (
            "https://autoconfig.xn--pescola-8ya9a.es/mail/config-v1.1.xml"
            "?emailaddress=ana%2Bx%40xn--pescola-8ya9a.es"
        )

    def test_xml_served_as_plain_text_counts(self) -> None:
        world = World()
        world.serve(AUTOCONFIG, config())
        outcome = found(Autoconfig(), world)
        assert outcome.vouched
        assert outcome.source.channel is Channel.HTTPS

    @pytest.mark.parametrize(
        ("landed", "vouched"),
        [
            ("https://www.bodega.es/c.xml", True),
            ("https://autoconfig.hoster.com/c.xml", False),
            ("https://bodega.es.evil.com/c.xml", False),
        ],
    )
    def test_the_domain_vouches_only_for_what_its_own_hosts_gave(
        self, landed: str, vouched: bool
    ) -> None:
        for source, url in ((Autoconfig(), AUTOCONFIG), (WellKnown(), WELL_KNOWN)):
            world = World()
            world.serve(url, config(), landed=landed)
            outcome = found(source, world)
            assert outcome.vouched is vouched
            assert outcome.source.location == landed


class TestIspFiles:
    def test_the_persons_own_file_comes_before_the_computers(self, tmp_path: Path) -> None:
        own, everybodys = tmp_path / "own", tmp_path / "all"
        for folder, host in ((everybodys, "all.hoster.com"), (own, "own.hoster.com")):
            assert isinstance(ask(IspFiles([own, everybodys]), World()), NotFound | Found)
            folder.mkdir()
            (folder / "bodega.es.xml").write_bytes(config(host))
        outcome = found(IspFiles([own, everybodys]), World())
        assert outcome.settings.incoming[0].host == "own.hoster.com"
        assert outcome.source.channel is Channel.FILE
        assert domains_to_confirm(outcome, address()) == ()
        outcome = found(IspFiles([tmp_path / "none", everybodys]), World())
        assert outcome.settings.incoming[0].host == "all.hoster.com"

    def test_a_file_that_is_none_is_told_so(self, tmp_path: Path) -> None:
        path = tmp_path / "bodega.es.xml"
        path.write_bytes(b"<html></html>")
        assert ask(IspFiles([tmp_path]), World()) == NotFound(
            str(path), "html", (f"file-unusable:{path}",)
        )
        path.write_bytes(b"x" * 300_000)
        assert ask(IspFiles([tmp_path]), World()) == NotFound(
            str(path), "too-large", (f"file-unusable:{path}",)
        )
        path.unlink()
        path.mkdir()
        unreadable = (f"file-unreadable:{path}",)
        assert ask(IspFiles([tmp_path]), World()) == Unreachable(
            str(path), "isadirectoryerror", unreadable
        )

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
    def test_a_file_that_others_may_write_decides_nothing(self, tmp_path: Path) -> None:
        own, everybodys = tmp_path / "own", tmp_path / "all"
        for folder, host in ((everybodys, "all.hoster.com"), (own, "own.hoster.com")):
            folder.mkdir()
            (folder / "bodega.es.xml").write_bytes(config(host))
        path = own / "bodega.es.xml"
        path.chmod(0o646)
        warnings = (f"file-writable:{path}",)
        assert ask(IspFiles([own]), World()) == Unreachable(str(path), "file-writable", warnings)
        outcome = found(IspFiles([own, everybodys]), World())
        assert outcome.settings.incoming[0].host == "all.hoster.com"
        assert outcome.warnings == warnings


class TestIspdb:
    def test_the_database_learns_the_domain_only(self) -> None:
        world = World()
        world.serve(ISPDB, config())
        assert found(Ispdb(), world).vouched
        assert world.asked_urls
        assert not any("ana" in url for url in world.asked_urls)

    def test_a_dead_copy_holds_up_nothing(self) -> None:
        world = World()
        world.web_delays[ISPDB] = NEVER
        world.serve(ISPDB_COPY, config(), after=0.1)
        outcome = found(Ispdb(), world)
        assert outcome.source.location == ISPDB_COPY

    def test_absent_in_one_and_unreachable_in_the_other_is_not_absent(self) -> None:
        world = World()
        world.web[ISPDB] = HttpReply(404, ISPDB, b"")
        world.web[ISPDB_COPY] = HttpFailure(HttpFault.TIMEOUT, ISPDB_COPY)
        assert isinstance(ask(Ispdb(), world), Unreachable)


class TestSrv:
    def test_all_six_names_are_asked_and_ports_are_honoured(self) -> None:
        world = World()
        world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 1993))
        world.dns["_imap._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 1143))
        world.dns["_pop3s._tcp.bodega.es", "SRV"] = srv(("c.bodega.es", 1995))
        world.dns["_pop3._tcp.bodega.es", "SRV"] = srv(("d.bodega.es", 1110))
        world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("e.bodega.es", 1465))
        world.dns["_submission._tcp.bodega.es", "SRV"] = srv(("f.bodega.es", 1587))
        outcome = found(Srv(), world)
        assert hosts(outcome) == [
            ("a.bodega.es", 1993, SocketType.TLS),
            ("b.bodega.es", 1143, SocketType.STARTTLS),
            ("c.bodega.es", 1995, SocketType.TLS),
            ("d.bodega.es", 1110, SocketType.STARTTLS),
            ("e.bodega.es", 1465, SocketType.TLS),
            ("f.bodega.es", 1587, SocketType.STARTTLS),
        ]
        assert {one.username for one in outcome.settings.servers} == {"ana@bodega.es"}
        assert outcome.source.channel is Channel.DNS
        assert not outcome.vouched

    def test_a_dot_means_not_offered(self) -> None:
        world = World()
        world.dns["_imap._tcp.bodega.es", "SRV"] = NOT_OFFERED
        world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
        assert hosts(found(Srv(), world)) == [("a.bodega.es", 993, SocketType.TLS)]

    def test_everything_declined(self) -> None:
        assert ask(Srv(), World(dns_default=NOT_OFFERED)) == NotFound(
            "_tcp.bodega.es", "not-offered"
        )

    def test_the_protocol_is_chosen_before_the_server(self) -> None:
        world = World()
        world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("i.bodega.es", 993), priority=10)
        world.dns["_pop3s._tcp.bodega.es", "SRV"] = srv(("p.bodega.es", 995), priority=0)
        first = found(Srv(), world).settings.incoming
        assert [one.protocol for one in first] == [Protocol.POP3, Protocol.IMAP]
        world.dns["_pop3s._tcp.bodega.es", "SRV"] = srv(("p.bodega.es", 995), priority=10)
        first = found(Srv(), world).settings.incoming
        assert [one.protocol for one in first] == [Protocol.IMAP, Protocol.POP3]

    def test_priority_goes_before_weight(self) -> None:
        world = World()
        world.dns["_imaps._tcp.bodega.es", "SRV"] = DnsAnswer(
            (
                SrvRecord(20, 100, 993, "last.bodega.es"),
                SrvRecord(0, 1, 993, "first.bodega.es"),
            )
        )
        assert found(Srv(), world).settings.hosts == ("first.bodega.es", "last.bodega.es")

    @pytest.mark.parametrize(
        ("label", "port", "security"),
        [
            ("_imap", 993, SocketType.TLS),
            ("_imaps", 143, SocketType.STARTTLS),
            ("_submissions", 587, SocketType.STARTTLS),
            ("_submission", 465, SocketType.TLS),
            ("_submission", 2525, SocketType.STARTTLS),
        ],
    )
    def test_a_standard_port_speaks_louder_than_the_label(
        self, label: str, port: int, security: SocketType
    ) -> None:
        world = World()
        world.dns[f"{label}._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", port))
        assert hosts(found(Srv(), world)) == [("a.bodega.es", port, security)]

    def test_dnssec_counts_only_where_every_used_answer_was_validated(self) -> None:
        world = World()
        world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.hoster.com", 993), validated=True)
        world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.hoster.com", 465), validated=True)
        outcome = found(Srv(), world)
        assert outcome.vouched
        assert outcome.source.channel is Channel.DNSSEC
        world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.hoster.com", 465))
        outcome = found(Srv(), world)
        assert not outcome.vouched
        assert outcome.source.channel is Channel.DNS

    @pytest.mark.parametrize("target", ["localhost", "127.0.0.1", "box", "a_b.es", "x.local"])
    def test_a_target_that_is_no_public_host_is_left_out(self, target: str) -> None:
        world = World()
        world.dns["_imaps._tcp.bodega.es", "SRV"] = srv((target, 993))
        assert isinstance(ask(Srv(), world), NotFound)

    def test_silence_is_not_absence(self) -> None:
        assert isinstance(ask(Srv(), World(dns_default=SERVFAIL)), Unreachable)
        assert isinstance(ask(Srv(), World()), NotFound)

    def test_one_servfail_hides_no_record(self) -> None:
        world = World(dns_default=SERVFAIL)
        world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
        assert found(Srv(), world).settings.hosts == ("a.bodega.es",)


class TestMx:
    def test_a_known_exchanger_gives_the_providers_own_hosts(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("aspmx.l.google.com")
        outcome = found(Mx(), world)
        assert outcome.source.method is Method.BUILTIN
        assert outcome.source.location == "mx:aspmx.l.google.com"
        assert outcome.vouched
        assert outcome.settings.incoming[0].username == "ana@bodega.es"

    def test_a_name_that_only_ends_like_an_exchanger_is_not_it(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx.notgoogle.com")
        assert isinstance(ask(Mx(), world), NotFound)

    def test_the_hostings_own_document_without_the_address(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx1.eu.hoster.com")
        world.serve("https://autoconfig.hoster.com/mail/config-v1.1.xml", config("a.hoster.com"))
        outcome = found(Mx(), world)
        assert not outcome.vouched
        assert outcome.source.method is Method.MX
        assert not any("ana" in url for url in world.asked_urls)
        assert set(world.asked_urls) >= {
            "https://autoconfig.eu.hoster.com/mail/config-v1.1.xml",
            "https://autoconfig.hoster.com/mail/config-v1.1.xml",
            "https://v1.ispdb.net/eu.hoster.com",
            "https://v1.ispdb.net/hoster.com",
        }

    def test_what_the_database_holds_about_the_hosting_is_not_vouched_for(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx1.hoster.com")
        world.serve("https://v1.ispdb.net/hoster.com", config("a.hoster.com"))
        assert not found(Mx(), world).vouched

    def test_the_more_particular_name_is_preferred(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx1.eu.hoster.com")
        for name in ("hoster.com", "eu.hoster.com"):
            world.serve(f"https://autoconfig.{name}/mail/config-v1.1.xml", config(f"a.{name}"))
        assert found(Mx(), world).settings.incoming[0].host == "a.eu.hoster.com"

    def test_several_equally_good_exchangers_are_all_looked_at(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("a.unknown.net", "mx1.hoster.com")
        world.serve("https://autoconfig.hoster.com/mail/config-v1.1.xml", config("a.hoster.com"))
        assert found(Mx(), world).settings.incoming[0].host == "a.hoster.com"

    @pytest.mark.parametrize(
        ("reply", "reason"),
        [(mx("", preference=0), "null-mx"), (NO_DATA, "no-mx"), (mx("mx.bodega.es"), "own-mx")],
    )
    def test_nothing_to_ask(self, reply: DnsAnswer[SrvRecord], reason: str) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = reply
        assert ask(Mx(), world) == NotFound("bodega.es", reason)
        assert not world.asked_urls

    def test_a_department_is_served_by_what_the_company_above_it_publishes(self) -> None:
        world = World()
        world.dns["ventas.bodega.es", "MX"] = mx("mx.bodega.es")
        world.serve(AUTOCONFIG, config())
        outcome = found(Mx(), world, "ana@ventas.bodega.es")
        assert outcome.settings.incoming[0].username == "ana@ventas.bodega.es"
        assert not outcome.vouched
        assert domains_to_confirm(outcome, address("ana@ventas.bodega.es")) == ()
        # Neither the exchanger nor the domain itself, which others ask.
        assert set(world.asked_urls) == {AUTOCONFIG, ISPDB, ISPDB_COPY}

    @pytest.mark.parametrize("suffix", ["com", "co.uk", "eu.org"])
    def test_nobody_above_the_owner_of_a_domain_is_asked(self, suffix: str) -> None:
        world = World()
        world.dns[f"bodega.{suffix}", "MX"] = mx(f"mx.bodega.{suffix}")
        assert ask(Mx(), world, f"ana@bodega.{suffix}") == NotFound(f"bodega.{suffix}", "own-mx")
        assert not world.asked_urls

    def test_a_null_mx_beside_a_real_one_is_a_slip(self) -> None:
        world = World()
        records = (MxRecord(0, ""), MxRecord(10, "aspmx.l.google.com"))
        world.dns["bodega.es", "MX"] = DnsAnswer(records)
        assert found(Mx(), world).settings.incoming[0].host == "imap.gmail.com"

    def test_an_exchanger_that_is_no_host_name_is_not_a_refusal(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("192.0.2.7")
        assert ask(Mx(), world) == NotFound("bodega.es", "bad-mx")

    def test_a_resolver_that_does_not_answer(self) -> None:
        world = World(dns_default=DnsFailure(DnsFault.TIMEOUT))
        assert ask(Mx(), world) == Unreachable("bodega.es", "timeout")

    @pytest.mark.parametrize(
        ("host", "domains"),
        [
            ("mx.premium.europe.example.com", ["premium.europe.example.com", "example.com"]),
            ("mx1.hoster.co.uk", ["hoster.co.uk"]),
            ("hoster.com", ["hoster.com"]),
            ("mx.shop.eu.org", ["shop.eu.org"]),
        ],
    )
    def test_where_a_hosting_may_publish(self, host: str, domains: list[str]) -> None:
        assert hosting_domains([host]) == list(dict.fromkeys([host, *domains]))

    @pytest.mark.parametrize("exchanger", ["mx1.pphosted.com", "eu.mimecast.com"])
    @pytest.mark.parametrize(
        ("name", "leads_to"),
        [
            ("autodiscover.bodega.es", "autodiscover.outlook.com"),
            ("selector1._domainkey.bodega.es", "selector1-bodega-es._domainkey.b.onmicrosoft.com"),
        ],
    )
    def test_a_filter_is_seen_through_by_where_the_domain_points(
        self, exchanger: str, name: str, leads_to: str
    ) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx(exchanger)
        world.chains[name] = (leads_to, "farm7.example.net")
        outcome = found(Mx(), world)
        assert outcome.settings.incoming[0].host == "outlook.office365.com"
        assert outcome.source.location == f"cname:{leads_to}"
        assert outcome.vouched

    def test_a_filter_is_seen_through_by_the_one_hosting_that_may_send(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx1.antispamcloud.com", "mx2.antispamcloud.com")
        world.dns["bodega.es", "TXT"] = DnsAnswer(
            ("site=1", "v=spf1 include:news.example +include:_SPF.google.com. ~all")
        )
        outcome = found(Mx(), world)
        assert outcome.settings.incoming[0].host == "imap.gmail.com"
        assert outcome.source.location == "spf:_spf.google.com"

    @pytest.mark.parametrize(
        ("text", "found_there"), [("v=DKIM1; k=rsa; p=MIIB", True), ("v=spf1 -all", False)]
    )
    def test_a_filter_is_seen_through_by_the_key_that_the_hosting_signs_with(
        self, text: str, found_there: bool
    ) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx1.pphosted.com")
        world.dns["google._domainkey.bodega.es", "TXT"] = DnsAnswer((text,))
        outcome = ask(Mx(), world)
        assert isinstance(outcome, Found) is found_there
        if isinstance(outcome, Found):
            assert outcome.settings.incoming[0].host == "imap.gmail.com"

    def test_two_hostings_that_may_send_leave_the_question_open(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx1.antispamcloud.com")
        world.dns["bodega.es", "TXT"] = DnsAnswer(
            ("v=spf1 include:spf.protection.outlook.com include:_spf.google.com -all",)
        )
        assert ask(Mx(), world) == NotFound("bodega.es", "filter")

    def test_who_may_send_says_nothing_where_the_exchanger_is_no_filter(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx.bodega.es")
        world.dns["bodega.es", "TXT"] = DnsAnswer(("v=spf1 include:_spf.google.com -all",))
        assert ask(Mx(), world) == NotFound("bodega.es", "own-mx")

    def test_an_alias_to_a_provider_tells_where_the_mail_is(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx.unknown.net")
        world.chains["imap.bodega.es"] = ("imap.ionos.es",)
        outcome = found(Mx(), world)
        assert outcome.source.location == "cname:imap.ionos.es"
        assert set(map(owned_domain, outcome.settings.hosts)) == {"ionos.es"}

    def test_a_filter_is_not_asked_for_settings(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx1.pphosted.com")
        assert ask(Mx(), world) == NotFound("bodega.es", "filter")
        assert not world.asked_urls


class TestBuiltin:
    def test_user_names_in_the_providers_own_form(self) -> None:
        settings = found(Builtin(), World(), "ana@icloud.com").settings
        assert settings.incoming[0].username == "ana"
        assert settings.outgoing[0].username == "ana@icloud.com"

    def test_a_provider_behind_a_helper_program(self) -> None:
        outcome = ask(Builtin(), World(), "ana@proton.me")
        assert isinstance(outcome, NeedsInput)
        assert outcome.question == "bridge"
        assert outcome.hints[0].url == "https://proton.me/mail/bridge"

    @pytest.mark.parametrize(
        ("exchanger", "question"),
        [("mail.protonmail.ch", "bridge"), ("mail.tutanota.de", "own-app")],
    )
    def test_the_same_provider_behind_a_domain_of_ones_own(
        self, exchanger: str, question: str
    ) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx(exchanger)
        outcome = ask(Mx(), world)
        assert isinstance(outcome, NeedsInput)
        assert outcome.question == question
        assert not world.asked_urls

    def test_a_domain_below_a_known_one_is_unknown(self) -> None:
        assert isinstance(ask(Builtin(), World(), "ana@x.gmail.com"), NotFound)


class TestProbe:
    def test_the_fixed_order_decides_and_not_who_was_first(self) -> None:
        world = World()
        world.mail["imap.bodega.es", 143] = imap()
        world.mail["mail.bodega.es", 993] = imap()
        world.mail["imap.bodega.es", 993] = imap(connect_delay=0.05)
        world.mail["smtp.bodega.es", 587] = smtp()
        world.mail["mail.bodega.es", 465] = smtp(connect_delay=0.05)
        outcome = found(Probe(), world)
        assert outcome.settings.incoming[0].host == "imap.bodega.es"
        assert outcome.settings.incoming[0].port == 993
        assert outcome.settings.outgoing[0].host == "mail.bodega.es"
        assert not outcome.vouched

    def test_the_ways_to_log_in_are_read(self) -> None:
        world = World()
        world.mail["imap.bodega.es", 993] = Script(
            b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=SCRAM-SHA-256 LOGINDISABLED] hi\r\n"
        )
        world.mail["smtp.bodega.es", 465] = smtp()
        settings = found(Probe(), world).settings
        assert settings.incoming[0].authentication == (
            Authentication.PASSWORD_ENCRYPTED,
            Authentication.OAUTH2,
        )
        assert settings.outgoing[0].authentication == (Authentication.PASSWORD_CLEARTEXT,)

    def test_starttls_without_success_is_no_candidate(self) -> None:
        world = World()
        refusing = imap()
        refusing.answers = {**refusing.answers, b"A1 STARTTLS": b"a1 NO not today\r\n"}
        world.mail["imap.bodega.es", 143] = refusing
        no_starttls = smtp()
        no_starttls.answers = {**no_starttls.answers, b"STARTTLS": b"502 no\r\n"}
        world.mail["smtp.bodega.es", 587] = no_starttls
        assert isinstance(ask(Probe(), world), NotFound)

    def test_what_was_said_before_tls_is_forgotten(self) -> None:
        world = World()
        lying = Script(
            b"* OK [CAPABILITY IMAP4rev1 AUTH=GSSAPI STARTTLS] hi\r\n",
            imap().answers,
        )
        world.mail["imap.bodega.es", 143] = lying
        settings = found(Probe(), world).settings
        assert settings.incoming[0].authentication == (Authentication.PASSWORD_CLEARTEXT,)

    @pytest.mark.parametrize(
        "greeting",
        [
            b"220 I am an SMTP server\r\n",
            b"* PREAUTH welcome\r\n",
            b"* BYE too busy\r\n",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"x" * 100_000,
        ],
    )
    def test_something_else_on_the_port_is_no_candidate(self, greeting: bytes) -> None:
        world = World()
        world.mail["imap.bodega.es", 993] = Script(greeting)
        assert isinstance(ask(Probe(), world), NotFound)

    def test_a_submission_port_without_login_is_no_candidate(self) -> None:
        world = World()
        world.mail["smtp.bodega.es", 465] = Script(
            b"220 hi\r\n", {b"EHLO": b"250-mail\r\n250 SIZE 1000\r\n"}
        )
        assert isinstance(ask(Probe(), world), NotFound)

    def test_pop3_alone_is_found(self) -> None:
        world = World()
        world.mail["pop.bodega.es", 995] = Script(
            b"+OK hi\r\n", {b"CAPA": b"+OK\r\nUSER\r\nSASL SCRAM-SHA-1\r\n.\r\n"}
        )
        world.mail["smtp.bodega.es", 465] = smtp()
        (server,) = found(Probe(), world).settings.incoming
        assert server.protocol is Protocol.POP3
        assert server.authentication == (
            Authentication.PASSWORD_CLEARTEXT,
            Authentication.PASSWORD_ENCRYPTED,
        )

    def test_pop3_with_an_upgrade_to_tls_is_found(self) -> None:
        world = World()
        world.mail["pop.bodega.es", 110] = Script(
            b"+OK hi\r\n", {b"STLS": b"+OK begin\r\n", b"CAPA": b"+OK\r\nUSER\r\n.\r\n"}
        )
        world.mail["smtp.bodega.es", 465] = smtp()
        (server,) = found(Probe(), world).settings.incoming
        assert (server.port, server.security) == (110, SocketType.STARTTLS)

    def test_no_credentials_are_ever_said_and_every_connection_is_closed(self) -> None:
        world = World()
        scripts = [imap(), imap(delay=NEVER), smtp(), smtp()]
        world.mail["imap.bodega.es", 993] = scripts[0]
        world.mail["mail.bodega.es", 993] = scripts[1]
        world.mail["smtp.bodega.es", 465] = scripts[2]
        world.mail["smtp.bodega.es", 587] = scripts[3]
        found(Probe(), world)
        said = b"".join(line for script in scripts for line in script.said).upper()
        for word in (b"LOGIN", b"AUTHENTICATE", b"AUTH ", b"USER", b"PASS", b"MAIL FROM"):
            assert word not in said
        # The two best are handed on to the login; nothing else stays open.
        assert [script.closed for script in scripts] == [0, 1, 0, 1]
        world.kept.close()
        assert [script.closed for script in scripts] == [1, 1, 1, 1]

    def test_a_swallowing_host_holds_up_nothing(self) -> None:
        world = World()
        world.mail["imap.bodega.es", 993] = ConnectFault.TIMEOUT
        world.mail["mail.bodega.es", 993] = imap()
        world.mail["smtp.bodega.es", 465] = smtp()

        async def timed() -> float:
            import asyncio

            await Probe().discover(address(), world.network())
            return asyncio.get_running_loop().time()

        assert run(timed()) <= 0.11

    def test_the_connections_of_the_best_are_handed_on_with_what_was_said(self) -> None:
        world = World()
        world.mail["imap.bodega.es", 993] = imap()
        world.mail["mail.bodega.es", 465] = smtp()

        async def kept() -> tuple[OpenConnection | None, OpenConnection | None]:
            await Probe().discover(address(), world.network())
            return world.kept.take("imap.bodega.es", 993), world.kept.take("mail.bodega.es", 465)

        incoming, outgoing = run(kept())
        assert incoming is not None
        assert incoming.words == ("IMAP4REV1", "AUTH=PLAIN")
        assert incoming.connection.is_secure
        assert outgoing is not None
        assert outgoing.words == ("AUTH PLAIN LOGIN",)

    def test_the_exchangers_are_tried_when_the_usual_names_give_nothing(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("vps7.bodega.es", "srv12.hoster.com")
        world.mail["vps7.bodega.es", 993] = imap()
        world.mail["srv12.hoster.com", 465] = smtp()
        settings = found(Probe(), world).settings
        assert settings.hosts == ("vps7.bodega.es", "srv12.hoster.com")

    def test_the_exchangers_are_left_alone_while_the_usual_names_answer(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("srv12.hoster.com")
        world.mail["imap.bodega.es", 993] = imap(connect_delay=0.2)
        world.mail["smtp.bodega.es", 465] = smtp(connect_delay=0.2)
        found(Probe(), world)
        assert not any(host == "srv12.hoster.com" for host, _ in world.asked_hosts)

    def test_a_filter_is_not_tried(self) -> None:
        world = World()
        world.dns["bodega.es", "MX"] = mx("mx1.pphosted.com")
        assert isinstance(ask(Probe(), world), NotFound)
        assert not any("pphosted" in host for host, _ in world.asked_hosts)

    def test_no_name_exists(self) -> None:
        assert ask(Probe(), World()) == NotFound("bodega.es", "no-such-host")


def shared_hosting(*names: str) -> World:
    """``mail.bodega.es`` is a name of a server whose certificate is for other names."""
    world = World()
    world.dns["mail.bodega.es", "A"] = DnsAnswer(("192.0.2.12",))
    for port in (993, 465):
        world.mail["mail.bodega.es", port] = imap() if port == 993 else smtp()
        world.mail["srv12.hoster.com", port] = imap() if port == 993 else smtp()
    # The look at the certificate goes over a connection without TLS to the same port.
    world.certificates["mail.bodega.es"] = names
    world.dns["srv12.hoster.com", "A"] = DnsAnswer(("192.0.2.12",))
    return world


class TestNameInTheCertificate:
    def test_the_name_that_leads_to_the_same_machine_is_proposed(self) -> None:
        outcome = found(Probe(), shared_hosting("hoster.com", "srv12.hoster.com"))
        assert outcome.settings.hosts == ("srv12.hoster.com",)
        assert outcome.settings.aliases == (HostAlias("mail.bodega.es", "srv12.hoster.com"),)
        assert not outcome.vouched
        assert domains_to_confirm(outcome, address()) == ("hoster.com",)

    def test_the_certificate_behind_an_upgrade_to_tls_is_read_too(self) -> None:
        world = World()
        world.dns["mail.bodega.es", "A"] = DnsAnswer(("192.0.2.12",))
        world.dns["srv12.hoster.com", "A"] = DnsAnswer(("192.0.2.12",))
        world.certificates["mail.bodega.es"] = ("srv12.hoster.com",)
        for host in ("mail.bodega.es", "srv12.hoster.com"):
            world.mail[host, 143] = imap()
            world.mail[host, 587] = smtp()
        outcome = found(Probe(), world)
        assert hosts(outcome) == [
            ("srv12.hoster.com", 143, SocketType.STARTTLS),
            ("srv12.hoster.com", 587, SocketType.STARTTLS),
        ]
        assert outcome.settings.aliases == (HostAlias("mail.bodega.es", "srv12.hoster.com"),)
        script = world.mail["mail.bodega.es", 143]
        assert isinstance(script, Script)
        assert b"a1 STARTTLS\r\n" in script.said

    def test_a_name_that_leads_elsewhere_is_not_tried(self) -> None:
        world = shared_hosting("srv12.hoster.com")
        world.dns["srv12.hoster.com", "A"] = DnsAnswer(("198.51.100.7",))
        assert ask(Probe(), world) == NotFound("bodega.es", "certificate")
        assert not any(host == "srv12.hoster.com" for host, _ in world.asked_hosts)

    def test_a_name_that_does_not_prove_itself_is_not_proposed(self) -> None:
        world = shared_hosting("srv12.hoster.com")
        world.certificates["srv12.hoster.com"] = ("other.example",)
        assert ask(Probe(), world) == NotFound("bodega.es", "certificate")

    @pytest.mark.parametrize("evidence", ["mx", "ptr", "cname"])
    def test_below_a_wildcard_the_dns_tells_the_machines_name(self, evidence: str) -> None:
        world = shared_hosting("*.hoster.com", "hoster.com")
        if evidence == "mx":
            world.dns["bodega.es", "MX"] = mx("srv12.hoster.com")
        elif evidence == "ptr":
            world.reverse["192.0.2.12"] = ("a.b.hoster.com", "srv12.hoster.com")
        else:
            world.chains["mail.bodega.es"] = ("srv12.hoster.com",)
        outcome = found(Probe(), world)
        assert outcome.settings.hosts == ("srv12.hoster.com",)

    def test_below_a_wildcard_the_customers_own_name_is_tried(self) -> None:
        world = shared_hosting("*.servers.hoster.com")
        name = "bodega-es.servers.hoster.com"
        world.dns[name, "A"] = DnsAnswer(("192.0.2.12",))
        world.mail[name, 993] = imap()
        world.mail[name, 465] = smtp()
        assert found(Probe(), world).settings.hosts == (name,)

    @pytest.mark.parametrize(
        "name", ["localhost", "127.0.0.1", "*", "*.*.hoster.com", 'x"y.com', "mail.bodega.es", ""]
    )
    def test_nonsense_in_a_certificate_leads_nowhere(self, name: str) -> None:
        assert ask(Probe(), shared_hosting(name)) == NotFound("bodega.es", "certificate")

    def test_the_domains_own_working_name_needs_no_other(self) -> None:
        world = shared_hosting("srv12.hoster.com")
        world.mail["imap.bodega.es", 993] = imap(connect_delay=0.3)
        world.mail["smtp.bodega.es", 465] = smtp(connect_delay=0.3)
        assert found(Probe(), world).settings.hosts == ("imap.bodega.es", "smtp.bodega.es")
