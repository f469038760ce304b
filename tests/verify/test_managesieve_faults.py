"""ManageSieve servers that misbehave."""

import asyncio
import dataclasses
from pathlib import Path

import pytest

from mailsetup.model.dialogue import DialogueFailure, DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network
from mailsetup.verify.managesieve.active_rules import (
    PORT,
    NotOffered,
    RulesOutcome,
    read_active_rules,
)
from mailsetup.verify.managesieve.session import ActiveRules
from tests.support.network.scripted_dialogue import (
    HOST,
    Flood,
    Handshake,
    ReadLine,
    Received,
    Send,
    Step,
    scripted_server,
)
from tests.support.network.scripted_logins import CANARY, contains_secret

CLEAR = b'"IMPLEMENTATION" "x"\r\n"SIEVE" "fileinto"\r\n"STARTTLS"\r\n"SASL" ""\r\nOK "hi"\r\n'
TLS = b'"IMPLEMENTATION" "x"\r\n"SIEVE" "fileinto"\r\n"SASL" "PLAIN"\r\nOK\r\n'
UNTIL_TLS: tuple[Step, ...] = (Send(CLEAR), ReadLine(), Send(b'OK "begin"\r\n'), Handshake())
LOGGED_IN: tuple[Step, ...] = (*UNTIL_TLS, Send(TLS), ReadLine(), Send(b"OK\r\n"))
WHOLE: tuple[Step, ...] = (
    *LOGGED_IN,
    ReadLine(),
    Send(b'"otras"\r\n{8}\r\nmis "re"\r\n"mias" ACTIVE\r\nOK\r\n'),
    ReadLine(),
    Send(b"{10+}\r\ndiscard;\r\n\r\nOK\r\n"),
    ReadLine(),
    Send(b'OK "bye"\r\n'),
)


async def read_rules(
    server: ServerSettings, secret: Secret, net: Network, patience: float = 10.0
) -> RulesOutcome:
    """Read the rules of a user whom the mailbox has accepted."""
    accepted: asyncio.Future[tuple[str, Secret]] = asyncio.get_running_loop().create_future()
    accepted.set_result((server.username, secret))
    return await read_active_rules(server, net, accepted=accepted, patience=patience)


