"""The result of comparing what a domain publishes with what it should publish."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.i18n import _
from mailsetup.model.settings_json import Json


class PublicationState(StrEnum):
    """The state of one part of the publication, in the words of the command line."""

    RIGHT = "right"
    DIFFERS = "differs"
    MISSING = "missing"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is served differently. ``what`` is a stable word; texts are safe to show.

    ``content-type``, ``incoming``, ``outgoing``, ``services``, ``oauth2``, ``provider``,
    ``records``, ``text``, ``id``, or a key of the MTA-STS policy (``mode``, ``mx`` …).
    """

    what: str
    expected: str
    served: str


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """One file or record set and its state.

    ``method`` is a word of `Method`, ``mta-sts`` or ``tls-rpt``; ``location`` a URL or a DNS name.
    ``reason`` is a stable word where there is nothing to compare. An ``optional`` part may be
    missing, because another location has the same function; if it is served, it must be right.
    """

    method: str
    location: str
    state: PublicationState
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    optional: bool = False

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done about it."""
        return self.state is PublicationState.RIGHT or (
            self.optional and self.state is PublicationState.MISSING
        )

    @property
    def sentence(self) -> str:
        """The result and what to do, in the current language."""
        match self.state:
            case PublicationState.RIGHT:
                return _("{location} is right.").format(location=self.location)
            case PublicationState.DIFFERS:
                return self._difference()
            case PublicationState.MISSING:
                return self._absence()
            case PublicationState.UNREACHABLE:
                return self._silence()

    def _difference(self) -> str:
        if self.differences:
            first = self.differences[0]
            return _(
                "{location} differs ({what}): it says “{served}” where “{expected}” should be."
            ).format(
                location=self.location,
                what=first.what,
                served=first.served or "–",
                expected=first.expected or "–",
            )
        texts = {
            "digest-mismatch": _(
                "{location} does not fit its digest in the DNS. Publish the two together."
            ),
            "redirect": _("{location} leads to another address. It must be served there itself."),
            "wants-login": _("{location} asks for a login. It must be open to everybody."),
            "several-records": _("{location} has several records where one is allowed."),
        }
        usual = _("{location} serves something else ({reason}). Put the published file there.")
        text = texts.get(self.reason, usual)
        return text.format(location=self.location, reason=self.reason)

    def _absence(self) -> str:
        if self.optional:
            text = _(
                "There is nothing at {location}. It is not needed, but some programs ask there."
            )
        elif self.reason == "no-such-host":
            text = _("The host of {location} is not in the DNS. Add the record of the zone file.")
        elif self.reason == "no-digest":
            text = _(
                "The digest for {location} is not in the DNS. Without it nobody reads the file."
            )
        elif self.reason == "html":
            text = _("At {location} stands a page of the web site. Put the published file there.")
        elif self.location.startswith("https://"):
            text = _("There is nothing at {location}. Put the published file there.")
        else:
            text = _("There is no record at {location}. Add the one of the zone file.")
        return text.format(location=self.location)

    def _silence(self) -> str:
        if self.reason.startswith("certificate-"):
            text = _("The certificate at {location} is not valid for it ({reason}).")
        else:
            text = _("{location} could not be asked ({reason}). Try again later.")
        return text.format(location=self.location, reason=self.reason)


@dataclass(frozen=True, slots=True)
class PublicationPart:
    """One file or record set that is compared; makes its row. Fields as in `PublicationRow`."""

    method: str
    location: str
    optional: bool = False

    def compared(self, *differences: Difference) -> PublicationRow:
        """Right where there are no differences."""
        state = PublicationState.DIFFERS if differences else PublicationState.RIGHT
        return self._row(state, differences=differences)

    def differs(self, reason: str) -> PublicationRow:
        """Something else is served."""
        return self._row(PublicationState.DIFFERS, reason)

    def missing(self, reason: str) -> PublicationRow:
        """Nothing is served."""
        return self._row(PublicationState.MISSING, reason)

    def unreachable(self, reason: str) -> PublicationRow:
        """It is unknown what is served."""
        return self._row(PublicationState.UNREACHABLE, reason)

    def _row(
        self, state: PublicationState, reason: str = "", differences: tuple[Difference, ...] = ()
    ) -> PublicationRow:
        return PublicationRow(self.method, self.location, state, reason, differences, self.optional)


def is_published(rows: Sequence[PublicationRow]) -> bool:
    """Whether everything that has to be served is served and right."""
    return all(row.is_well for row in rows)


def row_to_json(row: PublicationRow) -> dict[str, Json]:
    """A row for the command line's ``--json``; the sentence is in the current language."""
    document: dict[str, Json] = {
        "method": row.method,
        "location": row.location,
        "state": str(row.state),
        "optional": row.optional,
        "sentence": row.sentence,
    }
    if row.reason:
        document["reason"] = row.reason
    if row.differences:
        document["differences"] = [
            {"what": entry.what, "expected": entry.expected, "served": entry.served}
            for entry in row.differences
        ]
    return document
