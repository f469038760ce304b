"""E-mail addresses."""

import re
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.hostname import is_ip_literal, to_a_label, to_u_label
from mailsetup.model.text import has_control, plain

# RFC 5321 section 4.5.3.1, in octets.
MAX_LOCAL = 64
MAX_ADDRESS = 254

# Placeholders of autoconfig documents (draft-ietf-mailmaint-autoconfig, "Placeholders").
ADDRESS_PLACEHOLDER = "%EMAILADDRESS%"
LOCAL_PART_PLACEHOLDER = "%EMAILLOCALPART%"
DOMAIN_PLACEHOLDER = "%EMAILDOMAIN%"

_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-\u0080-\U0010FFFF]+\Z")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"\Z')
# Browsers and chat programs copy these along with an address; they are never part of it.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


class AddressFault(StrEnum):
    """Why a text is not an e-mail address."""

    EMPTY = "empty"
    NO_AT = "no-at"
    TWO_AT = "two-at"
    SEVERAL_ADDRESSES = "several-addresses"
    SPACE = "space"
    CONTROL_CHARACTER = "control-character"
    TOO_LONG = "too-long"
    LOCAL_PART = "local-part"
    DOMAIN = "domain"
    DOMAIN_INCOMPLETE = "domain-incomplete"
    DOMAIN_LITERAL = "domain-literal"


@dataclass(frozen=True, slots=True)
class AddressFailure:
    """Why a text is not an address; ``text`` is cut and safe to show."""

    text: str
    fault: AddressFault


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A parsed address: ``local`` as typed, ``domain`` as lower-case A-labels."""

    local: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> "EmailAddress | AddressFailure":
        """Parse an address that was typed or pasted.

        Accepts ``Name <a@b>``, ``mailto:a@b``, surrounding blanks and invisible characters. The
        local part is not changed: it may be case-sensitive (RFC 5321 section 2.4).
        """
        if len(text) > 4096:
            return AddressFailure(plain(text, 80), AddressFault.TOO_LONG)
        bare = _unwrap(text)

        def fault(reason: AddressFault) -> AddressFailure:
            return AddressFailure(plain(text, 80), reason)

        if not bare:
            return fault(AddressFault.EMPTY)
        if has_control(bare):
            return fault(AddressFault.CONTROL_CHARACTER)
        if sum("@" in part for part in re.split(r"[,;\s]+", bare)) > 1:
            return fault(AddressFault.SEVERAL_ADDRESSES)
        local, at, domain = _split(bare)
        if not at:
            return fault(AddressFault.NO_AT)
        if len(bare.encode("utf-8", "replace")) > MAX_ADDRESS:
            return fault(AddressFault.TOO_LONG)
        if not local.startswith('"'):
            if "@" in local:
                return fault(AddressFault.TWO_AT)
            if any(char.isspace() for char in bare):
                return fault(AddressFault.SPACE)
        if not _is_local_part(local):
            return fault(AddressFault.LOCAL_PART)
        if domain.startswith("[") or is_ip_literal(domain):
            return fault(AddressFault.DOMAIN_LITERAL)
        if not domain:
            return fault(AddressFault.DOMAIN)
        if any(char.isspace() for char in domain):
            return fault(AddressFault.SPACE)
        ascii_domain = to_a_label(domain)
        if ascii_domain is None:
            return fault(AddressFault.DOMAIN)
        labels = ascii_domain.split(".")
        if len(labels) < 2 or labels[-1].isdigit():
            return fault(AddressFault.DOMAIN_INCOMPLETE)
        if len(local.encode()) + 1 + len(ascii_domain) > MAX_ADDRESS:
            return fault(AddressFault.TOO_LONG)
        return cls(_unquoted(local), ascii_domain)

    @property
    def ascii(self) -> str:
        """The address with its domain as A-labels, the form for servers."""
        return f"{self.local}@{self.domain}"

    @property
    def display_domain(self) -> str:
        """The domain as U-labels, the form for display."""
        return to_u_label(self.domain)

    def __str__(self) -> str:
        """The address in the form for display."""
        return f"{self.local}@{self.display_domain}"

    @property
    def is_international(self) -> bool:
        """Whether the domain has two forms, which should be shown together."""
        return self.display_domain != self.domain

    def fill(self, template: str) -> str | None:
        """Replace the autoconfig placeholders (draft-ietf-mailmaint-autoconfig, "Placeholders").

        None when a ``%`` is left over: an unknown placeholder or a typing mistake such as
        ``%EMAILADDRESS`` must not become a user name.
        """
        if template.count("%") % 2:
            return None
        values = {
            ADDRESS_PLACEHOLDER: self.ascii,
            LOCAL_PART_PLACEHOLDER: self.local,
            DOMAIN_PLACEHOLDER: self.domain,
        }
        pieces = template.split("%")
        for index in range(1, len(pieces), 2):
            value = values.get(f"%{pieces[index].upper()}%")
            if value is None:
                return None
            pieces[index] = value
        return "".join(pieces)


def _unwrap(text: str) -> str:
    bare = text.translate(_INVISIBLE).replace("\u00a0", " ").strip()
    match = re.fullmatch(r"[^<>]*<([^<>]*)>\s*", bare)
    if match:
        bare = match.group(1).strip()
    if bare[:7].lower() == "mailto:":
        bare = bare[7:].split("?", 1)[0]
    return bare.strip()


def _split(bare: str) -> tuple[str, str, str]:
    """At the last ``@``; one inside quotes belongs to the local part."""
    local, at, domain = bare.rpartition("@")
    return local, at, domain


def _is_local_part(local: str) -> bool:
    if not 0 < len(local.encode("utf-8", "replace")) <= MAX_LOCAL:
        return False
    if local.startswith('"'):
        return bool(_QUOTED.match(local))
    # Some carriers assigned "a..b" and "a."; only SMTP needs quotes for them.
    return bool(_ATEXT.match(local)) and not local.startswith(".")


def _unquoted(local: str) -> str:
    """``"joe"`` is the same mailbox as ``joe`` (RFC 5321 section 4.1.2)."""
    if local.startswith('"'):
        inner = re.sub(r"\\(.)", r"\1", local[1:-1])
        if _ATEXT.match(inner) and not inner.startswith(".") and inner:
            return inner
    return local
