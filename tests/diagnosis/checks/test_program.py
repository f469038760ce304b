"""Settings in a mail program, compared with those that work."""

from dataclasses import replace

import pytest

from mailsetup.diagnosis.checks.program import check_programs
from mailsetup.model.finding import Finding, Status
from mailsetup.model.settings import (
    Account,
    ProgramAccount,
    Protocol,
    ServerSettings,
    SocketType,
)
from tests.support.network.scripted_network import ScriptedNetwork, address, imap, run, smtp

IMAP = ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, "ana@bodega.es")
SMTP = ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, "ana@bodega.es")
OTHER = replace(SMTP, port=587, security=SocketType.STARTTLS)
ACCOUNT = Account(address(), IMAP, SMTP)


def configured(
    incoming: ServerSettings = IMAP,
    outgoing: ServerSettings | None = SMTP,
    who: str = "Ana@Bodega.es",
) -> ProgramAccount:
    return ProgramAccount("Thunderbird", "default", who, incoming, outgoing)


def findings_of(
    *programs: ProgramAccount, scripted: ScriptedNetwork | None = None
) -> tuple[Finding, ...]:
    network = (scripted or ScriptedNetwork()).network()
    return run(check_programs(ACCOUNT, (IMAP, SMTP, OTHER), programs, network))


@pytest.mark.parametrize(
    "program",
    [
        configured(),
        configured(outgoing=OTHER),
        configured(incoming=replace(IMAP, username="")),
        configured(incoming=replace(IMAP, host="imap.viejo.com"), who="eva@bodega.es"),
    ],
)
def test_same_settings_or_other_accounts_have_no_finding(program: ProgramAccount) -> None:
    assert findings_of(program) == ()


@pytest.mark.parametrize(
    ("program", "status", "difference"),
    [
        (configured(incoming=replace(IMAP, host="imap.viejo.com")), Status.FAIL, "imap.viejo.com"),
        (configured(outgoing=None), Status.FAIL, "— →"),
        (configured(incoming=replace(IMAP, username="ana")), Status.WARN, "ana → ana@bodega.es"),
        (
            configured(incoming=replace(IMAP, port=143, security=SocketType.NONE)),
            Status.WARN,
            "none",
        ),
    ],
)
def test_differences_name_the_actual_and_the_right_value(
    program: ProgramAccount, status: Status, difference: str
) -> None:
    (finding,) = findings_of(program)
    assert finding.id == "client.program.wrong-settings"
    assert finding.status is status
    assert difference in str(finding.facts["differences"])


def test_alias_of_the_same_owner_that_answers_is_no_difference() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["mail.bodega.es", 993] = imap()
    assert (
        findings_of(configured(incoming=replace(IMAP, host="mail.bodega.es")), scripted=scripted)
        == ()
    )


def test_reachable_server_of_another_owner_only_warns() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["smtp.viejo.com", 465] = smtp()
    (finding,) = findings_of(
        configured(outgoing=replace(SMTP, host="smtp.viejo.com")), scripted=scripted
    )
    assert finding.status is Status.WARN


def test_broken_profile_is_reported_among_several() -> None:
    doubtful = configured(incoming=replace(IMAP, username="ana"))
    (finding,) = findings_of(doubtful, configured(outgoing=None))
    assert finding.status is Status.FAIL
