"""Kinds of mail programs that people name instead of a program."""

from enum import StrEnum


class ProgramKind(StrEnum):
    """A kind; `Target.kind` says which program is used for it."""

    PHONE = "phone"
    OTHER = "other"
    """Any program without a row of its own."""
