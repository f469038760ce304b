"""Core files, key logs and readable memory of the process."""

import os
import subprocess
import sys

import pytest

CODE = """
import ctypes, os, resource, sys
from mailsetup.launch import run
try:
    run()
except SystemExit:
    pass
print()
print(resource.getrlimit(resource.RLIMIT_CORE)[0], end=" ")
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) if sys.platform == "linux" else "-", end=" ")
print(os.environ.get("SSLKEYLOGFILE", "-"))
"""


def state(*arguments: str, **environment: str) -> list[str]:
    """The limit of core files, the dumpable mark, the key log, at the end of a command."""
    import resource

    def with_cores() -> None:
        _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        env={**os.environ, "SSLKEYLOGFILE": os.devnull, **environment},
        preexec_fn=with_cores,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1].split()


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about itself")


@pytest.mark.parametrize("verb", ["check", "batch", "kit", "export", "apply"])
def test_memory_of_a_command_with_secrets_is_not_readable(verb: str) -> None:
    limit, dumpable, key_log = state("--lang=en", verb, "--help")
    assert int(limit) <= 1
    assert dumpable == "0"
    assert key_log == "-"


def test_other_commands_write_no_core_file() -> None:
    limit, _dumpable, key_log = state("discover", "--help")
    assert int(limit) <= 1
    assert key_log == "-"


def test_debugger_is_allowed_on_request() -> None:
    limit, dumpable, _key_log = state("check", "--help", MAILSETUP_DEBUG="1")
    assert int(limit) <= 1
    assert dumpable == "1"


def test_every_command_with_a_password_is_protected() -> None:
    from mailsetup.system.process import _WITH_SECRETS

    for verb in ("check", "batch", "kit", "export", "apply", "publish", "discover", "programs"):
        shown = subprocess.run(
            [sys.executable, "-m", "mailsetup", verb, "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        reads = any(word in shown for word in ("--password", "--sign-in", "--key"))
        assert not reads or verb in _WITH_SECRETS, verb
