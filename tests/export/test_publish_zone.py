"""The DNS records of a publication."""

from dataclasses import replace

from mailsetup.export.publish.zone import TxtData
from mailsetup.model.address import EmailAddress
from tests.support.samples.published import (
    DOMAIN,
    FULL,
    OPTIONS,
    content,
    published,
    zone_records,
)


def test_every_server_has_a_record_and_the_best_the_lowest_priority() -> None:
    rows = zone_records(published(FULL))
    assert {row for row in rows if row[1] == "SRV"} == {
        ("_imaps._tcp.bodega.example.", "SRV", "0 1 993 mail.bodega.example."),
        ("_imap._tcp.bodega.example.", "SRV", "10 1 143 mail.bodega.example."),
        ("_pop3s._tcp.bodega.example.", "SRV", "20 1 995 mail.bodega.example."),
        ("_submissions._tcp.bodega.example.", "SRV", "0 1 465 mail.bodega.example."),
        ("_submission._tcp.bodega.example.", "SRV", "10 1 587 mail.bodega.example."),
        ("_caldavs._tcp.bodega.example.", "SRV", "0 1 443 dav.bodega.example."),
        ("_carddavs._tcp.bodega.example.", "SRV", "0 1 8443 dav.bodega.example."),
        ("_jmap._tcp.bodega.example.", "SRV", "0 1 443 bodega.example."),
        ("_sieve._tcp.bodega.example.", "SRV", "0 1 4190 mail.bodega.example."),
    }
    assert ("_caldavs._tcp.bodega.example.", "TXT", '"path=/cal/"') in rows


def test_other_services_are_declined_only_on_request() -> None:
    declined = {row for row in zone_records(published()) if row[2] == "0 0 0 ."}
    assert declined == set()
    made = published(options=replace(OPTIONS, decline_rest=True))
    owners = {owner for owner, _kind, data in zone_records(made) if data == "0 0 0 ."}
    assert owners == {
        f"{label}._tcp.{DOMAIN}." for label in ("_imap", "_pop3s", "_pop3", "_submission")
    }


def test_web_records_are_aliases_or_addresses_and_srv_targets_are_no_aliases() -> None:
    def web(*places: str) -> set[tuple[str, str, str]]:
        rows = zone_records(published(options=replace(OPTIONS, web=places)))
        return {row for row in rows if "autodiscover" in row[0]}

    alias = ("autodiscover.bodega.example.", "CNAME")
    assert web() == {(*alias, "bodega.example.")}
    assert web("web.hoster.example") == {(*alias, "web.hoster.example.")}
    assert web("192.0.2.1", "2001:DB8::1") == {
        ("autodiscover.bodega.example.", "A", "192.0.2.1"),
        ("autodiscover.bodega.example.", "AAAA", "2001:db8::1"),
        ("_autodiscover._tcp.bodega.example.", "SRV", "0 1 443 autodiscover.bodega.example."),
    }


def test_relative_names_are_equivalent() -> None:
    whole, relative = published(FULL), published(FULL, replace(OPTIONS, relative=True))
    assert b"$ORIGIN bodega.example.\n" in content(relative, "records.zone")
    assert b"_imaps._tcp.bodega" not in content(relative, "records.zone")
    assert zone_records(relative, "example.") == zone_records(whole, ".")


def test_texts_are_quoted_and_split() -> None:
    assert TxtData("a", 'say "hi" \\ ñ').data == '"say \\"hi\\" \\\\ \\195\\177"'
    assert TxtData("a", "x" * 300).data == f'"{"x" * 255}" "{"x" * 45}"'
    assert TxtData("a", "").data == '""'


def test_reports_go_to_the_postmaster_by_default() -> None:
    def reports(address: EmailAddress | None) -> str:
        rows = zone_records(published(options=replace(OPTIONS, reports_to=address)))
        return next(data for owner, _kind, data in rows if owner.startswith("_smtp._tls"))

    assert reports(None) == '"v=TLSRPTv1; rua=mailto:postmaster@bodega.example"'
    awkward = EmailAddress("a!b;c", "informes.example")
    assert EmailAddress.parse("a!b@informes.example") == EmailAddress("a!b", "informes.example")
    assert reports(awkward) == '"v=TLSRPTv1; rua=mailto:a%21b%3Bc@informes.example"'
