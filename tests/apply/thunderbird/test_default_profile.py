"""Which profile Thunderbird opens by itself, and that an account goes into it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailsetup.apply.applier import NEW_PLACE
from mailsetup.apply.installation import Computer, Installation
from mailsetup.apply.result import AlreadyThere, ApplyFailure, ApplyOutcome, ProfileApplied, Undone
from mailsetup.apply.thunderbird.accounts import accounts_here
from mailsetup.apply.thunderbird.existing_profile import apply
from mailsetup.apply.thunderbird.profiles import (
    ThunderbirdProfile,
    default_place,
    find_place,
    places,
)
from mailsetup.apply.thunderbird.undo import undo
from tests.support.programs import marionette
from tests.support.programs.installed import linux, program
from tests.support.programs.thunderbird_profiles import (
    ELSEWHERE,
    HERE,
    VERSION,
    install,
    profiles,
    root_with,
    tree,
)
from tests.support.samples.accounts import account
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="made of POSIX paths")

ANA = account()


def debian(tmp_path: Path) -> Computer:
    program(tmp_path / "usr/bin/thunderbird")
    return linux(tmp_path)


def opened(computer: Computer) -> list[str]:
    return [place.name for place in places(computer) if place.is_default]


# What opens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ini", "used", "expected"),
    [
        # A first start: the stub has Default=1, the installation opens the other one.
        (
            profiles("default", "default-default", default="default")
            + install("x.default-default"),
            {"default": None, "default-default": HERE},
            ["default-default"],
        ),
        # No installation has a profile: the normal default, if this installation used it last.
        (profiles("a", "b", default="b"), {"a": HERE, "b": HERE}, ["b"]),
        (profiles("a", "b", default="b"), {"a": HERE, "b": ELSEWHERE}, []),
        (profiles("a", "b", default="b"), {"a": HERE, "b": None}, []),
        (profiles("a", "b", default="b"), {"a": HERE, "b": ""}, ["b"]),
        (profiles("only"), {"only": HERE}, ["only"]),
        (profiles("a", "b"), {"a": HERE, "b": HERE}, []),
        # Several installations share the list.
        (
            profiles("a", "b") + install("x.a", "AAAA") + install("x.b", "BBBB"),
            {"a": ELSEWHERE, "b": HERE},
            ["b"],
        ),
        (
            profiles("a", "b") + install("x.a", "AAAA") + install("x.b", "BBBB"),
            {"a": ELSEWHERE, "b": ELSEWHERE},
            ["a", "b"],
        ),
        # The installation's own profile is missing: Thunderbird asks or makes another one.
        (profiles("a", default="a") + install("x.gone"), {"a": HERE}, []),
    ],
)
def test_the_profile_that_opens_by_itself(
    tmp_path: Path, ini: str, used: dict[str, str | None], expected: list[str]
) -> None:
    computer = debian(tmp_path)
    root_with(computer.home / ".thunderbird", VERSION + ini, **used)
    assert opened(computer) == expected
    names = [place.name for place in places(computer)]
    assert names[: len(expected)] == expected
    found = default_place(computer)
    assert [found.name] if found else expected[:1] == []


def test_installs_ini_is_read_with_a_list_of_an_old_version(tmp_path: Path) -> None:
    computer = debian(tmp_path)
    root = computer.home / ".thunderbird"
    root_with(root, profiles("a", "b", default="a"), a=HERE, b=HERE)
    (root / "installs.ini").write_text("[FDC]\nDefault=x.b\nLocked=1\n")
    assert opened(computer) == ["b"]
    (root / "profiles.ini").write_text(VERSION + profiles("a", "b", default="a"))
    assert opened(computer) == ["a"]


def test_a_snap_opens_the_normal_default_whatever_the_installations_name(tmp_path: Path) -> None:
    program(tmp_path / "snap/bin/thunderbird")
    computer = linux(tmp_path)
    root = computer.home / "snap/thunderbird/common/.thunderbird"
    root_with(root, VERSION + profiles("a", "b", default="a") + install("x.b"), a=None, b=HERE)
    assert opened(computer) == ["a"]


def test_a_flatpak_opens_the_profile_of_its_installation(tmp_path: Path) -> None:
    computer = linux(tmp_path)
    app = "org.mozilla.Thunderbird"
    (computer.home / ".local/share/flatpak/app" / app).mkdir(parents=True)
    inside = "LastPlatformDir=/app/lib/thunderbird\n"
    root = computer.home / ".var/app" / app / ".thunderbird"
    root_with(root, VERSION + profiles("a", "b", default="a"), a=inside, b=None)
    assert opened(computer) == ["a"]
    (root / "profiles.ini").write_text(
        VERSION + profiles("a", "b", default="a") + install("x.b", "CF146F38BCAB2D21")
    )
    assert opened(computer) == ["b"]


def test_on_macos_the_resources_folder_identifies_the_installation(tmp_path: Path) -> None:
    contents = tmp_path / "Applications/Thunderbird.app/Contents"
    program(contents / "MacOS/thunderbird")
    computer = Computer("darwin", tmp_path / "ana", {}, tmp_path)
    root = tmp_path / "ana/Library/Thunderbird"
    ini = VERSION + profiles("a", "b", default="b")
    root_with(root, ini, a=HERE, b=f"LastPlatformDir={contents}/Resources\n")
    assert opened(computer) == ["b"]
    (root / "x.b/compatibility.ini").write_text(f"[Compatibility]\n{ELSEWHERE}")
    assert opened(computer) == []


def test_on_windows_the_programs_folder_identifies_the_installation(tmp_path: Path) -> None:
    here = program(tmp_path / "Programs/Mozilla Thunderbird/thunderbird.exe")
    environ = {"APPDATA": str(tmp_path / "Roaming"), "ProgramFiles": str(tmp_path / "Programs")}
    computer = Computer("win32", tmp_path, environ, tmp_path, lambda _program: "")
    root = tmp_path / "Roaming/Thunderbird"
    ini = (VERSION + profiles("a", default="a")).replace("x.a", "Profiles/x.a")
    root_with(root, ini)
    (root / "Profiles/x.a").mkdir(parents=True)
    (root / "Profiles/x.a/compatibility.ini").write_text(
        f"[Compatibility]\r\nLastPlatformDir={here.parent}\r\n"
    )
    assert opened(computer) == ["a"]
    (root / "profiles.ini").write_text(ini + install("Profiles/x.a"))
    assert opened(computer) == ["a"]


# Where the account goes ---------------------------------------------------------------------------


def fresh(tmp_path: Path) -> Computer:
    computer = debian(tmp_path)
    ini = profiles("default", "default-default", default="default") + install("x.default-default")
    root_with(
        computer.home / ".thunderbird",
        VERSION + ini,
        **{"default": None, "default-default": HERE},
    )
    return computer


def test_without_a_name_the_account_goes_into_the_default_profile(tmp_path: Path) -> None:
    computer = fresh(tmp_path)
    before = tree(computer.home)
    done = apply(ANA, computer=computer)
    assert isinstance(done, ProfileApplied)
    assert (done.name, done.outcome, done.opens_by_itself) == (
        "default-default",
        ApplyOutcome.ADDED,
        True,
    )
    again = apply(ANA, computer=computer)
    assert isinstance(again, AlreadyThere)
    assert again.opens_by_itself
    assert isinstance(undo(done.profile), Undone)
    assert tree(computer.home) == before


@pytest.mark.parametrize("name", ["default", "x.default"])
def test_a_profile_that_was_never_opened_is_refused_naming_the_default(
    tmp_path: Path, name: str
) -> None:
    computer = fresh(tmp_path)
    before = tree(computer.home)
    refused = apply(ANA, profile=name, computer=computer)
    assert isinstance(refused, ApplyFailure)
    assert "“default-default”" in refused.reason
    assert tree(computer.home) == before


def test_a_used_profile_is_accepted_although_another_is_the_default(tmp_path: Path) -> None:
    computer = fresh(tmp_path)
    (computer.home / ".thunderbird/x.default/prefs.js").write_text("// mine\n")
    done = apply(ANA, profile="default", computer=computer)
    assert isinstance(done, ProfileApplied)
    assert (done.name, done.opens_by_itself) == ("default", False)


def test_an_ambiguous_name_is_refused_naming_the_default(tmp_path: Path) -> None:
    computer = fresh(tmp_path)
    ini = computer.home / ".thunderbird/profiles.ini"
    ini.write_text(ini.read_text().replace("Name=default-default", "Name=default"))
    found = find_place("default", computer)
    assert isinstance(found, ApplyFailure)
    root = computer.home / ".thunderbird"
    assert f"{root}/x.default-default (the one that opens by itself)" in found.reason
    assert f"{root}/x.default," in found.reason or f"{root}/x.default." in found.reason


def test_a_further_profile_does_not_open_by_itself(tmp_path: Path) -> None:
    computer = fresh(tmp_path)
    done = apply(ANA, profile=NEW_PLACE, computer=computer)
    assert isinstance(done, ProfileApplied)
    assert (done.outcome, done.opens_by_itself) == (ApplyOutcome.PROFILE, False)
    assert not (done.profile / "compatibility.ini").exists()
    assert opened(computer) == ["default-default"]


def test_the_first_profile_of_all_opens_by_itself(tmp_path: Path) -> None:
    computer = debian(tmp_path)
    before = tree(computer.home)
    done = apply(ANA, computer=computer)
    assert isinstance(done, ProfileApplied)
    assert (done.outcome, done.opens_by_itself) == (ApplyOutcome.PROFILE, True)
    assert opened(computer) == [done.name]
    # Again: the same profile, not another one.
    assert isinstance(apply(ANA, computer=computer), AlreadyThere)
    assert isinstance(undo(done.profile), Undone)
    assert tree(computer.home) == before


# The real Thunderbird -----------------------------------------------------------------------------


def plain_start(home: Path) -> None:
    """Start Thunderbird without arguments, until the profile that it chose is in use."""
    assert marionette.PROGRAM is not None
    environment = {
        **marionette.isolated_environment(home),
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    process = subprocess.Popen(
        [marionette.PROGRAM, "--headless"],
        env=environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        profiles = home / ".thunderbird"
        wait_until(lambda: any(profiles.glob("*/extensions.json")), 60, "an opened profile")
    finally:
        os.killpg(process.pid, 15)
        process.wait(60)


def addresses(session: marionette.Session) -> list[str]:
    found = session.run(marionette.ACCOUNTS)
    assert isinstance(found, list)
    return [one["email"] for one in found]


@pytest.fixture
def real(tmp_path: Path) -> Computer:
    """This computer's programs, with a home in which Thunderbird never ran."""
    return Computer(home=tmp_path, environ={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})


