"""What every exporter promises: one suite, one class a program."""

import io
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup import i18n
from mailsetup.export.exporter import Artifact, ArtifactFile, Automation, CannotExport, Exporter
from mailsetup.export.filename import is_safe_name
from mailsetup.export.gmail import Gmail
from mailsetup.export.outlook import FOLDER, Outlook
from mailsetup.export.table import EXPORTERS, exporter
from mailsetup.export.thunderbird import Thunderbird
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    Account,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)
from tests.export.accounts import OAUTH2, ORDINARY, account
from tests.export.parsers import read_prefs, read_prf, read_reg

BASE = account()
HOSTILE_TEXTS = (
    'x");user_pref("a.b", "c',
    "line\nbreak",
    "carriage\rreturn",
    "tab\there",
    "nul\0",
    "escape\x1b[31m",
    "c1\x85",
    "separator\u2028",
    "paragraph\u2029",
    "bidi\u202eevil",
    "surrogate\ud800",
    "noncharacter\ufffe",
    "x" * 5000,
)
HOSTILE_HOSTS = (
    "",
    "host name",
    "a\nb.example",
    'a".example',
    "<b>.example",
    "../../etc",
    "UPPER.example",
    "münchen.example",
    "-a.example",
    "a..example",
    "a." * 200 + "example",
)
# What a format could trip over although it is a name that somebody may have.
AWKWARD = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")),
        st.sampled_from("\"'\\<>&[];=%$`{}/#\u00a0"),
    ),
    max_size=60,
)
ANYTHING = st.text(st.characters(), max_size=40)


def with_server(wanted: Account, **changes: object) -> tuple[Account, Account]:
    """The account with one server changed, once the incoming and once the outgoing."""

    def changed(server: ServerSettings) -> ServerSettings:
        return replace(server, **changes)  # type: ignore[arg-type]  # names are checked at run time

    return (
        replace(wanted, incoming=changed(wanted.incoming)),
        replace(wanted, outgoing=changed(wanted.outgoing)),
    )


