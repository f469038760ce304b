"""Signing in at a real OpenID provider, and every way in which that can go wrong.

Each failure is a clear sentence in both languages, nothing hangs, and no port stays open.
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
from mailsetup.assistant.signin.flow import SignIn, SignInMeans, SignInWay, sign_in
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
from tests.support.oauth.person import Person, nobody
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.oauth_models import MAIL
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


async def signed_in(assistant: Assistant, way: SignInWay, person: Person) -> SignIn:
    made = await assistant.sign_ins.sign_in(way, person.open)
    await asyncio.to_thread(person.done)
    assert isinstance(made, SignIn), made
    return made


@pytest.fixture
async def made(servers: RealServers, assistant: Assistant, way: SignInWay) -> SignIn:
    """A sign-in as the mailbox's own user."""
    return await signed_in(assistant, way, Person(servers))


async def logged_in(assistant: Assistant, account: Account, made: SignIn) -> CheckReport:
    """A check that logs in and sends nothing."""
    return await assistant.check(
        CheckRequest(account=account, secret=made.token, sign_in=made, send=False)
    )


def about_the_account(report: CheckReport) -> dict[str, Finding]:
    """The findings that name what the hosting knows of the account."""
    return {one.id: one for one in report.findings if one.id.startswith("account.")}


async def failed(
    assistant: Assistant, way: SignInWay, person: Person, fault: SignInFault
) -> tuple[str, str]:
    """What the person is told; by then the port is closed and no token is left anywhere."""
    made = await assistant.sign_ins.sign_in(way, person.open)
    await asyncio.to_thread(person.done)
    assert isinstance(made, SignInFailure), made
    assert made.fault is fault
    assert all(is_closed(port_of(url)) for url in person.opened)
    return sentences(made)


async def test_a_sign_in_proves_imap_submission_and_rules_and_leaves_nothing_behind(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    way: SignInWay,
) -> None:
    person = Person(servers)
    made = await signed_in(assistant, way, person)
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
    assert about_the_account(report) == {}
    assert servers.logins(service="managesieve", server="dovecot-oauth") > 0
    assert issuer.active_tokens
    await assistant.sign_ins.end()
    assert issuer.active_tokens == []


