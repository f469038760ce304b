"""The packages for Linux, as far as they can be inspected without building the program.

``python -m linux.verify`` builds on it: it installs the packages in bare systems.
"""

import gzip
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from PySide6.QtGui import QImage

import icons
from linux import deb, flatpak_sources, libraries, notices, prune, share, tarball
from mailsetup.system.display_libraries import PACKAGES
from project import APP_ID, epoch, version

ROOT = Path(__file__).resolve().parent.parent.parent
EPOCH = 1_700_000_000
MIME_TYPE = "application/vnd.mailsetup+json"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def program_folder(folder: Path) -> Path:
    """A small folder in the shape of PyInstaller's, with a script as the program."""
    internal = folder / "_internal"
    internal.mkdir(parents=True)
    (folder / "mailsetup").write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    (folder / "mailsetup").chmod(0o755)
    (internal / "data.txt").write_text("data\n", encoding="utf-8")
    (internal / "link").symlink_to("data.txt")
    for name in prune.X11_HELPERS:
        (internal / name).write_bytes(b"library")
    return folder


@pytest.fixture
def contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> deb.Contents:
    monkeypatch.setattr(deb, "glibc", lambda _folder: "2.36")
    monkeypatch.setattr(tarball, "glibc", lambda _folder: "2.36")
    monkeypatch.setattr(tarball, "write_for_other_systems", lambda _folder: None)
    application = program_folder(tmp_path / "application")
    files, licenses = tmp_path / "share", tmp_path / "licenses"
    share.write_share(files, application / "mailsetup", "1.2.3", EPOCH)
    licenses.mkdir()
    (licenses / "PARTS").write_text("parts\n", encoding="utf-8")
    return deb.Contents(application, files, licenses, "6.11.3")


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version() == project["version"]


def test_the_time_of_the_files_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "12345")
    assert epoch() == 12345


