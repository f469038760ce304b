"""The exception by which a failed connection leaves httpcore2."""

from mailsetup.net.dial import ConnectFailure


class ConnectError(Exception):
    """Carries a connection's failure through httpcore2 unchanged."""

    def __init__(self, failure: ConnectFailure) -> None:
        super().__init__(failure.fault)
        self.failure = failure
