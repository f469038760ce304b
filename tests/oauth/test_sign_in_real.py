"""Sign-in at a real OpenID provider, and its failures.

Each failure has a message in both languages, nothing hangs, and no port stays open.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from mailsetup.apply.targets import TARGETS
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.events import Event, SignInOpened
from mailsetup.assistant.run_options import UnconfirmedError
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.signin.flow import SignIn, SignInMeans, SignInMethod, sign_in
from mailsetup.assistant.texts.signin import other_account_sentence, sign_in_link
from mailsetup.export.exporter import Artifact
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn
from mailsetup.model.finding import Finding
from mailsetup.model.secret import AccessToken
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    Authentication,
    OAuth2Endpoints,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.sign_in import Client, SignInFailure, SignInFault
from mailsetup.net.network import open_network
from mailsetup.oauth.provider import BUILTIN
from mailsetup.vault import Vault
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.smtp import SmtpSession
from tests.oauth.conftest import ADDRESS, is_closed, options_of, port_of, sentences
from tests.support.oauth.keyring import MemoryKeyring
from tests.support.oauth.person import Person, open_no_page
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.oauth_models import MAIL
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


async def signed_in(assistant: Assistant, method: SignInMethod, person: Person) -> SignIn:
    made = await assistant.sign_ins.sign_in(method, person.open)
    await asyncio.to_thread(person.done)
    assert isinstance(made, SignIn), made
    return made


@pytest.fixture
async def made(servers: RealServers, assistant: Assistant, method: SignInMethod) -> SignIn:
    """A sign-in as the mailbox's own user."""
    return await signed_in(assistant, method, Person(servers))


async def logged_in(assistant: Assistant, account: Account, made: SignIn) -> CheckReport:
    """A check that logs in and sends nothing."""
    return await assistant.check(
        CheckRequest(account=account, secret=made.token, sign_in=made, send=False)
    )


def account_findings(report: CheckReport) -> dict[str, Finding]:
    """The findings about the account, by id."""
    return {one.id: one for one in report.findings if one.id.startswith("account.")}


async def failed(
    assistant: Assistant, method: SignInMethod, person: Person, fault: SignInFault
) -> tuple[str, str]:
    """The messages of a failed sign-in, after which the port is closed."""
    made = await assistant.sign_ins.sign_in(method, person.open)
    await asyncio.to_thread(person.done)
    assert isinstance(made, SignInFailure), made
    assert made.fault is fault
    assert all(is_closed(port_of(url)) for url in person.opened)
    return sentences(made)


async def test_sign_in_proves_the_account_and_its_tokens_are_revoked(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    method: SignInMethod,
) -> None:
    person = Person(servers)
    made = await signed_in(assistant, method, person)
    assert made.signed_in_as == ADDRESS
    assert not made.is_of_another
    report = await assistant.check(
        CheckRequest(account=account[0], secret=made.token, sign_in=made, wait=30)
    )
    assert report.incoming is not None
    assert report.outgoing is not None
    assert {report.incoming.mechanism, report.outgoing.mechanism} == {"OAUTHBEARER"}
    assert report.round_trip is not None
    assert report.round_trip.attachment_intact
    assert account_findings(report) == {}
    assert servers.logins(service="managesieve", server="dovecot-oauth") > 0
    assert issuer.active_tokens
    await assistant.sign_ins.end()
    assert issuer.active_tokens == []


