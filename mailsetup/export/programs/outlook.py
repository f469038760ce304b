"""Outlook: a guide for every edition, and for classic Outlook files that are experimental.

No edition of Outlook documents a way to import an IMAP account. Classic Outlook for Windows still
reads ``.prf`` files, which Microsoft no longer documents, and reads Autodiscover from a local file
that the registry names. New Outlook, Outlook for Mac and the apps have no import at all. So the
guide is always written in addition to the files.
"""

from mailsetup.export.exporter import Artifact, ArtifactFile, ExportFailure
from mailsetup.export.filename import stem
from mailsetup.export.guide.page import Guide, open_guide_step, page
from mailsetup.export.programs.outlook_files import autodiscover, prf
from mailsetup.export.programs.outlook_guide import chapters, needs_window, takes_window
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Authentication


class Outlook:
    """Outlook in all its editions."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The guide, and files for classic Outlook where they can express the account."""
        failure = validate(account) or _sign_in_fault(account)
        if failure is not None:
            return failure
        name = stem(account.address)
        window = needs_window(account)
        files, notes = ([], [_sign_in_note()]) if window else _files_and_notes(account)
        parts = chapters(account, tuple(file.name for file in files))
        guide = Guide(
            title=_("Set up {address} in Outlook").format(address=account.address),
            lead=_("Choose your Outlook below and copy each value into its field."),
            chapters=parts,
            notes=tuple(notes) if window else (),
        )
        guide_file = page(guide, account, f"outlook-{name}.html")
        return Artifact(
            files=(guide_file, *files),
            steps=(open_guide_step(guide_file), *parts[0].steps),
            notes=tuple(notes),
        )


def _sign_in_fault(account: Account) -> ExportFailure | None:
    for server in (account.incoming, account.outgoing):
        if takes_window(server) or any(
            kind.takes_password or kind is Authentication.NTLM for kind in server.authentication
        ):
            continue
        if server is account.outgoing and Authentication.NONE in server.authentication:
            continue
        return ExportFailure(
            _("Outlook does not know the way to sign in that {host} asks for.").format(
                host=server.host
            )
        )
    return None


def _sign_in_note() -> str:
    return _(
        "This provider signs you in in a window of its own. Outlook opens it when you type the"
        " address; server names are not needed then."
    )


def _files_and_notes(account: Account) -> tuple[list[ArtifactFile], list[str]]:
    files: list[ArtifactFile] = []
    notes = [
        _(
            "New Outlook, Outlook for Mac and Outlook on a phone have no import. There you copy the"
            " values from the guide."
        )
    ]
    profile = prf(account)
    if isinstance(profile, ExportFailure):
        notes.append(profile.reason)
    else:
        files.append(profile)
        notes.append(
            _(
                "The .prf file is experimental: Microsoft gives no promise that Outlook still"
                " reads it. The steps of the guide do without it."
            )
        )
    files += autodiscover(account)
    return files, notes
