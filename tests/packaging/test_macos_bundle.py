"""The parts of the macOS bundle that can be checked without a Mac."""

import plistlib
from pathlib import Path

from PySide6.QtGui import QImage

from macos.bundle import (
    ENTITLEMENTS,
    ICON_SIZES,
    MINIMUM_MACOS,
    image_commands,
    info_plist,
    pyinstaller_command,
    sign_commands,
    write_iconset,
)
from project import version

ROOT = Path(__file__).resolve().parents[2]


def test_the_property_list_has_what_macos_requires() -> None:
    content = plistlib.loads(info_plist())
    assert content["CFBundleShortVersionString"] == version()
    assert content["CFBundleExecutable"] == "mailsetup"
    assert content["LSMinimumSystemVersion"] == MINIMUM_MACOS
    assert {"en", "es"} <= set(content["CFBundleLocalizations"])


def test_the_file_type_is_declared_and_opened() -> None:
    content = plistlib.loads(info_plist())
    (declared,) = content["UTExportedTypeDeclarations"]
    (opened,) = content["CFBundleDocumentTypes"]
    assert declared["UTTypeTagSpecification"]["public.filename-extension"] == ["mailsetup"]
    assert opened["LSItemContentTypes"] == [declared["UTTypeIdentifier"]]


def test_the_entitlements_are_a_property_list_of_flags() -> None:
    content = plistlib.loads(ENTITLEMENTS.read_bytes())
    assert content
    assert all(value is True for value in content.values())


def test_the_icon_has_every_size_in_both_resolutions(tmp_path: Path) -> None:
    folder = tmp_path / "mailsetup.iconset"
    write_iconset(ROOT / "resources" / "icons" / "mailsetup.svg", folder)
    for size in ICON_SIZES:
        for name, edge in (
            (f"icon_{size}x{size}.png", size),
            (f"icon_{size}x{size}@2x.png", 2 * size),
        ):
            image = QImage(str(folder / name))
            assert (image.width(), image.height()) == (edge, edge)


def test_libraries_are_signed_before_the_bundle_that_contains_them(tmp_path: Path) -> None:
    bundle = tmp_path / "mailsetup.app"
    library = bundle / "Contents" / "Frameworks" / "libone.dylib"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"")
    commands = sign_commands(bundle, "Developer ID")
    assert [command[-1] for command in commands] == [str(library), str(bundle), str(bundle)]
    assert any("--entitlements" in word for word in commands[1])
    assert not any("--entitlements" in word for word in commands[0])


def test_only_a_signed_image_is_sent_to_be_notarised(tmp_path: Path) -> None:
    bundle, image = tmp_path / "dist" / "mailsetup.app", tmp_path / "mailsetup.dmg"
    assert [command[0] for command in image_commands(bundle, image, "")] == ["hdiutil"]
    programs = [command[0] for command in image_commands(bundle, image, "profile")]
    assert programs == ["hdiutil", "xcrun", "xcrun"]


def test_pyinstaller_gets_all_data_of_the_program(tmp_path: Path) -> None:
    command = pyinstaller_command(tmp_path, tmp_path / "mailsetup.icns")
    assert {"--collect-data=mailsetup", "--windowed"} <= set(command)
