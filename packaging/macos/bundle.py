"""Build ``mailsetup.app`` and its disk image, on a Mac: ``python -m macos.bundle DIR``.

Needs the packages of ``packaging/requirements/run.txt`` and ``demo.txt``, PyInstaller, and Xcode's
command line tools. With ``MAILSETUP_CODESIGN_IDENTITY`` (a Developer ID Application certificate in
the keychain) everything is signed; with ``MAILSETUP_NOTARY_PROFILE`` (made by ``xcrun notarytool
store-credentials``) Apple is asked to notarise the image, and its ticket is stapled.
"""

import os
import platform
import plistlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import icons
from frozen import COLLECTED, ENTRY
from project import APP_ID, version

ROOT: Final = Path(__file__).resolve().parents[2]
ENTITLEMENTS: Final = Path(__file__).with_name("entitlements.plist")
MINIMUM_MACOS: Final = "13.0"
"""Of the wheels of PySide6."""
ICON_SIZES: Final = (16, 32, 128, 256, 512)
SETTINGS_TYPE: Final = "org.mailsetup.settings"


def info_plist() -> bytes:
    """What macOS reads of the bundle: names, version, languages and the file type."""
    return plistlib.dumps({
        "CFBundleName": "mailsetup",
        "CFBundleDisplayName": "mailsetup",
        "CFBundleIdentifier": APP_ID,
        "CFBundleExecutable": "mailsetup",
        "CFBundlePackageType": "APPL",
        "CFBundleIconFile": "mailsetup.icns",
        "CFBundleShortVersionString": version(),
        "CFBundleVersion": version(),
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": sorted(
            path.name for path in (ROOT / "resources" / "locale").iterdir() if path.is_dir()
        ),
        "LSMinimumSystemVersion": MINIMUM_MACOS,
        "LSApplicationCategoryType": "public.app-category.utilities",
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": "MIT",
        "CFBundleDocumentTypes": [{
            "CFBundleTypeName": "Mail settings",
            "CFBundleTypeRole": "Viewer",
            "LSHandlerRank": "Owner",
            "LSItemContentTypes": [SETTINGS_TYPE],
        }],
        "UTExportedTypeDeclarations": [{
            "UTTypeIdentifier": SETTINGS_TYPE,
            "UTTypeDescription": "Mail settings",
            "UTTypeConformsTo": ["public.json"],
            "UTTypeTagSpecification": {
                "public.filename-extension": ["mailsetup"],
                "public.mime-type": ["application/vnd.mailsetup+json"],
            },
        }],
    })  # fmt: skip


def write_iconset(picture: Path, folder: Path) -> None:
    """Render the pictures from which ``iconutil`` makes an ``.icns`` file."""
    folder.mkdir(parents=True)
    for size in ICON_SIZES:
        for scale, suffix in ((1, ""), (2, "@2x")):
            edge = size * scale
            name = f"icon_{size}x{size}{suffix}.png"
            (folder / name).write_bytes(icons.png(picture, edge))


def pyinstaller_command(work: Path, icon: Path) -> list[str]:
    """The command that makes the bundle below ``work``."""
    words = [
        sys.executable, "-m", "PyInstaller", "--noconfirm", "--windowed", "--name=mailsetup",
        f"--icon={icon}", f"--osx-bundle-identifier={APP_ID}", "--target-architecture=arm64",
        f"--distpath={work / 'dist'}", f"--workpath={work / 'build'}", f"--specpath={work}",
        *COLLECTED,
        "--hidden-import=keyring.backends.macOS",
    ]  # fmt: skip
    return [*words, str(ENTRY)]


def sign_commands(bundle: Path, identity: str) -> list[list[str]]:
    """Sign what is inside first, then the bundle, as ``codesign`` wants it."""
    inner = [path for path in sorted(bundle.rglob("*")) if path.suffix in (".dylib", ".so")]
    common = ["codesign", "--force", "--timestamp", "--options=runtime", f"--sign={identity}"]
    signed = [[*common, str(path)] for path in inner]
    signed.append([*common, f"--entitlements={ENTITLEMENTS}", str(bundle)])
    signed.append(["codesign", "--verify", "--deep", "--strict", str(bundle)])
    return signed


def image_commands(bundle: Path, image: Path, profile: str) -> list[list[str]]:
    """Make the disk image; with the profile of an account, have it notarised."""
    commands = [[
        "hdiutil", "create", "-volname", "mailsetup", "-srcfolder", str(bundle.parent), "-ov",
        "-format", "UDZO", str(image),
    ]]  # fmt: skip
    if profile:
        notary = ["xcrun", "notarytool", "submit", str(image), "--keychain-profile", profile]
        commands += [[*notary, "--wait"], ["xcrun", "stapler", "staple", str(image)]]
    return commands


def build(target: Path) -> Path:
    """Write the disk image. Raises CalledProcessError."""
    identity = os.environ.get("MAILSETUP_CODESIGN_IDENTITY", "")
    profile = os.environ.get("MAILSETUP_NOTARY_PROFILE", "")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        iconset = work / "mailsetup.iconset"
        write_iconset(ROOT / "resources" / "icons" / "mailsetup.svg", iconset)
        icon = work / "mailsetup.icns"
        subprocess.run(["iconutil", "-c", "icns", "-o", icon, iconset], check=True)
        subprocess.run(pyinstaller_command(work, icon), check=True, cwd=ROOT)
        bundle = work / "dist" / "mailsetup.app"
        (bundle / "Contents" / "Info.plist").write_bytes(info_plist())
        shutil.rmtree(work / "dist" / "mailsetup", ignore_errors=True)
        if identity:
            for command in sign_commands(bundle, identity):
                subprocess.run(command, check=True)
        else:
            print("Not signed: MAILSETUP_CODESIGN_IDENTITY names no certificate. macOS will warn.")
        image = target / f"mailsetup-{version()}.dmg"
        for command in image_commands(bundle, image, profile if identity else ""):
            subprocess.run(command, check=True)
    return image


def main(words: list[str]) -> int:
    """Build into the folder that is named. Returns the exit status."""
    if platform.system() != "Darwin":
        print("This needs a Mac: codesign and hdiutil exist nowhere else.", file=sys.stderr)
        return 1
    print(build(Path(words[0] if words else "dist")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
