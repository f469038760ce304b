"""The sign-ins of one run: held in memory, renewed, kept in the keyring, given back."""

import asyncio
import dataclasses
from collections.abc import Sequence

from mailsetup.assistant.signin.flow import (
    SignIn,
    SignInWay,
    from_kept,
    give_back,
    kept_from_text,
    kept_to_text,
    needs_renewal,
    renewed,
    to_keep,
)
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import AccessToken
from mailsetup.model.sign_in import SignInFailure
from mailsetup.net.network import Network
from mailsetup.system.threads import in_thread
from mailsetup.vault import Vault


class TokenStore:
    """At most one for each address. Belongs to one event loop."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._held: dict[EmailAddress, SignIn] = {}

    def let_go(self) -> tuple[SignIn, ...]:
        """Hold none any longer; those are returned whose tokens nobody needs after this run."""
        ending = tuple(one for one in self._held.values() if not one.kept)
        self._held.clear()
        return ending

    async def give_back(self, ending: Sequence[SignIn], net: Network) -> None:
        """Revoke their tokens at the providers."""
        await asyncio.gather(*(give_back(one, net) for one in ending))

    async def replace(self, made: SignIn, net: Network) -> None:
        """The person signed in anew: the tokens from before are not needed any more."""
        address = made.way.account.address
        before = self._held.pop(address, None)
        self._held[address] = made
        if before is not None and not before.kept:
            await give_back(before, net)

    async def fresh(self, one: SignIn, net: Network) -> SignIn:
        """What is held now in place of ``one``, with a token that lasts for a check."""
        current = self._held.get(one.way.account.address, one)
        if needs_renewal(current, net):
            # Where that fails, the servers' refusal is what counts.
            fresh = await self.renewed(current, net)
            current = current if isinstance(fresh, SignInFailure) else fresh
        return current

    async def new_token(self, one: SignIn, net: Network) -> AccessToken | SignInFailure:
        """Another access token for a sign-in whose last one was refused."""
        fresh = await self.renewed(one, net)
        return fresh if isinstance(fresh, SignInFailure) else fresh.token

    async def renewed(self, one: SignIn, net: Network) -> SignIn | SignInFailure:
        """The same sign-in with a new access token; held from now on."""
        fresh = await renewed(one, net)
        if isinstance(fresh, SignInFailure):
            return fresh
        self._held[one.way.account.address] = fresh
        kept = to_keep(fresh) if fresh.kept else None
        if kept is not None and fresh.tokens.refresh != one.tokens.refresh:
            # The old one may have ended with its use.
            address = fresh.way.account.address
            await asyncio.to_thread(self._vault.store_sign_in, address, kept_to_text(kept))
        return fresh

    async def kept(self, way: SignInWay) -> SignIn | None:
        """The sign-in of the keyring, whose token must be renewed; None where there is none."""
        text = await in_thread(self._vault.load_sign_in, way.account.address)
        kept = kept_from_text(text) if text is not None else None
        return from_kept(kept, way) if kept is not None else None

    async def keep(self, one: SignIn) -> bool:
        """Put the sign-in into the keyring. False when it was not taken."""
        address = one.way.account.address
        current = self._held.get(address, one)
        kept = to_keep(current)
        if kept is None:
            return False
        taken = await asyncio.to_thread(self._vault.store_sign_in, address, kept_to_text(kept))
        if taken:
            self._held[address] = dataclasses.replace(current, kept=True)
        return taken
