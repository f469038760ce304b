"""Autoconfig documents on this computer (draft, steps 4.1 and 4.2).

For a company whose domain publishes nothing: an administrator puts ``isp/<domain>.xml`` into the
program's configuration folder of one user or of the computer.
"""

from collections.abc import Sequence
from pathlib import Path

from mailsetup.files.trusted_file import OwnershipFailure, read_own
from mailsetup.formats.autoconfig import AutoconfigFailure, read
from mailsetup.formats.xmltree import MAX_BYTES
from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, NotFound, SourceResult, Unreachable
from mailsetup.net.network import Network


class IspFiles:
    """The user's folder before the computer's.

    The settings need no confirmation, so that a file is used only if the user and the administrator
    alone can have written it.
    """

    method = Method.FILE

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self._folders = folders

    def location(self, address: EmailAddress) -> str:
        """The file's name."""
        return f"isp/{address.domain}.xml"

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:  # noqa: ARG002
        """Read the first file that exists and may be trusted."""
        ignored: list[Unreachable] = []
        for folder in _default_folders() if self._folders is None else self._folders:
            # A domain is letters, digits, hyphens and dots between them: no path traversal.
            path = folder / f"{address.domain}.xml"
            try:
                document = read_own(path, MAX_BYTES)
            except FileNotFoundError:
                continue
            except OSError as error:
                reason, warning = type(error).__name__.lower(), f"file-unreadable:{path}"
                ignored.append(Unreachable(str(path), reason, (warning,)))
                continue
            if isinstance(document, OwnershipFailure):
                warning = f"{document.reason}:{document.path}"
                ignored.append(Unreachable(str(path), str(document.reason), (warning,)))
                continue
            settings = read(document, address)
            if isinstance(settings, AutoconfigFailure):
                return NotFound(str(path), str(settings.fault), (f"file-unusable:{path}",))
            warnings = tuple(warning for one in ignored for warning in one.warnings)
            source = Source(self.method, str(path), Channel.FILE)
            return Found(settings, source, vouched=True, warnings=warnings)
        return ignored[0] if ignored else NotFound(self.location(address))


def _default_folders() -> tuple[Path, ...]:
    import platformdirs

    return tuple(
        place("mailsetup", appauthor=False) / "isp"
        for place in (platformdirs.user_config_path, platformdirs.site_config_path)
    )
