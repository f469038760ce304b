"""A keyring in memory, with the size limit of Windows."""

from keyring.backend import KeyringBackend


class MemoryKeyring(KeyringBackend):
    """Stores entries; rejects those that are too long for Windows."""

    priority = 1

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2560:
            raise ValueError("too long for the Windows Credential Manager")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]
