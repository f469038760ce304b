"""The Debian package: ``mailsetup_VERSION_amd64.deb``.

It has no maintainer scripts. Debian's own packages watch the folders of menu entries, file types,
icons and manual pages (triggers of dpkg) and renew their caches.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bootstrap.layout import ROOT
from linux.libraries import depends, glibc, needed
from linux.notices import copyright_file
from linux.prune import X11_HELPERS
from linux.share import compressed, copy_folder, normalise

ARCHITECTURE: Final = "amd64"
MAINTAINER: Final = "the mailsetup authors <mailsetup@localhost>"
_OPT: Final = "opt/mailsetup"

_CONTROL: Final = """\
Package: mailsetup
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Recommends: libsecret-tools | gnome-keyring | kwalletmanager | keepassxc
Suggests: thunderbird
Section: mail
Priority: optional
Description: set up e-mail from an address and a password
 mailsetup finds the servers of an e-mail address, logs in, sends a message
 to yourself and sees it arrive. When something is broken it names the first
 broken link and who has to act; when all is well it sets up the mail program.
 .
 It has a window for people and a command line for technicians, in English and
 Spanish. Python and Qt are part of the package.
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a package is made of: PyInstaller's folder, the files of ``share``, the licences."""

    application: Path
    share: Path
    licenses: Path
    qt: str


def build(contents: Contents, work: Path, target: Path, version: str, epoch: int) -> Path:
    """Build the package in ``target`` with ``work`` as an empty folder; returns its path.

    Raises LibraryError and CalledProcessError.
    """
    root = work / "root"
    write_tree(contents, root)
    control = root / "DEBIAN"
    control.mkdir()
    installed = root / _OPT
    packages = ["ca-certificates", *depends(needed(installed), glibc(installed))]
    text = control_file(version, packages, installed_size(root))
    (control / "control").write_text(text, encoding="utf-8")
    (control / "md5sums").write_text(md5sums(root), encoding="utf-8")
    normalise(root, epoch)
    return pack(root, target / f"mailsetup_{version}_{ARCHITECTURE}.deb", epoch)


def write_tree(contents: Contents, root: Path) -> None:
    """Write the installed files below ``root``."""
    copy_folder(contents.application, root / _OPT)
    for name in X11_HELPERS:  # the package depends on the system's
        (root / _OPT / "_internal" / name).unlink(missing_ok=True)
    copy_folder(contents.share, root / "usr" / "share")
    documents = root / "usr" / "share" / "doc" / "mailsetup"
    copy_folder(contents.licenses, documents / "licenses")
    (documents / "copyright").write_text(copyright_file(contents.qt), encoding="utf-8")
    changelog = compressed((ROOT / "CHANGELOG.md").read_bytes())
    (documents / "CHANGELOG.md.gz").write_bytes(changelog)
    command = root / "usr" / "bin" / "mailsetup"
    command.parent.mkdir(parents=True)
    command.symlink_to("/opt/mailsetup/mailsetup")


def control_file(version: str, packages: Iterable[str], size: int) -> str:
    """The control file (Debian policy 5.3); ``size`` in KiB."""
    return _CONTROL.format(
        version=version,
        architecture=ARCHITECTURE,
        maintainer=MAINTAINER,
        size=size,
        depends=", ".join(sorted(packages)),
    )


def installed_size(root: Path) -> int:
    """KiB of the installed files, each rounded up (deb-substvars(5), Installed-Size)."""
    paths = [path for path in root.rglob("*") if "DEBIAN" not in path.relative_to(root).parts]
    return sum(
        -(-path.stat().st_size // 1024) if path.is_file() and not path.is_symlink() else 1
        for path in paths
    )


def md5sums(root: Path) -> str:
    """The list that ``dpkg --verify`` reads."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    lines = []
    for path in sorted(files):
        name = path.relative_to(root).as_posix()
        if not name.startswith("DEBIAN/"):
            digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            lines.append(f"{digest}  {name}\n")
    return "".join(lines)


def pack(root: Path, target: Path, epoch: int) -> Path:
    """Write the package of a tree. One thread: the number of threads changes the result."""
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--threads-max=1", "--build",
         str(root), str(target)],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return target
