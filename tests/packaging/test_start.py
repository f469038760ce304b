"""packaging/start.py, run on a copy of the checkout."""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bootstrap.main import purpose_of
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a Python as Unix lays it out"),
]


def base_python() -> Path:
    """The Python below the virtual environment that runs the tests."""
    return Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"


@dataclass
class Checkout:
    """A copy of what a start needs, with a locked list that asks for nothing."""

    folder: Path
    variables: dict[str, str]

    @property
    def script(self) -> Path:
        return self.folder / "packaging" / "start.py"

    @property
    def lock(self) -> Path:
        """What the program needs; the other lists are empty."""
        return self.folder / "packaging" / "requirements" / "run.txt"

    def start(
        self, *words: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one start to its end."""
        return subprocess.run(
            [str(base_python()), str(self.script), *words],
            cwd=cwd or self.folder.parent,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=100,
        )


def copy_checkout(folder: Path) -> None:
    """Those parts of the checkout that a start reads."""
    nothing = shutil.ignore_patterns("__pycache__", "screenshots")
    for name in ("mailsetup", "packaging", "resources"):
        shutil.copytree(ROOT / name, folder / name, ignore=nothing)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path in (folder / "packaging" / "requirements").iterdir():
        path.write_text("# nothing\n")


def plain_environment(home: Path) -> dict[str, str]:
    """A person's environment: English, no screen, nothing of the tests' own Python."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "DISPLAY", "WAYLAND", "LC_", "LANG", "VIRTUAL_ENV"))
    }
    return {**inherited, "HOME": str(home), "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout after its first start."""
    folder = tmp_path_factory.mktemp("start") / "mailsetup"
    copy_checkout(folder)
    checkout = Checkout(folder, plain_environment(folder.parent))
    done = checkout.start("--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mailsetup ")
    # In place of the locked list: the libraries that the tests themselves use.
    [packages] = (folder / ".venv" / "lib").glob("python3*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return checkout


@pytest.fixture
def checkout(prepared: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the prepared checkout, for a test that changes it."""
    shutil.copytree(prepared.folder, tmp_path / "mailsetup", symlinks=True)
    return Checkout(tmp_path / "mailsetup", prepared.variables)


# What a start does ----------------------------------------------------------------------------


def test_the_second_start_prepares_and_prints_nothing(prepared: Checkout) -> None:
    done = prepared.start("--version")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "purpose", ["window", "demo-in-terminal", "demo-in-window", "tests", "unit-tests"]
)
def test_a_larger_preparation_covers_a_smaller_one(checkout: Checkout, purpose: str) -> None:
    environment = checkout.folder / ".venv"
    stamp = environment / "stamp-terminal"
    stamp.unlink()
    (environment / f"stamp-{purpose}").write_text(fingerprint(checkout, purpose))
    assert checkout.start("--version").stderr == ""


def fingerprint(checkout: Checkout, purpose: str) -> str:
    """What a complete preparation for this purpose leaves in its stamp."""
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from bootstrap.main import fingerprint\n"
        "from bootstrap.layout import Purpose\n"
        "print(fingerprint(Purpose(sys.argv[3])), end='')"
    )
    folders = [str(checkout.folder / "packaging"), str(checkout.folder)]
    command = [str(base_python()), "-c", code, *folders, purpose]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("words", "lists"),
    [
        (["--demo"], ["run", "demo"]),
        ([], ["run", "demo"]),
        (["--lang", "es"], ["run", "demo"]),
        (["--lang=es", "--demo"], ["run", "demo"]),
        (["--version"], ["run"]),
        (["discover", "ana@a.es"], ["run"]),
        (["--lang", "es", "check", "ana@a.es"], ["run"]),
    ],
)
def test_only_a_start_that_offers_the_demo_installs_its_servers(
    words: list[str], lists: list[str]
) -> None:
    assert [path.stem for path in purpose_of(words).lock_files] == lists


def test_files_are_written_into_the_current_folder(prepared: Checkout, tmp_path: Path) -> None:
    words = ("export", "ana@gmail.com", "--offline", "--for", "gmail", "--out", "here")
    done = prepared.start(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "here").iterdir())


def test_python_files_in_the_current_folder_are_not_imported(
    prepared: Checkout, tmp_path: Path
) -> None:
    for name in ("json.py", "argparse.py", "mailsetup.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')\n")
    assert prepared.start("--version", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("discover", "ana@nowhere.invalid", "--offline"), 3),
        (("discover", "not an address"), 2),
        (("programs",), 0),
    ],
)
def test_the_exit_status_is_the_programs_own(
    prepared: Checkout, words: Sequence[str], status: int
) -> None:
    assert prepared.start(*words).returncode == status


def test_the_command_in_the_environment_works_after_the_folder_was_moved(
    checkout: Checkout, tmp_path: Path
) -> None:
    moved = tmp_path / "mi correo (ñ)"
    checkout.folder.rename(moved)
    for command in (
        [str(moved / ".venv" / "bin" / "mailsetup")],
        [str(base_python()), str(moved / "packaging" / "start.py")],
    ):
        done = subprocess.run(
            [*command, "--version"], env=checkout.variables, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_the_programs_metadata_is_installed(prepared: Checkout) -> None:
    code = "from importlib.metadata import distribution as d; print(d('mailsetup').version)"
    python = prepared.folder / ".venv" / "bin" / "python"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0.1.0"


# Help -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("test", "--help"), ("test", "-h")])
def test_help_installs_nothing(tmp_path: Path, words: Sequence[str]) -> None:
    copy_checkout(tmp_path / "mailsetup")
    new = Checkout(tmp_path / "mailsetup", plain_environment(tmp_path))
    done = new.start(*words)
    assert done.returncode == 0
    assert "test unit" in done.stdout
    assert not (new.folder / ".venv").exists()


def test_help_includes_the_programs_commands_once_prepared(prepared: Checkout) -> None:
    done = prepared.start("--help")
    assert done.stdout.index("test unit") < done.stdout.index("discover")


def test_a_misspelt_command_is_reported_before_anything_is_installed(tmp_path: Path) -> None:
    copy_checkout(tmp_path / "mailsetup")
    new = Checkout(tmp_path / "mailsetup", plain_environment(tmp_path))
    done = new.start("tests")
    assert done.returncode == 2
    assert "Did you mean “test”?" in done.stderr
    assert not (new.folder / ".venv").exists()


# What goes wrong ------------------------------------------------------------------------------


def test_an_old_python_is_reported_in_one_sentence() -> None:
    text = (ROOT / "packaging" / "start.py").read_text()
    # Also Python 2.7 has to be able to read the file: no annotations, no f-strings.
    check, _rest = text.split("import os\n", 1)
    old = "import sys\nsys.version_info = (2, 7, 18)\n"
    done = subprocess.run([sys.executable, "-c", old + check], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("mailsetup needs Python 3.11 or later")
    assert "\n" not in done.stderr.strip()
    assert 'f"' not in check


def test_an_unreachable_package_index_is_one_sentence_without_pips_own_noise(
    checkout: Checkout,
) -> None:
    checkout.lock.write_text("harmless==1.0 --hash=sha256:" + "0" * 64 + "\n")
    done = checkout.start(
        "--version", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_EXTRA_INDEX_URL="",
        PIP_FIND_LINKS="", PIP_CONFIG_FILE=os.devnull, PIP_NO_CACHE_DIR="1",
    )  # fmt: skip
    assert done.returncode == 1
    assert "could not be downloaded. Check the internet connection" in done.stderr
    for noise in ("WARNING", "Traceback", "object at 0x", "urllib3"):
        assert noise not in done.stderr


def test_a_package_with_another_hash_is_refused_in_one_sentence(
    checkout: Checkout, tmp_path: Path
) -> None:
    wheel = tmp_path / "harmless-1.0-py3-none-any.whl"
    wheel.write_bytes(b"not what was expected")
    checkout.lock.write_text("harmless==1.0 --hash=sha256:" + "0" * 64 + "\n")
    done = checkout.start(
        "--version", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path), PIP_CONFIG_FILE=os.devnull
    )
    assert done.returncode == 1
    assert "not the one that was expected" in done.stderr


def start_read_only(checkout: Checkout, *words: str) -> tuple[int, str]:
    """A start from a folder that is mounted read-only, as a shared or optical disk is."""
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
    mounted = ["unshare", "--mount", "sh", "-c", script, "sh", str(checkout.folder)]
    if subprocess.run([*mounted, "true"], capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    done = subprocess.run(
        [*mounted, str(base_python()), str(checkout.script), *words],
        cwd="/", env=checkout.variables, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_a_prepared_checkout_that_cannot_be_written_to_still_starts(checkout: Checkout) -> None:
    assert start_read_only(checkout, "--version") == (0, "")


def test_a_checkout_that_cannot_be_written_to_is_named_in_one_sentence(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".venv")
    status, output = start_read_only(checkout, "--version")
    assert status == 1
    assert output.startswith(f"This folder cannot be written to: {checkout.folder}")
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize("damage", ["no pip", "another python", "no python", "empty"])
def test_an_interrupted_preparation_is_completed_by_the_next_start(
    checkout: Checkout, damage: str
) -> None:
    environment = checkout.folder / ".venv"
    match damage:
        case "no pip":
            for folder in environment.glob("lib/python3*/site-packages/pip"):
                shutil.rmtree(folder)
        case "another python":
            (environment / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.9.2\n")
        case "no python":
            (environment / "bin" / "python").unlink()
        case _:
            shutil.rmtree(environment)
            environment.mkdir()
    (environment / "stamp-terminal").unlink(missing_ok=True)
    done = checkout.start("--version")
    assert done.returncode == 0, done.stderr
    assert checkout.start("--version").stderr == ""


def test_ctrl_c_ends_with_130_and_one_sentence(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".venv")
    process = subprocess.Popen(
        [str(base_python()), str(checkout.script), "--version"],
        env=checkout.variables, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    python = checkout.folder / ".venv" / "bin" / "python"
    wait_until(python.exists, 60, "an environment of its own")
    os.killpg(process.pid, signal.SIGINT)
    _stdout, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert messages.rstrip().endswith("Stopped. The next start goes on from here.")
    assert "Traceback" not in messages
    assert checkout.start("--version").returncode == 0


# A Python as Debian ships it ------------------------------------------------------------------


@pytest.fixture
def without_ensurepip(checkout: Checkout, tmp_path: Path) -> Checkout:
    """A Python whose standard library lacks ``ensurepip``, and a Debian without packages to ask."""
    name = f"python3.{sys.version_info.minor}"
    real = Path(sys.base_prefix) / "lib" / name
    fake = tmp_path / "python" / "lib" / name
    fake.mkdir(parents=True)
    for entry in real.iterdir():
        if entry.name not in ("ensurepip", "site-packages", "dist-packages"):
            (fake / entry.name).symlink_to(entry)
    shutil.rmtree(checkout.folder / ".venv")
    variables = {**checkout.variables, "PYTHONHOME": str(tmp_path / "python")}
    return Checkout(checkout.folder, variables)


def test_without_ensurepip_and_apt_the_fix_is_reported(
    without_ensurepip: Checkout, tmp_path: Path
) -> None:
    # No apt-get: with it, root would install packages on the computer of the tests.
    done = without_ensurepip.start("--version", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "lacks its module ensurepip" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (without_ensurepip.folder / ".venv").exists()


def test_only_the_standard_library_is_imported(tmp_path: Path) -> None:
    copy_checkout(tmp_path / "mailsetup")
    script = tmp_path / "mailsetup" / "packaging" / "start.py"
    code = (
        "import json, runpy, sys\n"
        f"sys.argv = [{str(script)!r}, 'test', '--help']\n"
        "try:\n"
        f"    runpy.run_path({str(script)!r}, run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "files = [getattr(module, '__file__', None) for module in sys.modules.values()]\n"
        "print(json.dumps([name for name in files if name]))"
    )
    done = subprocess.run(
        [str(base_python()), "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    files = json.loads(done.stdout.splitlines()[-1])
    assert not [name for name in files if "site-packages" in name]
    assert not list((tmp_path / "mailsetup").rglob("__pycache__"))