async def test_authorization_request_follows_rfc_8252(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    events: list[Event] = []
    person = Person(servers)
    await assistant.sign_ins.sign_in(method, person.open, events.append)
    parameters = issuer.queries[0]
    assert parameters["response_type"] == "code"
    assert parameters["code_challenge_method"] == "S256"
    assert len(parameters["code_challenge"]) == 43
    assert len(parameters["state"]) >= 40
    redirect_uri = f"http://127.0.0.1:{port_of(person.opened[0])}/"
    assert parameters["redirect_uri"].startswith(redirect_uri)
    # The path is unique to the issuer.
    assert len(parameters["redirect_uri"]) == len(redirect_uri) + 16
    assert set(parameters["scope"].split()) == {MAIL, "offline_access", "openid", "email"}
    assert parameters["login_hint"] == ADDRESS
    assert events == [SignInOpened(person.opened[0], "id.acceso.test")]


async def test_wrong_pkce_verifier_is_rejected(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    person = Person(servers)

    def strip(url: str) -> None:
        person.open(url.replace("code_challenge=", "code_challenge=x"))

    made = await assistant.sign_ins.sign_in(method, strip)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.CODE_REFUSED
    sentences(made)


async def test_response_page_is_in_the_persons_language(
    servers: RealServers, assistant: Assistant, method: SignInMethod
) -> None:
    from mailsetup import i18n

    i18n.set_language("es")
    person = Person(servers)
    await signed_in(assistant, method, person)
    assert '<html lang="es">' in person.last_page
    assert "Ya puedes cerrar esta página" in person.last_page
    assert "<script" not in person.last_page


# Failures ---------------------------------------------------------------------------------------


async def test_closed_browser_is_a_timeout(
    servers: RealServers, assistant: Assistant, method: SignInMethod
) -> None:
    opened: list[str] = []
    async with open_network(options_of(servers).network) as net:
        made = await sign_in(
            method, SignInMeans.BROWSER, net, lambda _event: None, opened.append, patience=0.2
        )
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.TIMED_OUT
    assert is_closed(port_of(opened[0]))
    assert "closed the page" in sentences(made)[0]


async def test_cancelled_sign_in_closes_the_port(
    servers: RealServers, assistant: Assistant, method: SignInMethod
) -> None:
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(assistant.sign_ins.sign_in(method, opened.set_result))
    url = await opened
    assert not is_closed(port_of(url))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert is_closed(port_of(url))


async def test_denied_sign_in_is_reported(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    person = Person(servers, allow=False)
    message, _ = await failed(assistant, method, person, SignInFault.DENIED)
    assert "did not give leave" in message
    assert "You did not give leave" in person.last_page
    assert issuer.tokens == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("wrong-iss", SignInFault.WRONG_ISSUER),
        ("no-iss", SignInFault.WRONG_ISSUER),
        ("admin-consent", SignInFault.ADMIN_CONSENT),
        ("server-error", SignInFault.REFUSED),
    ],
)
async def test_invalid_authorization_response_is_not_used(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    method: SignInMethod,
    fault: str,
    expected: SignInFault,
) -> None:
    issuer.faults.add(fault)
    await failed(assistant, method, Person(servers), expected)
    assert "POST /token" not in issuer.asked


async def test_admin_consent_has_a_link_at_microsoft(
    account: tuple[Account, AccountSettings],
) -> None:
    microsoft = next(one for one in BUILTIN if one.id == "microsoft")
    method = SignInMethod(account[0], microsoft, Client("mi-programa"))
    link = sign_in_link(SignInFailure(SignInFault.ADMIN_CONSENT), method)
    assert link == (
        "https://login.microsoftonline.com/acceso.test/adminconsent?client_id=mi-programa"
    )


async def test_repeated_redirect_is_used_once(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    person = Person(servers, times=2)
    await signed_in(assistant, method, person)
    assert issuer.asked.count("POST /token") == 1
    # The port is closed by then, or the second redirect is rejected.
    assert person.responses[-1][0] in (0, 400)
    assert person.responses[-2][0] == 200


async def test_port_in_use_is_reported(
    issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    holder = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = holder.sockets[0].getsockname()[1]
    redirect = f"http://127.0.0.1:{port}/"
    fixed = replace(method, client=Client(issuer.register(redirect), redirect=redirect))
    async with holder:
        made = await assistant.sign_ins.sign_in(fixed, open_no_page)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.PORT_TAKEN
    assert str(port) in sentences(made)[0]


async def test_concurrent_sign_ins_are_independent(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    other = Assistant(options_of(servers), programs_here=lambda: ())
    people = Person(servers), Person(servers, "luis@acceso.test")
    made = await asyncio.gather(
        assistant.sign_ins.sign_in(method, people[0].open),
        other.sign_ins.sign_in(method, people[1].open),
    )
    assert [isinstance(one, SignIn) and one.signed_in_as for one in made] == [
        ADDRESS,
        "luis@acceso.test",
    ]
    assert port_of(people[0].opened[0]) != port_of(people[1].opened[0])
    await other.close()


def foreign_redirects(opened: str) -> list[str]:
    """Requests of an attacker to the redirect URI."""
    query = dict(parse_qsl(urlsplit(opened).query))
    back = query["redirect_uri"]
    state = quote(query["state"])
    return [
        f"{back}?code=stolen",
        f"{back}?code=stolen&state=",
        f"{back}?code=stolen&state={state}x",
        f"{back}?error=access_denied&state=another",
        f"{back}?error=access_denied",
        f"{back}?state={state}&state={state}&code=stolen&code=other",
        f"{back}x?code=stolen&state={state}",
        f"{back}?%FF",
    ]


async def test_foreign_redirects_do_not_end_the_sign_in(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    person, attacker = Person(servers), Person(servers)

    def attacked_first(url: str) -> None:
        def requests() -> None:
            for answer in foreign_redirects(url):
                attacker.fetch("GET", answer)
                attacker.fetch("POST", answer)
            person.open(url)

        threading.Thread(target=requests, daemon=True).start()

    made = await assistant.sign_ins.sign_in(method, attacked_first)
    await asyncio.to_thread(person.done)
    assert isinstance(made, SignIn), made
    assert made.signed_in_as == ADDRESS
    assert {status for status, _url, _text in attacker.responses} <= {400, 404, 405}
    assert any("does not belong to the sign-in" in text for _, _, text in attacker.responses)
    assert issuer.asked.count("POST /token") == 1


@pytest.mark.parametrize("redirected", [True, False])
async def test_foreign_redirects_are_reported_after_the_timeout(
    servers: RealServers, issuer: Issuer, method: SignInMethod, redirected: bool
) -> None:
    issuer.faults.add("wrong-state")
    person = Person(servers)
    async with open_network(options_of(servers).network) as net:
        made = await sign_in(
            method,
            SignInMeans.BROWSER,
            net,
            lambda _event: None,
            person.open if redirected else open_no_page,
            patience=3.0 if redirected else 0.2,
        )
    assert isinstance(made, SignInFailure)
    assert made.fault is (SignInFault.WRONG_STATE if redirected else SignInFault.TIMED_OUT)
    assert "POST /token" not in issuer.asked
    if redirected:
        assert "does not belong to the sign-in" in person.last_page


async def test_missing_mail_scope_is_reported(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    issuer.refused_scopes.add(MAIL)
    message, _ = await failed(assistant, method, Person(servers), SignInFault.SCOPE_MISSING)
    assert "allow everything" in message


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("metadata-redirect", SignInFault.METADATA_REDIRECTED),
        ("other-issuer", SignInFault.METADATA_OTHER_ISSUER),
    ],
)
async def test_metadata_of_another_issuer_are_rejected(
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    fault: str,
    expected: SignInFault,
) -> None:
    issuer.faults.add(fault)
    found = await assistant.sign_ins.find_method(*account)
    assert isinstance(found, SignInFailure)
    assert found.fault is expected
    assert "acceso.test" in sentences(found)[0]
    assert "GET /elsewhere" not in issuer.asked


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mail.wrongcert.test", SignInFault.UNTRUSTED),
        ("gone.dead.test", SignInFault.UNREACHABLE),
        ("mail.hoster.test", SignInFault.METADATA_UNUSABLE),
    ],
)
async def test_unreachable_or_untrusted_issuer_is_reported(
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    host: str,
    expected: SignInFault,
) -> None:
    elsewhere = replace(account[1], oauth2=OAuth2Endpoints(issuer=f"https://{host}"))
    found = await assistant.sign_ins.find_method(account[0], elsewhere)
    assert isinstance(found, SignInFailure)
    assert found.fault is expected
    assert host in sentences(found)[0]


async def test_rejected_registration_is_reported(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    issuer.faults.add("closed")
    message, _ = await failed(assistant, method, Person(servers), SignInFault.NOT_REGISTERED)
    assert "app password" in message


async def test_technicians_client_id_is_used_instead_of_a_registration(
    servers: RealServers, issuer: Issuer, account: tuple[Account, AccountSettings]
) -> None:
    issuer.register("http://127.0.0.1", "del-tecnico")
    assistant = Assistant(
        options_of(servers, oauth_client_id="del-tecnico"), programs_here=lambda: ()
    )
    method = await assistant.sign_ins.find_method(*account)
    assert isinstance(method, SignInMethod)
    made = await signed_in(assistant, method, Person(servers))
    assert made.client.id == "del-tecnico"
    assert "POST /register" not in issuer.asked
    await assistant.close()


# Another account, and expired tokens -----------------------------------------------------------


@pytest.mark.fault("account.login.wrong-account")
async def test_another_account_in_the_browser_is_detected_and_reported_at_login(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    method: SignInMethod,
) -> None:
    made = await signed_in(assistant, method, Person(servers, "luis@acceso.test"))
    assert made.is_of_another
    assert "luis@acceso.test" in other_account_sentence(made.signed_in_as, ADDRESS)
    report = await logged_in(assistant, account[0], made)
    named = account_findings(report)
    assert set(named) == {"account.login.wrong-account"}
    assert named["account.login.wrong-account"].facts["chosen"] == "luis@acceso.test"


async def test_without_an_id_token_userinfo_is_queried(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    issuer.faults.add("no-id-token")
    made = await signed_in(assistant, method, Person(servers, "luis@acceso.test"))
    assert made.signed_in_as == "luis@acceso.test"
    assert "GET /userinfo" in issuer.asked


async def test_expired_token_is_refreshed_during_a_check(
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    made: SignIn,
) -> None:
    issuer.expire_access_tokens()
    report = await logged_in(assistant, account[0], made)
    assert report.incoming is not None
    assert report.outgoing is not None
    assert issuer.asked.count("POST /token") == 2
    await assistant.sign_ins.end()
    assert issuer.active_tokens == []


async def test_exported_account_prefers_oauth_after_a_sign_in(
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    made: SignIn,
) -> None:
    both = (Authentication.PASSWORD_CLEARTEXT, Authentication.OAUTH2)
    offered = replace(
        account[0],
        incoming=replace(account[0].incoming, authentication=both),
        outgoing=replace(account[0].outgoing, authentication=both),
    )
    report = await logged_in(assistant, offered, made)
    wanted = (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)
    assert report.account.incoming.authentication == wanted
    assert report.account.outgoing.authentication == wanted
    for target in TARGETS:
        artifact = target.load_exporter().export(report.account)
        if isinstance(artifact, Artifact):
            written = b"".join(file.content for file in artifact.files)
            assert made.token.reveal().encode() not in written


async def test_token_near_its_expiry_is_refreshed_before_use(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    method: SignInMethod,
) -> None:
    issuer.lifetime = 30
    made = await signed_in(assistant, method, Person(servers))
    issuer.lifetime = 3600
    first = made.token
    introspected = issuer.asked.count("POST /introspect")
    report = await assistant.check(
        CheckRequest(account=account[0], secret=first, sign_in=made, send=False)
    )
    assert report.incoming is not None
    token = next(one for one in issuer.tokens if one.access == first.reveal())
    assert token.access_revoked
    assert issuer.asked.count("POST /introspect") > introspected


@pytest.mark.fault("account.login.sign-in-refused")
async def test_mailbox_that_rejects_the_sign_in_is_reported(
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    made: SignIn,
) -> None:
    """A shared mailbox: signed in as oneself, under its name."""
    shared = replace(
        account[0],
        incoming=replace(account[0].incoming, username="ventas@acceso.test"),
        outgoing=replace(account[0].outgoing, username="ventas@acceso.test"),
    )
    report = await logged_in(assistant, shared, made)
    assert set(account_findings(report)) == {"account.login.sign-in-refused"}


@contextlib.asynccontextmanager
async def after_a_renewal(issuer: Issuer, servers: RealServers, port: int) -> AsyncIterator[int]:
    """A relay to a server's port that waits until the provider has issued a second token."""

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The provider appends to its list in another thread, without an event.
        while issuer.asked.count("POST /token") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        behind = await asyncio.open_connection(servers.sign_in_ip, port)
        await asyncio.gather(copy(reader, behind[1]), copy(behind[0], writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.fault("account.login.sign-in-refused")
async def test_rejected_new_token_is_not_refreshed_again(
    servers: RealServers, issuer: Issuer, account: tuple[Account, AccountSettings], made: SignIn
) -> None:
    """The slower server receives the new token first, and rejects it."""
    shared = replace(
        account[0],
        incoming=replace(account[0].incoming, username="ventas@acceso.test"),
        outgoing=replace(account[0].outgoing, username="ventas@acceso.test"),
    )
    outgoing = shared.outgoing
    async with after_a_renewal(issuer, servers, outgoing.port) as port:
        options = options_of(servers)
        routes = {(outgoing.host, outgoing.port): ("127.0.0.1", port)}
        slow = replace(options, network=replace(options.network, routes=routes))
        assistant = Assistant(slow, Vault(MemoryKeyring), lambda: ())
        report = await logged_in(assistant, shared, made)
        await assistant.close()
    assert set(account_findings(report)) == {"account.login.sign-in-refused"}
    assert issuer.asked.count("POST /token") == 2


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
async def test_each_mechanism_works_and_a_wrong_token_is_reported(
    servers: RealServers,
    account: tuple[Account, AccountSettings],
    mechanism: str,
    made: SignIn,
) -> None:
    other = "XOAUTH2" if mechanism == "OAUTHBEARER" else "OAUTHBEARER"
    incoming, outgoing = account[0].incoming, account[0].outgoing
    pop3 = replace(incoming, protocol=Protocol.POP3, port=995)
    async with open_network(options_of(servers).network) as net:
        for token, expected in (
            (made.token, mechanism),
            (AccessToken("x" * 400), DialogueFault.AUTH_TOKEN_REFUSED),
        ):
            imap = await open_as(ImapSession, incoming, net)
            assert isinstance(imap, ImapSession)
            async with imap:
                imap.capabilities -= {f"AUTH={other}"}
                assert mechanism_or_fault(await log_in(imap, token, net)) == expected
            smtp = await open_as(SmtpSession, outgoing, net)
            assert isinstance(smtp, SmtpSession)
            async with smtp:
                smtp.capabilities["AUTH"] = smtp.capabilities["AUTH"].replace(other, "")
                assert mechanism_or_fault(await log_in(smtp, token, net)) == expected
            maildrop = await open_as(Pop3Session, pop3, net)
            assert isinstance(maildrop, Pop3Session)
            async with maildrop:
                maildrop.capabilities["SASL"] = (mechanism,)
                assert mechanism_or_fault(await log_in(maildrop, token, net)) == expected


def mechanism_or_fault(outcome: LoggedIn | DialogueFailure) -> str:
    if isinstance(outcome, LoggedIn):
        return outcome.mechanism
    assert "x" * 400 not in outcome.text
    return outcome.error


@pytest.mark.fault("account.login.sign-in-expired")
async def test_revoked_sign_in_is_reported(
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    made: SignIn,
) -> None:
    issuer.revoke_everything()
    report = await logged_in(assistant, account[0], made)
    assert set(account_findings(report)) == {"account.login.sign-in-expired"}


async def test_stored_sign_in_logs_in_without_a_browser(
    issuer: Issuer,
    assistant: Assistant,
    keyring: MemoryKeyring,
    account: tuple[Account, AccountSettings],
    method: SignInMethod,
    made: SignIn,
) -> None:
    assert keyring.entries == {}
    assert await assistant.sign_ins.store(made)
    entries = "".join(keyring.entries.values())
    assert made.token.reveal() not in entries
    await assistant.sign_ins.end()
    assert issuer.active_tokens
    loaded = await assistant.sign_ins.load(method)
    assert isinstance(loaded, SignIn)
    assert loaded.token != made.token
    report = await logged_in(assistant, account[0], loaded)
    assert report.incoming is not None
    # Its use replaced the refresh token: only the new one is valid.
    assert made.tokens.refresh != loaded.tokens.refresh
    loaded_again = await assistant.sign_ins.load(method)
    assert isinstance(loaded_again, SignIn)
    assert assistant.vault.forget_sign_in(account[0].address)
    assert keyring.entries == {}


async def test_revoked_stored_sign_in_is_reported(
    servers: RealServers, issuer: Issuer, assistant: Assistant, method: SignInMethod
) -> None:
    assert await assistant.sign_ins.store(await signed_in(assistant, method, Person(servers)))
    issuer.revoke_everything()
    loaded = await assistant.sign_ins.load(method)
    assert isinstance(loaded, SignInFailure)
    assert loaded.fault is SignInFault.EXPIRED
    sentences(loaded)


# Servers that may receive a token --------------------------------------------------------------


def at(account: Account, host: str) -> Account:
    return replace(
        account,
        incoming=replace(account.incoming, host=host),
        outgoing=replace(account.outgoing, host=host),
    )


async def test_servers_of_another_owner_require_confirmation_before_sign_in(
    assistant: Assistant, account: tuple[Account, AccountSettings]
) -> None:
    foreign = at(account[0], "mail.hoster.test")
    method = await assistant.sign_ins.find_method(foreign, account[1])
    assert isinstance(method, SignInMethod)
    assert method.confirm == ("hoster.test",)
    with pytest.raises(UnconfirmedError):
        await assistant.sign_ins.sign_in(method, open_no_page)
    agreed = await assistant.sign_ins.find_method(foreign, account[1], agreed=("hoster.test",))
    assert isinstance(agreed, SignInMethod)
    assert agreed.confirm == ()


async def test_token_is_sent_only_to_servers_of_the_provider_or_confirmed_ones(
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    made: SignIn,
) -> None:
    foreign = at(account[0], "mail.hoster.test")
    with pytest.raises(UnconfirmedError):
        await assistant.check(CheckRequest(account=foreign, secret=made.token, sign_in=made))
    with pytest.raises(UnconfirmedError):
        await assistant.check(CheckRequest(account=account[0], secret=AccessToken("x")))


async def test_token_works_with_pop3(
    servers: RealServers, issuer: Issuer, account: tuple[Account, AccountSettings]
) -> None:
    pop3 = ServerSettings(
        Protocol.POP3, "mail.acceso.test", 995, SocketType.TLS, ADDRESS,
        account[0].incoming.authentication,
    )  # fmt: skip
    by_pop3 = replace(account[0], incoming=pop3)
    assistant = Assistant(options_of(servers), programs_here=lambda: ())
    method = await assistant.sign_ins.find_method(by_pop3, account[1])
    assert isinstance(method, SignInMethod)
    made = await signed_in(assistant, method, Person(servers))
    report = await assistant.check(
        CheckRequest(account=by_pop3, secret=made.token, sign_in=made, wait=30)
    )
    assert report.incoming is not None
    assert report.incoming.mechanism == "OAUTHBEARER"
    assert report.round_trip is not None
    await assistant.close()
