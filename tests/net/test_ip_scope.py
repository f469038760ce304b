"""IP addresses that lead to this computer or its link, in all forms."""

import pytest

from mailsetup.model.dns import DnsAnswer, Reply
from mailsetup.net.dial import ConnectFailure, ConnectFault, Dialer
from mailsetup.net.ip_scope import is_loopback_or_link_local, is_public
from tests.support.network.loopback import HOST, client_context

LOCAL = {
    "IPv4 loopback": "127.0.0.1",
    "IPv4 loopback, another host": "127.255.255.254",
    "IPv4 link-local (cloud metadata)": "169.254.169.254",
    "IPv4 unspecified": "0.0.0.0",
    "IPv4 this network": "0.0.0.7",
    "IPv4 multicast": "224.0.0.251",
    "IPv4 limited broadcast": "255.255.255.255",
    "IPv4 reserved": "240.0.0.1",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with a zone": "fe80::1%eth0",
    "IPv6 multicast": "ff02::fb",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped loopback in hexadecimal": "::FFFF:7f00:1",
    "mapped link-local": "::ffff:169.254.169.254",
    "mapped unspecified": "::ffff:0.0.0.0",
    "mapped broadcast": "::ffff:255.255.255.255",
    "translated loopback (RFC 7915)": "::ffff:0:127.0.0.1",
    "compatible loopback (RFC 4291 2.5.5.1)": "::127.0.0.1",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of link-local": "2002:a9fe:a9fe::1",
    "Teredo, loopback as the client": "2001:0:53aa:64c:0:0:80ff:fffe",
    "Teredo, loopback as the server": "2001:0:7f00:1::",
    "NAT64 of loopback": "64:ff9b::127.0.0.1",
    "NAT64 of link-local": "64:ff9b::a9fe:a9fe",
    "NAT64 of unspecified": "64:ff9b::",
    "local-use NAT64, /96": "64:ff9b:1::127.0.0.1",
    "local-use NAT64, /96, another subnet": "64:ff9b:1:fffe::127.0.0.1",
    "local-use NAT64, /48": "64:ff9b:1:7f00:0:100::",
    "local-use NAT64, /56": "64:ff9b:1:7f:0:1::",
    "local-use NAT64, /64": "64:ff9b:1::7f:0:100:0",
    "ISATAP of loopback": "2001:db8::5efe:127.0.0.1",
    "host name": "localhost",
    "empty": "",
}
OTHERS = {
    "IPv4": "8.8.8.8",
    "IPv4 in a company's network": "192.168.1.20",
    "IPv4 in a company's network, 10/8": "10.0.0.25",
    "IPv6": "2a01:4f8::25",
    "IPv6, unique local": "fd00::25",
    "mapped": "::ffff:8.8.8.8",
    "6to4": "2002:808:808::1",
    "NAT64, as DNS64 writes it": "64:ff9b::8.8.8.8",
    "local-use NAT64, /48": "64:ff9b:1:808:8:800::",
    "local-use NAT64, /96": "64:ff9b:1::8.8.8.8",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
}


@pytest.mark.parametrize("address", LOCAL.values(), ids=LOCAL)
def test_local_address_is_recognised_in_every_form(address: str) -> None:
    assert is_loopback_or_link_local(address)


@pytest.mark.parametrize("address", OTHERS.values(), ids=OTHERS)
def test_other_address_is_not_local(address: str) -> None:
    assert not is_loopback_or_link_local(address)


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1"])
async def test_public_name_is_not_connected_to_an_embedded_loopback_address(address: str) -> None:
    async def look_up(host: str) -> Reply[str]:
        return DnsAnswer((address,))

    failure = await Dialer(look_up, client_context)(HOST, 993, implicit_tls=False)
    assert isinstance(failure, ConnectFailure)
    assert failure.fault is ConnectFault.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("::ffff:8.8.8.8", True),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("2a01:4f8::25", True),
        ("::1", False),
        ("no address", False),
    ],
)
def test_mapped_address_has_the_scope_of_its_ipv4_address(address: str, public: bool) -> None:
    assert is_public(address) is public
