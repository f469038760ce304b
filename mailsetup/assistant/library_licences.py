"""The libraries of the program, with their versions and licences."""

import re
from importlib import metadata

from mailsetup.model.text import plain

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def library_lines() -> list[str]:
    """One line for each library: name, version and licence, as its metadata says."""
    lines = []
    for name in sorted(_dependencies(), key=str.lower):
        about = metadata.metadata(name)
        licence = about.json.get("license_expression") or _classified(about)
        licence = licence or about.json.get("license") or "–"
        lines.append(plain(f"{about['Name']} {about['Version']} – {licence}", 120))
    return lines


def _dependencies() -> set[str]:
    """The names of all direct and indirect dependencies that are installed."""
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