@needs("desktop-file-validate")
@pytest.mark.programs
def test_the_menu_entry_is_valid() -> None:
    command = ["desktop-file-validate", str(share.FILES / "mailsetup.desktop")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_menu_entry_opens_settings_files() -> None:
    text = (share.FILES / "mailsetup.desktop").read_text(encoding="utf-8")
    entries = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    assert entries["Exec"] == "mailsetup %f"
    assert entries["MimeType"] == f"{MIME_TYPE};"
    assert entries["Comment[es]"]


@needs("appstreamcli")
@pytest.mark.programs
def test_the_metainfo_is_valid(tmp_path: Path) -> None:
    path = tmp_path / f"{APP_ID}.metainfo.xml"
    path.write_text(share.metainfo("1.2.3", EPOCH), encoding="utf-8")
    command = ["appstreamcli", "validate", "--no-net", "--pedantic", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_metainfo_names_this_release() -> None:
    root = ElementTree.fromstring(share.metainfo("1.2.3", EPOCH))  # noqa: S314 - our own
    release = root.find("releases/release")
    assert release is not None
    assert release.attrib == {"version": "1.2.3", "date": "2023-11-14"}
    assert root.findtext("launchable") == "mailsetup.desktop"
    assert root.findtext("provides/mediatype") == MIME_TYPE


def test_the_file_type_is_that_of_the_menu_entry() -> None:
    names = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
    root = ElementTree.parse(share.FILES / "mailsetup-mime.xml").getroot()  # noqa: S314 - our own
    kind = root.find("m:mime-type", names)
    assert kind is not None
    assert kind.get("type") == MIME_TYPE
    pattern = kind.find("m:glob", names)
    assert pattern is not None
    assert pattern.get("pattern") == "*.mailsetup"


def test_icons_have_every_size_and_a_transparent_ground(tmp_path: Path) -> None:
    svg = ROOT / "resources" / "icons" / "mailsetup.svg"
    written = icons.write_icons(svg, tmp_path, "mailsetup")
    assert {path.suffix for path in written} == {".svg", ".png"}
    for size in icons.SIZES:
        image = QImage(str(tmp_path / f"{size}x{size}" / "apps" / "mailsetup.png"))
        assert (image.width(), image.height()) == (size, size)
        assert image.pixelColor(0, 0).alpha() == 0
        assert image.pixelColor(size // 2, size - size // 5).name() == "#0f62ac"


def test_pruning_keeps_what_the_window_needs_only(tmp_path: Path) -> None:
    qt = tmp_path / "PySide6" / "Qt"
    kept = ("plugins/platforms/libqxcb.so", "lib/libQt6Core.so.6", "translations/qtbase_es.qm")
    dropped = (
        "plugins/platformthemes/libqgtk3.so", "plugins/platforms/libqvnc.so", "qml/QtQuick/x.qml",
        "lib/libQt6Network.so.6", "translations/qtbase_de.qm",
    )  # fmt: skip
    for name in (*kept, *dropped):
        path = qt / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    for name in ("libgtk-3.so.0", "libstdc++.so.6", "libssl.so.3", "libffi.so.8"):
        (tmp_path / name).write_bytes(b"")
    for name in ("libQt6Core.so.6", "libQt6Network.so.6"):
        (tmp_path / name).symlink_to(f"PySide6/Qt/lib/{name}")
    for name in ("QtCore.abi3.so", "QtNetwork.abi3.so"):
        (tmp_path / "PySide6" / name).write_bytes(b"")
    information = tmp_path / "keyring-1.dist-info"
    information.mkdir()
    for name in ("METADATA", "RECORD", "entry_points.txt"):
        (information / name).write_bytes(b"")
    prune.prune(tmp_path)
    assert {path.name for path in information.iterdir()} == {"METADATA", "entry_points.txt"}
    left = {path.relative_to(qt).as_posix() for path in qt.rglob("*") if path.is_file()}
    assert left == set(kept)
    assert not (qt / "qml").exists()
    assert {path.name for path in tmp_path.glob("lib*")} == {"libffi.so.8", "libQt6Core.so.6"}
    assert {path.name for path in (tmp_path / "PySide6").glob("*.so")} == {"QtCore.abi3.so"}


@needs("objdump")
@pytest.mark.programs
@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
def test_needed_libraries_are_those_outside_the_folder(tmp_path: Path) -> None:
    assert libraries.needed(tmp_path) == set()
    shutil.copy(str(shutil.which("dpkg-deb") or "/bin/ls"), tmp_path / "program")
    names = libraries.needed(tmp_path)
    assert "libc.so.6" in names
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert libraries.needed(tmp_path) == set()


def test_packages_have_the_names_of_every_supported_release() -> None:
    found = libraries.depends(
        ("libc.so.6", "libglib-2.0.so.0", "libgthread-2.0.so.0", "libssl.so.3", "libEGL.so.1"),
        "2.36",
    )
    assert found == [
        "libc6 (>= 2.36)", "libegl1", "libglib2.0-0t64 | libglib2.0-0", "libssl3t64 | libssl3",
    ]  # fmt: skip


def test_an_unknown_library_ends_the_build() -> None:
    with pytest.raises(libraries.LibraryError, match="libunknown"):
        libraries.depends(("libunknown.so.1",), "2.36")


def test_the_package_depends_on_no_version_of_python() -> None:
    packages = libraries.depends(PACKAGES, "2.36")
    assert not [name for name in packages if name.startswith("python")]


def test_the_control_file_has_the_fields_of_the_policy() -> None:
    text = deb.control_file("1.2.3", ["libegl1", "ca-certificates"], 42)
    fields = dict(re.findall(r"^([A-Z][\w-]+): (.*)$", text, re.MULTILINE))
    assert fields["Package"] == "mailsetup"
    assert fields["Version"] == "1.2.3"
    assert fields["Installed-Size"] == "42"
    assert fields["Depends"] == "ca-certificates, libegl1"
    assert len(fields["Description"]) < 80
    body = text.partition("Description: ")[2].splitlines()[1:]
    assert all(re.match(r" (\.|\S)", line) and len(line) <= 80 for line in body)


@needs("dpkg-deb")
@pytest.mark.programs
def test_a_package_is_built_from_a_folder(contents: deb.Contents, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    path = deb.build(contents, tmp_path / "work", tmp_path, "1.2.3", EPOCH)
    assert path.name == "mailsetup_1.2.3_amd64.deb"
    listed = subprocess.run(
        ["dpkg-deb", "--contents", str(path)], capture_output=True, text=True, check=True
    ).stdout
    for name in (
        "./opt/mailsetup/mailsetup", "./usr/share/applications/mailsetup.desktop",
        "./usr/share/mime/packages/mailsetup.xml", f"./usr/share/metainfo/{APP_ID}.metainfo.xml",
        "./usr/share/icons/hicolor/512x512/apps/mailsetup.png",
        "./usr/share/man/man1/mailsetup.1.gz", "./usr/share/man/es/man1/mailsetup.1.gz",
        "./usr/share/doc/mailsetup/copyright",
        "./usr/share/bash-completion/completions/mailsetup",
        "./usr/share/zsh/vendor-completions/_mailsetup",
        "./usr/share/fish/vendor_completions.d/mailsetup.fish",
        "./usr/bin/mailsetup -> /opt/mailsetup/mailsetup",
    ):  # fmt: skip
        assert f" {name}\n" in listed
    assert {line.split()[1] for line in listed.splitlines()} == {"root/root"}
    assert "libxcb-cursor" not in listed
    information = subprocess.run(
        ["dpkg-deb", "--info", str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert "postinst" not in information
    assert "Version: 1.2.3" in information


def build_archive(contents: deb.Contents, work: Path) -> Path:
    work.mkdir()
    return tarball.build(contents, work, work, "1.2.3", EPOCH)


def build_deb(contents: deb.Contents, work: Path) -> Path:
    work.mkdir()
    return deb.build(contents, work, work, "1.2.3", EPOCH)


@pytest.mark.parametrize(
    "build",
    [build_archive, pytest.param(build_deb, marks=[pytest.mark.programs, needs("dpkg-deb")])],
)
def test_the_same_folder_gives_the_same_bytes(
    build: Callable[[deb.Contents, Path], Path], contents: deb.Contents, tmp_path: Path
) -> None:
    first = build(contents, tmp_path / "first").read_bytes()
    for path in contents.application.rglob("*"):
        path.touch()
    for path in contents.share.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
    assert build(contents, tmp_path / "second").read_bytes() == first


def test_the_archive_is_sorted_and_owned_by_root(contents: deb.Contents, tmp_path: Path) -> None:
    path = build_archive(contents, tmp_path / "work")
    assert path.name == "mailsetup-1.2.3-linux-x86_64.tar.xz"
    with tarfile.open(path) as archive:
        entries = archive.getmembers()
        readme = archive.extractfile("mailsetup-1.2.3-linux-x86_64/README")
        assert readme is not None
        assert b"./mailsetup " in readme.read()
    names = [entry.name.split("/") for entry in entries]
    assert names == sorted(names)
    assert {(entry.uid, entry.gid, entry.uname, entry.mtime) for entry in entries} == {
        (0, 0, "root", EPOCH)
    }
    assert any(entry.name.endswith("libxcb-cursor.so.0") for entry in entries)


@pytest.mark.skipif(sys.platform == "win32", reason="a script for a POSIX shell")
def test_the_archive_puts_links_into_the_menu_and_takes_them_out(
    contents: deb.Contents, tmp_path: Path
) -> None:
    build_archive(contents, tmp_path / "work")
    folder = tmp_path / "work" / "mailsetup-1.2.3-linux-x86_64"
    home = tmp_path / "home"
    home.mkdir()
    variables = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    subprocess.run([str(folder / "install.sh")], env=variables, check=True)
    assert (home / ".local/bin/mailsetup").resolve() == folder / "mailsetup"
    assert (home / ".local/share/applications/mailsetup.desktop").is_symlink()
    subprocess.run([str(folder / "install.sh"), "--remove"], env=variables, check=True)
    assert [path for path in home.rglob("*") if path.is_symlink()] == []


def test_the_manual_page_is_compressed_without_a_time() -> None:
    page = share.compressed(b".TH MAILSETUP 1\n")
    assert gzip.decompress(page) == b".TH MAILSETUP 1\n"
    assert page[4:8] == bytes(4)


def test_the_copyright_file_refers_to_the_texts_of_the_system() -> None:
    text = notices.copyright_file("6.11.3")
    assert text.startswith("Format: https://www.debian.org/doc/packaging-manuals/copyright-format")
    assert "/usr/share/common-licenses/LGPL-3" in text
    assert "Permission is hereby granted" in text
    assert not re.search(r"^\s*$\n^ ", text, re.MULTILINE), "an empty line inside a field"


def test_each_installed_part_has_a_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cryptography

    documents = tmp_path / "documents"
    for name in notices.SYSTEM_PARTS:
        (documents / name).mkdir(parents=True)
        (documents / name / "copyright").write_text("text\n", encoding="utf-8")
    monkeypatch.setattr(notices, "DOCUMENTS", documents)
    site_packages = Path(cryptography.__file__).parent.parent
    notices.write_licenses(tmp_path / "licenses", site_packages)
    parts = (tmp_path / "licenses" / "PARTS").read_text(encoding="utf-8")
    assert re.search(r"^cryptography \S+: Apache-2.0 OR BSD-3-Clause$", parts, re.MULTILINE)
    assert "pyside6-essentials" in parts
    assert "LGPL-3.0-only" in parts
    assert "pytest" not in parts
    assert list((tmp_path / "licenses" / "cryptography").iterdir())


def test_the_list_for_the_build_fits_the_others_and_has_hashes() -> None:
    folder = ROOT / "packaging" / "requirements"
    blocks = re.split(r"^(?=[A-Za-z0-9])", (folder / "build.txt").read_text("utf-8"), flags=re.M)
    entries = [block for block in blocks if "==" in block]
    assert any(entry.startswith("pyinstaller==") for entry in entries)
    assert all("--hash=sha256:" in entry and "://" not in entry for entry in entries)
    others = "".join((folder / f"{name}.txt").read_text("utf-8") for name in ("run", "demo"))
    installed = set(re.findall(r"^([\w.-]+)==", others, re.MULTILINE))
    assert not installed & {entry.partition("==")[0] for entry in entries}
    tested = dict(re.findall(r"^([\w.-]+)==(\S+)", (folder / "test.txt").read_text("utf-8"), re.M))
    for entry in entries:
        name, found = entry.split()[0].split("==")
        assert tested.get(name, found) == found


def test_the_manifest_of_the_flatpak_is_complete() -> None:
    manifest = yaml.safe_load(flatpak_sources.MANIFEST.read_text(encoding="utf-8"))
    assert manifest["id"] == APP_ID
    assert manifest["command"] == "mailsetup"
    assert manifest["runtime"] == "org.freedesktop.Platform"
    assert "--share=network" in manifest["finish-args"]
    assert manifest["modules"][0]["sources"] == [flatpak_sources.SOURCES]


def test_the_sources_of_the_flatpak_are_sorted_and_have_hashes() -> None:
    def install(name: str, digest: str) -> dict[str, object]:
        url = f"https://files.example/{digest}/{name}"
        return {"download_info": {"url": url, "archive_info": {"hashes": {"sha256": digest}}}}

    report = {"install": [install("b-1.whl", "aa"), install("a-1.whl", "bb")]}
    found = flatpak_sources.sources(json.loads(json.dumps(report)))
    assert [(one["type"], one["url"][-7:], one["sha256"]) for one in found] == [
        ("file", "a-1.whl", "bb"),
        ("file", "b-1.whl", "aa"),
    ]
