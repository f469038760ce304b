"""Folders that this user may not read: a sentence, or treated as missing."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailsetup.apply.applier import NEW_PLACE
from mailsetup.apply.artifact_writer import Written, write_artifact
from mailsetup.apply.evolution import apply_evolution
from mailsetup.apply.installation import Computer, find_installation, installations
from mailsetup.apply.result import (
    AlreadyThere,
    ApplyFailure,
    FilesApplied,
    ProfileApplied,
    UndoFailure,
    Undone,
)
from mailsetup.apply.targets import TARGETS
from mailsetup.apply.thunderbird import existing_profile
from mailsetup.apply.thunderbird.accounts import accounts_here
from mailsetup.apply.thunderbird.existing_profile import apply
from mailsetup.apply.thunderbird.profiles import default_place, find_place, places
from mailsetup.apply.thunderbird.undo import undo, undoable
from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.thunderbird import prefs_js
from mailsetup.model.secret import Secret
from tests.support.programs.installed import program
from tests.support.programs.thunderbird_profiles import undo_last
from tests.support.samples.accounts import account

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="POSIX permissions"),
]

ANA, LUIS = account(), account("luis@otra.example")
_NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[None]:
    """Run as a user that may not read everything, unlike root."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(_NOBODY)
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder that any user can enter, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="mailsetup-test-"))
    made.chmod(0o755)
    yield made
    for folder in made.rglob("*"):
        if folder.is_dir():
            folder.chmod(0o755)
    shutil.rmtree(made)


def home_with_programs(base: Path) -> Computer:
    """A home with Thunderbird in use as a package, a Snap and a Flatpak, and Evolution."""
    for name in ("usr/bin/thunderbird", "snap/bin/thunderbird", "usr/bin/evolution"):
        program(base / name)
    home = base / "home/ana"
    for root in (".thunderbird", "snap/thunderbird/common/.thunderbird"):
        profile = home / root / "abc.mine"
        profile.mkdir(parents=True)
        content = prefs_js(LUIS)
        assert isinstance(content, bytes)
        (profile / "prefs.js").write_bytes(content)
        (profile / "compatibility.ini").write_text("[Compatibility]\n")
        (home / root / "profiles.ini").write_text(
            "[General]\nVersion=2\n\n[Profile0]\nName=Mine\nIsRelative=1\nPath=abc.mine\n"
        )
    (home / ".config/evolution/sources").mkdir(parents=True)
    (home / ".local/share/flatpak/app/org.mozilla.Thunderbird").mkdir(parents=True)
    environ = {"PATH": str(base / "usr/bin")}
    return Computer("linux", home, environ, base)


def owned(base: Path) -> None:
    if os.geteuid() == 0:
        for path in (base, *base.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)


READERS: tuple[Callable[[Computer], object], ...] = (
    installations,
    find_installation,
    places,
    default_place,
    undoable,
    accounts_here,
    lambda computer: find_place("Mine", computer),
    lambda computer: [known.is_installed(computer) for known in TARGETS],
)
UNREADABLE = (
    "home/ana",
    "home/ana/.thunderbird",
    "home/ana/.thunderbird/abc.mine",
    "home/ana/.thunderbird/abc.mine/mailsetup-undo",
    "home/ana/.thunderbird/lost+found",
    "home/ana/snap",
    "home/ana/snap/thunderbird/common/.thunderbird/abc.mine",
    "home/ana/.local/share/flatpak",
    "home/ana/.config",
    "home/ana/.config/evolution",
    "home/ana/.config/evolution/sources",
    "snap",
    "usr/bin",
    "run",
)


@pytest.mark.parametrize("unreadable", UNREADABLE)
@pytest.mark.parametrize("mode", [0o000, 0o400, 0o100])
def test_an_unreadable_folder_causes_no_exception(
    base: Path, unreadable: str, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base / "run"))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    computer = home_with_programs(base)
    (base / unreadable).mkdir(exist_ok=True)
    owned(base)
    (base / unreadable).chmod(mode)
    with unprivileged():
        for read in READERS:
            read(computer)
        for profile in ("", NEW_PLACE, "Mine", "abc.mine"):
            done = apply(ANA, profile=profile, password=Secret("x"), computer=computer)
            assert isinstance(done, ProfileApplied | AlreadyThere | ApplyFailure)
            if isinstance(done, ApplyFailure):
                assert done.reason.endswith((".", ")."))
                assert "is open" not in done.reason, "Thunderbird is not"
        undo_last("", computer)
        undo_last("Mine", computer)
        undo(computer.home / ".thunderbird/abc.mine", computer=computer)
        made = apply_evolution(ANA, seen_within=0, computer=computer)
        assert isinstance(made, FilesApplied | ApplyFailure)


def test_an_unreadable_profile_is_refused_with_its_path(base: Path) -> None:
    computer = home_with_programs(base)
    owned(base)
    profile = computer.home / ".thunderbird/abc.mine"
    profile.chmod(0o000)
    with unprivileged():
        refused = existing_profile.apply(ANA, profile="Mine", computer=replaced(computer))
        assert isinstance(refused, ApplyFailure)
        assert str(profile) in refused.reason
        assert "may not" in refused.reason
        undone = undo(profile, computer=computer)
        assert isinstance(undone, UndoFailure)


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o100])
def test_an_unreadable_folder_that_is_no_profile_is_ignored(base: Path, mode: int) -> None:
    computer = replaced(home_with_programs(base))
    foreign = computer.home / ".thunderbird/lost+found"
    foreign.mkdir()
    owned(base)
    foreign.chmod(mode)
    with unprivileged():
        done = apply(ANA, profile=NEW_PLACE, computer=computer)
        assert isinstance(done, ProfileApplied)
        assert isinstance(undo(done.profile, computer=computer), Undone)


def replaced(computer: Computer) -> Computer:
    """The same computer with the package only."""
    return Computer("linux", computer.home, computer.environ, computer.home / "none")


def test_an_export_into_an_unreadable_folder_fails_with_a_sentence(base: Path) -> None:
    artifact = TARGETS[0].load_exporter().export(ANA)
    assert isinstance(artifact, Artifact)
    folder = base / "out"
    folder.mkdir()
    owned(base)
    folder.chmod(0o000)
    with unprivileged():
        written = write_artifact(artifact, folder / "inner")
        assert not isinstance(written, Written)
        assert "may not write" in written.reason
