"""The commands of the exported files and the vault use the same entries of a real keyring."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs.terminal_user import need

pytestmark = pytest.mark.servers

PASSWORD = "p\"a's\\s$HOME`id`%s#;& ñ"
IN_A_SESSION = """
import subprocess, sys, time
from mailsetup.export.programs import password_command
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.vault import Vault

daemon = subprocess.Popen(
    ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
daemon.stdin.write(b"login")
daemon.stdin.close()
try:
    first, second = EmailAddress("o'hara", "bodega.test"), EmailAddress("ana", "bodega.test")
    secret = Secret(sys.argv[1])
    vault = Vault()
    deadline = time.monotonic() + 20
    while not vault.store(first, secret):
        assert time.monotonic() < deadline, "the keyring takes nothing"
        time.sleep(0.1)
    line = password_command.line(password_command.password(first, "linux"))
    found = subprocess.run(["sh", "-c", line], capture_output=True, check=True, text=True).stdout
    assert found.rstrip("\\n") == secret.reveal(), "the command does not find the stored password"
    line = password_command.line(password_command.store(second, "linux"))
    subprocess.run(["sh", "-c", line], input=secret.reveal(), check=True, text=True)
    loaded = vault.load(second)
    assert loaded is not None and loaded.reveal() == secret.reveal(), "we do not find it"
finally:
    daemon.terminate()
    daemon.wait()
print("done")
"""


def test_the_commands_and_the_vault_share_their_passwords(tmp_path: Path) -> None:
    need("secret-tool", "gnome-keyring-daemon", "dbus-run-session")
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    environ = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_RUNTIME_DIR": str(runtime),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent.parent),
    }
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", IN_A_SESSION, PASSWORD],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "done\n", done.stdout + done.stderr
