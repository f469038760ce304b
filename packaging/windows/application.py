"""The program as a folder for Windows: Python, the locked packages and two launchers.

Nothing in it depends on what is installed on the computer: the ``._pth`` file keeps Python from
reading ``PYTHON*`` variables, the registry and the user's packages.
"""

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bootstrap.layout import LOCKS, ROOT
from windows import python

LISTS: Final = (LOCKS / "run.txt", LOCKS / "demo.txt")
NOT_LOADED: Final = ("pygments", "markdown-it-py", "mdurl", "pycparser")
"""What rich needs for Markdown and source code, and cffi to build a package."""

_QT_KEPT: Final = (
    "__init__.py", "_config.py", "_git_pyside_version.py", "support", "py.typed",
    "Qt6Core.dll", "Qt6Gui.dll", "Qt6Widgets.dll", "Qt6Svg.dll", "pyside6.abi3.dll",
    "QtCore.pyd", "QtGui.pyd", "QtWidgets.pyd", "QtSvg.pyd",
    "msvcp140*.dll", "vcruntime140*.dll", "concrt140.dll",
    "plugins/platforms/qwindows.dll", "plugins/platforms/qoffscreen.dll",
    "plugins/styles/qmodernwindowsstyle.dll", "plugins/iconengines/qsvgicon.dll",
    "plugins/imageformats/qsvg.dll", "plugins/imageformats/qico.dll",
    "plugins/imageformats/qjpeg.dll", "plugins/imageformats/qgif.dll",
    "translations/qtbase_es.qm", "translations/qtbase_en.qm",
)  # fmt: skip
"""What the window loads of PySide6; the rest (QML, Designer, tools, OpenGL in software) is removed.
"""

_PYTHON_REMOVED: Final = ("_sqlite3.pyd", "sqlite3.dll", "winsound.pyd", "python.cat")

LAUNCHERS: Final = (
    ("mailsetup.exe", "t64.exe", "python.exe"),
    ("mailsetup-window.exe", "w64.exe", "pythonw.exe"),
)
"""Name, pip's stub for it, and the Python that it starts."""

_MAIN: Final = "from mailsetup.launch import run\nrun()\n"


def build(folder: Path, work: Path) -> None:
    """Write the program into ``folder``. Raises DownloadError, CalledProcessError."""
    python.unpack_python(folder, work)
    for name in _PYTHON_REMOVED:
        (folder / name).unlink()
    site_packages = folder / "Lib" / "site-packages"
    python.unpack_wheels(site_packages, LISTS, work, NOT_LOADED)
    prune_qt(site_packages / "PySide6")
    _install_ourselves(site_packages, work)
    python.write_path_file(folder, ())
    for name, stub, interpreter in LAUNCHERS:
        (folder / name).write_bytes(launcher(stub, interpreter))


def prune_qt(folder: Path, kept: Iterable[str] = _QT_KEPT) -> None:
    """Remove everything below PySide6's folder that the program does not load."""
    staying = {path for pattern in kept for path in folder.glob(pattern)}
    staying |= {path for one in staying if one.is_dir() for path in one.rglob("*")}
    for path in sorted(folder.rglob("*"), reverse=True):
        if path in staying:
            continue
        if not path.is_dir():
            path.unlink()
        elif not any(path.iterdir()):
            path.rmdir()


def launcher(stub: str, interpreter: str) -> bytes:
    """An executable that starts the Python next to it: a stub, its command line, and a zip file."""
    import pip

    stubs = Path(pip.__file__).parent / "_vendor" / "distlib"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo("__main__.py"), _MAIN)
    line = f"#!<launcher_dir>\\{interpreter}\r\n".encode()
    return (stubs / stub).read_bytes() + line + archive.getvalue()


def _install_ourselves(site_packages: Path, work: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    built = work / "own"
    words = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(built), str(ROOT)]
    subprocess.run([*pip, *words], check=True)
    (wheel,) = built.glob("*.whl")
    shutil.unpack_archive(wheel, site_packages, "zip")
