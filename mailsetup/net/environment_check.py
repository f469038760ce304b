"""Faults of the environment variables that configure the network."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mailsetup.net.dial import Connect, ConnectFailure
from mailsetup.net.environment import EnvironmentFault, proxy_setting
from mailsetup.net.tls import holds_certificates

PROXY_TIMEOUT = 3.0
"""Seconds for the connection to a proxy, which is usually in the local network."""


def certificate_faults(environ: Mapping[str, str] | None = None) -> tuple[EnvironmentFault, ...]:
    """The faults of the variables that name trust anchors. Reads the file."""
    if sys.platform in ("win32", "darwin"):
        return ()  # the system verifies certificates there
    environ = os.environ if environ is None else environ
    found = []
    file, folder = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    if file and not _holds_certificates(file):
        found.append(EnvironmentFault.CERT_FILE)
    if folder and not any(_is_readable(part) for part in folder.split(os.pathsep)):
        found.append(EnvironmentFault.CERT_DIR)
    return tuple(found)


def _holds_certificates(file: str) -> bool:
    # Unlike `Path.is_file`, False where the folder cannot be read (Python < 3.12).
    if not os.path.isfile(file):  # noqa: PTH113
        return False
    return holds_certificates(Path(file))


def _is_readable(folder: str) -> bool:
    return os.access(folder, os.R_OK | os.X_OK) and Path(folder).is_dir()


async def environment_faults(
    connect: Connect, *, use_proxy: bool = True
) -> tuple[EnvironmentFault, ...]:
    """The faults of the variables; connects to the proxy."""
    proxy, certificates = await asyncio.gather(
        _proxy_faults(connect, use_proxy=use_proxy), asyncio.to_thread(certificate_faults)
    )
    return (*certificates, *proxy)


async def _proxy_faults(connect: Connect, *, use_proxy: bool) -> tuple[EnvironmentFault, ...]:
    setting = proxy_setting() if use_proxy else None
    if setting is None:
        return ()
    if not setting.url:
        return (EnvironmentFault.PROXY,)
    parts = urlsplit(setting.url)
    port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    try:
        async with asyncio.timeout(PROXY_TIMEOUT):
            outcome = await connect(parts.hostname or "", port, implicit_tls=False)
    except TimeoutError:
        return (EnvironmentFault.PROXY_UNREACHABLE,)
    if isinstance(outcome, ConnectFailure):
        return (EnvironmentFault.PROXY_UNREACHABLE,)
    outcome.close()
    return ()
