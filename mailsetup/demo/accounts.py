"""The accounts of the demo, and what each of them shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mailsetup.i18n import N_


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An address to try. ``story`` is a message id of the catalogue of texts."""

    address: str
    password: str
    person: str
    story: str


ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount(
        "ana@demo.test",
        "hola-ana",
        "Ana Demo",
        N_("Everything works. The domain publishes its settings."),
    ),
    DemoAccount(
        "luis@vinos.test",
        "hola-luis",
        "Luis Vinos",
        N_("Everything works. The servers are found in the DNS."),
    ),
    DemoAccount(
        "pepe@lejos.test",
        "hola-pepe",
        "Pepe Lejos",
        N_("Another company keeps the mail: you are asked first."),
    ),
    DemoAccount(
        "eva@demo.test",
        "mal",
        "Eva Demo",
        N_("The password is wrong (the right one is “hola-eva”)."),
    ),
    DemoAccount("llena@demo.test", "hola-llena", "Elena Llena", N_("The mailbox is full.")),
    DemoAccount(
        "nadie@sincorreo.test",
        "hola-nadie",
        "Nadie",
        N_("The domain does not say where its mail goes."),
    ),
    DemoAccount(
        "marta@otronombre.test",
        "hola-marta",
        "Marta Otro",
        N_("The server's certificate belongs to another name."),
    ),
    DemoAccount(
        "sara@sincifrar.test",
        "hola-sara",
        "Sara Abierta",
        N_("The server offers no encryption, so the password is not sent."),
    ),
)

PASSWORDS: Final[Mapping[str, str]] = MappingProxyType(
    {account.address: account.password for account in ACCOUNTS} | {"eva@demo.test": "hola-eva"}
)
"""The passwords of the servers. Eva's differs from the one that the demo shows."""

FULL = frozenset({"llena@demo.test"})
