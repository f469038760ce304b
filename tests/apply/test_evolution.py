"""What is written into Evolution's folder, with existing files and with failures."""

import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.apply.evolution import apply_evolution
from mailsetup.apply.installation import Computer
from mailsetup.apply.linux_desktop import EVOLUTION, DesktopProgram
from mailsetup.apply.result import ApplyFailure, FilesApplied
from mailsetup.apply.targets import find_target
from mailsetup.export.programs.evolution import uids
from mailsetup.model.settings import Account, Authentication, Protocol
from tests.support.programs.desktop_parsers import read_glib
from tests.support.programs.interrupted import Interruptions
from tests.support.samples.accounts import account

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Evolution runs on Linux only")

BASE = account()


@pytest.fixture(autouse=True)
def _no_session_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def applied(wanted: Account, config: Path) -> FilesApplied:
    result = apply_evolution(wanted, config)
    assert isinstance(result, FilesApplied), result
    return result


def refused(wanted: Account, config: Path, *, repair: bool = False) -> str:
    result = apply_evolution(wanted, config, repair=repair)
    assert isinstance(result, ApplyFailure), result
    assert result.reason.endswith(".")
    return result.reason


def main_file(config: Path, wanted: Account = BASE) -> Path:
    return config / "evolution/sources" / f"{uids(wanted).account}.source"


def test_three_private_files_are_written_into_a_new_folder(tmp_path: Path) -> None:
    done = applied(BASE, tmp_path / "config")
    assert done.live is None
    assert len(done.files) == 3
    folder = tmp_path / "config/evolution/sources"
    assert sorted(done.files) == sorted(folder.iterdir())
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in done.files)
    assert done.steps


def test_an_existing_account_is_not_changed(tmp_path: Path) -> None:
    applied(BASE, tmp_path)
    before = snapshot(tmp_path)
    moved = replace(BASE, incoming=replace(BASE.incoming, host="new.bodega.example"))
    assert "ana@bodega.example" in refused(moved, tmp_path)
    assert snapshot(tmp_path) == before


def test_two_addresses_are_two_accounts(tmp_path: Path) -> None:
    applied(BASE, tmp_path)
    applied(account("luis@bodega.example"), tmp_path)
    assert len(snapshot(tmp_path)) == 6


def test_an_account_made_by_evolution_is_not_added_again(tmp_path: Path) -> None:
    folder = tmp_path / "evolution/sources"
    folder.mkdir(parents=True)
    own = folder / "1234567890.5.0@pc.source"
    own.write_text(
        "[Data Source]\nDisplayName=Ana\nEnabled=true\nParent=\n\n"
        "[Mail Identity]\nAddress=Ana@Bodega.example\nName=Ana\n"
    )
    before = snapshot(tmp_path)
    assert "ana@bodega.example" in refused(BASE, tmp_path)
    assert "ana@bodega.example" in refused(BASE, tmp_path, repair=True)
    assert snapshot(tmp_path) == before
    own.write_text(own.read_text().replace("Enabled=true", "Enabled=false"))
    applied(BASE, tmp_path)


def test_repairing_corrects_the_servers_and_preserves_user_choices(tmp_path: Path) -> None:
    applied(BASE, tmp_path)
    path = main_file(tmp_path)
    text = path.read_text()
    text = text.replace("Host=mail.bodega.example", "Host=wrong.example").replace(
        "IntervalMinutes=10", "IntervalMinutes=60"
    )
    text = text.replace("DisplayName=ana@bodega.example", "DisplayName=Work")
    path.write_text(f"# mine\n{text}\n[Offline]\nStaySynchronized=true\n")
    done = apply_evolution(BASE, tmp_path, repair=True)
    assert isinstance(done, FilesApplied)
    assert done.repaired
    sections = read_glib(path.read_bytes())
    assert sections["Authentication"]["Host"] == "mail.bodega.example"
    assert sections["Refresh"]["IntervalMinutes"] == "60"
    assert sections["Data Source"]["DisplayName"] == "Work"
    assert sections["Offline"] == {"StaySynchronized": "true"}
    assert path.read_text().startswith("# mine\n")


def test_repairing_into_pop3_does_not_delete_mail_from_the_server(tmp_path: Path) -> None:
    applied(BASE, tmp_path)
    done = apply_evolution(account(protocol=Protocol.POP3), tmp_path, repair=True)
    assert isinstance(done, FilesApplied)
    assert read_glib(main_file(tmp_path).read_bytes())["Pop Backend"] == {"KeepOnServer": "true"}


def test_repairing_a_correct_account_writes_nothing(tmp_path: Path) -> None:
    done = applied(BASE, tmp_path)
    times = [path.stat().st_mtime_ns for path in done.files]
    again = apply_evolution(BASE, tmp_path, repair=True)
    assert isinstance(again, FilesApplied)
    assert [path.stat().st_mtime_ns for path in done.files] == times


