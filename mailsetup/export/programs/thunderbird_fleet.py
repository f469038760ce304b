"""Thunderbird on many computers: files that an administrator installs with the program.

Three independent methods, each with its limits (measured with Thunderbird 153):

* ``autoconfig.js`` with ``mailsetup.cfg`` (AutoConfig) runs after the user's preferences are read
  and adds the account and its outgoing server to them; the address may come from the environment.
* ``policies.json`` only sets defaults: an outgoing server reaches profiles without one, and the
  numbers 0 and 1 are read as booleans, so they cannot be set.
* ``isp/DOMAIN.xml`` makes Thunderbird's own account window find the servers without a network.

The keys are high (9001), so that they do not collide with the user's own.
"""

import hashlib
import json
from dataclasses import replace

from mailsetup import resources
from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
    CopyValue,
    ExportFailure,
    InstructionStep,
    instructions,
)
from mailsetup.export.filename import is_safe_name
from mailsetup.export.programs.thunderbird import Keys, Prefs, notes, prefs
from mailsetup.export.publish.template import username_template
from mailsetup.formats import autoconfig
from mailsetup.i18n import _
from mailsetup.model.settings import Account, AccountSettings

KEYS = Keys(account="account9001", server="server9001", identity="id9001", smtp="smtp9001")
ADDRESS_VARIABLE, NAME_VARIABLE = "MAIL_ADDRESS", "MAIL_NAME"

_CFG, _AUTOCONFIG, _POLICIES = "mailsetup.cfg", "autoconfig.js", "policies.json"
_DONE = "mailsetup.batch.account9001"


class ThunderbirdFleet:
    """Thunderbird for all users of an office."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The files for an installation of Thunderbird, without passwords."""
        values = prefs(account, KEYS)
        if isinstance(values, ExportFailure):
            return values
        shared = _shared(account)
        files = [
            ArtifactFile(_CFG, _script(account, values, shared), "text/javascript"),
            ArtifactFile(_AUTOCONFIG, _autoconfig(), "text/javascript"),
        ]
        hints = list(notes(account))
        policies = _policies(values)
        if policies is None:
            hints.append(
                _("There is no policies.json: a policy cannot say that sending needs no login.")
            )
        else:
            files.append(ArtifactFile(_POLICIES, policies, "application/json"))
        isp = f"{account.address.domain}.xml"
        if shared is not None and is_safe_name(isp):
            document = autoconfig.write(account.address.domain, account.address.domain, shared)
            files.append(ArtifactFile(isp, document, "text/xml"))
        hints += _limits(account, shared is not None)
        return Artifact(
            files=tuple(files),
            steps=_steps(files, isp, account, shared is not None),
            notes=tuple(hints),
        )


def script_for_everybody(account: Account) -> bytes | ExportFailure:
    """The ``.cfg`` that sets up the user that the variables name, if they name one."""
    values = prefs(account, KEYS)
    if isinstance(values, ExportFailure):
        return values
    return _script(account, values, _shared(account), fallback=False)


def _shared(account: Account) -> AccountSettings | None:
    """The servers with placeholders for user names; None when a name fits one mailbox only."""
    domain = account.address.domain
    incoming = username_template(account.incoming.username, domain, account.address)
    outgoing = username_template(account.outgoing.username, domain, account.address)
    if incoming is None or (outgoing is None and account.outgoing.username):
        return None
    return AccountSettings(
        incoming=(replace(account.incoming, username=incoming),),
        outgoing=(replace(account.outgoing, username=outgoing or ""),),
    )


