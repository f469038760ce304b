"""What technicians may set for a run, as they type it: checked here for both faces."""

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
    """Where something is wrong."""

    RESOLVER = "resolver"
    CA_FILE = "ca-file"
    TRUST = "trust"
    SECONDS = "seconds"
    CLIENT_ID = "client-id"


@dataclass(frozen=True, slots=True)
class TechnicianOptions:
    """The options as typed; all empty means that nothing is changed."""

    resolver: str = ""
    """``HOST[:PORT]`` of a name server."""
    ca_file: str = ""
    trust: str = ""
    """Domains, between commas or blanks."""
    seconds: str = ""
    offline: bool = False
    plain_http: bool = False
    client_id: str = ""
    """Under which providers know this program, for sign-ins in the browser."""

    @property
    def is_plain(self) -> bool:
        """Whether nothing differs from how everybody runs the program."""
        return self == TechnicianOptions()


@dataclass(frozen=True, slots=True)
class TechnicianOptionFailure:
    """Why the options cannot be used, and where."""

    field: TechnicianField
    sentence: str


def run_options(
    expert: TechnicianOptions, base: RunOptions
) -> RunOptions | TechnicianOptionFailure:
    """``base`` with what was typed, or the first thing that is wrong with it."""
    network = base.network
    if text := expert.resolver.strip():
        resolver = parse_resolver(text)
        if resolver is None:
            sentence = _("Write an IP address, such as 192.0.2.53 or 192.0.2.53:5353.")
            return TechnicianOptionFailure(TechnicianField.RESOLVER, sentence)
        network = replace(network, resolver=resolver)
    if text := expert.ca_file.strip():
        if not holds_certificates(Path(text)):
            sentence = _("This file cannot be read as certificates (PEM).")
            return TechnicianOptionFailure(TechnicianField.CA_FILE, sentence)
        network = replace(network, ca_files=(*network.ca_files, Path(text)))
    domains = []
    for word in expert.trust.replace(",", " ").replace(";", " ").split():
        name = trusted_domain(word)
        if name is None:
            sentence = _("Write domains such as hoster.com, with blanks between them.")
            return TechnicianOptionFailure(TechnicianField.TRUST, sentence)
        domains.append(name)
    budget = base.budget
    if text := expert.seconds.strip():
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= 600):
            return TechnicianOptionFailure(
                TechnicianField.SECONDS, _("Write a number from 1 to 600.")
            )
        budget = float(text)
    client_id = expert.client_id.strip()
    if has_control(client_id) or any(char.isspace() for char in client_id):
        sentence = _("Write the id as the provider shows it, without blanks.")
        return TechnicianOptionFailure(TechnicianField.CLIENT_ID, sentence)
    return replace(
        base,
        network=network,
        agreed=(*base.agreed, *domains),
        budget=budget,
        offline=base.offline or expert.offline,
        plain_http=base.plain_http or expert.plain_http,
        oauth_client_id=client_id or base.oauth_client_id,
    )


def trusted_domain(text: str) -> str | None:
    """A domain that may be trusted beforehand, as A-labels; None where it is not one."""
    name = to_a_label(text)
    return name if name is not None and "." in name else None


def holds_certificates(path: Path) -> bool:
    """Whether a file can be read as certificates. Anything but an ordinary file cannot."""
    if isinstance(read_given_file(path, MAX_FILE), FileFailure):
        return False
    return tls.holds_certificates(path)
