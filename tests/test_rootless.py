"""How an ordinary user gets the real servers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import rootless

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux has user namespaces")

SUBORDINATE = "ana:100000:65536\n1007:200000:65536\nluis:1:3\nbroken\nluis:300000:x\n"


@pytest.mark.parametrize(("user", "count"), [("ana", 65536), ("luis", 3), ("eva", 0)])
def test_subordinate_ids_are_read_as_subuid_5_says(tmp_path: Path, user: str, count: int) -> None:
    file = tmp_path / "subuid"
    file.write_text(SUBORDINATE)
    assert rootless.subordinate_ids(file, user, 1000) == count


def test_subordinate_ids_may_be_given_by_number(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text(SUBORDINATE)
    assert rootless.subordinate_ids(file, "eva", 1007) == 65536


def test_without_the_file_there_are_no_subordinate_ids(tmp_path: Path) -> None:
    assert rootless.subordinate_ids(tmp_path / "subuid", "ana", 1000) == 0


def test_ids_outside_of_the_namespace_are_found(tmp_path: Path) -> None:
    file = tmp_path / "uid_map"
    file.write_text("         0       1000          1\n         1     100000      65535\n")
    assert rootless.unmapped([0, 8, 65535, 65536], file) == [65536]
    file.write_text("         0       1000          1\n")
    assert rootless.unmapped([0, 8], file) == [8]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        (
            "kernel/unprivileged_userns_clone",
            "0",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        ),
        ("user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
    ],
)
def test_the_switch_that_forbids_namespaces_is_named_with_the_line_that_allows_them(
    tmp_path: Path, name: str, value: str, line: str
) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f"{value}\n")
    why = rootless.forbidden("unshare: unshare failed: Operation not permitted", tmp_path)
    assert name.replace("/", ".") in why.reason
    assert why.line == line


def test_without_a_known_switch_the_programs_message_is_given(tmp_path: Path) -> None:
    why = rootless.forbidden("unshare: unshare failed: Operation not permitted", tmp_path)
    assert "unshare failed: Operation not permitted" in why.reason
    assert why.line == ""


def test_a_missing_program_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    why = rootless.missing_parts("ana", 1000)
    assert why is not None
    assert why.packages == ("util-linux", "uidmap")


def test_root_needs_no_namespace() -> None:
    if os.geteuid() != 0:
        pytest.skip("this is not root")
    assert rootless.command(["true"]) == ["true"]


def test_the_first_process_inside_has_its_own_network_and_returns_the_exit_status() -> None:
    script = "import socket, sys; socket.create_server(('127.44.0.1', 25)); sys.exit(7)"
    inside = [sys.executable, "-I", rootless.__file__, "--inside", sys.executable, "-c", script]
    unshare = ["unshare", "--user", "--map-root-user", "--net", "--"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        pytest.skip("no user namespace can be made here")
    done = subprocess.run([*unshare, *inside], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (7, "")
