"""Installing Debian packages, with fake apt-get and dpkg."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bootstrap import apt
from bootstrap.layout import SetupError
from tests.support.waiting import wait_for_line

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Debian's programs")

PROGRAM = """\
#!/bin/bash
printf '%s\\n' "$(basename "$0") $*" >> "{log}"
for word in "$@"; do case "$word" in
  -oAPT::Status-Fd=*) fd="${{word#*=}}"
    printf 'dlstatus:1:40.0:Retrieving file 2 of 3\\npmstatus:libegl1:80.0:Unpacking libegl1\\n' \\
      >&"$fd";;
esac; done
case "$(basename "$0") $1 $2 $3" in
{cases}
esac
"""


class FakeDebian:
    """apt-get, dpkg and systemctl that write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.policy = folder / "policy-rc.d"

    def behave(self, cases: str = "") -> None:
        """``cases`` are lines of a shell's ``case`` on program and first words."""
        text = PROGRAM.format(log=self.log, cases=textwrap.dedent(cases))
        for name in ("apt-get", "dpkg", "systemctl"):
            program = self.folder / name
            program.write_text(text)
            program.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def called(self, *words: str) -> bool:
        """Whether one call had all of these words."""
        return any(set(words) <= set(call.split()) for call in self.calls)


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDebian:
    fake = FakeDebian(tmp_path)
    fake.behave()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(apt, "POLICY", fake.policy)
    monkeypatch.setattr(apt, "DPKG_UPDATES", tmp_path / "updates")
    return fake


def test_package_lists_are_updated_first_and_no_question_is_asked(debian: FakeDebian) -> None:
    apt.install(["libegl1"])
    verbs = [call.split()[:2] for call in debian.calls if call.startswith("apt-get")]
    assert any("update" in call.split() for call in debian.calls)
    assert verbs
    updated = next(i for i, call in enumerate(debian.calls) if "update" in call.split())
    installed = next(
        i for i, call in enumerate(debian.calls) if {"install", "-y"} <= set(call.split())
    )
    assert updated < installed
    assert debian.called("install", "-y", "--no-install-recommends", "libegl1")
    assert apt.environment()["DEBIAN_FRONTEND"] == "noninteractive"


def test_no_service_is_started_while_packages_are_installed(debian: FakeDebian) -> None:
    debian.behave(f'apt-get*) cat "{debian.policy}" > "{debian.folder}/seen";;')
    apt.install(["postfix"])
    assert "exit 101" in (debian.folder / "seen").read_text()
    assert not debian.policy.exists()


def test_services_of_installed_servers_are_not_started_by_a_restart(debian: FakeDebian) -> None:
    apt.install(["postfix", "knot", "libegl1"])
    assert debian.called("systemctl", "disable", "postfix.service", "knot.service")


def test_an_administrators_own_policy_is_left_alone(debian: FakeDebian) -> None:
    debian.policy.write_text("#!/bin/sh\nexit 0\n")
    apt.install(["postfix"])
    assert debian.policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_system_that_root_cannot_write_to_is_reported_in_one_sentence(
    debian: FakeDebian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "POLICY", Path("/proc/policy-rc.d"))
    with pytest.raises(SetupError, match=r"/proc/policy-rc\.d cannot be written"):
        apt.install(["postfix"])
    assert not debian.called("install")


def test_a_policy_that_a_killed_start_left_is_removed(debian: FakeDebian) -> None:
    debian.behave(f'apt-get*) cp "{debian.policy}" "{debian.folder}/ours";;')
    apt.install(["postfix"])
    debian.policy.write_text((debian.folder / "ours").read_text())
    apt.install(["postfix"])
    assert not debian.policy.exists()


@pytest.mark.parametrize("state", ["unpacked", "journal"])
def test_an_interrupted_installation_is_completed_first(debian: FakeDebian, state: str) -> None:
    if state == "unpacked":
        debian.behave('"dpkg --audit"*) echo "The following packages are half configured";;')
    else:
        (debian.folder / "updates").mkdir()
        (debian.folder / "updates" / "0001").touch()
    assert apt.needs_repair()
    apt.install(["libegl1"])
    configured = next(i for i, call in enumerate(debian.calls) if "--configure" in call)
    installed = next(i for i, call in enumerate(debian.calls) if call.endswith(" libegl1"))
    assert configured < installed
    assert debian.called("install", "--fix-broken")


def test_an_unknown_optional_package_is_left_out(
    debian: FakeDebian, capsys: pytest.CaptureFixture[str]
) -> None:
    debian.behave('*--assume-no*) echo "E: Unable to locate package aerc" >&2; exit 100;;')
    apt.install(["aerc", "libegl1"], optional=["aerc"])
    assert debian.called("install", "-y", "libegl1")
    assert not debian.called("-y", "aerc")
    assert "Not known to this system: aerc" in capsys.readouterr().err


def test_an_unknown_required_package_is_named(debian: FakeDebian) -> None:
    debian.behave('*--assume-no*) echo "E: Unable to locate package libegl1" >&2; exit 100;;')
    with pytest.raises(SetupError, match="libegl1"):
        apt.install(["libegl1"])
    assert not debian.called("-y", "libegl1")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("E: Failed to fetch http://x/y.deb  Temporary failure resolving 'x'", "internet"),
        ("dpkg: error: failed to write: No space left on device", "disk is full"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "disk is full"),
        ("E: Some other reason", "Some other reason"),
    ],
)
def test_a_failure_is_one_sentence_that_says_what_to_do(
    debian: FakeDebian, output: str, expected: str
) -> None:
    debian.behave(f'apt-get*-oDPkg*|*Status*) echo "{output}"; exit 100;;')
    with pytest.raises(SetupError, match=expected) as caught:
        apt.install(["libegl1"])
    assert "start again" in str(caught.value)
    assert not debian.policy.exists()


def test_the_size_is_read_from_apts_output(debian: FakeDebian) -> None:
    debian.behave("""
        *--assume-no*) echo "Need to get 59.3 MB/61.0 MB of archives."
          echo "After this operation, 238 MB of additional disk space will be used.";;
    """)
    assert apt.size(["libegl1"]) == apt.Size("59.3 MB", "238 MB")


def test_an_unknown_size_is_left_out(debian: FakeDebian) -> None:
    debian.behave()
    assert apt.size(["libegl1"]) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_ends_apt_and_removes_the_policy(
    debian: FakeDebian, number: signal.Signals
) -> None:
    running = debian.folder / "running"
    debian.behave(f'*Status*) echo $$ > "{running}"; exec sleep 60;;')
    code = textwrap.dedent(f"""
        import signal, sys
        from pathlib import Path
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from bootstrap import apt
        apt.POLICY = Path({str(debian.policy)!r})
        try:
            apt.install(["libegl1"])
        except KeyboardInterrupt:
            sys.exit(130)
    """)
    packaging = Path(__file__).resolve().parent.parent.parent / "packaging"
    path = f"{packaging}:{packaging.parent}"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    started = wait_for_line(running)
    process.send_signal(number)
    assert process.wait(timeout=40) == 130
    assert not debian.policy.exists()
    assert not Path(f"/proc/{started}").exists()


def test_processes_left_running_by_an_installation_are_not_waited_for(
    debian: FakeDebian,
) -> None:
    debian.behave("*Status*) sleep 30 & ;;")
    apt.install(["libegl1"])
    assert not debian.policy.exists()
