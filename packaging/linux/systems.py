"""Bare systems in which the packages are tried: Debian and Ubuntu by debootstrap.

The systems of Debian are those of ``packaging/bare_system.py``. Needs root.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import bare_system
from bare_system import CACHE, RunError, expect_success, inside, run

UBUNTU_KEYS: Final = Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
UBUNTU_MIRROR: Final = "http://archive.ubuntu.com/ubuntu"
USER: Final = "ana"
SUITES: Final[Mapping[str, str]] = MappingProxyType(
    {"bookworm": "Debian 12", "trixie": "Debian 13", "noble": "Ubuntu 24.04"}
)
"""Name of a suite -> name of the system."""


@dataclass(frozen=True, slots=True)
class BareSystem:
    """One system; ``root`` is its folder."""

    title: str
    root: Path

    def run(self, script: str, *, user: str = "root") -> str:
        """Run a shell script and return what it printed. Raises RunError where it fails."""
        done = inside(self.root, user, script)
        expect_success(done, script)
        return done.stdout

    @property
    def home(self) -> Path:
        """The home folder of the user, seen from outside."""
        return self.root / "home" / USER


def new_system(suite: str) -> BareSystem:
    """A new copy of a suite's bare system, with a user. Raises RunError."""
    base = ubuntu(suite) if suite == "noble" else bare_system.base_system(suite)
    folder = CACHE / f"{suite}-packages"
    shutil.rmtree(folder, ignore_errors=True)
    run(["cp", "--archive", "--reflink=auto", str(base), str(folder)])
    authorities = Path("/usr/local/share/ca-certificates")
    if authorities.is_dir():  # those that were added to this computer, such as a company's proxy
        shutil.copytree(authorities, folder / authorities.relative_to("/"), dirs_exist_ok=True)
    for name in ("resolv.conf", "hosts"):
        shutil.copy(Path("/etc") / name, folder / "etc" / name)
    system = BareSystem(SUITES[suite], folder)
    system.run(f"update-ca-certificates && useradd --create-home --shell /bin/bash {USER}")
    return system


def ubuntu(suite: str, keys: Path = UBUNTU_KEYS) -> Path:
    """The bare system of an Ubuntu, made once.

    Raises RunError, also where its keys (package ``ubuntu-keyring``) are not on this computer.
    """
    folder = CACHE / suite
    if not (folder / "usr/bin/apt-get").exists():
        if not keys.exists():
            raise RunError(f"{keys} is missing: install the package ubuntu-keyring")
        shutil.rmtree(folder, ignore_errors=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        # The script of all newer Ubuntus: an older debootstrap knows it by its first name only.
        run(["debootstrap", "--variant=minbase", "--include=ca-certificates",
             "--components=main,universe", f"--keyring={keys}", suite, str(folder), UBUNTU_MIRROR,
             "gutsy"])  # fmt: skip
    return folder
