"""Options of network access: values only."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT_ANCHORS = (
    "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    "38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
"""DS records of the root's key-signing keys of 2017 and 2024, as IANA publishes them."""


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How to reach servers.

    ``resolver`` replaces the system's name service for all look-ups; with it, answers may also be
    loopback addresses. ``ca_files`` are trusted in addition to the system's authorities.
    ``anchors`` replace the DNS root's published keys (DS records) for a test environment with a
    root of its own. ``routes`` maps (host, port) to another (address, port): the demo uses it, as
    it cannot listen on the standard ports.
    """

    resolver: tuple[str, int] | None = None
    ca_files: tuple[Path, ...] = ()
    routes: Mapping[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    use_proxy: bool = True
    anchors: tuple[str, ...] = ROOT_ANCHORS


def parse_resolver(text: str) -> tuple[str, int] | None:
    """``HOST[:PORT]`` of a name server, HOST being an IP address; None for other texts."""
    host, port_text = text, "53"
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        if rest:
            port_text = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, port_text = text.split(":")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    if not (port_text.isascii() and port_text.isdigit() and 0 < int(port_text) < 65536):
        return None
    return host, int(port_text)
