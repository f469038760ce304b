"""Preferences of the window between two runs, as QSettings. Never a password."""

from PySide6.QtCore import QByteArray, QSettings

from mailsetup.model.address import EmailAddress

MAX_ADDRESSES = 10
"""Addresses that are remembered."""


class Preferences:
    """Without settings nothing is stored: the demo leaves no trace."""

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings

    @property
    def is_stored(self) -> bool:
        """Whether preferences are stored at all."""
        return self._settings is not None

    def _value(self, key: str) -> object:
        return self._settings.value(key) if self._settings is not None else None

    def _set(self, key: str, value: object) -> None:
        if self._settings is not None:
            self._settings.setValue(key, value)

    # Addresses ------------------------------------------------------------------------------

    @property
    def may_store_addresses(self) -> bool:
        """Whether the user allowed it."""
        return self._value("addresses/allowed") in (True, "true")

    def allow_addresses(self, allowed: bool) -> None:
        """Allow it, or forbid it and forget the stored ones."""
        self._set("addresses/allowed", allowed)
        if not allowed:
            self.forget_addresses()

    def addresses(self) -> tuple[str, ...]:
        """The last ones, the latest first. The file may have been edited by hand."""
        stored = self._value("addresses/last")
        texts = [stored] if isinstance(stored, str) else stored if isinstance(stored, list) else []
        read = [EmailAddress.parse(text) for text in texts[:MAX_ADDRESSES] if isinstance(text, str)]
        return tuple(str(one) for one in read if isinstance(one, EmailAddress))

    def store_address(self, address: EmailAddress) -> None:
        """Store one, where that is allowed."""
        if self.may_store_addresses:
            known = [text for text in self.addresses() if text != str(address)]
            self._set("addresses/last", [str(address), *known][:MAX_ADDRESSES])

    def forget_addresses(self) -> None:
        """Delete all of them."""
        if self._settings is not None:
            self._settings.remove("addresses/last")

    # The window -----------------------------------------------------------------------------

    @property
    def geometry(self) -> QByteArray | None:
        """Position and size of the window."""
        stored = self._value("geometry")
        return stored if isinstance(stored, QByteArray) else None

    @property
    def language(self) -> str | None:
        """The language that the user chose in the window."""
        stored = self._value("language")
        return stored if isinstance(stored, str) else None

    @property
    def text_size(self) -> int:
        """In percent."""
        stored = self._value("text-size")
        return int(stored) if isinstance(stored, int | str) and str(stored).isdecimal() else 100

    @property
    def more_contrast(self) -> bool:
        """Whether the user wants high contrast independently of the system."""
        return self._value("more-contrast") in (True, "true")

    def store_appearance(self, *, text_size: int, more_contrast: bool) -> None:
        """Text size in percent, and high contrast."""
        self._set("text-size", text_size)
        self._set("more-contrast", more_contrast)

    def store_language(self, language: str) -> None:
        """The language that the user chose."""
        self._set("language", language)

    def store_geometry(self, geometry: QByteArray) -> None:
        """Position and size of the window."""
        self._set("geometry", geometry)
