"""The proxy of the environment, and the faults of variables for proxies and trust anchors."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from mailsetup.model.text import plain

_SCHEMES = ("http", "https")


class EnvironmentFault(StrEnum):
    """A fault of an environment variable; the values are stable, as warnings of a search."""

    CERT_FILE = "ssl-cert-file"
    """SSL_CERT_FILE names no readable file of certificates."""
    CERT_DIR = "ssl-cert-dir"
    """SSL_CERT_DIR names no readable folder."""
    PROXY = "proxy-unusable"
    """The proxy's URL is not valid; no proxy is used."""
    PROXY_UNREACHABLE = "proxy-unreachable"
    """The proxy does not accept connections."""


@dataclass(frozen=True, slots=True)
class ProxySetting:
    """The proxy for HTTPS. ``url`` may hold a password; "" where the setting is not usable."""

    source: str
    """The variable that names it; "" where it comes from the system's own settings."""
    url: str
    shown: str
    """For display: without user name and password."""


def proxy_setting(environ: Mapping[str, str] | None = None) -> ProxySetting | None:
    """The proxy for HTTPS of the environment, or else of the system; None for none.

    ALL_PROXY replaces a missing HTTPS_PROXY, and a missing scheme is http, as in curl.
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
