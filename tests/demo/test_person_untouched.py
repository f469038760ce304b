"""The whole demo changes none of the user's files."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.apply.installation import Computer
from mailsetup.apply.outlook import outlook_program
from mailsetup.demo.assistant import demo_assistant
from mailsetup.demo.mail_system import DemoMailSystem
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from tests.gui.conftest import MakePerson, make_person  # noqa: F401 - a fixture
from tests.support.demo_person import make_home, state

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a home as Linux has it")

ANA = EmailAddress("ana", "demo.test")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home with mail programs in use."""
    return make_home(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Demo: nothing on this computer was changed."),
        ("es", "Demostración: en este ordenador no ha cambiado nada."),
    ],
)
def test_the_terminals_demo_sets_programs_up_in_a_folder_that_it_removes(
    home: Path, language: str, sentence: str
) -> None:
    before = state(home)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("QT_")}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-m", "mailsetup", "--demo", "--lang", language],
        env=environment,
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sentence in done.stdout
    places = set(re.findall(r"\S*/home/\.thunderbird/\S+", done.stdout))
    assert places, done.stdout
    for place in places:
        assert Path(place).is_relative_to(home.parent)
        assert "mailsetup-demo-" in place
    assert not list(home.parent.glob("mailsetup-demo-*"))
    assert state(home) == before


# The kinds ----------------------------------------------------------------------------------------


@pytest.fixture
def demo(home: Path) -> "DemoMailSystem":
    assert home.is_dir()
    return DemoMailSystem()


async def test_the_demos_assistant_uses_neither_keyring_nor_existing_accounts(
    demo: DemoMailSystem,
) -> None:
    with demo:
        assistant = demo_assistant(demo)
        assert not assistant.vault.state().available
        assert not assistant.vault.store(ANA, Secret("hola-ana"))
        assert assistant._programs_here is not None
        assert assistant._programs_here() == ()


def test_every_place_of_a_mail_program_is_below_the_temporary_home(demo: DemoMailSystem) -> None:
    from mailsetup.apply.installation import installations
    from mailsetup.apply.linux_desktop import EVOLUTION

    with demo:
        computer = demo.computer
        assert computer.temporary
        for platform in ("linux", "darwin", "win32"):
            here: Computer = replace(computer, platform=platform)
            assert outlook_program(replace(here, app_path=lambda _name: "outlook.exe")) == ""
            for found in installations(here):
                assert found.root.is_relative_to(computer.home)
        desktop = EVOLUTION.find(computer)
        assert desktop is None or desktop.config_home.is_relative_to(computer.home)
