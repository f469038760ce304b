#!/usr/bin/env python3
"""Make a release on Debian: ``.venv/bin/python packaging/release.py DIR [--url ADDRESS]``.

Writes the wheel and the source archive, the installer and the portable folder for Windows, the
packages for Linux, a bill of materials, the licence notices, manifests for winget and Homebrew, and
``SHA256SUMS`` over all of it. The version is that of ``pyproject.toml``. The program for macOS is
made on a Mac, by ``python -m macos.bundle``.

``MAILSETUP_SIGN_PKCS11`` or ``MAILSETUP_SIGN_PKCS12`` names the key with which the programs for
Windows are signed (see `windows.signing`); without one they stay unsigned, and this says so.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "packaging"))

from linux.build import build as build_linux  # noqa: E402
from linux.build import missing_tools  # noqa: E402
from project import epoch, version  # noqa: E402
from windows.installer import build as build_windows  # noqa: E402

MANIFESTS: Final = ROOT / "packaging" / "manifests"
SUMS: Final = "SHA256SUMS"


def sha256(path: Path) -> str:
    """The hash of a file, in lower-case hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(folder: Path) -> Path:
    """List the hashes of all files in ``folder``, as ``sha256sum --check`` reads them."""
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name != SUMS)
    lines = [f"{sha256(path)}  {path.name}\n" for path in paths]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    return folder / SUMS


def write_manifests(folder: Path, url: str) -> list[Path]:
    """Fill in the manifests for package managers whose artefacts are in ``folder``.

    ``url`` is the address of the folder from which people download the release.
    """
    values = {"version": version(), "url": url.rstrip("/")}
    for name, pattern in (("setup", "*-setup.exe"), ("dmg", "*.dmg")):
        for path in folder.glob(pattern):
            values |= {f"{name}_file": path.name, f"{name}_sha256": sha256(path)}
    written = []
    for template in sorted(MANIFESTS.glob("*.in")):
        try:
            text = Template(template.read_text(encoding="utf-8")).substitute(values)
        except KeyError:
            continue  # its artefact was not made here
        target = folder / template.name.removesuffix(".in")
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def build_python(folder: Path) -> None:
    """Write the wheel and the source archive. Raises CalledProcessError."""
    words = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    variables = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch())}
    subprocess.run(words, cwd=ROOT, env=variables, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Make everything, into an empty folder. Returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="https://example.org/mailsetup", help="of the downloads")
    options = parser.parse_args()
    folder: Path = options.folder
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"{folder} is not empty")
    missing = [name for name in ("makensis", "wine") if shutil.which(name) is None]
    missing += missing_tools()
    if missing:
        parser.error(f"not installed: {', '.join(missing)}")
    folder.mkdir(parents=True, exist_ok=True)
    build_python(folder)
    build_windows(folder)
    build_linux(folder)
    write_manifests(folder, options.url)
    print(write_sums(folder).read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
