"""ManageSieve servers that misbehave: always a value, never a hang, never a secret in clear."""

import asyncio
import base64
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
    Hear,
    Heard,
    Say,
    Secure,
    Step,
    playing,
)

CANARY = "canario-Zx9!"
CLEAR = b'"IMPLEMENTATION" "x"\r\n"SIEVE" "fileinto"\r\n"STARTTLS"\r\n"SASL" ""\r\nOK "hi"\r\n'
TLS = b'"IMPLEMENTATION" "x"\r\n"SIEVE" "fileinto"\r\n"SASL" "PLAIN"\r\nOK\r\n'
UNTIL_TLS: tuple[Step, ...] = (Say(CLEAR), Hear(), Say(b'OK "begin"\r\n'), Secure())
LOGGED_IN: tuple[Step, ...] = (*UNTIL_TLS, Say(TLS), Hear(), Say(b"OK\r\n"))
WHOLE: tuple[Step, ...] = (
    *LOGGED_IN,
    Hear(),
    Say(b'"otras"\r\n{8}\r\nmis "re"\r\n"mias" ACTIVE\r\nOK\r\n'),
    Hear(),
    Say(b"{10+}\r\ndiscard;\r\n\r\nOK\r\n"),
    Hear(),
    Say(b'OK "bye"\r\n'),
)


async def read_rules(
    server: ServerSettings, secret: Secret, net: Network, patience: float = 10.0
) -> RulesOutcome:
    """As where the mailbox has just accepted this user."""
    accepted: asyncio.Future[tuple[str, Secret]] = asyncio.get_running_loop().create_future()
    accepted.set_result((server.username, secret))
    return await read_active_rules(server, net, accepted=accepted, patience=patience)


