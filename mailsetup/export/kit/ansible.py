"""An Ansible role that sets up Thunderbird for all users of computers with Linux."""

import json
from typing import Final

from mailsetup.export.exporter import ArtifactFile, ExportFailure
from mailsetup.export.kit.common import DomainTemplate, KitFile, filled_template, readme, text_file
from mailsetup.export.kit.thunderbird import autoconfig_files, fleet_files
from mailsetup.export.programs.thunderbird_fleet import ADDRESS_VARIABLE, NAME_VARIABLE
from mailsetup.i18n import _

ROLE = "mailsetup_mail"
_YAML = "application/yaml"
_TEMPLATES: Final = (
    ("", "site.yml", "site.yml"),
    ("{role}/defaults", "defaults.yml", "main.yml"),
    ("{role}/tasks", "tasks.yml", "main.yml"),
    ("{role}/meta", "meta.yml", "main.yml"),
    ("{role}/meta", "argument_specs.yml", "argument_specs.yml"),
    ("{role}/templates", "mail-identity.sh.j2", "mail-identity.sh.j2"),
)
"""Folder in the kit, name of the template, and name of the file."""


def ansible_kit(template: DomainTemplate) -> tuple[KitFile, ...] | ExportFailure:
    """The role, an example playbook, and how to use them."""
    made = fleet_files(template)
    if isinstance(made, ExportFailure):
        return made
    placed = autoconfig_files(made)
    role = f"roles/{ROLE}"
    # JSON is YAML, and has only one form of quoting.
    words = {
        "ADDRESS": ADDRESS_VARIABLE,
        "NAME": NAME_VARIABLE,
        "ROLE": ROLE,
        "DOMAIN": json.dumps(template.domain),
        "EXAMPLE_ADDRESS": json.dumps(str(template.example.address)),
        "EXAMPLE_NAME": json.dumps(template.example.person),
    }
    return (
        *(
            KitFile(
                folder.format(role=role),
                text_file(target, filled_template("ansible", name, words), _YAML),
            )
            for folder, name, target in _TEMPLATES
        ),
        KitFile("", _readme(template)),
        KitFile(f"{role}/vars", _vars(placed)),
        *(KitFile(f"{role}/files", file) for file, _place in placed),
    )


def _vars(placed: list[tuple[ArtifactFile, str]]) -> ArtifactFile:
    lines = [
        f"  - {{src: {json.dumps(file.name)}, dest: {json.dumps(place + file.name)}}}"
        for file, place in placed
    ]
    return text_file("main.yml", "\n".join(("---", "mail_files:", *lines)) + "\n", _YAML)


def _readme(template: DomainTemplate) -> ArtifactFile:
    return readme(
        _("Ansible: Thunderbird for everybody at {domain}").format(domain=template.domain),
        _(
            "The role puts AutoConfig beside Thunderbird and a small script into `/etc/profile.d`,"
            " which says who is signed in. The account is added when a person starts Thunderbird"
            " next. No file holds a password; Thunderbird asks each person once."
        ),
        _("Look first, then do it:"),
        "```\n"
        "ansible-playbook -i hosts site.yml --check --diff\n"
        "ansible-playbook -i hosts site.yml\n"
        "```",
        _(
            "Where the login name is not the part before the @, name the person in"
            " `mail_people` in `site.yml`. `mail_thunderbird_folder` says where Thunderbird is;"
            " `mail_state: absent` takes everything out again."
        ),
    )
