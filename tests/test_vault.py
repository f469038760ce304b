"""The keyring: allowed backends, failures and timeouts."""

import threading

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordSetError

from mailsetup import vault as vault_module
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.vault import Vault

ADDRESS = EmailAddress("ana", "bodega.es")


class MemoryBackend(KeyringBackend):
    """A keyring that works."""

    priority = 1

    def __init__(self) -> None:
        self.passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.passwords[service, username]


class RefusingBackend(MemoryBackend):
    """A keyring that the person does not unlock."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError("no")

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("the system's own kind of error")


def test_a_stored_password_can_be_loaded_and_removed() -> None:
    backend = MemoryBackend()
    vault = Vault(lambda: backend)
    assert vault.state().available
    assert vault.load(ADDRESS) is None
    assert vault.store(ADDRESS, Secret("geheim"))
    assert vault.load(ADDRESS) == Secret("geheim")
    assert vault.forget(ADDRESS)
    assert not vault.forget(ADDRESS)
    assert vault.load(ADDRESS) is None


def test_without_a_keyring_nothing_is_stored() -> None:
    vault = Vault(lambda: None)
    assert not vault.state().available
    assert not vault.store(ADDRESS, Secret("geheim"))
    assert vault.load(ADDRESS) is None


def test_a_keyring_that_raises_counts_as_unavailable() -> None:
    vault = Vault(RefusingBackend)
    assert not vault.store(ADDRESS, Secret("geheim"))
    assert vault.load(ADDRESS) is None


def test_a_locked_keyring_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault_module, "PATIENCE", 0.05)
    release = threading.Event()

    def locked() -> None:
        release.wait(10)

    assert not Vault(locked).state().available
    release.set()


def test_a_backend_that_writes_files_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    before = keyring.get_keyring()
    try:
        keyring.set_keyring(MemoryBackend())  # not on the list, as `keyrings.alt` is not
        assert not Vault().state().available
    finally:
        keyring.set_keyring(before)