def at_imaps(net: Network) -> Network:
    """A network in which the port of ManageSieve leads to the scripted server."""

    async def connect(
        host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        assert (host, port, implicit_tls) == (HOST, PORT, False)
        return await net.connect(host, 993, implicit_tls=implicit_tls, explain=explain)

    return dataclasses.replace(net, connect=connect)


async def read(
    steps: tuple[Step, ...], folder: Path, *, patience: float = 10.0
) -> tuple[RulesOutcome, Received]:
    async with scripted_server(steps, Protocol.IMAP, SocketType.STARTTLS, folder) as (
        server,
        net,
        received,
    ):
        outcome = await read_rules(server, Secret(CANARY), at_imaps(net), patience=patience)
    assert not contains_secret(received.clear)
    assert CANARY not in repr(outcome)
    return outcome, received


def failure_of(outcome: RulesOutcome) -> DialogueFailure:
    assert isinstance(outcome, DialogueFailure), outcome
    return outcome


async def test_a_correct_dialogue_reads_and_changes_nothing(tmp_path: Path) -> None:
    outcome, received = await read(WHOLE, tmp_path)
    assert outcome == ActiveRules("mias", "discard;\r\n")
    commands = [line.split(b" ")[0] for line in bytes(received.secure).splitlines()]
    assert commands == [b"AUTHENTICATE", b"LISTSCRIPTS", b"GETSCRIPT", b"LOGOUT"]
    assert b'GETSCRIPT "mias"' in received.secure
    assert bytes(received.clear) == b"STARTTLS\r\n"


@pytest.mark.parametrize("length", range(len(WHOLE) - 2))
async def test_a_server_that_disconnects_at_any_step_is_a_failure(
    length: int, tmp_path: Path
) -> None:
    outcome, _received = await read(WHOLE[:length], tmp_path)
    failure = failure_of(outcome)
    assert failure.error in (DialogueFault.RESET, DialogueFault.TLS_FAILED)
    assert failure.server.port == PORT


async def test_a_server_that_disconnects_at_logout_is_no_failure(tmp_path: Path) -> None:
    outcome, _received = await read(WHOLE[:-2], tmp_path)
    assert outcome == ActiveRules("mias", "discard;\r\n")


async def test_without_starttls_nothing_is_sent(tmp_path: Path) -> None:
    stripped = CLEAR.replace(b'"STARTTLS"\r\n', b"").replace(b'""', b'"PLAIN LOGIN"')
    outcome, received = await read((Send(stripped), ReadLine(), Send(b"OK\r\n")), tmp_path)
    failure = failure_of(outcome)
    assert (failure.stage, failure.error) == (Stage.STARTTLS, DialogueFault.STARTTLS_MISSING)
    assert not received.clear


async def test_a_refused_starttls_ends_the_dialogue(tmp_path: Path) -> None:
    steps = (Send(CLEAR), ReadLine(), Send(b'NO "not now"\r\n'), ReadLine(), Send(b"OK\r\n"))
    outcome, received = await read(steps, tmp_path)
    failure = failure_of(outcome)
    assert (failure.error, failure.text) == (DialogueFault.STARTTLS_MISSING, "not now")
    assert bytes(received.clear) == b"STARTTLS\r\n"


async def test_bytes_injected_after_the_reply_to_starttls_end_the_dialogue(tmp_path: Path) -> None:
    steps = (Send(CLEAR), ReadLine(), Send(b'OK "begin"\r\n' + TLS), Handshake(), *WHOLE[5:])
    failure = failure_of((await read(steps, tmp_path))[0])
    assert failure.error is DialogueFault.INJECTION


async def test_mechanisms_offered_before_tls_are_ignored(tmp_path: Path) -> None:
    clear = CLEAR.replace(b'""', b'"PLAIN"')
    steps = (Send(clear), *UNTIL_TLS[1:], Send(TLS.replace(b'"PLAIN"', b'"GSSAPI"')), ReadLine())
    outcome, received = await read(steps, tmp_path)
    failure = failure_of(outcome)
    assert (failure.stage, failure.error) == (Stage.LOGIN, DialogueFault.NO_COMMON_MECHANISM)
    assert not received.secure


async def test_a_server_that_accepts_tokens_only_gets_no_password(tmp_path: Path) -> None:
    steps = (*UNTIL_TLS, Send(TLS.replace(b"PLAIN", b"XOAUTH2 OAUTHBEARER")), ReadLine())
    outcome, received = await read(steps, tmp_path)
    assert failure_of(outcome).error is DialogueFault.AUTH_OAUTH_NEEDED
    assert not received.secure


async def test_a_refused_login_is_a_failure_with_the_text_of_the_server(tmp_path: Path) -> None:
    refusal = f'NO "no, {CANARY} is wrong\x1b[31m"\r\n'.encode()
    outcome, received = await read(
        (*UNTIL_TLS, Send(TLS), ReadLine(), Send(refusal), ReadLine()), tmp_path
    )
    failure = failure_of(outcome)
    assert (failure.stage, failure.error) == (Stage.LOGIN, DialogueFault.AUTH_WRONG)
    assert failure.text == "no, ••• is wrong [31m"
    assert bytes(received.secure).count(b"\r\n") == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b'NO (TRYLATER) "busy"\r\n', DialogueFault.TEMPORARY),
        (b'NO (TRANSITION-NEEDED) "use PLAIN"\r\n', DialogueFault.AUTH_EXPIRED),
        (b'BYE (REFERRAL "sieve://evil.test") "go there"\r\n', DialogueFault.WRONG_SERVICE),
        (b"NO {20}\r\nAuthentication faile\r\n", DialogueFault.AUTH_WRONG),
        (b'OK (SASL "xx")\r\nbogus\r\n', DialogueFault.PROTOCOL_ERROR),
        (b'"not base64!"\r\n', DialogueFault.PROTOCOL_ERROR),
        (b"yes come in\r\n", DialogueFault.PROTOCOL_ERROR),
    ],
)
async def test_each_reply_to_the_login_is_classified(
    answer: bytes, error: DialogueFault, tmp_path: Path
) -> None:
    steps = (*UNTIL_TLS, Send(TLS), ReadLine(), Send(answer), ReadLine(), ReadLine())
    assert failure_of((await read(steps, tmp_path))[0]).error is error


