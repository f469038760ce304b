"""Facts about this release that have one place elsewhere in the checkout."""

import os
import subprocess
import tomllib
from typing import Any, Final

from bootstrap.layout import ROOT

APP_ID: Final = "org.mailsetup.mailsetup"
"""The id of the component in AppStream and Flatpak."""


def metadata() -> dict[str, Any]:
    """The table ``project`` of ``pyproject.toml``."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return dict(tomllib.load(file)["project"])


def version() -> str:
    """The version of this release."""
    return str(metadata()["version"])


def epoch() -> int:
    """The time that every file of a package gets, in seconds since 1970.

    ``SOURCE_DATE_EPOCH``, else the time of the last commit. Source: the specification of
    SOURCE_DATE_EPOCH, reproducible-builds.org. Raises CalledProcessError outside a checkout.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdecimal():
        return int(given)
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return int(done.stdout)
