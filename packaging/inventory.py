"""The parts of a packaged program: a bill of materials (CycloneDX) and the notices with licences.

Everything is read from the folder that is shipped: the ``.dist-info`` of each Python package, and
the parts that come without one, which are listed here.
"""

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

LICENSES: Final = Path(__file__).resolve().parent / "licenses"
_LICENSE_FILES: Final = re.compile(r"(?i)^(licen[cs]e|copying|notice|authors)")
_NAMESPACE: Final = uuid.UUID("5d1f6a2e-0a0c-4d0f-9a52-6b1b8a1f6e37")
_LINE: Final = "=" * 100

LGPL_PARTS: Final = ("pyside6-essentials", "pyside6", "shiboken6")
"""Packages whose wheels name the commercial licence only; used here under the LGPL."""

_QT_SOURCE: Final = """\
Qt and Qt for Python (PySide6, shiboken6), version {version}, are used under the GNU Lesser General
Public License, version 3. They are unchanged and stand as separate libraries in the folder of
PySide6, where anyone may replace them. Their source code: https://download.qt.io/official_releases/
(qt and QtForPython, folders of this version). The texts of the LGPL and GPL follow at the end.
"""

_MPL_SOURCE: Final = """\
{name} is used under the Mozilla Public License 2.0, unchanged. Its source code is the package
itself; its source distribution is in the Python Package Index under this name and version.
"""


@dataclass(frozen=True, slots=True)
class Component:
    """One part: its licence as an SPDX expression or in its own words, and the licence's text."""

    name: str
    version: str
    license: str
    text: str = ""

    @property
    def is_python_package(self) -> bool:
        """Whether it comes from the Python package index."""
        return not self.name.startswith(_BUNDLED_PREFIX)


_BUNDLED_PREFIX: Final = "bundled/"


def python_packages(site_packages: Path) -> list[Component]:
    """The packages in a folder, by name."""
    found = []
    for folder in site_packages.glob("*.dist-info"):
        metadata = HeaderParser().parsestr((folder / "METADATA").read_text(encoding="utf-8"))
        name = re.sub(r"[-_.]+", "-", str(metadata["Name"])).lower()
        version = str(metadata["Version"])
        found.append(Component(name, version, _license(name, metadata), _texts(folder)))
    return sorted(found, key=lambda one: one.name)


def bundled_with_python(folder: Path, version: str) -> list[Component]:
    """What the embeddable Python for Windows contains; its licence file has the texts."""
    text = (folder / "LICENSE.txt").read_text(encoding="utf-8")
    return [
        Component(f"{_BUNDLED_PREFIX}python", version, "PSF-2.0", text),
        Component(f"{_BUNDLED_PREFIX}openssl", "3", "Apache-2.0"),
        Component(f"{_BUNDLED_PREFIX}libffi", "3", "MIT"),
        Component(f"{_BUNDLED_PREFIX}bzip2", "1", "bzip2-1.0.6"),
        Component(f"{_BUNDLED_PREFIX}xz", "5", "0BSD"),
        Component(f"{_BUNDLED_PREFIX}zlib", "1", "Zlib"),
        Component(f"{_BUNDLED_PREFIX}microsoft-vc-runtime", "14", "LicenseRef-Microsoft-VCRuntime"),
    ]


def cyclonedx(components: Iterable[Component], version: str) -> str:
    """The bill of materials, version 1.6, as JSON; the same parts give the same bytes."""
    listed = sorted(components, key=lambda one: (one.name, one.version))
    parts = [_cyclonedx_component(one) for one in listed]
    identity = json.dumps(parts, sort_keys=True)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, identity)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "name": "mailsetup", "version": version,
                "bom-ref": f"mailsetup@{version}", "licenses": [{"expression": "MIT"}],
            },
        },
        "components": parts,
    }  # fmt: skip
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _cyclonedx_component(one: Component) -> dict[str, object]:
    name = one.name.removeprefix(_BUNDLED_PREFIX)
    kind = "pypi" if one.is_python_package else "generic"
    is_expression = re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*", one.license)
    licenses = (
        [{"expression": one.license}] if is_expression else [{"license": {"name": one.license}}]
    )
    purl = f"pkg:{kind}/{name}@{one.version}"
    return {
        "type": "library", "bom-ref": purl, "name": name, "version": one.version,
        "licenses": licenses, "purl": purl,
    }  # fmt: skip


def notices(components: Sequence[Component], qt_notices: str = "") -> str:
    """The notices that are shipped: each part with its licence, then the texts of the GNU licences.

    ``qt_notices`` are those of the code that Qt contains.
    """
    return "\n".join(_notices(components, qt_notices))


def _notices(components: Sequence[Component], qt_notices: str) -> Iterator[str]:
    yield "mailsetup contains these parts of others.\n"
    for one in components:
        yield f"  {one.name.removeprefix(_BUNDLED_PREFIX)} {one.version}: {one.license}"
    for one in components:
        yield f"\n{_LINE}\n{one.name.removeprefix(_BUNDLED_PREFIX)} {one.version}\n{_LINE}\n"
        if one.name in LGPL_PARTS:
            yield _QT_SOURCE.format(version=one.version)
            continue
        if "MPL" in one.license:
            yield _MPL_SOURCE.format(name=one.name)
        yield one.text or f"License: {one.license}"
    if qt_notices:
        yield f"\n{_LINE}\nCode of others in Qt\n{_LINE}\n\n{qt_notices}"
    for path in sorted(LICENSES.glob("*.txt")):
        yield f"\n{_LINE}\n{path.stem}\n{_LINE}\n\n{path.read_text(encoding='utf-8')}"


def _license(name: str, metadata: Message) -> str:
    if name in LGPL_PARTS:
        return "LGPL-3.0-only"
    expression = metadata["License-Expression"]
    if expression:
        return str(expression)
    classified = [
        one.rpartition(" :: ")[2]
        for one in metadata.get_all("Classifier", [])
        if one.startswith("License :: OSI Approved :: ")
    ]
    first_line = str(metadata["License"] or "").strip().partition("\n")[0]
    return " / ".join(classified) or first_line or "see its text"


def _texts(folder: Path) -> str:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    named = [
        path
        for path in sorted(paths)
        if _LICENSE_FILES.match(path.name) or path.parent.name == "licenses"
    ]
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in named)
