"""The libraries that a folder of programs needs from the system, and their Debian packages.

Taken from the files themselves (ELF's entries NEEDED), not from a list that a newer Qt would make
wrong. Package names are those of Debian 12 and 13 and of Ubuntu 24.04, where libraries with 64-bit
times have other names (``t64``).
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mailsetup.system.display_libraries import PACKAGES

_CPP: Final = "libstdc" + 2 * "+"  # a constant with two would be read as a regular expression
_DEBIAN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "libglib-2.0.so.0": "libglib2.0-0t64 | libglib2.0-0",
        "libgthread-2.0.so.0": "libglib2.0-0t64 | libglib2.0-0",
        "libssl.so.3": "libssl3t64 | libssl3",
        "libcrypto.so.3": "libssl3t64 | libssl3",
        f"{_CPP}.so.6": f"{_CPP}6",
        "libgcc_s.so.1": "libgcc-s1",
        "libexpat.so.1": "libexpat1",
        "liblzma.so.5": "liblzma5",
        "libuuid.so.1": "libuuid1",
        "libxcb-glx.so.0": "libxcb-glx0",
    }
)
"""Library -> Debian's packages, where the start's table has no row or an older name."""

_C_LIBRARY: Final = re.compile(r"(lib(c|m|dl|pthread|rt|resolv|util)|ld-linux-x86-64)\.so\.\d+")


class LibraryError(Exception):
    """A file needs a library that no package is known for."""


def is_elf(path: Path) -> bool:
    """Whether a file is a program or library."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def needed(folder: Path) -> set[str]:
    """The libraries that the files in a folder need and that are not in it.

    Needs ``objdump``; raises CalledProcessError where it fails.
    """
    files = [str(path) for path in sorted(folder.rglob("*")) if is_elf(path)]
    if not files:
        return set()
    output = subprocess.run(
        ["objdump", "--private-headers", *files], check=True, capture_output=True, text=True
    ).stdout
    names = set(re.findall(r"^\s+NEEDED\s+(\S+)$", output, re.MULTILINE))
    return names - {path.name for path in folder.rglob("*.so*")}


def depends(libraries: Iterable[str], glibc: str) -> list[str]:
    """The packages for the control file's field ``Depends``; ``glibc`` is the oldest version.

    Raises LibraryError where a library has no row.
    """
    packages = {f"libc6 (>= {glibc})"}
    unknown = []
    for name in libraries:
        if _C_LIBRARY.fullmatch(name):
            continue
        row = PACKAGES.get(name)
        package = _DEBIAN.get(name) or (row.apt if row is not None else "")
        if package:
            packages.add(package)
        else:
            unknown.append(name)
    if unknown:
        raise LibraryError(f"no package is known for {', '.join(sorted(unknown))}")
    return sorted(packages)


def glibc(folder: Path) -> str:
    """The newest version of the C library that a file in a folder asks for."""
    files = [str(path) for path in sorted(folder.rglob("*")) if is_elf(path)]
    output = subprocess.run(
        ["objdump", "--private-headers", *files], check=True, capture_output=True, text=True
    ).stdout
    versions = re.findall(r"\bGLIBC_(\d+)\.(\d+)", output)
    return "{}.{}".format(*max((int(major), int(minor)) for major, minor in versions))
