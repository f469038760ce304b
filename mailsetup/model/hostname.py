"""Validation of host names, ports and URLs from users, files, DNS and servers.

Every value that reaches a socket, a resolver or an export is validated here, so that quotes, line
breaks and IP literals from the network are refused in one place.
"""

import ipaddress
import re
from urllib.parse import urlsplit

import idna

from mailsetup.model.text import has_control

_LDH_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_DNS_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_DNS_NAME = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*\Z", re.ASCII | re.IGNORECASE)
_LOCAL_SUFFIXES = frozenset(
    {"localhost", "local", "lan", "internal", "intranet", "home", "corp", "invalid", "onion"}
)
MAX_NAME_LENGTH = 253
MAX_URL_LENGTH = 500


def to_a_label(name: str) -> str | None:
    """The domain as lower-case A-labels, or None when it is not one.

    UTS #46 mapping and IDNA2008 (RFC 5891), so ``faß.de`` stays itself instead of becoming
    ``fass.de``. ASCII names skip IDNA, which would refuse valid ones such as ``ab--cd.example``.
    """
    name = name.strip().rstrip(".")
    if not name or len(name) > 4 * MAX_NAME_LENGTH:
        return None
    if name.isascii() and "xn--" not in name.lower():
        ascii_name = name.lower()
    else:
        try:
            ascii_name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    if len(ascii_name) > MAX_NAME_LENGTH:
        return None
    return ascii_name if all(_LDH_LABEL.match(label) for label in ascii_name.split(".")) else None


def to_u_label(name: str) -> str:
    """The domain as U-labels; the name unchanged where they do not exist."""
    if "xn--" not in name:
        return name
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name


def is_ip_literal(name: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address, with or without brackets."""
    text = name.strip().strip("[]").removeprefix("IPv6:")
    if ":" not in text and not text[-1:].isdigit():
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def parse_host(text: str, *, typed: bool = False) -> str | None:
    """A server's host name as A-labels, or None when it must not be used.

    Names from the network must be public host names: no IP literals, single labels, `localhost` or
    names that only exist inside a network. What the user ``typed`` may be any of these.
    """
    text = text.strip()
    if typed and is_ip_literal(text):
        bare = text.strip("[]").removeprefix("IPv6:").lower()
        # The zone identifier after a "%" (RFC 4007) may be any text.
        return None if "%" in bare else bare
    name = to_a_label(text)
    if name is None or is_ip_literal(name):
        return None
    labels = name.split(".")
    if typed:
        return name
    if len(labels) < 2 or labels[-1] in _LOCAL_SUFFIXES or labels[-1].isdigit():
        return None
    return name


def is_dns_name(name: str) -> bool:
    """Whether the text may be queried in the DNS: like a host name, but with underscores."""
    stripped = name.rstrip(".")
    return len(stripped) <= MAX_NAME_LENGTH and _DNS_NAME.match(stripped) is not None


def parse_port(value: object) -> int | None:
    """A TCP port from 1 to 65535, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 5):
            return None
        value = int(text)
    return value if isinstance(value, int) and 1 <= value <= 65535 else None


def is_within(host: str, domain: str) -> bool:
    """Whether the host is the domain itself or a name below it (both as A-labels)."""
    return host == domain or host.endswith("." + domain)


def https_url(value: object, *, also_http: bool = False) -> str:
    """An untrusted URL that may be requested or opened; "" for any other.

    HTTPS to a public host, without user information; ``also_http`` for pages that users open.
    """
    if not isinstance(value, str):
        return ""
    text = value.strip()
    if len(text) > MAX_URL_LENGTH or has_control(text) or any(char.isspace() for char in text):
        return ""
    try:
        parts = urlsplit(text)
        public = (
            parts.username is None
            and parse_host(parts.hostname or "") is not None
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return ""
    schemes = ("https", "http") if also_http else ("https",)
    return text if parts.scheme in schemes and public else ""
