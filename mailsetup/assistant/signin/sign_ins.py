"""The sign-ins of one run: tokens in memory, their renewal, and those in the keyring."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace

from mailsetup.assistant.events import Emit, ignore
from mailsetup.assistant.run_options import RunOptions, UnconfirmedError
from mailsetup.assistant.shared_network import SharedNetwork
from mailsetup.assistant.signin.flow import (
    OpenBrowser,
    SignIn,
    SignInMeans,
    SignInMethod,
    find_method,
    known_clients,
    sign_in,
)
from mailsetup.assistant.signin.stored import restored, stored_form, stored_from_text, to_text
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import AccessToken
from mailsetup.model.settings import Account, AccountSettings
from mailsetup.model.sign_in import ClientsFailure, SignInFailure
from mailsetup.net.network import Network
from mailsetup.oauth.tokens import refresh_tokens, revoke
from mailsetup.system.threads import in_thread
from mailsetup.vault import Vault

_MARGIN = 120.0
"""Seconds for which a token must still be valid when a check begins."""


class SignIns:
    """At most one sign-in for each address. Belongs to one event loop; `end` it at the end."""

    def __init__(
        self, network: SharedNetwork, vault: Vault, options: Callable[[], RunOptions]
    ) -> None:
        self._network = network
        self._vault = vault
        self._options = options
        self._current: dict[EmailAddress, SignIn] = {}

    async def find_method(
        self,
        account: Account,
        settings: AccountSettings | None = None,
        *,
        agreed: Collection[str] = (),
    ) -> SignInMethod | SignInFailure | ClientsFailure:
        """Where one signs in for the account, and the client id of this program there.

        ``agreed`` are domains, or host names, that the person agreed to.
        """
        options = self._options()
        known = await in_thread(known_clients, options.oauth_client_id)
        if isinstance(known, ClientsFailure):
            return known
        async with self._network.open(leave_open=True) as net:
            return await find_method(
                account,
                settings,
                net,
                known=known,
                agreed=(*options.agreed, *agreed),
                offline=options.offline,
            )

    async def sign_in(
        self,
        method: SignInMethod,
        open_browser: OpenBrowser,
        emit: Emit = ignore,
        *,
        means: SignInMeans = SignInMeans.BROWSER,
        choose_account: bool = False,
    ) -> SignIn | SignInFailure:
        """Let the person sign in. The tokens stay in memory until `end`.

        ``open_browser`` shows a page in the person's browser; it is called in the event loop's
        thread and must not block. Raises `UnconfirmedError` where the token would go to a host
        without an agreement.
        """
        if method.confirm:
            raise UnconfirmedError(", ".join(method.confirm))
        async with self._network.open(leave_open=True) as net:
            made = await sign_in(
                method, means, net, emit, open_browser, choose_account=choose_account
            )
            if isinstance(made, SignIn):
                await self._replace(made, net)
            return made

    async def load(self, method: SignInMethod) -> SignIn | SignInFailure | None:
        """The sign-in from the keyring, with a new token; None where there is none."""
        if method.confirm:
            return None
        text = await in_thread(self._vault.load_sign_in, method.account.address)
        stored = stored_from_text(text) if text is not None else None
        found = restored(stored, method) if stored is not None else None
        if found is None:
            return None
        async with self._network.open(leave_open=True) as net:
            return await self._renew(found, net)

    async def is_stored(self, address: EmailAddress) -> bool:
        """Whether the keyring has a sign-in for the address."""
        return await in_thread(self._vault.load_sign_in, address) is not None

    async def store(self, one: SignIn) -> bool:
        """Store the sign-in in the keyring. False where that failed."""
        address = one.method.account.address
        current = self._current.get(address, one)
        form = stored_form(current)
        if form is None:
            return False
        done = await asyncio.to_thread(self._vault.store_sign_in, address, to_text(form))
        if done:
            self._current[address] = replace(current, stored=True)
        return done

    async def current(self, one: SignIn, net: Network) -> SignIn:
        """The latest state of a sign-in, with a token that is valid long enough for a check."""
        current = self._current.get(one.method.account.address, one)
        end = current.tokens.expires_at
        if end is not None and end - net.clock.monotonic() < _MARGIN:
            fresh = await self._renew(current, net)
            # After a failed renewal the answer of the mail servers decides.
            current = current if isinstance(fresh, SignInFailure) else fresh
        return current

    async def new_token(self, one: SignIn, net: Network) -> AccessToken | SignInFailure:
        """Another access token for a sign-in whose last one was refused."""
        fresh = await self._renew(one, net)
        return fresh if isinstance(fresh, SignInFailure) else fresh.token

    async def end(self) -> None:
        """Forget all tokens; those that are not stored are revoked."""
        ending = [one for one in self._current.values() if not one.stored]
        self._current.clear()
        if ending:
            async with self._network.open() as net:
                await asyncio.gather(*(_revoke(one, net) for one in ending))

    async def _replace(self, made: SignIn, net: Network) -> None:
        """Use a new sign-in; the tokens of an earlier one for the address are revoked."""
        address = made.method.account.address
        before = self._current.pop(address, None)
        self._current[address] = made
        if before is not None and not before.stored:
            await _revoke(before, net)

    async def _renew(self, one: SignIn, net: Network) -> SignIn | SignInFailure:
        tokens = await refresh_tokens(one.method.provider, one.client, one.tokens, net)
        if isinstance(tokens, SignInFailure):
            return tokens
        fresh = replace(one, tokens=tokens)
        address = one.method.account.address
        self._current[address] = fresh
        form = stored_form(fresh) if fresh.stored else None
        if form is not None and fresh.tokens.refresh != one.tokens.refresh:
            # The provider may have ended the old refresh token with its use.
            await asyncio.to_thread(self._vault.store_sign_in, address, to_text(form))
        return fresh


async def _revoke(one: SignIn, net: Network) -> None:
    """Revoke the tokens at the provider, where it supports that (RFC 7009)."""
    await revoke(one.method.provider, one.client, one.tokens, net)
