"""An Ansible role that sets up Thunderbird for all users of computers with Linux."""

import json

from mailsetup import resources
from mailsetup.export.exporter import ArtifactFile, ExportFailure
from mailsetup.export.kit.common import DomainTemplate, KitFile, readme, text_file
from mailsetup.export.kit.thunderbird import autoconfig_files, fleet_files
from mailsetup.export.programs.thunderbird_fleet import ADDRESS_VARIABLE, NAME_VARIABLE
from mailsetup.i18n import _

ROLE = "mailsetup_mail"
_YAML = "application/yaml"


def ansible_kit(template: DomainTemplate) -> tuple[KitFile, ...] | ExportFailure:
    """The role, an example playbook, and how to use them."""
    made = fleet_files(template)
    if isinstance(made, ExportFailure):
        return made
    placed = autoconfig_files(made)
    role = f"roles/{ROLE}"
    files = [
        KitFile("", _playbook(template)),
        KitFile("", _readme(template)),
        KitFile(f"{role}/defaults", _defaults(template)),
        KitFile(f"{role}/vars", _vars(placed)),
        KitFile(f"{role}/tasks", _resource("tasks.yml", "main.yml")),
        KitFile(f"{role}/meta", _meta()),
        KitFile(f"{role}/meta", _resource("argument_specs.yml", "argument_specs.yml")),
        KitFile(f"{role}/templates", _resource("mail-identity.sh.j2", "mail-identity.sh.j2")),
        *(KitFile(f"{role}/files", file) for file, _place in placed),
    ]
    return tuple(files)


def _resource(name: str, target: str) -> ArtifactFile:
    text = resources.read_text("kit", "ansible", name)
    text = text.replace("@ADDRESS@", ADDRESS_VARIABLE).replace("@NAME@", NAME_VARIABLE)
    return text_file(target, text, _YAML)


def _defaults(template: DomainTemplate) -> ArtifactFile:
    # JSON is YAML, and has only one way of quoting.
    domain = json.dumps(template.domain)
    return text_file(
        "main.yml",
        "---\n"
        "mail_state: present\n"
        "mail_thunderbird_folder: /usr/lib/thunderbird\n"
        "mail_profile_folder: /etc/profile.d\n"
        f"mail_domain: {domain}\n"
        "mail_people: {}\n",
        _YAML,
    )


def _vars(placed: list[tuple[ArtifactFile, str]]) -> ArtifactFile:
    lines = [
        f"  - {{src: {json.dumps(file.name)}, dest: {json.dumps(place + file.name)}}}"
        for file, place in placed
    ]
    return text_file("main.yml", "\n".join(("---", "mail_files:", *lines)) + "\n", _YAML)


def _meta() -> ArtifactFile:
    return text_file(
        "main.yml",
        "---\n"
        "galaxy_info:\n"
        f"  role_name: {ROLE}\n"
        "  author: mailsetup\n"
        "  description: Sets up a mailbox in Thunderbird for everybody on a computer\n"
        "  license: MIT\n"
        '  min_ansible_version: "2.14"\n'
        "dependencies: []\n",
        _YAML,
    )


def _playbook(template: DomainTemplate) -> ArtifactFile:
    address = json.dumps(str(template.example.address))
    name = json.dumps(template.example.person)
    return text_file(
        "site.yml",
        "---\n"
        "- name: Set up mail in Thunderbird\n"
        "  hosts: all\n"
        "  become: true\n"
        "  roles:\n"
        f"    - role: {ROLE}\n"
        "      vars:\n"
        "        mail_people:\n"
        f"          example-login: {{address: {address}, name: {name}}}\n",
        _YAML,
    )


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
