"""Makes ``.venv`` from the locked lists; it can be moved with the checkout."""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from bootstrap.layout import PYTHON, ROOT, VENV, WINDOWS, Purpose, SetupError
from bootstrap.progress import Progress
from mailsetup.i18n import _

MEGABYTES: Final[Mapping[bool, tuple[int, int]]] = {False: (100, 340), True: (200, 560)}
"""Whether for tests -> megabytes to download, megabytes on the disk."""

_PIP = (str(PYTHON), "-m", "pip")
_UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Temporary failure in name resolution"
    r"|No matching distribution found|ProxyError|SSLError|Connection refused|Network is unreachable"
)


def prepare(purpose: Purpose) -> None:
    """Make or complete ``.venv``. Raises SetupError, KeyboardInterrupt."""
    _check_space(purpose)
    if not _is_usable():
        _create()
    _install(purpose)
    _register()


def _check_space(purpose: Purpose) -> None:
    needed = MEGABYTES[purpose.is_testing][1] * 1_000_000
    present = _folder_size(VENV) if VENV.exists() else 0
    free = shutil.disk_usage(ROOT).free
    if free + present < needed:
        raise SetupError(
            _(
                "There is not enough space for mailsetup in {folder}: {needed} MB are needed and "
                "{free} MB are free. Make room, or copy the folder to another disk."
            ).format(folder=ROOT, needed=needed // 1_000_000, free=free // 1_000_000)
        )


def _folder_size(folder: Path) -> int:
    """Bytes of all regular files in a folder."""
    return sum(
        path.stat(follow_symlinks=False).st_size
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    )


def _is_usable() -> bool:
    """Whether ``.venv`` belongs to this version of Python and its pip starts."""
    try:
        about = (VENV / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    version = re.search(r"^version\s*=\s*(\d+\.\d+)", about, re.MULTILINE)
    if version is None or version[1] != f"{sys.version_info.major}.{sys.version_info.minor}":
        return False
    try:
        done = subprocess.run([*_PIP, "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _create() -> None:
    """Make an empty environment with pip, and remove an incomplete one."""
    with Progress(_("Making a Python environment in {folder}").format(folder=VENV)):
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            venv.create(VENV, with_pip=True)
        # Debian's venv calls sys.exit where a part of it is missing.
        except (subprocess.CalledProcessError, ImportError, OSError, SystemExit) as error:
            shutil.rmtree(VENV, ignore_errors=True)
            raise SetupError(
                _(
                    "Python's own tools could not make an environment in {folder} ({reason}). "
                    "Check that the folder can be written to and that Python is complete, and "
                    "start again."
                ).format(folder=VENV, reason=_reason(error))
            ) from None


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _install(purpose: Purpose) -> None:
    """Install the locked lists; pip's own output is shown only where it fails."""
    command = [
        *_PIP, "install", "--disable-pip-version-check", "--no-input", "--no-color",
        "--progress-bar=off", "--no-warn-script-location", "--retries=2",
        "--require-hashes", "--no-deps", *(f"--requirement={path}" for path in purpose.lock_files),
    ]  # fmt: skip
    lists = "\n".join(path.read_text(encoding="utf-8") for path in purpose.lock_files)
    total = len(set(re.findall(r"^([\w.-]+)==", lists, re.MULTILINE)))
    title = _("Downloading and installing Python packages ({count})").format(count=total)
    with (
        tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as log_file,
        Progress(title) as progress,
    ):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log_file,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
        try:
            if process.stdout is not None:
                _follow(process.stdout, progress, total, log_file)
            exit_status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if exit_status != 0:
            log_file.seek(0)
            raise SetupError(_failure(log_file.read()))


def _follow(output: IO[str], progress: Progress, total: int, log: IO[str]) -> None:
    """Show pip's progress: it names each package that it downloads, then installs all."""
    seen = 0
    detail = ""
    for line in output:
        log.write(line)
        words = line.split()
        if line.startswith(("Collecting ", "Requirement already satisfied", "Ignoring ")):
            seen += 1
            detail = _package(words)
        elif line.startswith("  Downloading ") and not words[1].endswith(".metadata"):
            detail = f"{words[1].partition('-')[0]} {' '.join(words[2:])}"
        elif line.startswith("Installing collected"):
            progress.update(_("writing the files"), 0.8)
            continue
        progress.update(f"{detail} ({min(seen, total)}/{total})", 0.75 * seen / max(total, 1))


def _package(words: list[str]) -> str:
    return next((word.partition("==")[0] for word in words if "==" in word), "")


def _failure(output: str) -> str:
    """What the user can do; pip's output is included for unknown errors only."""
    if "No space left on device" in output:
        return _("The disk is full. Make room and start again: what is there already is kept.")
    if _UNREACHABLE.search(output):
        return _(
            "The Python packages could not be downloaded. Check the internet connection (behind a "
            "proxy: the variable HTTPS_PROXY) and start again: what is there already is kept."
        )
    if "DO NOT MATCH THE HASHES" in output:
        return _(
            "A downloaded Python package is not the one that was expected, so it was not "
            "installed. Start again; if it happens again, something on your network alters "
            "downloads."
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR: ")]
    words = "\n".join(f"  {line.removeprefix('ERROR: ')}" for line in errors[:3])
    return _("The Python packages could not be installed:\n{words}\nStart again.").format(
        words=words or "  ?"
    )


# The program ----------------------------------------------------------------------------


def _register() -> None:
    """Make the program importable in the environment, by paths relative to ``.venv``.

    An editable installation by pip would write absolute paths, which break when the folder is
    moved, and would need the build tools on every computer.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = _site_packages()
    above = len(packages.relative_to(ROOT).parts)
    (packages / "mailsetup.pth").write_text("/".join([".."] * above) + "\n", encoding="ascii")
    _write_metadata(packages, project)
    if WINDOWS:
        text = '@"%~dp0python.exe" -P -m mailsetup %*\r\n'
        (VENV / "Scripts" / "mailsetup.cmd").write_text(text, encoding="ascii")
        return
    for name in ("mailsetup", "mailsetup-window"):
        script = VENV / "bin" / name
        script.write_text(_LAUNCHER, encoding="ascii")
        script.chmod(0o755)


_LAUNCHER = """\
#!/bin/sh
# Finds Python in its own folder, so that the checkout may be moved.
here=$(dirname "$(readlink -f "$0")")
exec "$here/python" -P -m mailsetup "$@"
"""


def _site_packages() -> Path:
    if WINDOWS:
        return VENV / "Lib" / "site-packages"
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return VENV / "lib" / name / "site-packages"


def _write_metadata(packages: Path, project: dict[str, object]) -> None:
    """The metadata that ``importlib.metadata`` reads (PEP 566)."""
    for old in packages.glob("mailsetup-*.dist-info"):
        shutil.rmtree(old, ignore_errors=True)
    for old in packages.glob("_editable_impl_mailsetup*"):
        old.unlink()
    needed = project["dependencies"]
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        *(f"Requires-Dist: {name}" for name in (needed if isinstance(needed, list) else ())),
    ]
    folder = packages / f"mailsetup-{project['version']}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "INSTALLER").write_text("mailsetup\n", encoding="ascii")