def _script(
    account: Account,
    values: Prefs,
    shared: AccountSettings | None,
    *,
    fallback: bool = True,
) -> bytes:
    """``fallback`` is the account to set up where the variables name no user."""
    shared_prefs: Prefs | None = None
    if shared is not None:
        shared_prefs = {
            **values,
            f"mail.server.{KEYS.server}.userName": shared.incoming[0].username,
            f"mail.server.{KEYS.server}.name": "%EMAILADDRESS%",
            f"mail.identity.{KEYS.identity}.useremail": "%EMAILADDRESS%",
            f"mail.identity.{KEYS.identity}.fullName": "",
            f"mail.smtpserver.{KEYS.smtp}.description": "%EMAILADDRESS%",
        }
        user = f"mail.smtpserver.{KEYS.smtp}.username"
        if user in values:
            shared_prefs[user] = shared.outgoing[0].username
    wanted: dict[str, object] = {
        "address": account.address.ascii if fallback else "",
        "domain": account.address.domain,
        "prefs": values if fallback else None,
        "shared": shared_prefs,
    }
    plain = json.dumps(wanted, sort_keys=True).encode()
    wanted["version"] = hashlib.sha256(plain).hexdigest()[:16]
    # AutoConfig ignores the first line. ``wanted`` is JSON in ASCII, which is JavaScript, too.
    text = resources.read_text("export", "thunderbird-fleet.js")
    for name, value in (
        ("ADDRESS", ADDRESS_VARIABLE),
        ("NAME", NAME_VARIABLE),
        ("DONE", _DONE),
        ("IDENTITY", KEYS.identity),
        ("ACCOUNT", KEYS.account),
        ("SMTP", KEYS.smtp),
        # Last: the rest of the file is not read.
        ("WANTED", json.dumps(wanted).replace("</", "<\\/")),
    ):
        text = text.replace(f"@{name}@", value)
    return text.encode("ascii")


def _autoconfig() -> bytes:
    return (
        "// Made by mailsetup: Thunderbird reads the file named here.\n"
        f'pref("general.config.filename", "{_CFG}");\n'
        'pref("general.config.obscure_value", 0);\n'
    ).encode()


def _policies(values: Prefs) -> bytes | None:
    """Defaults only: with the other kinds, values that the user adds are lost at every start."""
    wanted = {
        "mail.accountmanager.appendaccounts": KEYS.account,
        "mail.smtpservers": KEYS.smtp,
        "mail.smtp.defaultserver": KEYS.smtp,
        **{name: value for name, value in values.items() if not name.endswith(".reply_on_top")},
    }
    # They would be read as booleans, and lost.
    if any(not isinstance(value, bool) and value in (0, 1) for value in wanted.values()):
        return None
    preferences = {name: {"Value": value, "Status": "default"} for name, value in wanted.items()}
    document = {"policies": {"Preferences": preferences}}
    return (json.dumps(document, indent=2) + "\n").encode()


def _limits(account: Account, shared: bool) -> tuple[str, ...]:
    found = [
        _("Use one way only: AutoConfig (the .cfg), or policies.json, or the file for “isp”."),
        _(
            "policies.json is for computers on which Thunderbird has no account yet: where there"
            " is one, receiving works but the outgoing server is not added."
        ),
        _("No file holds a password. Thunderbird asks each person once."),
    ]
    if shared:
        found.append(
            _(
                "The .cfg takes each person's address and name from the variables {address} and"
                " {name} of the computer; without them it sets up {account}."
            ).format(address=ADDRESS_VARIABLE, name=NAME_VARIABLE, account=account.address)
        )
    else:
        found.append(
            _("These files are for {account} alone: its user name does not follow a rule.").format(
                account=account.address
            )
        )
    return tuple(found)


def _steps(
    files: list[ArtifactFile], isp: str, account: Account, shared: bool
) -> tuple[InstructionStep, ...]:
    names = {file.name for file in files}
    steps: list[InstructionStep | str] = [
        InstructionStep(
            _("Find the folder of Thunderbird on the computers."),
            (
                CopyValue("Windows", "C:\\Program Files\\Mozilla Thunderbird"),
                CopyValue("macOS", "/Applications/Thunderbird.app/Contents/Resources"),
                CopyValue("Linux", "/usr/lib/thunderbird"),
            ),
        ),
        _(
            "AutoConfig: put {cfg} into that folder, and {script} into “defaults/pref” in it."
        ).format(cfg=_CFG, script=_AUTOCONFIG),
    ]
    if shared:
        steps.append(
            InstructionStep(
                _("Set these variables for each person, for example in the sign-in script."),
                (
                    CopyValue(ADDRESS_VARIABLE, str(account.address)),
                    CopyValue(NAME_VARIABLE, account.person or str(account.address)),
                ),
            )
        )
    if _POLICIES in names:
        steps.append(
            _("Or a policy: put {name} into the folder “distribution” in it.").format(
                name=_POLICIES
            )
        )
    if isp in names:
        steps.append(
            _(
                "Or only help: put {name} into the folder “isp” in it. Then people type name,"
                " address and password, and Thunderbird knows the servers."
            ).format(name=isp)
        )
    steps.append(_("Start Thunderbird on one computer and look before you do the others."))
    return instructions(*steps)
