"""The agreement of the person to the hosts that get a secret."""


class UnconfirmedError(Exception):
    """A login at hosts that the person did not agree to was requested: a defect of the caller."""
