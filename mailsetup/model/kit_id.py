"""The ids of the kits; the command line's help lists them without loading the kits."""

from enum import StrEnum


class KitId(StrEnum):
    """A kit; its id is also the folder of its files."""

    THUNDERBIRD = "thunderbird"
    OUTLOOK = "outlook"
    APPLE = "apple"
    ANSIBLE = "ansible"