@pytest.mark.parametrize("size", [512 * 1024 + 1, 100 * 1024 * 1024, 10**11, 10**30])
async def test_a_script_beyond_the_limit_is_not_read(size: int, tmp_path: Path) -> None:
    announced = Send(b"{%d}\r\n" % size)
    steps = (*LOGGED_IN, ReadLine(), Send(b'"mias" ACTIVE\r\nOK\r\n'), ReadLine(), announced)
    failure = failure_of((await read((*steps, Flood(b"x" * 65536)), tmp_path))[0])
    assert failure.error is DialogueFault.PROTOCOL_ERROR
    assert failure.stage is Stage.MAILBOX


async def test_a_script_of_the_largest_size_is_read(tmp_path: Path) -> None:
    script = b"#" * (512 * 1024 - 1) + b"\n"
    answer = Send(b"{%d}\r\n" % len(script) + script + b"\r\nOK\r\n")
    steps = (
        *LOGGED_IN,
        ReadLine(),
        Send(b'"mias" ACTIVE\r\nOK\r\n'),
        ReadLine(),
        answer,
        ReadLine(),
    )
    outcome, _received = await read(steps, tmp_path)
    assert isinstance(outcome, ActiveRules)
    assert len(outcome.text) == len(script)


@pytest.mark.parametrize(
    "flood",
    [b"x" * 65536, b'"x" "y"\r\n' * 6000, b"{16000}\r\n" + b"y" * 16000, b'{0}\r\n"" ' * 999],
    ids=["a line", "lines", "literals", "literals in one line"],
)
@pytest.mark.parametrize("before", [(), UNTIL_TLS, LOGGED_IN], ids=["clear", "tls", "list"])
async def test_endless_responses_are_cut_off(
    flood: bytes, before: tuple[Step, ...], tmp_path: Path
) -> None:
    steps = (*before, ReadLine(), Flood(flood)) if before == LOGGED_IN else (*before, Flood(flood))
    failure = failure_of((await read(steps, tmp_path))[0])
    assert failure.error in (DialogueFault.PROTOCOL_ERROR, DialogueFault.WRONG_SERVICE)


@pytest.mark.parametrize(
    "noise",
    [
        b"\0" * 100 + b"\r\n",
        b"\xff\xfe\xfa garbage\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"* OK IMAP4rev1 ready\r\n",
        b"+OK POP3 ready\r\n",
        b"220 mail ESMTP\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"OK\r\n",
        b'"SIEVE\r\n',
        b"((((((((\r\n",
        b")\r\n",
    ],
)
async def test_the_greeting_of_another_service_is_reported_as_such(
    noise: bytes, tmp_path: Path
) -> None:
    failure = failure_of((await read((Send(noise), ReadLine()), tmp_path))[0])
    assert failure.error is DialogueFault.WRONG_SERVICE
    assert "\0" not in failure.text


