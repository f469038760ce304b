"""The data files of the program: icons, translations, provider data.

In a checkout they are in ``resources/`` next to the package, in an installed wheel inside it.
"""

from pathlib import Path
from typing import Final

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_resources"
_ROOT: Final = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "resources"


def path(*parts: str) -> Path:
    """The path of a resource, which need not exist."""
    return _ROOT.joinpath(*parts)


def read_text(*parts: str) -> str:
    """A resource as text (UTF-8). Raises OSError when the installation is incomplete."""
    return path(*parts).read_text(encoding="utf-8")


def read_bytes(*parts: str) -> bytes:
    """A resource as bytes. Raises OSError when the installation is incomplete."""
    return path(*parts).read_bytes()
