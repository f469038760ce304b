"""The kits, in the order in which they are shown."""

from collections.abc import Callable
from dataclasses import dataclass

from mailsetup.export.exporter import ExportFailure
from mailsetup.export.kit.ansible import ansible_kit
from mailsetup.export.kit.apple import apple_kit
from mailsetup.export.kit.common import DomainTemplate, KitFile
from mailsetup.export.kit.outlook import outlook_kit
from mailsetup.export.kit.thunderbird import thunderbird_kit


@dataclass(frozen=True, slots=True)
class Kit:
    """One management system; ``id`` is also the folder of its files."""

    id: str
    make: Callable[[DomainTemplate], tuple[KitFile, ...] | ExportFailure]


KITS = (
    Kit("thunderbird", thunderbird_kit),
    Kit("outlook", outlook_kit),
    Kit("apple", apple_kit),
    Kit("ansible", ansible_kit),
)
