"""One server of a check: reach it, log in, renew a token, try other user names."""

from dataclasses import replace

import pytest

from mailsetup.assistant.check.current_secret import CurrentSecret
from mailsetup.assistant.check.mailbox_rules import RulesReader
from mailsetup.assistant.check.servers import (
    MailAccess,
    ServerProof,
    ServerResult,
    prove_servers,
)
from mailsetup.assistant.events import Activity
from mailsetup.model.dialogue import DialogueFault
from mailsetup.model.finding import Status
from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.settings import Authentication, ServerSettings
from mailsetup.model.sign_in import SignInFailure, SignInFault
from mailsetup.net.dial import ConnectFault
from mailsetup.verify.session import OpenSessions
from tests.support.assistant.scripted_check import (
    PASSWORD,
    RunningCheck,
    ScriptedServer,
    request,
    running,
)
from tests.support.fault_table import account
from tests.support.network.scripted_network import ScriptedNetwork

NAME = account(domain="bodega.es").incoming.username


def proof_of(
    check: RunningCheck, server: ScriptedServer, credentials: CurrentSecret | None = None
) -> ServerProof:
    used = credentials or CurrentSecret(check.context.request.secret)
    return ServerProof(check.context, used, OpenSessions(), server.steps)


def incoming(check: RunningCheck) -> ServerSettings:
    return check.context.account.incoming


async def test_a_login_at_a_reached_server_is_proven() -> None:
    check, server = running(), ScriptedServer()
    proof = proof_of(check, server)
    assert await proof.reach(incoming(check)) is None
    result = await proof.log_in()
    assert result.is_good
    assert result.reached
    assert proof.session is server.opened[0]
    assert server.logins == [(NAME, PASSWORD.reveal())]
    assert check.ended() == {
        Activity.REACH_INCOMING: Status.OK,
        Activity.LOG_IN_INCOMING: Status.OK,
    }


async def test_an_alternative_replaces_a_server_that_does_not_answer() -> None:
    first = account(domain="bodega.es").incoming
    other = replace(first, host="imap.otra.es")
    outgoing = replace(account(domain="bodega.es").outgoing, host="smtp.otra.es")
    check = running(request(alternatives=(outgoing, other)))
    server = ScriptedServer(unreachable={first.host: DialogueFault.TIMEOUT})
    proof = proof_of(check, server)
    assert await proof.reach(first) is None
    assert incoming(check).host == "imap.otra.es"
    assert [detail for _activity, detail in check.started()] == [first.host, other.host]
    assert check.ended() == {Activity.REACH_INCOMING: Status.OK}
    assert server.logins == []


async def test_the_first_server_is_named_where_none_answers() -> None:
    first = account(domain="bodega.es").incoming
    other = replace(first, host="imap.otra.es")
    check = running(request(alternatives=(other,)))
    faults = {first.host: DialogueFault.REFUSED, other.host: DialogueFault.TIMEOUT}
    failed = await proof_of(check, ScriptedServer(unreachable=faults)).reach(first)
    assert failed is not None
    assert not failed.reached
    assert failed.failure is not None
    assert failed.failure.server.host == first.host
    assert check.reported() == ["hosting.server.refused"]
    assert check.ended() == {Activity.REACH_INCOMING: Status.FAIL}


async def test_a_refused_password_is_tried_once() -> None:
    check = running()
    server = ScriptedServer(refused={NAME: DialogueFault.AUTH_WRONG})
    proof = proof_of(check, server)
    assert await proof.reach(incoming(check)) is None
    result = await proof.log_in()
    assert result.proof is None
    assert result.reached
    assert not result.is_good
    assert len(server.logins) == 1
    assert check.reported() == ["account.login.refused"]
    assert check.ended()[Activity.LOG_IN_INCOMING] is Status.FAIL


async def test_another_user_name_that_is_accepted_counts_for_both_servers() -> None:
    check = running()
    server = ScriptedServer(refused={NAME: DialogueFault.AUTH_WRONG})
    proof = proof_of(check, server)
    assert await proof.reach(incoming(check)) is None
    result = await proof.log_in(("ana", "ana%bodega.es"))
    assert result.is_good
    assert [name for name, _secret in server.logins] == [NAME, "ana"]
    assert incoming(check).username == "ana"
    assert check.context.account.outgoing.username == "ana"
    assert [str(one.id) for one in result.findings] == ["account.login.username-form"]
    assert proof.session is server.opened[-1]


