"""Apple's published schema of profiles for Mail, and a check against it.

Keys, types, presence and permitted values of apple/device-management, ``mdm/profiles``:
``TopLevel.yaml`` at commit 0340fd30, ``CommonPayloadKeys.yaml`` and
``com.apple.mail.managed.yaml`` at commit 0a4527c5. Only names and facts are copied.
"""

import re
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a payload."""

    type: type
    required: bool = False
    values: tuple[object, ...] = ()
    form: str = ""


_UUID = "[0-9A-Za-z]{8}(?:-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}"
_AUTHENTICATION = (
    "EmailAuthNone",
    "EmailAuthPassword",
    "EmailAuthCRAMMD5",
    "EmailAuthNTLM",
    "EmailAuthHTTPMD5",
)

COMMON = {
    "PayloadIdentifier": Key(str, required=True),
    "PayloadUUID": Key(str, required=True),
    "PayloadType": Key(str, required=True),
    "PayloadVersion": Key(int, required=True, values=(1,)),
    "PayloadDescription": Key(str),
    "PayloadDisplayName": Key(str),
    "PayloadOrganization": Key(str),
}
TOP_LEVEL = COMMON | {
    "PayloadType": Key(str, required=True, values=("Configuration",)),
    "IsEncrypted": Key(bool),
    "PayloadContent": Key(list, required=True),
    "EncryptedPayloadContent": Key(bytes),
    "HasRemovalPasscode": Key(bool),
    "PayloadRemovalDisallowed": Key(bool),
    "PayloadScope": Key(str, values=("System", "User")),
    "RemovalDate": Key(datetime),
    "DurationUntilRemoval": Key(float),
    "PayloadExpirationDate": Key(datetime),
    "TargetDeviceType": Key(int, values=(0, 1, 2, 3, 4, 5)),
    "ConsentText": Key(dict),
}
MAIL = COMMON | {
    "PayloadType": Key(str, required=True, values=("com.apple.mail.managed",)),
    "EmailAccountDescription": Key(str),
    "EmailAccountName": Key(str),
    "EmailAccountType": Key(str, required=True, values=("EmailTypeIMAP", "EmailTypePOP")),
    "EmailAddress": Key(str),
    "IncomingMailServerAuthentication": Key(str, required=True, values=_AUTHENTICATION),
    "IncomingMailServerHostName": Key(str, required=True),
    "IncomingMailServerPortNumber": Key(int),
    "IncomingMailServerUseSSL": Key(bool),
    "IncomingMailServerUsername": Key(str),
    "IncomingPassword": Key(str),
    "OutgoingPassword": Key(str),
    "OutgoingPasswordSameAsIncomingPassword": Key(bool),
    "OutgoingMailServerAuthentication": Key(str, required=True, values=_AUTHENTICATION),
    "OutgoingMailServerHostName": Key(str, required=True),
    "OutgoingMailServerPortNumber": Key(int),
    "OutgoingMailServerUseSSL": Key(bool),
    "OutgoingMailServerUsername": Key(str),
    "PreventMove": Key(bool),
    "PreventAppSheet": Key(bool),
    "SMIMEEnabled": Key(bool),
    "SMIMESigningEnabled": Key(bool),
    "SMIMESigningCertificateUUID": Key(str, form=_UUID),
    "SMIMEEncryptionEnabled": Key(bool),
    "SMIMEEncryptionCertificateUUID": Key(str, form=_UUID),
    "SMIMEEnablePerMessageSwitch": Key(bool),
    "disableMailRecentsSyncing": Key(bool),
    "allowMailDrop": Key(bool),
    "IncomingMailServerIMAPPathPrefix": Key(str),
    "SMIMESigningUserOverrideable": Key(bool),
    "SMIMESigningCertificateUUIDUserOverrideable": Key(bool),
    "SMIMEEncryptByDefault": Key(bool),
    "SMIMEEncryptByDefaultUserOverrideable": Key(bool),
    "SMIMEEncryptionCertificateUUIDUserOverrideable": Key(bool),
    "SMIMEEnableEncryptionPerMessageSwitch": Key(bool),
    "VPNUUID": Key(str),
}


def faults(payload: dict[str, object], schema: dict[str, Key]) -> list[str]:
    """The violations of Apple's schema in the payload."""
    found = [
        f"{name} is missing" for name, key in schema.items() if key.required and name not in payload
    ]
    for name, value in payload.items():
        key = schema.get(name)
        if key is None:
            found.append(f"{name} is unknown")
        elif type(value) is not key.type:
            found.append(f"{name} is a {type(value).__name__}, not a {key.type.__name__}")
        elif key.values and value not in key.values:
            found.append(f"{name} must not be {value!r}")
        elif key.form and not re.fullmatch(key.form, str(value)):
            found.append(f"{name} has not the form {key.form}")
    return found
