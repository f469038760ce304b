"""Sign the programs for Windows with ``osslsigncode``, where a key is given.

``MAILSETUP_SIGN_PKCS12`` is a file with key and certificate (its password is the first line of the
file that ``MAILSETUP_SIGN_PASSWORD_FILE`` names), ``MAILSETUP_SIGN_PKCS11`` the library of a token
with ``MAILSETUP_SIGN_CERTIFICATE`` and ``MAILSETUP_SIGN_KEY``. ``MAILSETUP_SIGN_TIMESTAMP`` is the
address of a timestamp server, without which a signature ends with its certificate.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def key_options(variables: Mapping[str, str] = os.environ) -> list[str]:
    """The options of ``osslsigncode`` that name the key; empty where none is given."""
    if path := variables.get("MAILSETUP_SIGN_PKCS12"):
        options = ["-pkcs12", path]
        if password := variables.get("MAILSETUP_SIGN_PASSWORD_FILE"):
            options += ["-readpass", password]
    elif library := variables.get("MAILSETUP_SIGN_PKCS11"):
        options = ["-pkcs11module", library]
        options += ["-certs", variables["MAILSETUP_SIGN_CERTIFICATE"]]
        options += ["-key", variables["MAILSETUP_SIGN_KEY"]]
    else:
        return []
    if timestamp := variables.get("MAILSETUP_SIGN_TIMESTAMP"):
        options += ["-ts", timestamp]
    return options


def sign(program: Path, variables: Mapping[str, str] = os.environ) -> bool:
    """Sign a program in place. Returns whether a key was given; raises CalledProcessError."""
    options = key_options(variables)
    if not options:
        return False
    signed = program.with_suffix(".signed")
    command = ["osslsigncode", "sign", *options, "-h", "sha256", "-n", "mailsetup"]
    subprocess.run([*command, "-in", str(program), "-out", str(signed)], check=True)
    signed.replace(program)
    return True


if __name__ == "__main__":
    # The installer's script calls this for the uninstaller and the installer itself.
    sys.exit(0 if sign(Path(sys.argv[1])) else 1)
