"""The state that the parts of one check share."""

from dataclasses import replace

from mailsetup.assistant.check.progress import CheckProgress
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.events import Emit
from mailsetup.assistant.redaction import Redaction
from mailsetup.diagnosis.guard import Guard
from mailsetup.model.settings import Protocol, ServerSettings
from mailsetup.net.network import Network


class CheckContext:
    """Request, network and progress. ``account`` has the servers and user names proven so far."""

    def __init__(self, request: CheckRequest, net: Network, emit: Emit) -> None:
        self.request = request
        self.net = net
        self.account = request.account
        self.guard = Guard()
        self.progress = CheckProgress(net.clock, emit, lambda: self.redaction)

    def use(self, server: ServerSettings) -> None:
        """Replace the account's server of this direction."""
        if server.protocol is Protocol.SMTP:
            self.account = replace(self.account, outgoing=server)
        else:
            self.account = replace(self.account, incoming=server)

    @property
    def redaction(self) -> Redaction:
        """Removes the secrets of the request."""
        second = self.request.second
        secrets = [self.request.secret, *([second.secret] if second is not None else [])]
        return Redaction(self.account, secrets)
