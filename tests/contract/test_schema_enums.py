"""The words of the JSON schema are those of the enums, so that none is added in one place only."""

import json
from enum import StrEnum

import pytest

from mailsetup import resources
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.finding import Actor, Link, Status
from mailsetup.model.settings import Authentication, Protocol, SocketType
from mailsetup.model.source import Channel, Method

DEFINITIONS = json.loads(resources.read_text("schema", "mailsetup-1.schema.json"))["$defs"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("authentication", Authentication),
        ("server/properties/protocol", Protocol),
        ("server/properties/security", SocketType),
        ("service/properties/security", SocketType),
        ("source/properties/method", Method),
        ("source/properties/channel", Channel),
        ("status", Status),
        ("link", Link),
        ("finding/properties/who", Actor),
        ("discover/properties/outcome", DiscoveryStatus),
        ("check/properties/outcome", DiscoveryStatus),
        ("watch/properties/outcome", DiscoveryStatus),
    ],
)
def test_the_schema_has_the_words_of_the_enum(path: str, words: type[StrEnum]) -> None:
    definition = DEFINITIONS
    for key in path.split("/"):
        definition = definition[key]
    assert definition["enum"] == list(words)
