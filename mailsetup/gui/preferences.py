"""What the window keeps between two runs, in the system's place for settings. Never a password."""

from PySide6.QtCore import QByteArray, QSettings

from mailsetup.model.address import EmailAddress

MOST = 10
"""Addresses that are remembered."""


class Preferences:
    """Without settings it remembers nothing: the demo leaves no trace."""

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings

    @property
    def is_there(self) -> bool:
        """Whether anything can be kept."""
        return self._settings is not None

    def _value(self, key: str) -> object:
        return self._settings.value(key) if self._settings is not None else None

    def _set(self, key: str, value: object) -> None:
        if self._settings is not None:
            self._settings.setValue(key, value)

    # Addresses ------------------------------------------------------------------------------

    @property
    def may_keep_addresses(self) -> bool:
        """Whether the person allowed it."""
        return self._value("addresses/allowed") in (True, "true")

    def allow_addresses(self, allowed: bool) -> None:
        """Allow it from now on, or forbid it; what was kept is forgotten then."""
        self._set("addresses/allowed", allowed)
        if not allowed:
            self.forget_addresses()

    def addresses(self) -> tuple[str, ...]:
        """The last ones, the latest first. The file may have been edited by anybody."""
        kept = self._value("addresses/last")
        texts = [kept] if isinstance(kept, str) else kept if isinstance(kept, list) else []
        read = [EmailAddress.parse(text) for text in texts[:MOST] if isinstance(text, str)]
        return tuple(str(one) for one in read if isinstance(one, EmailAddress))

    def keep_address(self, address: EmailAddress) -> None:
        """Remember one, where that is allowed."""
        if self.may_keep_addresses:
            known = [text for text in self.addresses() if text != str(address)]
            self._set("addresses/last", [str(address), *known][:MOST])

    def forget_addresses(self) -> None:
        """All of them."""
        if self._settings is not None:
            self._settings.remove("addresses/last")

    # The window -----------------------------------------------------------------------------

    @property
    def geometry(self) -> QByteArray | None:
        """Where the window was, and how large."""
        kept = self._value("geometry")
        return kept if isinstance(kept, QByteArray) else None

    @property
    def language(self) -> str | None:
        """The language that the person chose in the window."""
        kept = self._value("language")
        return kept if isinstance(kept, str) else None

    @property
    def text_size(self) -> int:
        """In percent."""
        kept = self._value("text-size")
        return int(kept) if isinstance(kept, int | str) and str(kept).isdecimal() else 100

    @property
    def more_contrast(self) -> bool:
        """Whether the person wants high contrast whatever the system says."""
        return self._value("more-contrast") in (True, "true")

    def keep_look(self, *, text_size: int, more_contrast: bool) -> None:
        """How the person wants to see it."""
        self._set("text-size", text_size)
        self._set("more-contrast", more_contrast)

    def keep_language(self, language: str) -> None:
        """The language that was chosen."""
        self._set("language", language)

    def keep_geometry(self, geometry: QByteArray) -> None:
        """Where the window is now."""
        self._set("geometry", geometry)