async def test_a_list_without_an_active_script_means_no_rules(tmp_path: Path) -> None:
    steps = (
        *LOGGED_IN,
        ReadLine(),
        Send(b'"a"\r\n"ACTIVE"\r\nOK\r\n'),
        ReadLine(),
        Send(b"OK\r\n"),
    )
    outcome, received = await read(steps, tmp_path)
    assert outcome == ActiveRules()
    assert b"GETSCRIPT" not in received.secure


async def test_a_script_that_was_removed_meanwhile_means_no_rules(tmp_path: Path) -> None:
    gone = Send(b'NO (NONEXISTENT) "gone"\r\n')
    steps = (*LOGGED_IN, ReadLine(), Send(b'"mias" ACTIVE\r\nOK\r\n'), ReadLine(), gone, ReadLine())
    assert (await read(steps, tmp_path))[0] == ActiveRules()


@pytest.mark.parametrize(
    ("listed", "command"),
    [
        (b'"a\\"b\\\\c"', b'GETSCRIPT "a\\"b\\\\c"\r\n'),
        (b"{7}\r\na\r\nPUTS", b"GETSCRIPT {7+}\r\na\r\nPUTS\r\n"),
        ("{5}\r\nñ\xa0x".encode(), 'GETSCRIPT "ñ\xa0x"\r\n'.encode()),
        (b"{3}\r\n\xff\xfex", b"GETSCRIPT {3+}\r\n\xff\xfex\r\n"),
    ],
)
async def test_a_hostile_script_name_is_sent_as_one_string(
    listed: bytes, command: bytes, tmp_path: Path
) -> None:
    lines = (ReadLine(),) * command.count(b"\n")
    steps = (*LOGGED_IN, ReadLine(), Send(listed + b" ACTIVE\r\nOK\r\n"), *lines)
    _outcome, received = await read(steps, tmp_path)
    assert bytes(received.secure).partition(b"LISTSCRIPTS\r\n")[2] == command


@pytest.mark.parametrize(
    ("before", "stage"),
    [((), Stage.GREETING), (UNTIL_TLS, Stage.GREETING), (LOGGED_IN, Stage.MAILBOX)],
    ids=["clear", "tls", "list"],
)
async def test_a_server_that_stops_responding_is_a_timeout(
    before: tuple[Step, ...], stage: Stage, tmp_path: Path
) -> None:
    outcome, _received = await read((*before, ReadLine(), ReadLine()), tmp_path, patience=0.3)
    failure = failure_of(outcome)
    assert (failure.stage, failure.error) == (stage, DialogueFault.TIMEOUT)


async def test_a_port_without_response_is_not_offered(tmp_path: Path) -> None:
    async with scripted_server((), Protocol.IMAP, SocketType.STARTTLS, tmp_path) as (
        server,
        net,
        _received,
    ):

        async def swallowed(
            host: str, port: int, *, implicit_tls: bool, explain: bool = False
        ) -> Connection | ConnectFailure:
            await net.clock.sleep(3600)
            raise AssertionError("still waiting")

        silent = dataclasses.replace(net, connect=swallowed)
        outcome = await read_rules(server, Secret(CANARY), silent)
    assert outcome == NotOffered(ConnectFault.TIMEOUT)


async def test_the_password_is_not_sent_before_the_mailbox_accepted_it(tmp_path: Path) -> None:
    async with scripted_server(WHOLE, Protocol.IMAP, SocketType.STARTTLS, tmp_path) as (
        server,
        net,
        received,
    ):
        accepted: asyncio.Future[tuple[str, Secret]] = asyncio.get_running_loop().create_future()
        reading = asyncio.create_task(read_active_rules(server, at_imaps(net), accepted=accepted))
        while bytes(received.clear) != b"STARTTLS\r\n":
            await net.clock.sleep(0.01)
        done, _waiting = await asyncio.wait([reading], timeout=0.2)
        assert not done
        assert not received.secure
        accepted.set_result(("ana@scripted.test", Secret(CANARY)))
        assert await reading == ActiveRules("mias", "discard;\r\n")