async def test_the_first_request_is_as_the_rules_for_programs_on_peoples_computers_want_it(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    events: list[Event] = []
    person = Person(servers)
    await assistant.sign_ins.sign_in(way, person.open, events.append)
    asked = issuer.queries[0]
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 40
    place = f"http://127.0.0.1:{port_of(person.opened[0])}/"
    assert asked["redirect_uri"].startswith(place)
    # Nobody else's answer comes to the same place.
    assert len(asked["redirect_uri"]) == len(place) + 16
    assert set(asked["scope"].split()) == {MAIL, "offline_access", "openid", "email"}
    assert asked["login_hint"] == ADDRESS
    assert events == [SignInOpened(person.opened[0], "id.acceso.test")]


async def test_the_provider_enforces_pkce_and_takes_no_other_verifier(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    person = Person(servers)

    def strip(url: str) -> None:
        person.open(url.replace("code_challenge=", "code_challenge=x"))

    made = await assistant.sign_ins.sign_in(way, strip)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.CODE_REFUSED
    sentences(made)


async def test_the_page_at_the_end_is_in_the_persons_language(
    servers: RealServers, assistant: Assistant, way: SignInWay
) -> None:
    from mailsetup import i18n

    i18n.set_language("es")
    person = Person(servers)
    await signed_in(assistant, way, person)
    assert '<html lang="es">' in person.last_page
    assert "Ya puedes cerrar esta página" in person.last_page
    assert "<script" not in person.last_page


# What goes wrong --------------------------------------------------------------------------------


async def test_a_browser_that_is_closed_ends_the_wait_with_a_sentence(
    servers: RealServers, assistant: Assistant, way: SignInWay
) -> None:
    opened: list[str] = []
    async with open_network(options_of(servers).network) as net:
        made = await sign_in(
            way, SignInMeans.BROWSER, net, lambda _event: None, opened.append, patience=0.2
        )
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.TIMED_OUT
    assert is_closed(port_of(opened[0]))
    assert "closed the page" in sentences(made)[0]


async def test_somebody_who_cancels_leaves_no_open_port(
    servers: RealServers, assistant: Assistant, way: SignInWay
) -> None:
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(assistant.sign_ins.sign_in(way, opened.set_result))
    url = await opened
    assert not is_closed(port_of(url))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert is_closed(port_of(url))


async def test_somebody_who_says_no_is_told_that_nothing_was_done(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    person = Person(servers, allow=False)
    said, _ = await failed(assistant, way, person, SignInFault.DENIED)
    assert "did not give leave" in said
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
async def test_an_answer_that_is_not_right_is_not_used(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    way: SignInWay,
    fault: str,
    expected: SignInFault,
) -> None:
    issuer.faults.add(fault)
    await failed(assistant, way, Person(servers), expected)
    assert "POST /token" not in issuer.asked


async def test_an_administrators_link_is_offered_where_microsoft_wants_one(
    account: tuple[Account, AccountSettings],
) -> None:
    microsoft = next(one for one in BUILTIN if one.id == "microsoft")
    way = SignInWay(account[0], microsoft, Client("mi-programa"))
    link = sign_in_link(SignInFailure(SignInFault.ADMIN_CONSENT), way)
    assert link == (
        "https://login.microsoftonline.com/acceso.test/adminconsent?client_id=mi-programa"
    )


async def test_a_redirect_that_comes_twice_counts_once(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    person = Person(servers, times=2)
    await signed_in(assistant, way, person)
    assert issuer.asked.count("POST /token") == 1
    # By then either nobody listens any more, or the second one is turned away.
    assert person.visited[-1][0] in (0, 400)
    assert person.visited[-2][0] == 200


async def test_a_port_that_another_program_holds_is_named(
    issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    holder = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = holder.sockets[0].getsockname()[1]
    redirect = f"http://127.0.0.1:{port}/"
    fixed = replace(way, client=Client(issuer.register(redirect), redirect=redirect))
    async with holder:
        made = await assistant.sign_ins.sign_in(fixed, nobody)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.PORT_TAKEN
    assert str(port) in sentences(made)[0]


async def test_two_sign_ins_at_once_do_not_get_in_each_others_way(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    other = Assistant(options_of(servers), programs_here=lambda: ())
    people = Person(servers), Person(servers, "luis@acceso.test")
    made = await asyncio.gather(
        assistant.sign_ins.sign_in(way, people[0].open), other.sign_ins.sign_in(way, people[1].open)
    )
    assert [isinstance(one, SignIn) and one.signed_in_as for one in made] == [
        ADDRESS,
        "luis@acceso.test",
    ]
    assert port_of(people[0].opened[0]) != port_of(people[1].opened[0])
    await other.close()


def foreign_answers(opened: str) -> list[str]:
    """Requests of a stranger to the address at which the browser is to come back."""
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


async def test_answers_that_do_not_belong_to_the_sign_in_do_not_end_it(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    person, stranger = Person(servers), Person(servers)

    def visited_by_a_stranger_first(url: str) -> None:
        def visits() -> None:
            for answer in foreign_answers(url):
                stranger.fetch("GET", answer)
                stranger.fetch("POST", answer)
            person.open(url)

        threading.Thread(target=visits, daemon=True).start()

    made = await assistant.sign_ins.sign_in(way, visited_by_a_stranger_first)
    await asyncio.to_thread(person.done)
    assert isinstance(made, SignIn), made
    assert made.signed_in_as == ADDRESS
    assert {status for status, _url, _text in stranger.visited} <= {400, 404, 405}
    assert any("does not belong to the sign-in" in text for _, _, text in stranger.visited)
    assert issuer.asked.count("POST /token") == 1


@pytest.mark.parametrize("came", [True, False])
async def test_where_only_foreign_answers_came_the_reason_is_told_at_the_end(
    servers: RealServers, issuer: Issuer, way: SignInWay, came: bool
) -> None:
    issuer.faults.add("wrong-state")
    person = Person(servers)
    async with open_network(options_of(servers).network) as net:
        made = await sign_in(
            way,
            SignInMeans.BROWSER,
            net,
            lambda _event: None,
            person.open if came else nobody,
            patience=3.0 if came else 0.2,
        )
    assert isinstance(made, SignInFailure)
    assert made.fault is (SignInFault.WRONG_STATE if came else SignInFault.TIMED_OUT)
    assert "POST /token" not in issuer.asked
    if came:
        assert "does not belong to the sign-in" in person.last_page


async def test_a_sign_in_without_leave_for_mail_says_what_to_tick(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    issuer.refused_scopes.add(MAIL)
    said, _ = await failed(assistant, way, Person(servers), SignInFault.SCOPE_MISSING)
    assert "allow everything" in said


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("metadata-redirect", SignInFault.METADATA_REDIRECTED),
        ("other-issuer", SignInFault.METADATA_OTHER_ISSUER),
    ],
)
async def test_metadata_of_somebody_else_are_not_followed(
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    fault: str,
    expected: SignInFault,
) -> None:
    issuer.faults.add(fault)
    found = await assistant.sign_ins.find_way(*account)
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
async def test_a_provider_that_is_not_there_or_not_itself_is_named(
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    host: str,
    expected: SignInFault,
) -> None:
    elsewhere = replace(account[1], oauth2=OAuth2Endpoints(issuer=f"https://{host}"))
    found = await assistant.sign_ins.find_way(account[0], elsewhere)
    assert isinstance(found, SignInFailure)
    assert found.fault is expected
    assert host in sentences(found)[0]


async def test_a_provider_that_takes_no_new_programs_says_so(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    issuer.faults.add("closed")
    said, _ = await failed(assistant, way, Person(servers), SignInFault.NOT_REGISTERED)
    assert "app password" in said


async def test_a_technicians_own_id_is_used_instead_of_a_registration(
    servers: RealServers, issuer: Issuer, account: tuple[Account, AccountSettings]
) -> None:
    issuer.register("http://127.0.0.1", "del-tecnico")
    assistant = Assistant(
        options_of(servers, oauth_client_id="del-tecnico"), programs_here=lambda: ()
    )
    way = await assistant.sign_ins.find_way(*account)
    assert isinstance(way, SignInWay)
    made = await signed_in(assistant, way, Person(servers))
    assert made.client.id == "del-tecnico"
    assert "POST /register" not in issuer.asked
    await assistant.close()


# Another account, and tokens that end -----------------------------------------------------------


@pytest.mark.fault("account.login.wrong-account")
async def test_another_account_chosen_in_the_browser_is_noticed_and_then_named_at_the_login(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    way: SignInWay,
) -> None:
    made = await signed_in(assistant, way, Person(servers, "luis@acceso.test"))
    assert made.is_of_another
    assert "luis@acceso.test" in other_account_sentence(made.signed_in_as, ADDRESS)
    report = await logged_in(assistant, account[0], made)
    named = about_the_account(report)
    assert set(named) == {"account.login.wrong-account"}
    assert named["account.login.wrong-account"].facts["chosen"] == "luis@acceso.test"


async def test_without_an_id_token_the_provider_is_asked_whose_sign_in_it_was(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    issuer.faults.add("no-id-token")
    made = await signed_in(assistant, way, Person(servers, "luis@acceso.test"))
    assert made.signed_in_as == "luis@acceso.test"
    assert "GET /userinfo" in issuer.asked


async def test_an_expired_token_is_renewed_in_the_midst_of_a_check(
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


async def test_what_a_sign_in_proved_is_handed_over_as_such_to_mail_programs(
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
        artifact = target.exporter.export(report.account)
        if isinstance(artifact, Artifact):
            written = b"".join(file.content for file in artifact.files)
            assert made.token.reveal().encode() not in written


async def test_a_token_that_is_nearly_over_is_renewed_before_it_is_said(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    way: SignInWay,
) -> None:
    issuer.lifetime = 30
    made = await signed_in(assistant, way, Person(servers))
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
async def test_a_mailbox_that_the_sign_in_does_not_open_is_told_as_refused(
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
    assert set(about_the_account(report)) == {"account.login.sign-in-refused"}


@contextlib.asynccontextmanager
async def after_a_renewal(issuer: Issuer, servers: RealServers, port: int) -> AsyncIterator[int]:
    """A way to a server's port that stays shut until the provider has given a second token."""

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The provider writes its list in a thread of its own, which sets no event.
        while issuer.asked.count("POST /token") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        behind = await asyncio.open_connection(servers.sign_in_ip, port)
        await asyncio.gather(copy(reader, behind[1]), copy(behind[0], writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.fault("account.login.sign-in-refused")
async def test_a_new_token_that_is_refused_too_is_not_renewed_again(
    servers: RealServers, issuer: Issuer, account: tuple[Account, AccountSettings], made: SignIn
) -> None:
    """The server that answers later is asked with the new token, and so is refused its first."""
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
    assert set(about_the_account(report)) == {"account.login.sign-in-refused"}
    assert issuer.asked.count("POST /token") == 2


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
async def test_each_mechanism_opens_every_real_server_and_a_wrong_token_is_told_by_each(
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
                assert said_of(await log_in(imap, token, net)) == expected
            smtp = await open_as(SmtpSession, outgoing, net)
            assert isinstance(smtp, SmtpSession)
            async with smtp:
                smtp.capabilities["AUTH"] = smtp.capabilities["AUTH"].replace(other, "")
                assert said_of(await log_in(smtp, token, net)) == expected
            maildrop = await open_as(Pop3Session, pop3, net)
            assert isinstance(maildrop, Pop3Session)
            async with maildrop:
                maildrop.capabilities["SASL"] = (mechanism,)
                assert said_of(await log_in(maildrop, token, net)) == expected


def said_of(outcome: LoggedIn | DialogueFailure) -> str:
    if isinstance(outcome, LoggedIn):
        return outcome.mechanism
    assert "x" * 400 not in outcome.text
    return outcome.error


@pytest.mark.fault("account.login.sign-in-expired")
async def test_a_revoked_sign_in_is_told_as_such(
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    made: SignIn,
) -> None:
    issuer.revoke_everything()
    report = await logged_in(assistant, account[0], made)
    assert set(about_the_account(report)) == {"account.login.sign-in-expired"}


async def test_a_kept_sign_in_logs_in_again_without_a_browser(
    issuer: Issuer,
    assistant: Assistant,
    keyring: MemoryKeyring,
    account: tuple[Account, AccountSettings],
    way: SignInWay,
    made: SignIn,
) -> None:
    assert keyring.entries == {}
    assert await assistant.sign_ins.store(made)
    kept = "".join(keyring.entries.values())
    assert made.token.reveal() not in kept
    await assistant.sign_ins.end()
    assert issuer.active_tokens
    again = await assistant.sign_ins.load(way)
    assert isinstance(again, SignIn)
    assert again.token != made.token
    report = await logged_in(assistant, account[0], again)
    assert report.incoming is not None
    # The refresh token changed with its use, so that only the new one still works.
    assert made.tokens.refresh != again.tokens.refresh
    once_more = await assistant.sign_ins.load(way)
    assert isinstance(once_more, SignIn)
    assert assistant.vault.forget_sign_in(account[0].address)
    assert keyring.entries == {}


async def test_a_kept_sign_in_that_was_revoked_says_so(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay
) -> None:
    assert await assistant.sign_ins.store(await signed_in(assistant, way, Person(servers)))
    issuer.revoke_everything()
    again = await assistant.sign_ins.load(way)
    assert isinstance(again, SignInFailure)
    assert again.fault is SignInFault.EXPIRED
    sentences(again)


# To whom a token may go -------------------------------------------------------------------------


def at(account: Account, host: str) -> Account:
    return replace(
        account,
        incoming=replace(account.incoming, host=host),
        outgoing=replace(account.outgoing, host=host),
    )


async def test_servers_of_somebody_else_are_asked_about_before_anybody_signs_in(
    assistant: Assistant, account: tuple[Account, AccountSettings]
) -> None:
    foreign = at(account[0], "mail.hoster.test")
    way = await assistant.sign_ins.find_way(foreign, account[1])
    assert isinstance(way, SignInWay)
    assert way.confirm == ("hoster.test",)
    with pytest.raises(UnconfirmedError):
        await assistant.sign_ins.sign_in(way, nobody)
    agreed = await assistant.sign_ins.find_way(foreign, account[1], agreed=("hoster.test",))
    assert isinstance(agreed, SignInWay)
    assert agreed.confirm == ()


async def test_a_token_goes_to_no_server_but_the_providers_or_agreed_ones(
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    made: SignIn,
) -> None:
    foreign = at(account[0], "mail.hoster.test")
    with pytest.raises(UnconfirmedError):
        await assistant.check(CheckRequest(account=foreign, secret=made.token, sign_in=made))
    with pytest.raises(UnconfirmedError):
        await assistant.check(CheckRequest(account=account[0], secret=AccessToken("x")))


async def test_pop3_takes_the_same_token(
    servers: RealServers, issuer: Issuer, account: tuple[Account, AccountSettings]
) -> None:
    pop3 = ServerSettings(
        Protocol.POP3, "mail.acceso.test", 995, SocketType.TLS, ADDRESS,
        account[0].incoming.authentication,
    )  # fmt: skip
    by_pop3 = replace(account[0], incoming=pop3)
    assistant = Assistant(options_of(servers), programs_here=lambda: ())
    way = await assistant.sign_ins.find_way(by_pop3, account[1])
    assert isinstance(way, SignInWay)
    made = await signed_in(assistant, way, Person(servers))
    report = await assistant.check(
        CheckRequest(account=by_pop3, secret=made.token, sign_in=made, wait=30)
    )
    assert report.incoming is not None
    assert report.incoming.mechanism == "OAUTHBEARER"
    assert report.round_trip is not None
    await assistant.close()
