"""Build the packages for Linux: ``PYTHONPATH=packaging .venv/bin/python -m linux.build DIST``.

Writes ``mailsetup_VERSION_amd64.deb``, ``mailsetup-VERSION-linux-x86_64.tar.xz`` and the folder
``flatpak`` into DIST. Needs Debian 12 or a system like it: what is built runs where the C library
is at least as new as the one here.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Final

from linux import application, deb, flatpak_sources, tarball
from linux.application import INTERPRETER
from linux.notices import packages, write_licenses
from linux.share import write_share
from project import epoch, version

TOOLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        str(INTERPRETER): "python3 python3-venv libpython3-dev",
        "dpkg-deb": "dpkg",
        "objdump": "binutils",
    }
)
"""Program -> the Debian packages that have it."""
_FORMATS: Final = (deb, tarball)


def build(target: Path) -> list[Path]:
    """Build every package into ``target``; returns their paths.

    Raises LibraryError and CalledProcessError.
    """
    target.mkdir(parents=True, exist_ok=True)
    seconds = epoch()  # once: a commit during the build would give the files two times
    with tempfile.TemporaryDirectory(prefix="mailsetup-") as name:
        work = Path(name)
        contents = make_contents(work, version(), seconds)
        with ThreadPoolExecutor() as executor:  # each compresses for a minute, with one processor
            jobs = [
                executor.submit(_pack, module, contents, work, target, seconds)
                for module in _FORMATS
            ]
            built = [job.result() for job in jobs]
        built.append(flatpak_sources.build(contents, work / "wheel", target / "flatpak"))
    return built


def _pack(module: ModuleType, contents: deb.Contents, work: Path, target: Path, epoch: int) -> Path:
    started = time.monotonic()
    folder = work / module.__name__.rpartition(".")[2]
    folder.mkdir()
    path: Path = module.build(contents, folder, target, version(), epoch)
    _report(path.name, started)
    return path


def make_contents(work: Path, version: str, epoch: int) -> deb.Contents:
    """Build the program and the files that go with it below ``work``."""
    started = time.monotonic()
    folder = application.build(work, epoch)
    share, licenses = work / "share", work / "licenses"
    write_share(share, folder / application.NAME, version, epoch)
    site_packages = next((work / "venv" / "lib").glob("python3.*/site-packages"))
    write_licenses(licenses, site_packages)
    qt = next(one.version for one in packages(site_packages) if one.name == "shiboken6")
    _report("the program's folder", started)
    return deb.Contents(folder, share, licenses, qt)


def missing_tools(names: Iterable[str] = TOOLS) -> list[str]:
    """The needed programs that are not installed."""
    return [name for name in names if shutil.which(name) is None]


def main() -> int:
    """Build everything. Returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", type=Path, metavar="DIST")
    options = parser.parse_args()
    missing = missing_tools()
    if missing:
        parser.error(f"not installed: {', '.join(TOOLS[name] for name in missing)}")
    for path in build(options.target):
        size = f", {path.stat().st_size / 1e6:.1f} MB" if path.is_file() else ""
        print(f"{path}{size}")
    return 0


def _report(what: str, started: float) -> None:
    print(f"{what}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
