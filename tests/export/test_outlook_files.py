"""The files and commands for classic Outlook, byte for byte.

They could not be tested with Outlook on Windows. The golden files below ``tests/export/golden``
follow what other generators of such files agree on, so that a change is noticed. They are stored as
UTF-8 with plain line ends, to be readable; they are encoded before the comparison. ``python -m
tests.export.test_outlook_files`` writes them again.
"""

import subprocess
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest

from mailsetup.apply.installation import Computer
from mailsetup.apply.outlook import OutlookRunMode, outlook_program, run_steps
from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.outlook import Outlook
from mailsetup.export.programs.outlook_files import FOLDER
from mailsetup.model.settings import Account, Authentication, Protocol
from tests.support.programs.parsers import read_prf, read_reg
from tests.support.samples.accounts import OAUTH2, ORDINARY, account

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "imap": account(),
    "pop3": account(protocol=Protocol.POP3),
    "starttls": ORDINARY["imap-starttls"],
    "mixed": replace(account(), outgoing=ORDINARY["imap-starttls"].outgoing),
}
USERS = PureWindowsPath("C:\\Users\\Ana Núñez\\Documents\\mail & more")
REG = "HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook\\"


def outlook_files(wanted: Account) -> dict[str, bytes]:
    artifact = Outlook().export(wanted)
    assert isinstance(artifact, Artifact)
    return {
        file.name.removeprefix("outlook-ana-bodega.example").lstrip(".-"): file.content
        for file in artifact.files
        if not file.name.endswith(".html")
    }


def readable(end: str, content: bytes) -> str:
    if end.endswith("reg"):
        assert content.startswith(b"\xff\xfe")
        return content[2:].decode("utf-16-le").replace("\r\n", "\n")
    if end.endswith("prf"):
        return content.decode("cp1252").replace("\r\n", "\n")
    return content.decode("utf-8")


def real(end: str, text: str) -> bytes:
    if end.endswith("reg"):
        return b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")
    if end.endswith("prf"):
        return text.replace("\n", "\r\n").encode("cp1252")
    return text.encode("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_the_files_equal_the_golden_files(case: str) -> None:
    files = outlook_files(CASES[case])
    begin = f"outlook-{case}."
    golden = {path.name.removeprefix(begin): path for path in GOLDEN.glob(f"{begin}*")}
    assert set(files) == set(golden)
    for end, content in files.items():
        assert content == real(end, golden[end].read_bytes().decode("utf-8")), end


def test_starttls_gets_no_prf() -> None:
    assert set(outlook_files(CASES["starttls"])) == {"xml", "on.reg", "off.reg"}
    assert set(outlook_files(CASES["imap"])) == {"prf", "xml", "on.reg", "off.reg"}


@pytest.mark.parametrize("case", ["imap", "pop3", "mixed"])
def test_a_prf_never_switches_encryption_off(case: str) -> None:
    sections = read_prf(outlook_files(CASES[case])["prf"])
    given = sections["Account1"]
    assert {given[key] for key in given if key.endswith("UseSSL")} == {"1"}
    assert given["SMTPSecureConnection"] == ("2" if case == "mixed" else "1")


def test_the_commands_equal_the_golden_values() -> None:
    outlook = "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE"
    profile, autodiscover = run_steps(account(), USERS, outlook)
    here = "C:\\Users\\Ana Núñez\\Documents\\mail & more\\outlook-ana-bodega.example"
    assert profile.mode is OutlookRunMode.PROFILE
    assert profile.commands == ((outlook, "/importprf", f"{here}.prf"),)
    assert profile.undo == ()
    assert autodiscover.mode is OutlookRunMode.AUTODISCOVER
    assert autodiscover.commands == (
        (
            *("reg.exe", "add", REG + "AutoDiscover", "/v", "PreferLocalXML"),
            *("/t", "REG_DWORD", "/d", "1", "/f"),
        ),
        (
            *("reg.exe", "add", REG + "AutoDiscover", "/v", "bodega.example"),
            *("/t", "REG_SZ", "/d", f"{here}.xml", "/f"),
        ),
        (
            *("reg.exe", "add", REG + "Setup", "/v"),
            *("DisableOffice365SimplifiedAccountCreation", "/t", "REG_DWORD", "/d", "1", "/f"),
        ),
    )
    assert autodiscover.undo == (("reg.exe", "import", f"{here}-off.reg"),)
    assert all(step.text.endswith(".") for step in (profile, autodiscover))


def test_the_commands_set_what_the_registry_file_sets() -> None:
    (_profile, autodiscover) = run_steps(account(), PureWindowsPath(FOLDER))
    written: dict[str, dict[str, str]] = {}
    for command in autodiscover.commands:
        _program, verb, key, _v, name, _t, kind, _d, value, _f = command
        assert verb == "add"
        text = f"dword:{int(value):08x}" if kind == "REG_DWORD" else value
        written.setdefault(key, {})[name] = text
    assert written == read_reg(outlook_files(account())["on.reg"])
    taken_out = read_reg(outlook_files(account())["off.reg"])
    assert {(key, name) for key, values in taken_out.items() for name in values} == {
        (key, name) for key, values in written.items() for name in values
    }


def test_no_argument_can_become_another_command() -> None:
    wanted = account("o'neil&calc|x`y%PATH%^@bodega.example", person='a" & calc & "')
    for step in run_steps(wanted, USERS):
        for command in (*step.commands, *step.undo):
            assert all(isinstance(argument, str) for argument in command)
            own = " ".join(command).replace(str(USERS), "")
            assert not set(own) & set("\"'&|`%^<>\n"), own
            # The quoting that Windows programs undo when a list of arguments is started.
            line = subprocess.list2cmdline(command)
            assert line.count('"') % 2 == 0


def test_there_are_no_commands_without_files_for_classic_outlook() -> None:
    assert run_steps(OAUTH2, USERS) == ()
    assert run_steps(account(authentication=(Authentication.OAUTH2,)), USERS) == ()
    assert run_steps(account(), PureWindowsPath("mail")) == ()
    (only,) = run_steps(ORDINARY["imap-starttls"], USERS)
    assert only.mode is OutlookRunMode.AUTODISCOVER


def test_outlook_is_found_by_the_windows_registry_only(tmp_path: Path) -> None:
    asked = []

    def registry(program: str) -> str:
        asked.append(program)
        return "C:\\Office\\OUTLOOK.EXE"

    assert outlook_program(Computer("win32", tmp_path, {}, tmp_path, registry)) == (
        "C:\\Office\\OUTLOOK.EXE"
    )
    assert asked == ["outlook.exe"]
    assert outlook_program(Computer("linux", tmp_path, {}, tmp_path, registry)) == ""


if __name__ == "__main__":
    for _case, _account in CASES.items():
        for _end, _content in outlook_files(_account).items():
            _path = GOLDEN / f"outlook-{_case}.{_end}"
            _path.write_bytes(readable(_end, _content).encode("utf-8"))
