"""Environment variables that decide how the outside is reached, and what is wrong with them."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailsetup.model.text import plain

if TYPE_CHECKING:
    from mailsetup.net.dial import Connect

PROXY_SECONDS = 3.0
"""For a proxy to take a connection: it is in the same building as a rule."""

_SCHEMES = ("http", "https")


class EnvironmentFault(StrEnum):
    """What is wrong; the words are stable, as those of a search's warnings."""

    CERT_FILE = "ssl-cert-file"
    """SSL_CERT_FILE names nothing that could be read as certificates."""
    CERT_DIR = "ssl-cert-dir"
    """SSL_CERT_DIR names no folder that could be read."""
    PROXY = "proxy-unusable"
    """What is said of the proxy is not understood; no proxy is used then."""
    PROXY_SILENT = "proxy-unreachable"
    """The proxy takes no connection."""


@dataclass(frozen=True, slots=True)
class ProxySetting:
    """The proxy for HTTPS. ``url`` may hold a password; "" where the setting is not usable."""

    source: str
    """The variable that names it; "" where it comes from the system's own settings."""
    url: str
    shown: str
    """Fit to be shown: without a user name and a password."""


def proxy_setting(environ: Mapping[str, str] | None = None) -> ProxySetting | None:
    """The proxy that the environment, or else the system, wants for HTTPS; None for none.

    ALL_PROXY stands in for HTTPS_PROXY, and a missing scheme is http, as curl has it.
    """
    environ = os.environ if environ is None else environ
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        value = environ.get(name, "").strip()
        if value:
            return _setting(name, value)
    if sys.platform in ("win32", "darwin"):
        from urllib.request import getproxies

        value = getproxies().get("https", "").strip()
        return _setting("", value) if value else None
    return None


def _setting(name: str, value: str) -> ProxySetting:
    url = value if "://" in value else f"http://{value}"
    shown = plain(url.rpartition("@")[2].rpartition("://")[2], 80)
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme.lower() in _SCHEMES and bool(parts.hostname) and parts.port != 0
        shown = plain(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", 80)
    except ValueError:  # a port that is no number, half an IPv6 address
        is_usable = False
    if not url.isascii() or not url.isprintable() or " " in url:
        is_usable = False
    return ProxySetting(name, url if is_usable else "", shown)


def certificate_faults(environ: Mapping[str, str] | None = None) -> tuple[EnvironmentFault, ...]:
    """What is wrong with the variables that name authorities. Reads the file."""
    if sys.platform in ("win32", "darwin"):
        return ()  # the system itself verifies there
    environ = os.environ if environ is None else environ
    found = []
    file, folder = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    if file and not _holds_certificates(file):
        found.append(EnvironmentFault.CERT_FILE)
    if folder and not any(_is_readable(place) for place in folder.split(os.pathsep)):
        found.append(EnvironmentFault.CERT_DIR)
    return tuple(found)


def _holds_certificates(file: str) -> bool:
    # Unlike the method of a path, it is False where the folder may not be read (Python < 3.12).
    if not os.path.isfile(file):  # noqa: PTH113
        return False
    from mailsetup.net.tls import blank_context

    try:
        blank_context().load_verify_locations(cafile=file)
    except (OSError, ValueError):
        return False
    return True


def _is_readable(folder: str) -> bool:
    return os.access(folder, os.R_OK | os.X_OK) and Path(folder).is_dir()


async def environment_faults(
    connect: "Connect", *, use_proxy: bool = True
) -> tuple[EnvironmentFault, ...]:
    """What is wrong with the variables, and whether the proxy takes a connection."""
    import asyncio

    of_proxy, of_certificates = await asyncio.gather(
        _proxy_faults(connect) if use_proxy else _none(), asyncio.to_thread(certificate_faults)
    )
    return (*of_certificates, *of_proxy)


async def _none() -> tuple[EnvironmentFault, ...]:
    return ()


async def _proxy_faults(connect: "Connect") -> tuple[EnvironmentFault, ...]:
    import asyncio

    from mailsetup.net.dial import ConnectFailure

    setting = proxy_setting()
    if setting is None:
        return ()
    if not setting.url:
        return (EnvironmentFault.PROXY,)
    parts = urlsplit(setting.url)
    port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    try:
        async with asyncio.timeout(PROXY_SECONDS):
            outcome = await connect(parts.hostname or "", port, implicit_tls=False)
    except TimeoutError:
        return (EnvironmentFault.PROXY_SILENT,)
    if isinstance(outcome, ConnectFailure):
        return (EnvironmentFault.PROXY_SILENT,)
    outcome.close()
    return ()
