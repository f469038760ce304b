"""Roll-out kits, checked with the tools that read them: Ansible, parsers, a JavaScript engine."""

import io
import json
import os
import plistlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PySide6.QtQml import QJSEngine

from mailsetup.cli.main import main
from mailsetup.export.kit.apple import MANAGEMENTS
from tests.support.cli.schema import valid
from tests.support.programs.apple_schema import MAIL, TOP_LEVEL
from tests.support.programs.apple_schema import faults as apple_faults
from tests.support.programs.parsers import read_prf
from tests.support.programs.powershell import faults

pytestmark = pytest.mark.programs

ANSIBLE = Path(sys.executable).with_name("ansible-playbook")


def kit(tmp_path: Path, *words: str, username: str = "ana@bodega.es", status: int = 0) -> Path:
    """The folder of the kits, written by the program."""
    server = {"port": 993, "security": "tls", "username": username}
    settings = {
        "incoming": [{**server, "protocol": "imap", "host": "imap.bodega.es"}],
        "outgoing": [{**server, "protocol": "smtp", "host": "smtp.bodega.es", "port": 465}],
    }
    path = tmp_path / "bodega.json"
    path.write_text(json.dumps({"address": "ana@bodega.es", "settings": settings}))
    out, err = io.StringIO(), io.StringIO()
    command = ["kit", "--settings", str(path), "--out", str(tmp_path / "kit"), "--json", *words]
    assert main(command, io.StringIO(), out, err) == status, out.getvalue()
    document = valid(json.loads(out.getvalue()), "kit" if status == 0 else "error")
    if status == 0:
        assert all(Path(file).is_file() for file in document["files"])
    return tmp_path / "kit"


# PowerShell ---------------------------------------------------------------------------------------


