"""The files that come with the program: icons, texts, provider data.

In a checkout they stand in ``resources/`` beside the package, in an installed wheel inside it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_resources"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "resources"


def path(*parts: str) -> Path:
    """Where a resource is. Raises nothing: a missing file shows when it is read."""
    return _ROOT.joinpath(*parts)


def read_text(*parts: str) -> str:
    """A resource as text (UTF-8). Raises OSError when the installation is incomplete."""
    return path(*parts).read_text(encoding="utf-8")


def read_bytes(*parts: str) -> bytes:
    """A resource as bytes. Raises OSError when the installation is incomplete."""
    return path(*parts).read_bytes()
