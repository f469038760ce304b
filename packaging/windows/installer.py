"""Build the installer and the portable folder for Windows: ``python -m windows.installer DIR``."""

import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import icons
import inventory
from bootstrap.layout import ROOT
from mailsetup.system.settings_folder import MARKER
from project import version
from windows import application, python
from windows.signing import key_options, sign
from windows.suite import prepare

SCRIPT: Final = Path(__file__).with_name("installer.nsi")
_PORTABLE: Final = """\
Because of this file, mailsetup stores its settings in the folder "settings" next to it.
Passwords are never stored there.

Por este archivo, mailsetup guarda sus ajustes en la carpeta «settings», junto a él.
Nunca guarda contraseñas ahí.
"""

ICON: Final = "mailsetup.ico"
ICON_SIZES: Final = (16, 20, 24, 32, 40, 48, 64, 128, 256)


def build(target: Path) -> tuple[Path, Path]:
    """Write the installer and the portable zip file into ``target``; returns their paths.

    :raises DownloadError: a package could not be had.
    :raises WineError: the modules could not be compiled.
    :raises subprocess.CalledProcessError: makensis failed, after printing why.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "mailsetup"
        make_folder(folder, Path(name))
        setup = make_setup(folder, target, version())
        portable = target / f"mailsetup-{version()}-windows.zip"
        _make_zip(folder, portable)
    return setup, portable


def make_folder(folder: Path, work: Path) -> None:
    """Write the program with its icon and compiled modules. Raises DownloadError, WineError."""
    wine, _python = prepare()
    application.build(folder, work)
    write_icon(ROOT / "resources" / "icons" / "mailsetup.svg", folder / ICON)
    write_notices(folder)
    # The hash of each source is in its .pyc, which stays valid whatever date the file has.
    words = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "Lib")
    wine.run(folder / "python.exe", *words, cwd=folder)
    wine.stop()
    for name, _stub, _interpreter in application.LAUNCHERS:
        if not sign(folder / name):
            print(f"{name} is not signed: no key is given. Windows will warn before it starts.")


def components(folder: Path) -> list[inventory.Component]:
    """Everything that the program's folder contains of others."""
    packages = inventory.python_packages(folder / "Lib" / "site-packages")
    others = [one for one in packages if one.name != "mailsetup"]
    return [*inventory.bundled_with_python(folder, python.VERSION), *others]


def write_notices(folder: Path) -> None:
    """Write the licences of all parts, and the bill of materials."""
    parts = components(folder)
    (folder / "NOTICES.txt").write_text(inventory.notices(parts, qt_notices()), encoding="utf-8")
    bill = inventory.cyclonedx(parts, version())
    (folder / "mailsetup.cdx.json").write_text(bill, encoding="utf-8")
    (folder / "LICENSE.txt").rename(folder / "PYTHON-LICENSE.txt")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE.txt")


def qt_notices() -> str:
    """The notices of the code that Qt contains, as Debian collects them; empty elsewhere."""
    paths = sorted(Path("/usr/share/doc").glob("libqt6core6*/copyright"))
    return paths[0].read_text(encoding="utf-8") if paths else ""


def make_setup(folder: Path, target: Path, number: str, *, fast: bool = False) -> Path:
    """Write the installer of a program's folder; ``fast`` compresses less, for tests."""
    setup = target / f"mailsetup-{number}-setup.exe"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    values = {
        "VERSION": number, "SOURCE": folder, "ICON": folder / ICON, "OUTPUT": setup.resolve(),
        "SIZE_KB": size // 1024,
    }  # fmt: skip
    defined = [f"-D{name}={value}" for name, value in values.items()]
    defined += ["-DFAST"] if fast else []
    if key_options():
        script = Path(__file__).with_name("signing.py")
        defined.append(f"-DSIGN={shlex.join((sys.executable, str(script)))}")
    subprocess.run(["makensis", "-V2", "-WX", *defined, str(SCRIPT)], check=True)
    return setup


def write_icon(picture: Path, icon: Path) -> None:
    """Render an SVG picture as a Windows icon: PNG pictures of all sizes behind a table."""
    pictures = [icons.png(picture, size) for size in ICON_SIZES]
    table, offset = (0).to_bytes(2, "little") + (1).to_bytes(2, "little"), 6 + 16 * len(pictures)
    table += len(pictures).to_bytes(2, "little")
    for size, data in zip(ICON_SIZES, pictures, strict=True):
        edge = size % 256  # 0 stands for 256
        table += bytes((edge, edge, 0, 0, 1, 0, 32, 0))
        table += len(data).to_bytes(4, "little") + offset.to_bytes(4, "little")
        offset += len(data)
    icon.write_bytes(table + b"".join(pictures))


def _make_zip(folder: Path, portable: Path) -> None:
    with zipfile.ZipFile(portable, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder.parent))
        archive.writestr(f"{folder.name}/{MARKER}", _PORTABLE)


def main(words: list[str]) -> int:
    """Build into the folder that is named. Returns the exit status."""
    if shutil.which("makensis") is None:
        print("makensis is missing: apt-get install nsis", file=sys.stderr)
        return 1
    for path in build(Path(words[0] if words else "dist")):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