def data_of(script: bytes) -> object:
    """The data in the here-string of a script."""
    found = re.search(r"= @'\r\n(.*?)\r\n'@ \|", script.decode("utf-8-sig"), re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


@pytest.mark.parametrize("username", ["ana@bodega.es", "ana"])
def test_every_powershell_script_parses_and_its_data_stay_data(
    tmp_path: Path, username: str
) -> None:
    scripts = sorted(
        kit(tmp_path, "--name", "O'Brien ”‘$(calc)`", username=username).rglob("*.ps1")
    )
    assert [path.name for path in scripts] == [
        "Set-OutlookMail.ps1",
        "Test-OutlookMail.ps1",
        "Install-ThunderbirdMail.ps1",
        "Set-MailIdentity.ps1",
    ]
    for path in scripts:
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert faults(content) == []
        assert not re.search(rb"@[A-Z]+@", content)
        assert data_of(content)


def test_the_parser_finds_a_syntax_error() -> None:
    assert faults(b"if ($a -eq 1) { Write-Output 'a'\r\n")


# Outlook ------------------------------------------------------------------------------------------


def test_the_outlook_templates_have_placeholders_and_no_user(
    tmp_path: Path,
) -> None:
    folder = kit(tmp_path, "--for", "outlook", username="ana") / "outlook"
    document = (folder / "outlook.xml").read_text()
    for placeholder, value in (("{NAME}", "Ana"), ("{ADDRESS}", "a@b.es"), ("{LOCAL}", "a")):
        document = document.replace(placeholder, value)
    texts = [element.text for element in ElementTree.fromstring(document).iter()]  # noqa: S314 - ours
    assert texts.count("a") == 2
    assert "Ana" in texts
    profile = read_prf((folder / "outlook.prf").read_bytes())
    assert profile["Account1"]["EmailAddress"] == "{ADDRESS}"
    assert profile["Account1"]["IMAPUserName"] == "{LOCAL}"
    assert not set(profile["Account1"]) - set(profile["IMAP_I_Mail"]) - {"AccountType"}
    registry = (folder / "outlook-on.reg").read_text(encoding="utf-16")
    assert '"bodega.es"="C:\\\\mailsetup\\\\outlook.xml"' in registry
    for path in folder.iterdir():
        assert b"nobody" not in path.read_bytes().lower().replace(b"\x00", b"")


# Thunderbird --------------------------------------------------------------------------------------


def preferences_after(cfg: str, variables: dict[str, str]) -> dict[str, object]:
    """The preferences that AutoConfig would set, by another JavaScript engine."""
    engine = QJSEngine()
    prelude = """
        var set = {};
        function getPref(name) { return set[name]; }
        function pref(name, value) { set[name] = value; }
        function getenv(name) { return variables[name] || ""; }
    """
    start = f"var variables = {json.dumps(variables)};\n{prelude}"
    done: Any = engine.evaluate(f"{start}\n{cfg}\nJSON.stringify(set)")
    assert not done.isError(), done.toString()
    found: dict[str, object] = json.loads(done.toString())
    return found


@pytest.mark.usefixtures("qapp")
def test_autoconfig_sets_up_the_signed_in_user_only(tmp_path: Path) -> None:
    cfg = (kit(tmp_path, "--for", "thunderbird") / "thunderbird" / "mailsetup.cfg").read_text()
    eva = preferences_after(cfg, {"MAIL_ADDRESS": "eva@bodega.es", "MAIL_NAME": "Eva"})
    assert eva["mail.server.server9001.userName"] == "eva@bodega.es"
    assert eva["mail.identity.id9001.fullName"] == "Eva"
    assert preferences_after(cfg, {}) == {}
    assert preferences_after(cfg, {"MAIL_ADDRESS": "eva@other.es"}) == {}
    assert "ana@" not in cfg


def test_the_policy_is_the_same_in_all_its_forms(tmp_path: Path) -> None:
    folder = kit(tmp_path, "--for", "thunderbird") / "thunderbird"
    policies = json.loads((folder / "policies.json").read_text())["policies"]["Preferences"]
    assert json.loads((folder / "admx-preferences.json").read_text()) == policies
    registry = (folder / "thunderbird-policy.reg").read_text(encoding="utf-16")
    found = re.search(r'"Preferences"=hex\(7\):([0-9a-f,]+)', registry)
    assert found is not None
    lines = bytes.fromhex(found.group(1).replace(",", "")).decode("utf-16-le")
    assert lines.endswith("\0\0")
    assert json.loads(lines.rstrip("\0")) == policies


# Apple --------------------------------------------------------------------------------------------


def test_each_managements_profile_follows_apples_schema(tmp_path: Path) -> None:
    folder = kit(tmp_path, "--for", "apple", username="ana") / "apple"
    for known in MANAGEMENTS:
        profile = plistlib.loads((folder / f"mail-{known.id}.mobileconfig").read_bytes())
        (payload,) = profile["PayloadContent"]
        assert apple_faults(profile, TOP_LEVEL) + apple_faults(payload, MAIL) == []
        assert payload["EmailAddress"] == known.address
        assert payload["EmailAccountName"] == known.name
        assert payload["IncomingMailServerUsername"] == known.local
        assert "OutgoingPasswordSameAsIncomingPassword" not in payload
        assert "nobody" not in str(profile).lower()


# Ansible ------------------------------------------------------------------------------------------


def play(folder: Path, *words: str) -> str:
    """Run the playbook on this computer, into folders of the test."""
    environment = dict(
        os.environ, ANSIBLE_LOCALHOST_WARNING="False", ANSIBLE_NOCOLOR="1", LC_ALL="C.UTF-8"
    )
    command = [str(ANSIBLE), "-i", "localhost,", "-c", "local", "site.yml"]
    variables = {
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "mail_thunderbird_folder": str(folder.parent / "thunderbird-here"),
        "mail_profile_folder": str(folder.parent / "profile.d"),
    }
    done = subprocess.run(
        [*command, "-e", json.dumps(variables), *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changed(printed: str) -> int:
    found = re.search(r"changed=(\d+)", printed)
    assert found is not None
    return int(found.group(1))


def signed_in_as(script: Path, login: str) -> list[str]:
    """The variables for a user with this login name."""
    shell = f'id() {{ echo "{login}"; }}\n. "$1"\nprintf "%s\\n" "$MAIL_ADDRESS" "$MAIL_NAME"'
    done = subprocess.run(
        ["sh", "-c", shell, "sh", str(script)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_ansible_role_runs_is_idempotent_and_can_be_removed(tmp_path: Path) -> None:
    folder = kit(tmp_path, "--for", "ansible", "--name", "Ana d'Ors $(x)") / "ansible"
    here, profiles = folder.parent / "thunderbird-here", folder.parent / "profile.d"
    here.mkdir()
    profiles.mkdir()
    assert changed(play(folder, "--check")) > 0
    assert list(here.iterdir()) == []
    assert changed(play(folder)) > 0
    written = {str(path.relative_to(here)) for path in here.rglob("*") if path.is_file()}
    assert written == {"mailsetup.cfg", "defaults/pref/autoconfig.js", "isp/bodega.es.xml"}
    script = profiles / "mailsetup-mail.sh"
    assert signed_in_as(script, "example-login") == ["ana@bodega.es", "Ana d'Ors $(x)"]
    assert signed_in_as(script, "eva")[0] == "eva@bodega.es"
    assert signed_in_as(script, "root") == ["", ""]
    assert changed(play(folder)) == 0
    play(folder, "-e", "mail_state=absent")
    assert [path for path in here.rglob("*") if path.is_file()] == []
    assert not script.exists()


# All ----------------------------------------------------------------------------------------------


def test_each_kit_has_a_readme_in_the_current_language(tmp_path: Path) -> None:
    for readme in kit(tmp_path).glob("*/README.md"):
        assert readme.read_text().startswith("# ")
        assert "bodega.es" in readme.read_text()
    assert len(list((tmp_path / "kit").glob("*/README.md"))) == 4


def test_a_user_name_that_follows_no_rule_is_refused(tmp_path: Path) -> None:
    kit(tmp_path, username="w0138-x", status=2)
    assert not (tmp_path / "kit").exists()


def test_existing_files_are_replaced_with_force_only(tmp_path: Path) -> None:
    kit(tmp_path)
    kit(tmp_path, status=2)
    kit(tmp_path, "--force")
