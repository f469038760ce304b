"""Encrypt logins with Thunderbird's own NSS: a separate process, started by `password_store`.

It reads one JSON document from standard input (so passwords are never arguments) and writes one to
standard output. It imports no other module of this package, so that it starts in isolated mode.

The libraries come from Thunderbird's folder, in the order of their dependencies: the system's own
may be older than what Thunderbird's ``libnss3`` needs.
"""

import base64
import contextlib
import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

if sys.platform != "win32":
    import resource

_NO_MODULES = 0x04  # NSS_INIT_NOMODDB: no smart cards
_NO_ROOTS = 0x10  # NSS_INIT_NOROOTINIT
_AES_CBC = 0x1082  # CKM_AES_CBC


class SECItem(ctypes.Structure):
    """A byte string (``seccomon.h``)."""

    _fields_ = [
        ("type", ctypes.c_uint),
        ("data", ctypes.c_void_p),
        ("len", ctypes.c_uint),
    ]


class FailedError(Exception):
    """Carries the fault as a stable word."""


def load(folder: str) -> Any:
    """Load ``nss3`` from this folder; the system's when the folder is empty."""
    if not folder:
        return ctypes.CDLL("libnss3.so")
    place = Path(folder)
    if sys.platform == "win32":
        names = ("mozglue.dll", "nss3.dll")
        os.add_dll_directory(folder)
    elif sys.platform == "darwin":
        names = ("libmozglue.dylib", "libnss3.dylib")
    else:
        parts = ("nspr4", "plc4", "plds4", "nssutil3", "mozsqlite3", "nss3")
        names = tuple(f"lib{part}.so" for part in parts)
    library: Any = None
    for name in names:
        path = place / name
        if path.is_file():
            library = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        elif name == names[-1]:
            raise FailedError("libraries")
    return library


class NssStore:
    """The encryption key of a profile."""

    def __init__(self, nss: Any, folder: str) -> None:
        self._nss = nss
        nss.PK11_GetInternalKeySlot.restype = ctypes.c_void_p
        path = f"sql:{folder}".encode()
        if nss.NSS_Initialize(path, b"", b"", b"secmod.db", _NO_MODULES | _NO_ROOTS) != 0:
            raise FailedError("database")
        address = nss.PK11_GetInternalKeySlot()
        if not address:
            raise FailedError("database")
        slot = ctypes.c_void_p(address)
        if nss.PK11_NeedUserInit(slot):
            if nss.PK11_InitPin(slot, None, b"") != 0:
                raise FailedError("database")
        elif nss.PK11_NeedLogin(slot) and nss.PK11_CheckUserPassword(slot, b"") != 0:
            raise FailedError("primary-password")
        nss.PK11_FreeSlot(slot)

    def close(self) -> None:
        """Write pending changes."""
        if self._nss.NSS_Shutdown() != 0:
            raise FailedError("database")

    def encrypt(self, text: str) -> str:
        """The encrypted text as in ``logins.json`` (base64)."""
        raw = text.encode()
        buffer = ctypes.create_string_buffer(raw, len(raw))
        item = SECItem(0, ctypes.cast(buffer, ctypes.c_void_p), len(raw))
        key, result = SECItem(0, None, 0), SECItem(0, None, 0)
        if hasattr(self._nss, "PK11SDR_EncryptWithMechanism"):
            done = self._nss.PK11SDR_EncryptWithMechanism(
                None,
                ctypes.byref(key),
                ctypes.c_ulong(_AES_CBC),
                ctypes.byref(item),
                ctypes.byref(result),
                None,
            )
        else:
            done = self._nss.PK11SDR_Encrypt(
                ctypes.byref(key), ctypes.byref(item), ctypes.byref(result), None
            )
        if done != 0:
            raise FailedError("encrypt")
        value = base64.b64encode(ctypes.string_at(result.data, result.len)).decode()
        self._nss.SECITEM_FreeItem(ctypes.byref(result), 0)
        return value

    def decrypt(self, value: str) -> str | None:
        """The decrypted text; None when this key cannot decrypt it."""
        try:
            raw = base64.b64decode(value, validate=True)
        except ValueError:
            return None
        buffer = ctypes.create_string_buffer(raw, len(raw))
        item = SECItem(0, ctypes.cast(buffer, ctypes.c_void_p), len(raw))
        result = SECItem(0, None, 0)
        if self._nss.PK11SDR_Decrypt(ctypes.byref(item), ctypes.byref(result), None) != 0:
            return None
        text = ctypes.string_at(result.data, result.len)
        self._nss.SECITEM_ZfreeItem(ctypes.byref(result), 0)
        return text.decode("utf-8", "replace")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request: per login its index among the known ones, and values."""
    try:
        nss = load(request["libraries"])
        store = NssStore(nss, request["folder"])
    except OSError:
        return {"error": "libraries"}
    except FailedError as failed:
        return {"error": str(failed)}
    logins = []
    try:
        for login in request["logins"]:
            place, same = None, False
            for number, (user, password) in enumerate(login["known"]):
                if store.decrypt(user) == login["user"]:
                    place, same = number, store.decrypt(password) == login["password"]
                    break
            logins.append(
                {
                    "place": place,
                    "same": same,
                    "user": store.encrypt(login["user"]),
                    "password": store.encrypt(login["password"]),
                }
            )
        store.close()
    except FailedError as failed:
        return {"error": str(failed)}
    return {"logins": logins}


def main() -> None:
    """Answer one request."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError, ValueError):  # no core dump with a password
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.load(sys.stdin.buffer)
    json.dump(answer(request), sys.stdout)


if __name__ == "__main__":
    main()