def test_files_that_are_links_stay_links_when_repaired(tmp_path: Path) -> None:
    applied(BASE, tmp_path)
    path = main_file(tmp_path)
    target = tmp_path / "target.source"
    path.rename(target)
    target.write_text(target.read_text().replace("Port=993", "Port=1"))
    path.symlink_to(target)
    assert isinstance(apply_evolution(BASE, tmp_path, repair=True), FilesApplied)
    assert path.is_symlink()
    assert read_glib(target.read_bytes())["Authentication"]["Port"] == "993"


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    path = main_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "nowhere")
    refused(BASE, tmp_path)
    assert path.is_symlink()
    assert list(path.parent.iterdir()) == [path]
    assert not (tmp_path / "nowhere").exists()


def test_failures_are_sentences(tmp_path: Path) -> None:
    only = account(authentication=(Authentication.OAUTH2,))
    assert "mail.bodega.example" in refused(only, tmp_path)
    (tmp_path / "evolution").write_text("a file")
    assert refused(BASE, tmp_path)
    assert snapshot(tmp_path) == {"evolution": b"a file"}


def test_the_steps_for_a_flatpak_include_logging_in_again(tmp_path: Path) -> None:
    config = tmp_path / ".var/app/org.gnome.Evolution/config"
    done = applied(BASE, config)
    assert done.live is None
    assert len(done.steps) == 2


def test_a_missing_evolution_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = apply_evolution(BASE)
    assert isinstance(result, ApplyFailure)
    assert "Evolution" in result.reason


# Interruptions ------------------------------------------------------------------------------------


def hosts(config: Path) -> dict[str, str]:
    """The host in each file that has one."""
    folder = config / "evolution/sources"
    found = {}
    for path in folder.glob("*.source"):
        sections = read_glib(path.read_bytes())
        if "Authentication" in sections:
            found[path.name] = sections["Authentication"]["Host"]
    return found


@pytest.mark.parametrize("how", ["kill", "full"])
def test_an_interrupted_new_account_is_complete_or_absent(
    failing: Interruptions, tmp_path: Path, how: str
) -> None:
    finished = False
    for fatal in range(1, 30):
        config = tmp_path / str(fatal)
        config.mkdir()
        done = failing.run("evolution", fatal, how, config)
        assert done.status in (0, 3, -signal.SIGKILL), done.error
        finished = done.status == 0
        if finished:
            break
        whole = main_file(config).exists()
        if whole:
            assert len(list((config / "evolution/sources").glob("*.source"))) == 3
        if how == "full":
            assert not list(config.rglob("*.source"))
            assert not list(config.rglob(".mailsetup-*"))
        # The next run completes the account and removes temporary files.
        assert isinstance(apply_evolution(BASE, config, repair=whole), FilesApplied)
        assert len(list((config / "evolution/sources").iterdir())) == 3
    assert finished
    assert fatal > 5


@pytest.mark.parametrize("how", ["kill", "full"])
def test_after_an_interrupted_repair_each_file_is_old_or_new(
    failing: Interruptions, tmp_path: Path, how: str
) -> None:
    old, new = "old.bodega.example", "new.bodega.example"
    before = account(incoming_host=old, outgoing_host=old)
    finished = False
    for fatal in range(1, 30):
        config = tmp_path / str(fatal)
        applied(before, config)
        done = failing.run("evolution", fatal, how, config, new)
        assert done.status in (0, 3, -signal.SIGKILL), done.error
        finished = done.status == 0
        found = hosts(config)
        assert len(found) == 2
        assert set(found.values()) <= {old, new}
        if finished:
            break
        if how == "full":
            assert set(found.values()) == {old}
    assert finished
    assert set(found.values()) == {new}


@pytest.mark.parametrize("repair", [False, True])
def test_a_file_that_does_not_read_back_changes_nothing(
    failing: Interruptions, tmp_path: Path, repair: bool
) -> None:
    before = account(incoming_host="old.bodega.example", outgoing_host="old.bodega.example")
    for number in range(1, 10):
        config = tmp_path / str(number)
        config.mkdir()
        if repair:
            applied(before, config)
        was = snapshot(config)
        done = failing.run("evolution", number, "spoil", config, "new.bodega.example")
        if done.status == 0:
            break
        assert done.status == 3, done.error
        assert snapshot(config) == was
    assert number == (3 if repair else 4)


# Where the programs are ---------------------------------------------------------------------------


def test_programs_are_found_in_the_path_and_as_flatpaks(tmp_path: Path) -> None:
    home = tmp_path / "home"
    computer = Computer("linux", home, {"PATH": str(tmp_path / "bin")}, tmp_path)
    for name in ("evolution", "kmail", "claws-mail"):
        target = find_target(name)
        assert target is not None
        assert target.is_installed(computer) is False
    flatpak = home / ".local/share/flatpak/app/org.gnome.Evolution"
    flatpak.mkdir(parents=True)
    assert EVOLUTION.find(computer) == DesktopProgram(
        home / ".var/app/org.gnome.Evolution/config",
        sandboxed=True,
    )
    own = tmp_path / "bin/evolution"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert EVOLUTION.find(computer) == DesktopProgram(home / ".config")
    elsewhere = replace(
        computer, environ={"PATH": str(own.parent), "XDG_CONFIG_HOME": str(tmp_path / "x")}
    )
    found = EVOLUTION.find(elsewhere)
    assert found is not None
    assert found.config_home == tmp_path / "x"
    assert EVOLUTION.find(replace(computer, platform="darwin")) is None
