"""How a dialogue ends early: an exception inside this package, a `DialogueFailure` outside."""

from typing import Self, TypeVar

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

T = TypeVar("T")


def required(value: T | None, otherwise: str) -> T:
    """The value, where the order of calls ensures that there is one; else a RuntimeError."""
    if value is None:
        raise RuntimeError(otherwise)
    return value


class DialogueRefusedError(Exception):
    """The server refused a command, or the dialogue cannot continue for a known reason."""

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


def starttls_missing(code: str = "", text: str = "") -> DialogueRefusedError:
    """The server does not offer STARTTLS, or refuses it with this code and text."""
    return DialogueRefusedError(
        Stage.STARTTLS, DialogueFault.STARTTLS_MISSING, code=code, text=text
    )


class DialogueGuard:
    """A context manager that catches every expected error of a dialogue as a `DialogueFailure`.

    ``stage`` is reported for errors that carry no stage of their own. Secrets are removed from the
    server's text.
    """

    def __init__(self, server: ServerSettings, stage: Stage, secret: Secret | None = None) -> None:
        self._server = server
        self._stage = stage
        self._secret = secret
        self.failure: DialogueFailure | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if error is None:
            return False
        self.failure = self._failure(error)
        return self.failure is not None

    def required_failure(self) -> DialogueFailure:
        """The failure; for use after a block that returns when it succeeds."""
        return required(self.failure, "the block ended without a failure")

    def _failure(self, error: BaseException) -> DialogueFailure | None:
        match error:
            case DialogueRefusedError():
                return DialogueFailure(
                    error.stage,
                    error.error,
                    self._server,
                    code=self._redacted(error.code, 80),
                    text=self._redacted(error.text),
                    confidence=error.confidence,
                    certificate=error.certificate,
                )
            case TimeoutError():
                fault, text = DialogueFault.TIMEOUT, ""
            case LeftoverBytesError():
                fault, text = DialogueFault.INJECTION, ""
            case TooMuchDataError():
                fault, text = DialogueFault.PROTOCOL_ERROR, "too much data"
            case ConnectionLostError():
                fault, text = DialogueFault.RESET, ""
            case DialogueError():
                fault, text = DialogueFault.PROTOCOL_ERROR, ""
            case _:
                return None
        return DialogueFailure(self._stage, fault, self._server, text=text)

    def _redacted(self, text: str, limit: int = 300) -> str:
        return plain_without_secrets(text, [(self._server.username, self._secret)], limit)
