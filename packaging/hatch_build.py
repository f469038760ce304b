"""Hatchling's hook: compiles the catalogues of texts into the wheel."""

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds each language's compiled catalogue and its CLDR data; the texts stay outside."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Called before the files of the wheel are collected."""
        root = Path(self.root)
        compiler = runpy.run_path(str(root / "mailsetup" / "i18n" / "catalogue.py"))
        self._folder = tempfile.TemporaryDirectory()
        files = build_data["force_include"]
        for data in sorted((root / "resources" / "locale").glob("*/cldr.json")):
            code = data.parent.name
            target = f"mailsetup/_resources/locale/{code}"
            files[str(data)] = f"{target}/cldr.json"
            source = data.parent / "LC_MESSAGES" / "mailsetup.po"
            if source.exists():
                compiled = Path(self._folder.name) / f"{code}.mo"
                messages = compiler["read_po"](source.read_text(encoding="utf-8"))
                compiled.write_bytes(compiler["mo_bytes"](messages))
                files[str(compiled)] = f"{target}/LC_MESSAGES/mailsetup.mo"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Called when the wheel is written."""
        self._folder.cleanup()
