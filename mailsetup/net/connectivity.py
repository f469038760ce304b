"""Whether this computer has a network connection."""

import socket

# Addresses of the documentation ranges (RFC 5737, 3849): nothing is sent to them.
_EXTERNAL = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def has_route() -> bool:
    """Whether the system has a route to other networks. Connecting UDP sends no packet."""
    for family, address in _EXTERNAL:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
        except OSError:
            continue
        return True
    return False