def at_imaps(net: Network) -> Network:
    """The scripted server stands at the port of IMAP."""

    async def connect(
        host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        assert (host, port, implicit_tls) == (HOST, PORT, False)
        return await net.connect(host, 993, implicit_tls=implicit_tls, explain=explain)

    return dataclasses.replace(net, connect=connect)


async def read(
    steps: tuple[Step, ...], folder: Path, *, patience: float = 10.0
) -> tuple[RulesOutcome, Heard]:
    async with playing(steps, Protocol.IMAP, SocketType.STARTTLS, folder) as (server, net, heard):
        outcome = await read_rules(server, Secret(CANARY), at_imaps(net), patience=patience)
    said = (CANARY.encode(), base64.b64encode(f"\0ana@scripted.test\0{CANARY}".encode()))
    assert not any(form in heard.clear for form in said)
    assert CANARY not in repr(outcome)
    return outcome, heard


def the_failure(outcome: RulesOutcome) -> DialogueFailure:
    assert isinstance(outcome, DialogueFailure), outcome
    return outcome


async def test_the_undisturbed_dialogue_reads_and_changes_nothing(tmp_path: Path) -> None:
    outcome, heard = await read(WHOLE, tmp_path)
    assert outcome == ActiveRules("mias", "discard;\r\n")
    said = [line.split(b" ")[0] for line in bytes(heard.secure).splitlines()]
    assert said == [b"AUTHENTICATE", b"LISTSCRIPTS", b"GETSCRIPT", b"LOGOUT"]
    assert b'GETSCRIPT "mias"' in heard.secure
    assert bytes(heard.clear) == b"STARTTLS\r\n"


@pytest.mark.parametrize("length", range(len(WHOLE) - 2))
async def test_a_server_that_hangs_up_at_any_step_is_a_failure(length: int, tmp_path: Path) -> None:
    outcome, _heard = await read(WHOLE[:length], tmp_path)
    failure = the_failure(outcome)
    assert failure.error in (DialogueFault.RESET, DialogueFault.TLS_FAILED)
    assert failure.server.port == PORT


async def test_a_server_that_hangs_up_at_the_goodbye_has_told_everything(tmp_path: Path) -> None:
    outcome, _heard = await read(WHOLE[:-2], tmp_path)
    assert outcome == ActiveRules("mias", "discard;\r\n")


async def test_where_starttls_was_stripped_nothing_is_said(tmp_path: Path) -> None:
    stripped = CLEAR.replace(b'"STARTTLS"\r\n', b"").replace(b'""', b'"PLAIN LOGIN"')
    outcome, heard = await read((Say(stripped), Hear(), Say(b"OK\r\n")), tmp_path)
    failure = the_failure(outcome)
    assert (failure.stage, failure.error) == (Stage.STARTTLS, DialogueFault.STARTTLS_MISSING)
    assert not heard.clear


async def test_a_refused_starttls_is_not_talked_past(tmp_path: Path) -> None:
    steps = (Say(CLEAR), Hear(), Say(b'NO "not now"\r\n'), Hear(), Say(b"OK\r\n"))
    outcome, heard = await read(steps, tmp_path)
    failure = the_failure(outcome)
    assert (failure.error, failure.text) == (DialogueFault.STARTTLS_MISSING, "not now")
    assert bytes(heard.clear) == b"STARTTLS\r\n"


async def test_bytes_behind_the_agreement_to_starttls_are_refused(tmp_path: Path) -> None:
    steps = (Say(CLEAR), Hear(), Say(b'OK "begin"\r\n' + TLS), Secure(), *WHOLE[5:])
    failure = the_failure((await read(steps, tmp_path))[0])
    assert failure.error is DialogueFault.INJECTION


async def test_mechanisms_offered_before_tls_count_for_nothing(tmp_path: Path) -> None:
    clear = CLEAR.replace(b'""', b'"PLAIN"')
    steps = (Say(clear), *UNTIL_TLS[1:], Say(TLS.replace(b'"PLAIN"', b'"GSSAPI"')), Hear())
    outcome, heard = await read(steps, tmp_path)
    failure = the_failure(outcome)
    assert (failure.stage, failure.error) == (Stage.LOGIN, DialogueFault.NO_COMMON_MECHANISM)
    assert not heard.secure


async def test_a_server_for_signing_in_elsewhere_gets_no_password(tmp_path: Path) -> None:
    steps = (*UNTIL_TLS, Say(TLS.replace(b"PLAIN", b"XOAUTH2 OAUTHBEARER")), Hear())
    outcome, heard = await read(steps, tmp_path)
    assert the_failure(outcome).error is DialogueFault.AUTH_OAUTH_NEEDED
    assert not heard.secure


async def test_a_refused_login_is_a_value_with_what_the_server_said(tmp_path: Path) -> None:
    told = f'NO "no, {CANARY} is wrong\x1b[31m"\r\n'.encode()
    outcome, heard = await read((*UNTIL_TLS, Say(TLS), Hear(), Say(told), Hear()), tmp_path)
    failure = the_failure(outcome)
    assert (failure.stage, failure.error) == (Stage.LOGIN, DialogueFault.AUTH_WRONG)
    assert failure.text == "no, ••• is wrong [31m"
    assert bytes(heard.secure).count(b"\r\n") == 1


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
async def test_each_answer_to_the_login_has_its_class(
    answer: bytes, error: DialogueFault, tmp_path: Path
) -> None:
    steps = (*UNTIL_TLS, Say(TLS), Hear(), Say(answer), Hear(), Hear())
    assert the_failure((await read(steps, tmp_path))[0]).error is error


@pytest.mark.parametrize("size", [512 * 1024 + 1, 100 * 1024 * 1024, 10**11, 10**30])
async def test_a_script_that_is_announced_too_large_is_not_read(size: int, tmp_path: Path) -> None:
    announced = Say(b"{%d}\r\n" % size)
    steps = (*LOGGED_IN, Hear(), Say(b'"mias" ACTIVE\r\nOK\r\n'), Hear(), announced)
    failure = the_failure((await read((*steps, Flood(b"x" * 65536)), tmp_path))[0])
    assert failure.error is DialogueFault.PROTOCOL_ERROR
    assert failure.stage is Stage.MAILBOX


async def test_a_script_of_the_largest_size_is_read(tmp_path: Path) -> None:
    script = b"#" * (512 * 1024 - 1) + b"\n"
    answer = Say(b"{%d}\r\n" % len(script) + script + b"\r\nOK\r\n")
    steps = (*LOGGED_IN, Hear(), Say(b'"mias" ACTIVE\r\nOK\r\n'), Hear(), answer, Hear())
    outcome, _heard = await read(steps, tmp_path)
    assert isinstance(outcome, ActiveRules)
    assert len(outcome.text) == len(script)


@pytest.mark.parametrize(
    "flood",
    [b"x" * 65536, b'"x" "y"\r\n' * 6000, b"{16000}\r\n" + b"y" * 16000, b'{0}\r\n"" ' * 999],
    ids=["a line", "lines", "literals", "literals in one line"],
)
@pytest.mark.parametrize("before", [(), UNTIL_TLS, LOGGED_IN], ids=["clear", "tls", "list"])
async def test_answers_without_an_end_are_cut_off(
    flood: bytes, before: tuple[Step, ...], tmp_path: Path
) -> None:
    steps = (*before, Hear(), Flood(flood)) if before == LOGGED_IN else (*before, Flood(flood))
    failure = the_failure((await read(steps, tmp_path))[0])
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
async def test_another_services_greeting_is_told_as_such(noise: bytes, tmp_path: Path) -> None:
    failure = the_failure((await read((Say(noise), Hear()), tmp_path))[0])
    assert failure.error is DialogueFault.WRONG_SERVICE
    assert "\0" not in failure.text


async def test_no_active_script_among_several_is_no_rules(tmp_path: Path) -> None:
    steps = (*LOGGED_IN, Hear(), Say(b'"a"\r\n"ACTIVE"\r\nOK\r\n'), Hear(), Say(b"OK\r\n"))
    outcome, heard = await read(steps, tmp_path)
    assert outcome == ActiveRules()
    assert b"GETSCRIPT" not in heard.secure


async def test_a_script_that_is_gone_meanwhile_is_no_rules(tmp_path: Path) -> None:
    gone = Say(b'NO (NONEXISTENT) "gone"\r\n')
    steps = (*LOGGED_IN, Hear(), Say(b'"mias" ACTIVE\r\nOK\r\n'), Hear(), gone, Hear())
    assert (await read(steps, tmp_path))[0] == ActiveRules()


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        (b'"a\\"b\\\\c"', b'GETSCRIPT "a\\"b\\\\c"\r\n'),
        (b"{7}\r\na\r\nPUTS", b"GETSCRIPT {7+}\r\na\r\nPUTS\r\n"),
        ("{5}\r\nñ\xa0x".encode(), 'GETSCRIPT "ñ\xa0x"\r\n'.encode()),
        (b"{3}\r\n\xff\xfex", b"GETSCRIPT {3+}\r\n\xff\xfex\r\n"),
    ],
)
async def test_a_hostile_name_of_a_script_stays_one_string(
    listed: bytes, asked: bytes, tmp_path: Path
) -> None:
    lines = (Hear(),) * asked.count(b"\n")
    steps = (*LOGGED_IN, Hear(), Say(listed + b" ACTIVE\r\nOK\r\n"), *lines)
    _outcome, heard = await read(steps, tmp_path)
    assert bytes(heard.secure).partition(b"LISTSCRIPTS\r\n")[2] == asked


