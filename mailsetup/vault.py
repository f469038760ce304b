"""Passwords and sign-ins in the keyring of the system, only on the person's request.

Without a keyring nothing is stored: no file of this program contains a password or token.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "mailsetup"
"""The service name, also for other programs (``secret-tool lookup service mailsetup``)."""

SIGN_IN_SERVICE = "mailsetup sign-in"
"""The service name for sign-ins in the browser."""

_PART = 1000
"""Characters in one entry: the limit of Windows is 2560 octets of UTF-16."""
_MAX_PARTS = 12

PATIENCE = 30.0
"""Seconds for the person to unlock the keyring; then it counts as unavailable."""

# No backend that writes files: `keyrings.alt` becomes the default by being installed.
_ALLOWED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "keyring.backends.Windows": "Windows Credential Manager",
        "keyring.backends.macOS": "macOS Keychain",
        "keyring.backends.SecretService": "Secret Service",
        "keyring.backends.libsecret": "Secret Service",
        "keyring.backends.kwallet": "KWallet",
    }
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class VaultState:
    """Whether passwords can be stored, and the name of the keyring."""

    available: bool
    name: str = ""


class Vault:
    """The keyring. Calls block for at most `PATIENCE`: the person may have to unlock it.

    ``backend`` returns the keyring backend in place of the system's.
    """

    def __init__(self, backend: "Callable[[], KeyringBackend | None] | None" = None) -> None:
        self._choose = backend or _system_backend

    def state(self) -> VaultState:
        """Whether there is a keyring that may be used."""
        backend = _with_timeout(self._choose, None)
        if backend is None:
            return VaultState(available=False)
        module = type(backend).__module__
        return VaultState(True, _ALLOWED.get(module, type(backend).__name__))

    def load(self, address: EmailAddress) -> Secret | None:
        """The stored password of the address, or None."""

        def read(backend: "KeyringBackend") -> Secret | None:
            value = backend.get_password(SERVICE, address.ascii)
            return Secret(value) if value else None

        return self._with_backend(read, None)

    def store(self, address: EmailAddress, secret: Secret) -> bool:
        """Store the password. False where that failed."""

        def write(backend: "KeyringBackend") -> bool:
            backend.set_password(SERVICE, address.ascii, secret.reveal())
            return True

        return self._with_backend(write, False)

    def forget(self, address: EmailAddress) -> bool:
        """Remove the password. False when there was none."""

        def remove(backend: "KeyringBackend") -> bool:
            if backend.get_password(SERVICE, address.ascii) is None:
                return False
            backend.delete_password(SERVICE, address.ascii)
            return True

        return self._with_backend(remove, False)

    def load_sign_in(self, address: EmailAddress) -> Secret | None:
        """The text that `store_sign_in` stored for the address, or None."""

        def read(backend: "KeyringBackend") -> Secret | None:
            first = backend.get_password(SIGN_IN_SERVICE, address.ascii) or ""
            count, _, text = first.partition(":")
            if not (count.isascii() and count.isdigit() and 0 < int(count) <= _MAX_PARTS):
                return None
            for number in range(1, int(count)):
                part = backend.get_password(SIGN_IN_SERVICE, _part_name(address, number))
                if part is None:
                    return None
                text += part
            return Secret(text)

        return self._with_backend(read, None)

    def store_sign_in(self, address: EmailAddress, secret: Secret) -> bool:
        """Store the text of a sign-in. False where that failed."""
        text = secret.reveal()
        parts = [text[start : start + _PART] for start in range(0, len(text), _PART)]
        if not 0 < len(parts) <= _MAX_PARTS:
            return False

        def write(backend: "KeyringBackend") -> bool:
            for number, part in enumerate(parts[1:], 1):
                backend.set_password(SIGN_IN_SERVICE, _part_name(address, number), part)
            # Last, so that an interrupted write leaves no sign-in.
            first = f"{len(parts)}:{parts[0]}"
            backend.set_password(SIGN_IN_SERVICE, address.ascii, first)
            return True

        return self._with_backend(write, False)

    def forget_sign_in(self, address: EmailAddress) -> bool:
        """Remove the sign-in. False when there was none."""

        def remove(backend: "KeyringBackend") -> bool:
            if backend.get_password(SIGN_IN_SERVICE, address.ascii) is None:
                return False
            backend.delete_password(SIGN_IN_SERVICE, address.ascii)
            for number in range(1, _MAX_PARTS):
                name = _part_name(address, number)
                if backend.get_password(SIGN_IN_SERVICE, name) is None:
                    break
                backend.delete_password(SIGN_IN_SERVICE, name)
            return True

        return self._with_backend(remove, False)

    def _with_backend(self, work: "Callable[[KeyringBackend], T]", otherwise: T) -> T:
        """The result of the work, or ``otherwise`` without a keyring that can be used."""

        def run() -> T:
            backend = self._choose()
            return work(backend) if backend is not None else otherwise

        return _with_timeout(run, otherwise)


def _part_name(address: EmailAddress, number: int) -> str:
    return f"{address.ascii} ({number + 1})"


def _system_backend() -> "KeyringBackend | None":
    # 83 ms, for the runs that use it.
    import keyring
    from keyring.backends import chainer

    found = keyring.get_keyring()
    candidates = found.backends if isinstance(found, chainer.ChainerBackend) else [found]
    for backend in candidates:
        if type(backend).__module__ in _ALLOWED:
            return backend
    return None


def _with_timeout(call: Callable[[], T], otherwise: T) -> T:
    """The result of a call that may hang (a locked keyring), or ``otherwise`` after `PATIENCE`."""
    answers: queue.SimpleQueue[T] = queue.SimpleQueue()

    def run() -> None:
        # Backends raise the errors of their system, on Windows not even KeyringError. All of them
        # mean that this keyring cannot be used.
        with contextlib.suppress(Exception):
            answers.put(call())
            return
        answers.put(otherwise)

    threading.Thread(target=run, daemon=True, name="keyring").start()
    try:
        return answers.get(timeout=PATIENCE)
    except queue.Empty:
        return otherwise
