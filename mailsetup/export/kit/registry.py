"""The kits, in the order in which they are shown."""

from collections.abc import Callable
from dataclasses import dataclass

from mailsetup.export.exporter import ExportFailure
from mailsetup.export.kit.ansible import ansible_kit
from mailsetup.export.kit.apple import apple_kit
from mailsetup.export.kit.common import DomainTemplate, KitFile
from mailsetup.export.kit.outlook import outlook_kit
from mailsetup.export.kit.thunderbird import thunderbird_kit
from mailsetup.model.kit_id import KitId


@dataclass(frozen=True, slots=True)
class Kit:
    """One management system; ``id`` is also the folder of its files."""

    id: KitId
    make: Callable[[DomainTemplate], tuple[KitFile, ...] | ExportFailure]


KITS = (
    Kit(KitId.THUNDERBIRD, thunderbird_kit),
    Kit(KitId.OUTLOOK, outlook_kit),
    Kit(KitId.APPLE, apple_kit),
    Kit(KitId.ANSIBLE, ansible_kit),
)
