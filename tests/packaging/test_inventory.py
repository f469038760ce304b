"""The bill of materials and the licence notices of what is shipped."""

import json
from pathlib import Path

import pytest

from inventory import Component, bundled_with_python, cyclonedx, notices, python_packages


@pytest.fixture
def site_packages(tmp_path: Path) -> Path:
    """Three installed packages that name their licences in the three ways that occur."""
    osi = "License :: OSI Approved :: BSD License"
    for name, version, line, text in (
        ("One", "1.0", "License-Expression: MIT", "the text of one"),
        ("two_x", "2.0", f"Classifier: {osi}", "the text of two"),
        ("shiboken6", "6.1", "License-Expression: LicenseRef-Commercial", "the commercial licence"),
        ("mpl", "3", "License-Expression: MPL-2.0", "the text of the MPL"),
    ):
        place = tmp_path / f"{name}-{version}.dist-info"
        (place / "licenses").mkdir(parents=True)
        metadata = f"Name: {name}\nVersion: {version}\n{line}\n\n"
        (place / "METADATA").write_text(metadata, encoding="utf-8")
        (place / "licenses" / "LICENSE").write_text(text, encoding="utf-8")
    return tmp_path


def test_every_package_is_listed_with_its_licence(site_packages: Path) -> None:
    found = {one.name: (one.version, one.license) for one in python_packages(site_packages)}
    assert found == {
        "mpl": ("3", "MPL-2.0"),
        "one": ("1.0", "MIT"),
        "shiboken6": ("6.1", "LGPL-3.0-only"),
        "two-x": ("2.0", "BSD License"),
    }


def test_notices_have_the_text_of_every_licence(site_packages: Path) -> None:
    text = notices(python_packages(site_packages), "the notices of Qt")
    for expected in ("the text of one", "the text of two", "the text of the MPL",
                     "the notices of Qt", "GNU LESSER GENERAL PUBLIC LICENSE",
                     "GNU GENERAL PUBLIC LICENSE"):  # fmt: skip
        assert expected in text


def test_qt_is_used_under_the_lgpl_and_its_source_is_named(site_packages: Path) -> None:
    text = notices(python_packages(site_packages))
    assert "the commercial licence" not in text
    assert "GNU Lesser General\nPublic License, version 3" in text
    assert "Their source code: https://download.qt.io/" in text


def test_a_package_under_the_mpl_comes_with_the_place_of_its_source(site_packages: Path) -> None:
    assert "mpl is used under the Mozilla Public License 2.0" in notices(
        python_packages(site_packages)
    )


def test_the_bill_of_materials_names_every_part_once(site_packages: Path) -> None:
    (site_packages / "LICENSE.txt").write_text("PSF", encoding="utf-8")
    parts = [*python_packages(site_packages), *bundled_with_python(site_packages, "3.13.2")]
    document = json.loads(cyclonedx(parts, "1.2.3"))
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["version"] == "1.2.3"
    references = [one["bom-ref"] for one in document["components"]]
    assert len(references) == len(set(references)) == len(parts)
    assert "pkg:pypi/one@1.0" in references
    assert "pkg:generic/python@3.13.2" in references
    by_name = {one["name"]: one["licenses"] for one in document["components"]}
    assert by_name["one"] == [{"expression": "MIT"}]
    assert by_name["two-x"] == [{"license": {"name": "BSD License"}}]


def test_the_same_parts_give_the_same_bytes_in_any_order() -> None:
    parts = [Component("b", "2", "MIT"), Component("a", "1", "MIT")]
    assert cyclonedx(parts, "1") == cyclonedx(reversed(parts), "1")
    assert cyclonedx(parts, "1") != cyclonedx(parts[:1], "1")