async def test_another_user_name_is_tried_only_after_wrong_credentials() -> None:
    check = running()
    server = ScriptedServer(refused={NAME: DialogueFault.AUTH_LOCKED})
    proof = proof_of(check, server)
    assert await proof.reach(incoming(check)) is None
    assert (await proof.log_in(("ana",))).proof is None
    assert [name for name, _secret in server.logins] == [NAME]


async def test_no_password_is_sent_to_a_server_that_wants_a_sign_in() -> None:
    check, server = running(), ScriptedServer()
    only_oauth = replace(incoming(check), authentication=(Authentication.OAUTH2,))
    failed = await proof_of(check, server).reach(only_oauth)
    assert failed is not None
    assert failed.reached
    assert check.reported() == ["account.login.oauth-needed"]
    assert server.logins == []


async def test_a_refused_token_is_renewed_and_the_new_one_used() -> None:
    old, fresh = AccessToken("old"), AccessToken("fresh")
    check = running(request(secret=old))
    server = ScriptedServer(refused={"old": DialogueFault.AUTH_TOKEN_REFUSED})
    renewals = []

    async def renew() -> AccessToken:
        renewals.append(1)
        return fresh

    credentials = CurrentSecret(old, renew)
    proof = proof_of(check, server, credentials)
    assert await proof.reach(incoming(check)) is None
    assert (await proof.log_in()).is_good
    assert [secret for _name, secret in server.logins] == ["old", "fresh"]
    assert len(renewals) == 1
    assert credentials.secret is fresh
    assert incoming(check).authentication[0] is Authentication.OAUTH2


async def test_a_new_token_that_is_refused_is_not_renewed_again() -> None:
    old = AccessToken("old")
    check = running(request(secret=old))
    refused = dict.fromkeys(("old", "fresh"), DialogueFault.AUTH_TOKEN_REFUSED)
    server = ScriptedServer(refused=refused)

    async def renew() -> AccessToken:
        return AccessToken("fresh")

    proof = proof_of(check, server, CurrentSecret(old, renew))
    assert await proof.reach(incoming(check)) is None
    assert (await proof.log_in()).proof is None
    assert [secret for _name, secret in server.logins] == ["old", "fresh"]


async def test_a_failed_renewal_leaves_the_refusal() -> None:
    old = AccessToken("old")
    check = running(request(secret=old))
    server = ScriptedServer(refused={"old": DialogueFault.AUTH_TOKEN_REFUSED})

    async def renew() -> SignInFailure:
        return SignInFailure(SignInFault.EXPIRED)

    proof = proof_of(check, server, CurrentSecret(old, renew))
    assert await proof.reach(incoming(check)) is None
    result = await proof.log_in()
    assert result.failure is not None
    assert result.failure.error is DialogueFault.AUTH_TOKEN_REFUSED
    assert len(server.logins) == 1


@pytest.mark.parametrize("careful", [False, True])
async def test_both_servers_are_tried_although_one_is_unreachable(*, careful: bool) -> None:
    wanted = request(one_login_at_a_time=careful)
    scripted = ScriptedNetwork()
    for server in (wanted.account.incoming, wanted.account.outgoing):
        scripted.mail[server.host, server.port] = ConnectFault.REFUSED
    check = running(wanted, scripted)
    credentials = CurrentSecret(Secret("x"))
    rules = RulesReader(check.context, credentials)
    access = await prove_servers(check.context, credentials, OpenSessions(), rules)
    rules.stop()
    assert [access.incoming.reached, access.outgoing.reached] == [False, False]
    assert {port for _host, port in scripted.asked_hosts} >= {993, 465}
    assert not access.is_good


def test_access_is_good_only_with_two_proofs() -> None:
    assert not MailAccess().is_good
    assert not MailAccess(incoming=ServerResult(reached=True)).is_good