class _Page(HTMLParser):
    """What a browser would load, run and show."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


class ExporterContract:
    """Inherited by one class a program; the names of its tests are the contract."""

    program: Exporter

    def exported(self, wanted: Account) -> Artifact:
        result = self.program.export(wanted)
        assert isinstance(result, Artifact), result
        return result

    def test_it_stands_in_the_table_under_its_word(self) -> None:
        found = exporter(self.program.id)
        assert type(found) is type(self.program)
        assert re.fullmatch(r"[a-z][a-z0-9-]*", self.program.id)
        assert self.program.automation in Automation

    @pytest.mark.parametrize("name", ORDINARY)
    def test_ordinary_accounts_give_steps_and_safely_named_files(self, name: str) -> None:
        artifact = self.exported(ORDINARY[name])
        assert artifact.steps
        assert all(step.text.strip() for step in artifact.steps)
        names = [file.name for file in artifact.files]
        assert len(set(names)) == len(names)
        assert all(is_safe_name(file) and file.isascii() for file in names)
        assert all(file.content and file.media_type for file in artifact.files)

    @pytest.mark.parametrize("name", ORDINARY)
    def test_the_same_account_gives_the_same_bytes(self, name: str) -> None:
        assert self.exported(ORDINARY[name]) == self.exported(ORDINARY[name])

    @pytest.mark.parametrize("name", ORDINARY)
    def test_no_file_or_step_sets_a_password(self, name: str) -> None:
        artifact = self.exported(ORDINARY[name])
        # The words for a password with a value behind them, in every format that we write.
        filled = re.compile(
            rb'(?i)(?:<password>|"[^"]*(?:password|passwd)[^"]*"\s*,|password=)[^,\s]'
        )
        for file in artifact.files:
            for content in _contents(file):
                assert not filled.search(content), file.name

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
    def test_hostile_text_is_refused_with_a_sentence_or_written_harmlessly(self, text: str) -> None:
        hostile = (replace(BASE, person=text), *with_server(BASE, username=text))
        for wanted in hostile:
            result = self.program.export(wanted)
            if text is HOSTILE_TEXTS[0]:
                assert isinstance(result, Artifact)
                self.check(wanted, result)
            else:
                assert isinstance(result, CannotExport)
                assert result.reason.endswith(".")
                assert not any(char in result.reason for char in text if not char.isascii())

    @pytest.mark.parametrize("host", HOSTILE_HOSTS, ids=lambda host: ascii(host)[:30])
    def test_what_is_no_host_name_is_refused(self, host: str) -> None:
        for wanted in with_server(BASE, host=host):
            assert isinstance(self.program.export(wanted), CannotExport)

    @pytest.mark.parametrize("port", [0, -1, 65536, True])
    def test_what_is_no_port_is_refused(self, port: int) -> None:
        for wanted in with_server(BASE, port=port):
            assert isinstance(self.program.export(wanted), CannotExport)

    def test_a_server_without_encryption_is_refused(self) -> None:
        for wanted in with_server(BASE, security=SocketType.NONE):
            assert isinstance(self.program.export(wanted), CannotExport)

    def test_servers_on_the_wrong_side_are_refused(self) -> None:
        swapped = replace(BASE, incoming=BASE.outgoing, outgoing=BASE.incoming)
        assert isinstance(self.program.export(swapped), CannotExport)

    def test_an_address_that_did_not_come_from_the_parser_is_refused(self) -> None:
        for address in (
            EmailAddress("ana", "bodega.example\r\nBcc: x"),
            EmailAddress("a\nna", "bodega.example"),
            EmailAddress("", "bodega.example"),
            EmailAddress("ana", "../bodega"),
        ):
            assert isinstance(self.program.export(replace(BASE, address=address)), CannotExport)

    def test_texts_come_in_the_current_language(self) -> None:
        for language in i18n.LANGUAGES:
            i18n.set_language(language)
            for file in self.exported(BASE).files:
                if file.name.endswith(".html"):
                    assert f'<html lang="{language}">'.encode() in file.content

    def check(self, wanted: Account, artifact: Artifact) -> None:
        """Read the files again and find in them what the account says."""
        for file in artifact.files:
            if file.name.endswith(".html"):
                check_page(wanted, file)
        self.check_files(wanted, artifact)

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        raise NotImplementedError


def _contents(file: ArtifactFile) -> list[bytes]:
    if file.media_type != "application/zip":
        return [file.content]
    with zipfile.ZipFile(io.BytesIO(file.content)) as package:
        return [package.read(name) for name in package.namelist()]


def check_page(wanted: Account, file: ArtifactFile) -> None:
    """The page loads nothing, runs its own script only, and copies exact values."""
    page = _Page(file.content.decode())
    assert file.private
    names = [tag for tag, _attributes in page.tags]
    assert names.count("script") == names.count("style") == 1
    assert not {"img", "iframe", "object", "embed", "link", "form", "base", "audio", "video"} & set(
        names
    )
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        assert "style" not in attributes
        assert "src" not in attributes
        link = attributes.get("href") or "#"
        assert link.startswith(("#", "https://mail.google.com/", "https://myaccount.google.com/"))
    policy = next(
        attributes["content"]
        for _tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    copied = {attributes["data-value"] for tag, attributes in page.tags if tag == "button"}
    assert {
        str(wanted.address),
        wanted.incoming.host,
        wanted.outgoing.host,
        str(wanted.incoming.port),
        wanted.incoming.username,
    } <= copied


class TestThunderbird(ExporterContract):
    program = Thunderbird()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        (file,) = artifact.files
        assert file.private
        with zipfile.ZipFile(io.BytesIO(file.content)) as package:
            assert package.namelist() == ["prefs.js"]
            prefs = read_prefs(package.read("prefs.js"))
        assert prefs["mail.identity.id1.fullName"] == wanted.person
        assert prefs["mail.identity.id1.useremail"] == wanted.address.ascii
        assert prefs["mail.server.server1.userName"] == wanted.incoming.username
        assert prefs["mail.server.server1.hostname"] == wanted.incoming.host
        assert prefs["mail.server.server1.port"] == wanted.incoming.port
        assert prefs["mail.smtpserver.smtp1.username"] == wanted.outgoing.username
        assert prefs["mail.smtpserver.smtp1.hostname"] == wanted.outgoing.host
        assert set(prefs) <= KNOWN_PREFS

    def prefs(self, wanted: Account) -> dict[str, str | int | bool]:
        with zipfile.ZipFile(io.BytesIO(self.exported(wanted).files[0].content)) as package:
            return read_prefs(package.read("prefs.js"))

    def test_starttls_and_tls_have_thunderbirds_numbers(self) -> None:
        starttls = self.prefs(ORDINARY["imap-starttls"])
        assert starttls["mail.server.server1.socketType"] == 2
        assert starttls["mail.smtpserver.smtp1.try_ssl"] == 2
        tls = self.prefs(ORDINARY["imap-tls"])
        assert tls["mail.server.server1.socketType"] == 3
        assert tls["mail.smtpserver.smtp1.try_ssl"] == 3

    def test_pop3_leaves_messages_on_the_server_and_says_so(self) -> None:
        prefs = self.prefs(ORDINARY["pop3-tls"])
        assert prefs["mail.server.server1.type"] == "pop3"
        assert prefs["mail.server.server1.leave_on_server"] is True
        assert self.exported(ORDINARY["pop3-tls"]).notes

    def test_oauth2_is_used_where_thunderbird_can_and_the_password_elsewhere(self) -> None:
        assert self.prefs(OAUTH2)["mail.server.server1.authMethod"] == 10
        both = (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)
        assert self.prefs(account(authentication=both))["mail.server.server1.authMethod"] == 3
        only = account(authentication=(Authentication.OAUTH2,))
        assert isinstance(self.program.export(only), CannotExport)

    def test_a_name_that_only_ends_like_a_known_host_is_not_known(self) -> None:
        lookalike = account(
            authentication=(Authentication.OAUTH2,),
            incoming_host="imap.notgmail.com",
            outgoing_host="gmail.com.example",
        )
        assert isinstance(self.program.export(lookalike), CannotExport)

    def test_a_sending_user_name_that_thunderbird_spoils_is_said(self) -> None:
        assert self.exported(account(username="jürgen")).notes
        assert not self.exported(BASE).notes

    def test_sending_without_a_login_writes_no_user_name(self) -> None:
        outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
        prefs = self.prefs(replace(BASE, outgoing=outgoing))
        assert prefs["mail.smtpserver.smtp1.authMethod"] == 1
        assert "mail.smtpserver.smtp1.username" not in prefs


KNOWN_PREFS = {
    *(f"mail.accountmanager.{key}" for key in ("accounts", "defaultaccount")),
    *("mail.smtpservers", "mail.smtp.defaultserver"),
    *(f"mail.account.account1.{key}" for key in ("server", "identities")),
    *(
        f"mail.server.server1.{key}"
        for key in (
            *("type", "hostname", "port", "socketType", "authMethod", "userName", "name"),
            *("login_at_startup", "check_new_mail"),
        )
    ),
    *(
        f"mail.identity.id1.{key}"
        for key in ("fullName", "useremail", "smtpServer", "reply_on_top", "valid")
    ),
    *(
        f"mail.smtpserver.smtp1.{key}"
        for key in ("type", "hostname", "port", "try_ssl", "authMethod", "description", "username")
    ),
}


class TestOutlook(ExporterContract):
    program = Outlook()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        by_end = {file.name.rpartition(".")[2]: file for file in artifact.files}
        if "prf" in by_end:
            self.check_prf(wanted, by_end["prf"])
        if "xml" in by_end:
            self.check_autodiscover(wanted, by_end["xml"])
            on, off = (
                read_reg(file.content) for file in artifact.files if file.name.endswith(".reg")
            )
            outlook = "HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook\\"
            assert on[outlook + "AutoDiscover"] == {
                "PreferLocalXML": "dword:00000001",
                wanted.address.domain: f"{FOLDER}\\{by_end['xml'].name}",
            }
            assert {key: set(values) for key, values in off.items()} == {
                key: set(values) for key, values in on.items()
            }
            assert {value for values in off.values() for value in values.values()} == {"-"}

    def check_prf(self, wanted: Account, file: ArtifactFile) -> None:
        sections = read_prf(file.content)
        kind = sections["Internet Account List"]["Account1"]
        given = sections["Account1"]
        assert set(given) <= set(sections[kind]), "a property without a tag is dropped silently"
        assert given["EmailAddress"] == wanted.address.ascii
        assert given["DisplayName"] == (wanted.person or wanted.address.ascii)
        assert wanted.incoming.username in (given.get("IMAPUserName"), given.get("POP3UserName"))
        assert sections["General"]["DefaultProfile"] == "No"
        assert sections["General"]["OverwriteProfile"] == "Append"

    def check_autodiscover(self, wanted: Account, file: ArtifactFile) -> None:
        response = (
            "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
        )
        root = ElementTree.fromstring(file.content)  # noqa: S314 - we wrote it
        protocols = [
            {element.tag.removeprefix(response): element.text for element in protocol}
            for protocol in root.iter(response + "Protocol")
        ]
        assert [protocol["Server"] for protocol in protocols] == [
            wanted.incoming.host,
            wanted.outgoing.host,
        ]
        assert protocols[0]["LoginName"] == wanted.incoming.username
        assert protocols[0]["Port"] == str(wanted.incoming.port)
        for protocol, server in zip(protocols, (wanted.incoming, wanted.outgoing), strict=True):
            tls = server.security is SocketType.TLS
            assert (protocol["SSL"], protocol["Encryption"]) == (
                ("on", "SSL") if tls else ("off", "TLS")
            )

    @pytest.mark.parametrize("name", [name for name in ORDINARY if name != "oauth2"])
    def test_files_are_read_back_for_every_kind_of_account(self, name: str) -> None:
        self.check(ORDINARY[name], self.exported(ORDINARY[name]))

    def endings(self, wanted: Account) -> set[str]:
        return {file.name.rpartition(".")[2] for file in self.exported(wanted).files}

    def test_a_prf_is_made_only_where_the_format_can_say_it(self) -> None:
        assert "prf" in self.endings(BASE)
        assert "prf" in self.endings(ORDINARY["pop3-tls"])
        for name in ("imap-starttls", "pop3-starttls", "international"):
            assert "prf" not in self.endings(ORDINARY[name])
            assert self.exported(ORDINARY[name]).notes
        other = replace(BASE, outgoing=replace(BASE.outgoing, username="someone"))
        assert "prf" not in self.endings(other)

    def test_only_the_guide_where_the_provider_signs_in_by_itself(self) -> None:
        artifact = self.exported(OAUTH2)
        assert self.endings(OAUTH2) == {"html"}
        assert artifact.notes

    def test_an_unknown_oauth2_only_server_is_refused(self) -> None:
        only = account(authentication=(Authentication.OAUTH2,))
        assert isinstance(self.program.export(only), CannotExport)

    def test_a_user_name_that_is_not_the_address_takes_the_form_that_asks_for_it(self) -> None:
        def shown(wanted: Account) -> set[str]:
            return {value.value for step in self.exported(wanted).steps for value in step.values}

        assert "w0138f2e-ana" in shown(ORDINARY["other-user"])
        assert BASE.incoming.host in shown(BASE)

    def test_the_guide_says_what_new_outlook_does_with_the_password(self) -> None:
        page = _Page(self.exported(BASE).files[0].content.decode())
        assert any("Microsoft's servers" in text for text in page.text)


class TestGmail(ExporterContract):
    program = Gmail()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        assert [file.media_type for file in artifact.files] == ["text/html; charset=utf-8"]

    def links(self, wanted: Account) -> list[str]:
        page = _Page(self.exported(wanted).files[0].content.decode())
        return [
            attributes["href"] or ""
            for tag, attributes in page.tags
            if tag == "a" and (attributes["href"] or "").startswith("https://")
        ]

    def test_a_mailbox_at_gmail_gets_the_way_to_an_app_password(self) -> None:
        assert "https://myaccount.google.com/apppasswords" in self.links(OAUTH2)
        assert not any("myaccount" in link for link in self.links(BASE))

    def test_a_port_that_send_as_does_not_offer_is_said(self) -> None:
        odd = replace(BASE, outgoing=replace(BASE.outgoing, port=2525))
        assert any("2525" in note for note in self.exported(odd).notes)
        assert len(self.exported(BASE).notes) == 1

    def test_a_server_that_takes_no_password_cannot_be_joined_to_gmail(self) -> None:
        only = account(authentication=(Authentication.OAUTH2,))
        assert isinstance(self.program.export(only), CannotExport)

    def test_pop3_is_said_to_work_on_android_only(self) -> None:
        page = _Page(self.exported(account(protocol=Protocol.POP3)).files[0].content.decode())
        assert any("iPhone" in text for text in page.text)


EVERY_PROGRAM = pytest.mark.parametrize("suite", ExporterContract.__subclasses__())


@EVERY_PROGRAM
@settings(deadline=None)
@given(person=AWKWARD, username=AWKWARD.filter(lambda text: text.strip() != ""))
def test_awkward_names_survive_the_format(
    suite: type[ExporterContract], person: str, username: str
) -> None:
    incoming = replace(BASE.incoming, username=username)
    outgoing = replace(BASE.outgoing, username=username)
    wanted = replace(BASE, person=person, incoming=incoming, outgoing=outgoing)
    suite().check(wanted, suite().exported(wanted))


@EVERY_PROGRAM
@settings(deadline=None)
@given(person=ANYTHING, username=ANYTHING, host=ANYTHING)
def test_no_text_at_all_makes_it_fail(
    suite: type[ExporterContract], person: str, username: str, host: str
) -> None:
    program = suite().program
    for server in with_server(replace(BASE, person=person), username=username, host=host):
        assert isinstance(program.export(server), Artifact | CannotExport)
    wanted = replace(BASE, person=person)
    result = program.export(wanted)
    if isinstance(result, Artifact):
        suite().check(wanted, result)


def test_every_program_of_the_table_keeps_the_contract() -> None:
    covered = {type(suite.program) for suite in ExporterContract.__subclasses__()}
    assert covered == {type(program) for program in EXPORTERS}
    assert exporter("eudora") is None