@pytest.mark.parametrize(
    ("before", "stage"),
    [((), Stage.GREETING), (UNTIL_TLS, Stage.GREETING), (LOGGED_IN, Stage.MAILBOX)],
    ids=["clear", "tls", "list"],
)
async def test_a_server_that_falls_silent_is_left(
    before: tuple[Step, ...], stage: Stage, tmp_path: Path
) -> None:
    outcome, _heard = await read((*before, Hear(), Hear()), tmp_path, patience=0.3)
    failure = the_failure(outcome)
    assert (failure.stage, failure.error) == (stage, DialogueFault.TIMEOUT)


async def test_a_port_that_nobody_answers_is_not_waited_for(tmp_path: Path) -> None:
    async with playing((), Protocol.IMAP, SocketType.STARTTLS, tmp_path) as (server, net, _heard):

        async def swallowed(
            host: str, port: int, *, implicit_tls: bool, explain: bool = False
        ) -> Connection | ConnectFailure:
            await net.clock.sleep(3600)
            raise AssertionError("still waiting")

        silent = dataclasses.replace(net, connect=swallowed)
        outcome = await read_rules(server, Secret(CANARY), silent)
    assert outcome == NotOffered(ConnectFault.TIMEOUT)


async def test_before_the_mailbox_accepted_the_password_it_is_not_said_here(tmp_path: Path) -> None:
    async with playing(WHOLE, Protocol.IMAP, SocketType.STARTTLS, tmp_path) as (server, net, heard):
        accepted: asyncio.Future[tuple[str, Secret]] = asyncio.get_running_loop().create_future()
        reading = asyncio.create_task(read_active_rules(server, at_imaps(net), accepted=accepted))
        while bytes(heard.clear) != b"STARTTLS\r\n":
            await net.clock.sleep(0.01)
        done, _waiting = await asyncio.wait([reading], timeout=0.2)
        assert not done
        assert not heard.secure
        accepted.set_result(("ana@scripted.test", Secret(CANARY)))
        assert await reading == ActiveRules("mias", "discard;\r\n")
