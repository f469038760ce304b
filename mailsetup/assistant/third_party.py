"""What the program is made of: the libraries, their versions and their licences."""

import re
from importlib import metadata

from mailsetup.model.text import plain

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def parts() -> list[str]:
    """Every library with its version and licence, as its makers name them."""
    lines = []
    for name in sorted(_needed(), key=str.lower):
        about = metadata.metadata(name)
        said = about.json.get("license_expression") or _classified(about)
        licence = said or about.json.get("license") or "–"
        lines.append(plain(f"{about['Name']} {about['Version']} – {licence}", 120))
    return lines


def _needed() -> set[str]:
    """What the program is made of, and what that is made of in turn; as far as it is there."""
    known: dict[str, str] = {}
    waiting = ["mailsetup"]
    while waiting:
        try:
            found = metadata.distribution(waiting.pop())
        except metadata.PackageNotFoundError:
            continue
        name = found.metadata["Name"]
        if name.lower() in known:
            continue
        known[name.lower()] = name
        for line in found.requires or ():
            wanted = _NAME.match(line)
            if wanted and "extra ==" not in line:
                waiting.append(wanted[0])
    known.pop("mailsetup", None)
    return set(known.values())


def _classified(about: "metadata.PackageMetadata") -> str:
    licences = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier") or ()
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    return ", ".join(licences)
