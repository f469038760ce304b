"""Autoconfig documents on this computer."""

import sys
from pathlib import Path

import pytest

from mailsetup.discovery.sources.isp_files import IspFiles
from mailsetup.discovery.trust import domains_to_confirm
from mailsetup.model.source import Channel
from mailsetup.model.source_result import Found, NotFound, Unreachable
from tests.support.network.scripted_network import (
    ScriptedNetwork,
    address,
    config,
)
from tests.support.network.sources import found_by, result_of


def test_the_users_file_is_preferred_to_the_computers(tmp_path: Path) -> None:
    own, everybodys = tmp_path / "own", tmp_path / "all"
    for folder, host in ((everybodys, "all.hoster.com"), (own, "own.hoster.com")):
        assert isinstance(
            result_of(IspFiles([own, everybodys]), ScriptedNetwork()), NotFound | Found
        )
        folder.mkdir()
        (folder / "bodega.es.xml").write_bytes(config(host))
    outcome = found_by(IspFiles([own, everybodys]), ScriptedNetwork())
    assert outcome.settings.incoming[0].host == "own.hoster.com"
    assert outcome.source.channel is Channel.FILE
    assert domains_to_confirm(outcome, address()) == ()
    outcome = found_by(IspFiles([tmp_path / "none", everybodys]), ScriptedNetwork())
    assert outcome.settings.incoming[0].host == "all.hoster.com"


def test_an_invalid_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "bodega.es.xml"
    path.write_bytes(b"<html></html>")
    assert result_of(IspFiles([tmp_path]), ScriptedNetwork()) == NotFound(
        str(path), "html", (f"file-unusable:{path}",)
    )
    path.write_bytes(b"x" * 300_000)
    assert result_of(IspFiles([tmp_path]), ScriptedNetwork()) == NotFound(
        str(path), "too-large", (f"file-unusable:{path}",)
    )
    path.unlink()
    path.mkdir()
    unreadable = (f"file-unreadable:{path}",)
    assert result_of(IspFiles([tmp_path]), ScriptedNetwork()) == Unreachable(
        str(path), "isadirectoryerror", unreadable
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_file_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    own, everybodys = tmp_path / "own", tmp_path / "all"
    for folder, host in ((everybodys, "all.hoster.com"), (own, "own.hoster.com")):
        folder.mkdir()
        (folder / "bodega.es.xml").write_bytes(config(host))
    path = own / "bodega.es.xml"
    path.chmod(0o646)
    warnings = (f"file-writable:{path}",)
    assert result_of(IspFiles([own]), ScriptedNetwork()) == Unreachable(
        str(path), "file-writable", warnings
    )
    outcome = found_by(IspFiles([own, everybodys]), ScriptedNetwork())
    assert outcome.settings.incoming[0].host == "all.hoster.com"
    assert outcome.warnings == warnings
