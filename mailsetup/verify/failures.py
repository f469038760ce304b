"""How a session ends early inside this package; the border turns it into a `DialogueFailure`."""

from types import TracebackType

from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.dialogue import Confidence, DialogueFailure, DialogueFault, Stage
from mailsetup.model.secret import Secret, plain_without_secrets
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import (
    ConnectionLostError,
    DialogueError,
    LeftoverBytesError,
    TooMuchDataError,
)


class DialogueRefusedError(Exception):
    """The server refused, or the dialogue cannot go on for a reason that is known."""

    def __init__(
        self,
        stage: Stage,
        error: DialogueFault,
        *,
        code: str = "",
        text: str = "",
        confidence: Confidence = Confidence.CERTAIN,
        certificate: CertificateFacts | None = None,
    ) -> None:
        super().__init__(str(error))
        self.stage = stage
        self.error = error
        self.code = code
        self.text = text
        self.confidence = confidence
        self.certificate = certificate


class border:  # noqa: N801 - reads as the block that it is
    """Turns every expected end of a block of dialogue into ``outcome()``.

    ``stage`` is told where the end itself does not know better. Secrets are taken out of whatever
    the server said.
    """

    def __init__(self, server: ServerSettings, stage: Stage, secret: Secret | None = None) -> None:
        self._server = server
        self._stage = stage
        self._secret = secret
        self.failure: DialogueFailure | None = None

    def __enter__(self) -> "border":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            return False
        self.failure = self._failure(error)
        return self.failure is not None

    def outcome(self) -> DialogueFailure:
        """The failure. To be asked only behind a block that returned nothing."""
        if self.failure is None:
            raise RuntimeError("the block ended without a failure")
        return self.failure

    def _failure(self, error: BaseException) -> DialogueFailure | None:
        match error:
            case DialogueRefusedError():
                return DialogueFailure(
                    error.stage,
                    error.error,
                    self._server,
                    code=self._told(error.code, 80),
                    text=self._told(error.text),
                    confidence=error.confidence,
                    certificate=error.certificate,
                )
            case TimeoutError():
                meaning, text = DialogueFault.TIMEOUT, ""
            case LeftoverBytesError():
                meaning, text = DialogueFault.INJECTION, ""
            case TooMuchDataError():
                meaning, text = DialogueFault.PROTOCOL_ERROR, "too much data"
            case ConnectionLostError():
                meaning, text = DialogueFault.RESET, ""
            case DialogueError():
                meaning, text = DialogueFault.PROTOCOL_ERROR, ""
            case _:
                return None
        return DialogueFailure(self._stage, meaning, self._server, text=text)

    def _told(self, said: str, limit: int = 300) -> str:
        return plain_without_secrets(said, [(self._server.username, self._secret)], limit)
