"""Autoconfig documents that somebody laid down on this computer (draft, steps 4.1 and 4.2).

For a company whose domain publishes nothing: whoever looks after the computers puts
``isp/<domain>.xml`` into the program's folder for settings, for one person or for all of them.
"""

from collections.abc import Sequence
from pathlib import Path

from mailsetup.discovery.clientconfig import Unusable, parse
from mailsetup.discovery.xmltree import MAX_BYTES
from mailsetup.givenfile import CannotRead, FileFault, read_given_file
from mailsetup.model.address import EmailAddress
from mailsetup.model.outcome import Found, NotFound, Outcome, Unreachable
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.network import Network


class IspFiles:
    """The person's own folder before the computer's. Whoever writes there may decide this."""

    method = Method.FILE

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self._folders = folders

    def location(self, address: EmailAddress) -> str:
        """The file's name."""
        return f"isp/{address.domain}.xml"

    async def discover(self, address: EmailAddress, net: Network) -> Outcome:  # noqa: ARG002
        """Read the first one that is there."""
        for folder in _usual_folders() if self._folders is None else self._folders:
            # A domain is letters, digits, hyphens and dots between them: it leads nowhere else.
            path = folder / f"{address.domain}.xml"
            document = read_given_file(path, MAX_BYTES)
            if isinstance(document, CannotRead):
                if document.fault is FileFault.MISSING:
                    continue
                if document.fault is FileFault.TOO_LARGE:
                    return NotFound(str(path), str(document.fault))
                return Unreachable(str(path), str(document.fault))
            settings = parse(document, address)
            if isinstance(settings, Unusable):
                return NotFound(str(path), str(settings.fault))
            return Found(settings, Source(self.method, str(path), Channel.FILE), vouched=True)
        return NotFound(self.location(address))


def _usual_folders() -> tuple[Path, ...]:
    import platformdirs

    return tuple(
        place("mailsetup", appauthor=False) / "isp"
        for place in (platformdirs.user_config_path, platformdirs.site_config_path)
    )
