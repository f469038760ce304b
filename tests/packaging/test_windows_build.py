"""The parts of the Windows package that need no Wine: locked packages, Qt, launchers, the icon."""

import io
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mailsetup.system.windows_path import with_folder, without_folder
from windows.application import launcher, prune_qt
from windows.installer import ICON_SIZES, write_icon
from windows.python import MARKERS, requirements_for_windows
from windows.signing import sign
from windows.wine import windows_path

ROOT = Path(__file__).resolve().parents[2]
LISTS = [ROOT / "packaging" / "requirements" / f"{name}.txt" for name in ("run", "demo", "test")]


def test_markers_of_the_lock_are_evaluated_for_windows(tmp_path: Path) -> None:
    listed = tmp_path / "run.txt"
    listed.write_text(
        "everywhere==1 \\\n    --hash=sha256:aa\n"
        "linux-only==2 ; sys_platform == 'linux' \\\n    --hash=sha256:bb\n"
        "windows-only==3 ; sys_platform == 'win32' \\\n    --hash=sha256:cc\n"
        "old-python==4 ; python_full_version < '3.12' \\\n    --hash=sha256:dd\n"
        "unwanted==5 \\\n    --hash=sha256:ee\n",
        encoding="utf-8",
    )
    assert requirements_for_windows([listed], without=["unwanted"]) == [
        "everywhere==1 \\\n    --hash=sha256:aa\n",
        "windows-only==3 \\\n    --hash=sha256:cc\n",
    ]


def test_every_package_for_windows_has_hashes() -> None:
    entries = requirements_for_windows(LISTS)
    names = {entry.partition("==")[0] for entry in entries}
    assert {"pyside6-essentials", "pywin32-ctypes", "truststore"} <= names
    assert not {"secretstorage", "jeepney", "ansible-core"} & names
    assert all("--hash=sha256:" in entry and ";" not in entry for entry in entries)


def test_markers_describe_one_version_of_python() -> None:
    assert MARKERS["python_full_version"].startswith(MARKERS["python_version"] + ".")


def test_only_the_parts_of_qt_that_the_window_loads_remain(tmp_path: Path) -> None:
    for name in (
        "Qt6Core.dll", "Qt6Qml.dll", "QtCore.pyd", "QtCore.pyi", "QtQml.pyd",
        "plugins/platforms/qwindows.dll", "plugins/platforms/qminimal.dll", "support/one/deep.py",
        "qml/QtQuick/plugin.dll",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    prune_qt(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert left == {
        "Qt6Core.dll", "QtCore.pyd", "plugins", "plugins/platforms",
        "plugins/platforms/qwindows.dll", "support", "support/one", "support/one/deep.py",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stub", "interpreter"), [("t64.exe", "python.exe"), ("w64.exe", "pythonw.exe")]
)
def test_a_launcher_starts_the_python_next_to_it(stub: str, interpreter: str) -> None:
    program = launcher(stub, interpreter)
    assert program.startswith(b"MZ")
    assert f"#!<launcher_dir>\\{interpreter}\r\n".encode() in program
    with zipfile.ZipFile(io.BytesIO(program)) as archive:
        assert b"mailsetup.launch" in archive.read("__main__.py")
    assert program == launcher(stub, interpreter), "the same each time"


def test_the_icon_has_a_picture_of_each_size(tmp_path: Path) -> None:
    icon = tmp_path / "mailsetup.ico"
    write_icon(ROOT / "resources" / "icons" / "mailsetup.svg", icon)
    data = icon.read_bytes()
    assert data[:6] == b"\0\0\1\0" + len(ICON_SIZES).to_bytes(2, "little")
    for index, size in enumerate(ICON_SIZES):
        entry = data[6 + 16 * index : 22 + 16 * index]
        assert entry[0] == entry[1] == size % 256
        length = int.from_bytes(entry[8:12], "little")
        start = int.from_bytes(entry[12:16], "little")
        picture = data[start : start + length]
        assert picture.startswith(b"\x89PNG")
        assert int.from_bytes(picture[16:20], "big") == size


def test_a_path_of_this_computer_is_named_as_wine_names_it() -> None:
    assert windows_path(Path("/usr/lib")).startswith("Z:\\")
    assert "/" not in windows_path(Path("/usr/lib"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", r"C:\m"),
        (r"C:\a;C:\b", r"C:\a;C:\b;C:\m"),
        (r"C:\a;;C:\b;", r"C:\a;C:\b;C:\m"),
        (r"c:\M\;C:\a", r"C:\a;C:\m"),
        ("C:\\x;" * 500, "C:\\x;" * 500 + "C:\\m"),
    ],
)
def test_a_folder_is_in_path_once_and_can_be_taken_out(before: str, after: str) -> None:
    assert with_folder(before, r"C:\m") == after
    assert with_folder(after, r"C:\m") == after
    assert without_folder(after, r"C:\m") == after.removesuffix(r"C:\m").rstrip(";")


def test_without_a_key_nothing_is_signed(tmp_path: Path) -> None:
    program = tmp_path / "mailsetup.exe"
    program.write_bytes(b"MZ")
    assert sign(program, {}) is False
    assert program.read_bytes() == b"MZ"


@pytest.mark.programs
def test_a_program_is_signed_with_the_key_that_is_given(tmp_path: Path) -> None:
    key, certificate, password = tmp_path / "key.p12", tmp_path / "ca.pem", tmp_path / "password"
    write_signing_key(key, certificate, "geheim")
    password.write_text("geheim\n", encoding="utf-8")
    program = tmp_path / "mailsetup.exe"
    program.write_bytes(launcher("t64.exe", "python.exe"))
    assert sign(program, {
        "MAILSETUP_SIGN_PKCS12": str(key), "MAILSETUP_SIGN_PASSWORD_FILE": str(password),
    })  # fmt: skip
    command = ["osslsigncode", "verify", "-CAfile", str(certificate), "-in", str(program)]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Signature verification: ok" in verified.stdout
    assert "mailsetup tests" in verified.stdout


def write_signing_key(container: Path, certificate: Path, password: str) -> None:
    """Write a key for signing programs with its own certificate, valid for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailsetup tests")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(built.public_bytes(Encoding.PEM))
    protection = BestAvailableEncryption(password.encode())
    container.write_bytes(pkcs12.serialize_key_and_certificates(b"", key, built, None, protection))
