"""The options that technicians may set for a run, validated for window and command line."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.settings_file import MAX_FILE
from mailsetup.files.user_file import FileFailure, read_given_file
from mailsetup.i18n import _
from mailsetup.model.hostname import to_a_label
from mailsetup.model.network_options import parse_resolver
from mailsetup.model.text import has_control
from mailsetup.net import tls


class TechnicianField(StrEnum):
    """The option that is invalid."""

    RESOLVER = "resolver"
    CA_FILE = "ca-file"
    TRUST = "trust"
    SECONDS = "seconds"
    CLIENT_ID = "client-id"


@dataclass(frozen=True, slots=True)
class TechnicianOptions:
    """The options as they were entered; empty ones change nothing."""

    resolver: str = ""
    """``HOST[:PORT]`` of a name server."""
    ca_file: str = ""
    trust: str = ""
    """Domains, separated by commas, semicolons or spaces."""
    seconds: str = ""
    offline: bool = False
    plain_http: bool = False
    client_id: str = ""
    """The OAuth client id of this program."""

    @property
    def is_plain(self) -> bool:
        """Whether no option is set."""
        return self == TechnicianOptions()


@dataclass(frozen=True, slots=True)
class TechnicianOptionFailure:
    """Why the options cannot be used."""

    field: TechnicianField
    sentence: str


def run_options(
    entered: TechnicianOptions, base: RunOptions
) -> RunOptions | TechnicianOptionFailure:
    """``base`` with the options that were entered, or the first one that is invalid."""
    network = base.network
    if text := entered.resolver.strip():
        resolver = parse_resolver(text)
        if resolver is None:
            sentence = _("Write an IP address, such as 192.0.2.53 or 192.0.2.53:5353.")
            return TechnicianOptionFailure(TechnicianField.RESOLVER, sentence)
        network = replace(network, resolver=resolver)
    if text := entered.ca_file.strip():
        if not holds_certificates(Path(text)):
            sentence = _("This file cannot be read as certificates (PEM).")
            return TechnicianOptionFailure(TechnicianField.CA_FILE, sentence)
        network = replace(network, ca_files=(*network.ca_files, Path(text)))
    domains = []
    for word in entered.trust.replace(",", " ").replace(";", " ").split():
        name = trusted_domain(word)
        if name is None:
            sentence = _("Write domains such as hoster.com, with blanks between them.")
            return TechnicianOptionFailure(TechnicianField.TRUST, sentence)
        domains.append(name)
    budget = base.budget
    if text := entered.seconds.strip():
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= 600):
            return TechnicianOptionFailure(
                TechnicianField.SECONDS, _("Write a number from 1 to 600.")
            )
        budget = float(text)
    client_id = entered.client_id.strip()
    if has_control(client_id) or any(char.isspace() for char in client_id):
        sentence = _("Write the id as the provider shows it, without blanks.")
        return TechnicianOptionFailure(TechnicianField.CLIENT_ID, sentence)
    return replace(
        base,
        network=network,
        agreed=(*base.agreed, *domains),
        budget=budget,
        offline=base.offline or entered.offline,
        plain_http=base.plain_http or entered.plain_http,
        oauth_client_id=client_id or base.oauth_client_id,
    )


def trusted_domain(text: str) -> str | None:
    """A domain that may be trusted, in A-labels; None where the text is not one."""
    name = to_a_label(text)
    return name if name is not None and "." in name else None


def holds_certificates(path: Path) -> bool:
    """Whether the file contains certificates (PEM). Only a regular file is read."""
    if isinstance(read_given_file(path, MAX_FILE), FileFailure):
        return False
    return tls.holds_certificates(path)
