"""What a hosting publishes: every document has the settings, and no personal data."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup import i18n
from mailsetup.apply.artifact_writer import Written, write_artifact
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.publish.options import PolicyMode, PublishOptions
from mailsetup.export.publish.publication import publication
from mailsetup.export.publish.template import username_template
from mailsetup.formats import autoconfig, autodiscover, pacc
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    AccountSettings,
    Authentication,
    Hint,
    Protocol,
    SocketType,
)
from tests.support.samples.published import (
    ANA,
    DOMAIN,
    FULL,
    IMAP,
    IMAP_STARTTLS,
    OPTIONS,
    POP3,
    SIMPLE,
    SMTP,
    SMTP_STARTTLS,
    WINDOW,
    content,
    published,
    server,
    zone_records,
)

LUIS = EmailAddress("luis", DOMAIN)
ALL = {
    "config-v1.1.xml",
    "autodiscover.xml",
    "user-agent-configuration.json",
    "mta-sts.txt",
    "records.zone",
    "nginx-names.conf",
    "nginx-domain.conf",
    *(language.readme for language in LANGUAGES.values()),
}


def for_luis(settings: AccountSettings) -> AccountSettings:
    return settings.with_login_of(ANA, LUIS)


def refusal(settings: AccountSettings = SIMPLE, options: PublishOptions = OPTIONS) -> str:
    made = publication(DOMAIN, settings, options)
    assert isinstance(made, ExportFailure)
    assert made.reason.endswith(".")
    return made.reason


# Documents ----------------------------------------------------------------------------------


def test_a_publication_has_every_file_and_all_may_be_public() -> None:
    made = published()
    assert {file.name for file in made.files} == ALL
    assert not any(file.private for file in made.files)
    assert made.notes == ()


@pytest.mark.parametrize("settings", [SIMPLE, FULL, WINDOW], ids=["simple", "full", "window"])
def test_autoconfig_is_read_for_another_mailbox(
    settings: AccountSettings,
) -> None:
    made = published(settings)
    read = autoconfig.read(content(made, "config-v1.1.xml"), LUIS)
    wanted = for_luis(settings)
    assert isinstance(read, AccountSettings)
    assert read.incoming == wanted.incoming
    assert read.outgoing == wanted.outgoing
    assert set(read.services) == set(wanted.services)
    assert read.oauth2 == wanted.oauth2
    assert read.provider == (settings.provider or DOMAIN)


def test_autoconfig_preserves_local_parts_as_user_names() -> None:
    short = SIMPLE.with_username("ana")
    made = published(short)
    read = autoconfig.read(content(made, "config-v1.1.xml"), LUIS)
    assert isinstance(read, AccountSettings)
    assert {entry.username for entry in read.servers} == {"luis"}


def test_autoconfig_contains_help_pages_with_their_texts() -> None:
    hints = (
        Hint("help", "https://help.bodega.example/?a=1&b=2", (("es", "Ayuda <aquí>"), ("", "x"))),
        Hint("enable-imap", "https://webmail.bodega.example/", (("en", "Switch it on"),)),
    )
    made = published(replace(SIMPLE, hints=hints))
    read = autoconfig.read(content(made, "config-v1.1.xml"), LUIS)
    assert isinstance(read, AccountSettings)
    assert set(read.hints) == set(hints)
    described = json.loads(content(made, "user-agent-configuration.json"))
    assert described["info"]["help"] == {"documentation": hints[0].url}


def test_autodiscover_names_all_servers_in_one_account() -> None:
    document = content(published(FULL), "autodiscover.xml")
    assert document.count(b"<Account>") == 1
    assert b"LoginName" not in document
    read = autodiscover.read(document, LUIS)
    assert isinstance(read, AccountSettings)
    wanted = for_luis(FULL)
    assert (read.incoming, read.outgoing) == (wanted.incoming, wanted.outgoing)


def test_pacc_has_the_best_servers_and_a_digest_record() -> None:
    made = published(FULL)
    document = content(made, "user-agent-configuration.json")
    read = pacc.read(document, LUIS)
    assert read is not None
    wanted = for_luis(FULL)
    assert read.incoming == (wanted.incoming[0], wanted.incoming[2])
    assert read.outgoing == (wanted.outgoing[0],)
    texts = {data for owner, _kind, data in zone_records(made) if owner.startswith("_ua-auto")}
    assert texts == {f'"{pacc.write_digest(document)}"'}


def test_pacc_has_the_authentication() -> None:
    def authentication(settings: AccountSettings) -> object:
        document = published(settings).content("user-agent-configuration.json")
        return None if document is None else json.loads(document)["authentication"]

    assert authentication(SIMPLE) == {"password": True}
    both = {"password": True, "oauth-public": {"issuer": "https://id.bodega.example"}}
    assert authentication(WINDOW) == both
    only = (Authentication.OAUTH2,)
    alone = replace(
        WINDOW,
        incoming=(replace(IMAP, authentication=only),),
        outgoing=(replace(SMTP, authentication=only),),
    )
    assert authentication(alone) == {**both, "password": False}
    assert authentication(replace(alone, oauth2=None)) is None


@pytest.mark.parametrize(
    "settings",
    [
        AccountSettings((IMAP_STARTTLS, IMAP), (SMTP,)),
        AccountSettings((IMAP,), (SMTP_STARTTLS, SMTP)),
        AccountSettings((replace(IMAP, port=10993),), (SMTP,)),
        SIMPLE.with_username("ana"),
    ],
    ids=["starttls-in", "starttls-out", "odd-port", "local-part"],
)
def test_pacc_is_omitted_where_it_cannot_express_the_best_server(
    settings: AccountSettings,
) -> None:
    made = published(settings)
    assert made.content("user-agent-configuration.json") is None
    assert any("PACC" in note for note in made.notes)
    assert not any("ua-auto-config" in owner for owner, _kind, _data in zone_records(made))
    assert b"ua-auto-config" not in content(made, "nginx-names.conf")


def test_autodiscover_is_omitted_where_it_cannot_express_user_names() -> None:
    made = published(SIMPLE.with_username("ana"))
    assert made.content("autodiscover.xml") is None
    assert any("Autodiscover" in note for note in made.notes)
    assert b"autodiscover" not in content(made, "nginx-names.conf")
    assert b"autodiscover" not in content(made, "nginx-domain.conf")


def test_the_policy_lists_exchangers_and_its_id_depends_on_it() -> None:
    made = published()
    assert content(made, "mta-sts.txt") == (
        b"version: STSv1\r\nmode: testing\r\nmx: mx1.bodega.example\r\n"
        b"mx: mx2.bodega.example\r\nmax_age: 604800\r\n"
    )

    def announced(options: PublishOptions) -> str:
        rows = zone_records(published(options=options))
        return next(data for owner, _kind, data in rows if owner.startswith("_mta-sts"))

    assert re.fullmatch(r'"v=STSv1; id=[0-9a-f]{20};"', announced(OPTIONS))
    strict = replace(OPTIONS, policy_mode=PolicyMode.ENFORCE)
    assert announced(strict) != announced(OPTIONS) == announced(OPTIONS)


def test_without_exchangers_there_is_neither_policy_nor_its_record() -> None:
    made = published(options=replace(OPTIONS, mail_exchangers=()))
    assert made.content("mta-sts.txt") is None
    assert any("MTA-STS" in note for note in made.notes)
    assert not any("mta-sts" in owner for owner, _kind, _data in zone_records(made))


# User names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "template"),
    [
        ("ana@bodega.example", "%EMAILADDRESS%"),
        ("Ana@Bodega.example", "%EMAILADDRESS%"),
        ("ana", "%EMAILLOCALPART%"),
        ("ana+bodega.example", "%EMAILLOCALPART%+%EMAILDOMAIN%"),
        ("%EMAILLOCALPART%.mail", "%EMAILLOCALPART%.mail"),
        ("%EMAILDOMAIN%", None),
        ("%EMAILADDRESS", None),
        ("%REALNAME%", None),
        ("w0138f2e", None),
        ("luis@bodega.example", None),
        ("", None),
    ],
)
def test_user_name_templates(username: str, template: str | None) -> None:
    assert username_template(username, DOMAIN, ANA) == template


def test_any_address_of_the_domain_becomes_a_placeholder() -> None:
    assert username_template("luis@bodega.example", DOMAIN, None) == "%EMAILADDRESS%"
    assert username_template("luis@otra.example", DOMAIN, None) is None
    assert username_template("luis", DOMAIN, None) is None


def test_a_personal_user_name_is_never_published() -> None:
    assert "w0138f2e" in refusal(SIMPLE.with_username("w0138f2e"))
    partly = replace(SIMPLE, outgoing=(replace(SMTP, username="w0138f2e"),))
    assert "w0138f2e" in refusal(partly)


def test_a_personal_calendar_is_omitted() -> None:
    urls = (
        "https://dav.bodega.example/ana/cal/",
        "https://dav.bodega.example/ana@bodega.example/",
        "https://dav.bodega.example/ana%40bodega.example/",
    )
    for url in urls:
        service = replace(FULL.services[0], url=url)
        made = published(replace(SIMPLE, services=(service,)))
        assert not any(b"dav.bodega" in file.content for file in made.files)


@pytest.mark.parametrize("settings", [SIMPLE, FULL, WINDOW])
def test_no_file_contains_the_mailboxs_address(settings: AccountSettings) -> None:
    for file in published(settings).files:
        assert not re.search(rb"\bana\b", file.content), file.name


# Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        AccountSettings((), (SMTP,)),
        AccountSettings((IMAP,), ()),
        AccountSettings((SMTP,), (IMAP,)),
        AccountSettings((server(security=SocketType.NONE),), (SMTP,)),
        AccountSettings((server(authentication=()),), (SMTP,)),
        AccountSettings((server(port=0),), (SMTP,)),
        AccountSettings((server(host="192.0.2.1"),), (SMTP,)),
        AccountSettings((server(host="localhost"),), (SMTP,)),
        AccountSettings((server(host="a b.example"),), (SMTP,)),
        AccountSettings((server(host="a.example;x"),), (SMTP,)),
        AccountSettings((IMAP, server(username="a\nb@bodega.example")), (SMTP,)),
    ],
    ids=lambda _settings: "",
)
def test_unsafe_settings_are_not_published(settings: AccountSettings) -> None:
    refusal(settings)


@pytest.mark.parametrize(
    "changes",
    [
        {"web": ("192.0.2.1", "web.example")},
        {"web": ("fe80::1%eth0",)},
        {"web": ("autoconfig.bodega.example",)},
        {"web": ("a.example; return 200",)},
        {"mail_exchangers": ("mx.example\nmode: none",)},
        {"mail_exchangers": ("192.0.2.1",)},
        {"policy_age": 0},
        {"policy_age": 31_557_601},
        {"ttl": -1},
        {"folder": "/srv/$host"},
        {"folder": "srv"},
        {"folder": "/srv/../etc"},
        {"folder": "/srv; root /etc"},
        {"certificate": "/etc/a b.pem"},
        {"listen": ()},
        {"listen": ("443; return 200",)},
        {"listen": ("[::1]",)},
        {"listen": ("::1:443",)},
        {"listen": ("0",)},
        {"listen": ("unix:/tmp/x",)},
        {"address": EmailAddress("ana", "otra.example")},
        {"reports_to": EmailAddress("añ", "bodega.example")},
    ],
    ids=ascii,
)
def test_invalid_options_are_refused(changes: dict[str, object]) -> None:
    refusal(options=replace(OPTIONS, **changes))  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "domain",
    ["", "localhost", "Bodega.example", "bodega.example.", "bödega.example", "192.0.2.1", "a b.com",
     "a.example\n$INCLUDE /etc/passwd", "bodega.local", ".".join(["a" * 60] * 4)],
)  # fmt: skip
def test_invalid_domains_are_not_published(domain: str) -> None:
    options = replace(OPTIONS, address=None)
    settings = SIMPLE.with_username("%EMAILADDRESS%")
    assert isinstance(publication(domain, settings, options), ExportFailure)


# The folder ---------------------------------------------------------------------------------


def test_instructions_are_written_in_each_language(tmp_path: Path) -> None:
    english = published(SIMPLE.with_username("ana"))
    i18n.set_language("es")
    spanish = published(SIMPLE.with_username("ana"))
    assert content(english, "README.txt") == content(spanish, "README.txt")
    assert content(english, "LEEME.txt") == content(spanish, "LEEME.txt")
    written = write_artifact(spanish.artifact, tmp_path / "out")
    assert isinstance(written, Written)
    assert {path.name for path in written.paths} == ALL - {
        "autodiscover.xml",
        "user-agent-configuration.json",
    }
    assert "LEEME.txt" in spanish.artifact.steps[0].text


def test_the_readme_lists_files_and_omissions() -> None:
    text = content(published(), "README.txt").decode()
    for url in (
        "https://autoconfig.bodega.example/mail/config-v1.1.xml",
        "https://bodega.example/.well-known/autoconfig/mail/config-v1.1.xml",
        "https://autodiscover.bodega.example/autodiscover/autodiscover.xml",
        "https://ua-auto-config.bodega.example/.well-known/user-agent-configuration.json",
        "https://mta-sts.bodega.example/.well-known/mta-sts.txt",
    ):
        assert url in text
    less = published(SIMPLE.with_username("ana"), replace(OPTIONS, mail_exchangers=()))
    readme = " ".join(content(less, "README.txt").decode().split())
    assert all(note in readme for note in less.notes)
    assert len(less.notes) == 3
    assert "mta-sts.bodega" not in readme


def test_preferred_pop3_is_first_in_all_documents() -> None:
    pop_first = AccountSettings((POP3, IMAP), (SMTP,))
    rows = zone_records(published(pop_first))
    assert ("_pop3s._tcp.bodega.example.", "SRV", "0 1 995 mail.bodega.example.") in rows
    assert ("_imaps._tcp.bodega.example.", "SRV", "10 1 993 mail.bodega.example.") in rows
    assert pop_first.incoming[0].protocol is Protocol.POP3


def test_a_name_with_a_placeholder_is_not_used() -> None:
    made = published(replace(SIMPLE, provider="100% Mail"))
    read = autoconfig.read(content(made, "config-v1.1.xml"), LUIS)
    assert isinstance(read, AccountSettings)
    assert read.provider == DOMAIN
