"""Thunderbird for Android and K-9 Mail: a QR code to scan, a settings file, and a guide."""

from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
    CopyValue,
    ExportFailure,
    InstructionStep,
    instructions,
)
from mailsetup.export.filename import stem
from mailsetup.export.guide.page import (
    Guide,
    GuideChapter,
    GuideDialog,
    GuideRow,
    GuideStyle,
    address_value,
    credential_rows,
    page,
    security_name,
    server_values,
)
from mailsetup.export.guide.qr import QrCode, QrMatrix, encode
from mailsetup.export.programs.k9_settings import qr_payload, settings_file, signs_in_by_oauth2
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Protocol

EASY_TO_SCAN = 800
"""Characters above which Thunderbird itself warns that a code is hard to scan."""

_MIME = "application/x-k9settings"


def qr_matrix(account: Account) -> QrMatrix | ExportFailure:
    """The QR code to be drawn in a window, with `qr.QUIET_ZONE` light modules around it."""
    payload = qr_payload(account)
    if isinstance(payload, ExportFailure):
        return payload
    code = encode(payload)
    return code.matrix if code else ExportFailure(_too_long())


class ThunderbirdAndroid:
    """Thunderbird for Android and K-9 Mail, which are the same app with two names."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The QR code as pictures, the settings file, and a guide."""
        payload, content = qr_payload(account), settings_file(account)
        if isinstance(payload, ExportFailure):
            return payload
        if isinstance(content, ExportFailure):
            return content
        name = f"thunderbird-android-{stem(account.address)}"
        code = encode(payload)
        settings = ArtifactFile(f"{name}.k9s", content, _MIME, private=True)
        pictures = _pictures(name, code) if code else ()
        notes = _notes(account, payload, code, settings.name)
        chapters = _chapters(account, code, pictures, settings)
        guide = page(
            Guide(
                title=_("Set up {address} on an Android phone").format(address=account.address),
                lead=_("For Thunderbird and for K-9 Mail: they work the same."),
                chapters=chapters,
                notes=notes,
            ),
            account,
            f"{name}.html",
        )
        return Artifact(files=(*pictures, settings, guide), steps=chapters[0].steps, notes=notes)


def _pictures(name: str, code: QrCode) -> tuple[ArtifactFile, ...]:
    return (
        ArtifactFile(f"{name}.png", code.png, "image/png", private=True),
        ArtifactFile(f"{name}.svg", code.svg, "image/svg+xml", private=True),
    )


def _too_long() -> str:
    return _("The account holds too much text for a QR code. Use the settings file.")


def _notes(account: Account, payload: str, code: QrCode | None, settings: str) -> tuple[str, ...]:
    notes = []
    if code is None:
        notes.append(_too_long())
    elif len(payload) > EASY_TO_SCAN:
        notes.append(
            _(
                "This QR code holds much text and may be hard to scan. If the phone does not read"
                " it, use the file {name}."
            ).format(name=settings)
        )
    if account.incoming.protocol is Protocol.POP3:
        notes.append(_("Messages that you delete on the phone stay on the server."))
    return tuple(notes)


def _chapters(
    account: Account,
    code: QrCode | None,
    pictures: tuple[ArtifactFile, ...],
    settings: ArtifactFile,
) -> tuple[GuideChapter, ...]:
    chapters = [_file_chapter(account, settings), _hand_chapter(account)]
    if code is not None:
        chapters.insert(0, _scan_chapter(account, code, pictures[0]))
    return tuple(chapters)


def _open_import() -> InstructionStep:
    return InstructionStep(
        _(
            "On the phone open the app and tap “Import settings”. If you use the app already, you"
            " find it in the app's settings."
        )
    )


def sign_in_step(account: Account) -> InstructionStep:
    """How the user signs in to the app, at the end."""
    if signs_in_by_oauth2(account):
        return InstructionStep(_("Tap “Sign in” and sign in at your provider."))
    return InstructionStep(_("Type your password when the app asks for it."))


def _scan_chapter(account: Account, code: QrCode, picture: ArtifactFile) -> GuideChapter:
    return GuideChapter(
        title=_("With the QR code"),
        lead=_("The fastest way: the phone reads everything but the password."),
        steps=instructions(
            _("Install Thunderbird or K-9 Mail on the phone from its app store."),
            _open_import(),
            _("Tap “Scan QR code” and allow the app to use the camera."),
            _(
                "Hold the phone in front of the QR code. If you do not see it here, open {name}"
                " on this computer."
            ).format(name=picture.name),
            _("Tap “Done”, then “Import”."),
            sign_in_step(account),
        ),
        code=code.matrix,
    )


def _file_chapter(account: Account, settings: ArtifactFile) -> GuideChapter:
    return GuideChapter(
        title=_("With the settings file"),
        lead=_("When the camera does not read the code."),
        steps=instructions(
            InstructionStep(
                _("Copy {name} to the phone: by cable, or through your cloud storage.").format(
                    name=settings.name
                ),
                (CopyValue(_("File"), settings.name),),
            ),
            _open_import(),
            _("Tap “Select file”, choose the file and tap “Import”."),
            sign_in_step(account),
        ),
    )


def _hand_chapter(account: Account) -> GuideChapter:
    incoming = account.incoming
    return GuideChapter(
        title=_("By hand"),
        lead=_("This works always, also in other mail apps."),
        steps=instructions(
            InstructionStep(
                _("Add an account and type the address."),
                (address_value(account),),
            ),
            _("If the app has found other servers, choose to edit the configuration."),
            InstructionStep(_("Incoming server settings:"), server_values(incoming)),
            InstructionStep(_("Outgoing server settings:"), server_values(account.outgoing)),
            sign_in_step(account),
        ),
        dialog=GuideDialog(
            _("Incoming server settings"),
            (
                GuideRow(_("Server"), incoming.host),
                GuideRow(_("Encryption"), security_name(incoming.security), GuideStyle.CHOICE),
                GuideRow(_("Port"), str(incoming.port)),
                *credential_rows(incoming),
            ),
            _("Next"),
        ),
    )