needs_thunderbird = pytest.mark.skipif(
    marionette.PROGRAM is None and not os.environ.get("CI"), reason="Thunderbird is not installed"
)


@pytest.mark.thunderbird
@needs_thunderbird
def test_after_a_first_start_the_account_goes_into_the_default_profile(
    tmp_path: Path, real: Computer
) -> None:
    plain_start(tmp_path)
    stub, used = sorted(places(real), key=lambda place: not place.is_stub)
    assert (stub.is_stub, stub.is_default, used.is_stub, used.is_default) == (
        *(True, False),
        *(False, True),
    )
    refused = apply(ANA, profile=stub.name, computer=real)
    assert isinstance(refused, ApplyFailure)
    assert used.name in refused.reason
    done = apply(ANA, computer=real)
    assert isinstance(done, ProfileApplied)
    assert done.profile == used.folder
    with marionette.thunderbird(used.folder, tmp_path, ()) as session:
        assert addresses(session) == [ANA.address.ascii]


@pytest.mark.thunderbird
@needs_thunderbird
def test_where_thunderbird_never_ran_it_opens_the_account_by_itself(
    tmp_path: Path, real: Computer
) -> None:
    done = apply(ANA, computer=real)
    assert isinstance(done, ProfileApplied)
    assert done.opens_by_itself
    with marionette.thunderbird(done.profile, tmp_path, ()) as session:
        assert session.run(marionette.PROFILE) == {"current": done.name, "all": [done.name]}
        assert addresses(session) == [ANA.address.ascii]
    assert [(one.address, one.program) for one in accounts_here(real)] == [
        (ANA.address.ascii, "Thunderbird")
    ]
    place = default_place(real)
    assert isinstance(place, ThunderbirdProfile)
    assert place.folder == done.profile
    assert place.installation == Installation((str(marionette.PROGRAM),), done.profile.parent)
