"""Every XML document that is published or exported is valid."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.outlook import Outlook
from mailsetup.export.programs.thunderbird_fleet import ThunderbirdFleet
from mailsetup.export.publish.publication import Publication, publication
from mailsetup.model.settings import AccountSettings, Hint
from tests.support.samples.accounts import ORDINARY
from tests.support.samples.published import (
    DOMAIN,
    FULL,
    OPTIONS,
    SIMPLE,
    WINDOW,
    content,
    published,
)

SCHEMAS = Path(__file__).with_name("schemas")
HINTS = (
    Hint("help", "https://bodega.example/ayuda", (("es", "Así & ahora"), ("", "How <to>"))),
    Hint("enable-imap", "https://bodega.example/imap", (("en", "Switch it on"),)),
)
SETTINGS = {
    "simple": SIMPLE,
    "full": replace(FULL, hints=HINTS),
    "window": WINDOW,
    "local-part": SIMPLE.with_username("ana"),
    "no-provider": replace(SIMPLE, provider=""),
}

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(
        shutil.which("xmllint") is None and not os.environ.get("CI"),
        reason="xmllint is not installed",
    ),
]


def fault(document: bytes, schema: str) -> str:
    """xmllint's message about the document; empty when it is valid."""
    done = subprocess.run(
        ["xmllint", "--noout", "--nonet", "--relaxng", str(SCHEMAS / f"{schema}.rng"), "-"],
        input=document,
        capture_output=True,
    )
    return "" if done.returncode == 0 else done.stderr.decode()


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_published_documents_are_valid(settings: AccountSettings) -> None:
    made = published(settings)
    assert fault(content(made, "config-v1.1.xml"), "clientconfig") == ""
    outlooks = made.content("autodiscover.xml")
    assert outlooks is None or fault(outlooks, "autodiscover") == ""


@pytest.mark.parametrize("name", ORDINARY)
def test_exported_documents_are_valid(name: str) -> None:
    for exporter, schema in ((Outlook(), "autodiscover"), (ThunderbirdFleet(), "clientconfig")):
        artifact = exporter.export(ORDINARY[name])
        if isinstance(artifact, Artifact):
            documents = [file.content for file in artifact.files if file.name.endswith(".xml")]
            assert [fault(document, schema) for document in documents] == [""] * len(documents)


def test_the_schemas_refuse_invalid_documents() -> None:
    made = publication(DOMAIN, SIMPLE, OPTIONS)
    assert isinstance(made, Publication)
    config = content(made, "config-v1.1.xml")
    assert fault(config.replace(b"<port>993", b"<port>99993"), "clientconfig")
    assert fault(config.replace(b"socketType>SSL", b"socketType>plain"), "clientconfig")
    assert fault(config.replace(b"<username>", b"<password>x</password><username>"), "clientconfig")
    answer = content(made, "autodiscover.xml")
    assert fault(answer.replace(b"<SSL>on", b"<SSL>yes"), "autodiscover")
    assert fault(answer.replace(b"2006a", b"2006b"), "autodiscover")
