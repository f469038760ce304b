"""The answer to Autodiscover's question (Microsoft, "Autodiscover for Exchange", POX response).

It is one file for everybody, so it can name no user name: without one, Outlook takes the address.
"""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from mailsetup.export.publish.template import ADDRESS
from mailsetup.model.settings import AccountSettings, Authentication, Protocol, SocketType

_NAMESPACE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
_RESPONSE_NAMESPACE = (
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
)


def can_say(settings: AccountSettings) -> bool:
    """Whether one file can hold these settings for everybody."""
    return all(
        server.username == ADDRESS or server.authentication == (Authentication.NONE,)
        for server in settings.servers
    )


def autodiscover(settings: AccountSettings) -> bytes:
    """``autodiscover.xml`` with all protocols in one account, best first."""
    root = Element("Autodiscover", {"xmlns": _NAMESPACE})
    response = SubElement(root, "Response", {"xmlns": _RESPONSE_NAMESPACE})
    account = SubElement(response, "Account")
    SubElement(account, "AccountType").text = "email"
    SubElement(account, "Action").text = "settings"
    for server in settings.servers:
        tls = server.security is SocketType.TLS
        signs_in = server.authentication != (Authentication.NONE,)
        values = {
            "Type": str(server.protocol).upper(),
            "Server": server.host,
            "Port": str(server.port),
            "DomainRequired": "off",
            "SPA": "on" if server.authentication[0] is Authentication.NTLM else "off",
            "SSL": "on" if tls else "off",
            "Encryption": "SSL" if tls else "TLS",
            "AuthRequired": "on" if signs_in else "off",
        }
        if server.protocol is Protocol.SMTP:
            values |= {"UsePOPAuth": "off", "SMTPLast": "off"}
        element = SubElement(account, "Protocol")
        for key, value in values.items():
            SubElement(element, key).text = value
    ElementTree.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root) + b"\n"
