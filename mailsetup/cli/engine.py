"""The assistant of one command, with its event loop."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Self, TypeVar

from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.technician_options import holds_certificates, trusted_domain
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.parser.option_groups import SearchArguments
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.network_options import NetworkOptions, parse_resolver
from mailsetup.model.secret import Secret
from mailsetup.system.threads import in_thread

_T = TypeVar("_T")


class Engine:
    """The assistant in one event loop for a whole command, so that connections can be reused."""

    def __init__(self, options: RunOptions) -> None:
        self.assistant = Assistant(options)
        self._runner = asyncio.Runner()

    def run(self, work: Coroutine[object, object, _T]) -> _T:
        """Wait for a coroutine of the assistant; Ctrl-C cancels it."""
        return self._runner.run(work)

    def stored_password(self, address: EmailAddress) -> Secret | None:
        """The password from the keyring; Ctrl-C ends the waiting for it."""
        return self.run(in_thread(self.assistant.vault.load, address))

    def __enter__(self) -> Self:
        # Creating the loop may fail; before it there is nothing to clean up.
        self._runner.get_loop()
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner:
            self._runner.run(self.assistant.close())


def run_options(search: SearchArguments, *, oauth_client_id: str | None = None) -> RunOptions:
    """The options of a run. Raises `CommandError` for a value that cannot be used."""
    resolver = None
    if search.resolver is not None:
        resolver = parse_resolver(search.resolver)
        if resolver is None:
            raise CommandError(
                "usage", _("--resolver needs an IP address, such as 192.0.2.53 or 192.0.2.53:5353.")
            )
    ca_files = (_ca_file(search.ca_file),) if search.ca_file is not None else ()
    return RunOptions(
        network=NetworkOptions(resolver=resolver, ca_files=ca_files),
        agreed=tuple(map(_trusted, search.trust)),
        budget=search.timeout,
        offline=search.offline,
        plain_http=search.allow_http,
        oauth_client_id=oauth_client_id or "",
    )


def _trusted(domain: str) -> str:
    name = trusted_domain(domain)
    if name is None:
        raise CommandError("usage", _("--trust needs a domain, such as hoster.com."))
    return name


def _ca_file(path: Path) -> Path:
    if not holds_certificates(path):
        raise CommandError(
            "ca-file.unreadable",
            _("The file of --ca-file cannot be read as certificates: {path}").format(path=path),
        )
    return path
