"""The hosting of the real servers: domains, accounts, and documents with settings."""

import json
import textwrap

# IDN A-label of peñíscola.test
PENISCOLA = "xn--pescola-8ya9a.test"

DOMAINS = (
    "bodega.test",
    "hoster.test",
    "onlysrv.test",
    "onlyautoconfig.test",
    "wellknown.test",
    "mxhosted.test",
    "foreign-srv.test",
    "html200.test",
    "wrongcert.test",
    "expired.test",
    "plain.test",
    "probing.test",
    "dead.test",
    "nostarttls.test",
    "pacc.test",
    "outlookish.test",
    "faults.test",
    "acceso.test",
)
SHARED = "shared.test"
"""A domain whose server's certificate is for ``srv12.hoster.test``."""

ACCOUNTS = {
    "ana@bodega.test": "correcto-1",
    "eñe@bodega.test": "contraseña-ñ",
    "llena@bodega.test": "correcto-2",
    "reglas@bodega.test": "correcto-3",
    "ana@onlysrv.test": "correcto-4",
    "ana@onlyautoconfig.test": "correcto-5",
    "ana@wellknown.test": "correcto-6",
    "ana@mxhosted.test": "correcto-7",
    "ana@foreign-srv.test": "correcto-8",
    "ana@probing.test": "correcto-9",
    "ana@html200.test": "correcto-10",
    "ana@wrongcert.test": "correcto-11",
    "ana@expired.test": "correcto-12",
    f"ana@{SHARED}": "correcto-13",
    "pepe": "correcto-14",
    "ana@pacc.test": "correcto-15",
    "ana@outlookish.test": "correcto-16",
    "ana@faults.test": "correcto-17",
    "limite@faults.test": "correcto-18",
    "ajena@faults.test": "correcto-19",
    "rechazada@faults.test": "correcto-20",
    "gris@faults.test": "correcto-21",
    "aplazada@faults.test": "correcto-22",
    "nadie@faults.test": "correcto-23",
    "spam@faults.test": "correcto-24",
    "casillena@faults.test": "correcto-25",
    "cerrada@faults.test": "correcto-26",
    "ana@acceso.test": "correcto-27",
    "luis@acceso.test": "correcto-28",
}
"""Passwords by login name; one hosting wants the name without a domain."""

# Replies of the outgoing server to senders and recipients that show a fault.
SENDERS = "limite@faults.test 550 5.4.5 Daily user sending limit exceeded\n"
RECIPIENTS = (
    "rechazada@faults.test 554 5.7.1 Message rejected as spam\n"
    "gris@faults.test 450 4.2.0 Greylisted, see http://postgrey.example/\n"
    "nadie@faults.test 550 5.1.1 User unknown in virtual mailbox table\n"
)
# Nothing listens there: messages for this mailbox stay in the queue.
TRANSPORTS = "aplazada@faults.test smtp:[127.0.0.1]:9\n"

PACC = json.dumps(
    {
        "protocols": {"imap": {"host": "mail.pacc.test"}, "submit": {"host": "mail.pacc.test"}},
        "authentication": {"password": True},
        "info": {"provider": {"name": "Pacc"}},
    }
)
AUTODISCOVER = """<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
<Account><AccountType>email</AccountType><Action>settings</Action>
<Protocol><Type>IMAP</Type><Server>mail.outlookish.test</Server><Port>993</Port><SSL>on</SSL>
</Protocol><Protocol><Type>SMTP</Type><Server>mail.outlookish.test</Server><Port>587</Port>
<Encryption>TLS</Encryption></Protocol></Account></Response></Autodiscover>"""

QUOTAS = {"llena": "50K", "casillena": "104K"}
"""Mailbox sizes by local part, where they are not the server's default."""
CLOSED = {"cerrada": "Account suspended"}
"""By local part: why a login is refused though its password is right."""


SIGN_IN_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.2"><emailProvider id="acceso.test">
  <domain>acceso.test</domain><displayName>Acceso</displayName>
  <incomingServer type="imap"><hostname>mail.acceso.test</hostname><port>993</port>
    <socketType>SSL</socketType><authentication>OAuth2</authentication>
    <username>%EMAILADDRESS%</username></incomingServer>
  <outgoingServer type="smtp"><hostname>mail.acceso.test</hostname><port>465</port>
    <socketType>SSL</socketType><authentication>OAuth2</authentication>
    <username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider>
<oAuth2><issuer>https://id.acceso.test</issuer></oAuth2></clientConfig>
"""


def clientconfig(host: str, domain: str, username: str = "%EMAILADDRESS%") -> str:
    """An autoconfig document that names one host for both directions."""
    return textwrap.dedent(
        f"""\
        <?xml version="1.0" encoding="UTF-8"?>
        <clientConfig version="1.1"><emailProvider id="{domain}">
          <domain>{domain}</domain><displayName>Hosting de {domain}</displayName>
          <incomingServer type="imap"><hostname>{host}</hostname><port>993</port>
            <socketType>SSL</socketType><authentication>password-cleartext</authentication>
            <username>{username}</username></incomingServer>
          <outgoingServer type="smtp"><hostname>{host}</hostname><port>465</port>
            <socketType>SSL</socketType><authentication>password-cleartext</authentication>
            <username>{username}</username></outgoingServer>
        </emailProvider></clientConfig>
        """
    )
