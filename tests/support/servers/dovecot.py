"""Dovecot's configuration, written for the version that is installed: 2.3 or 2.4.

Version 2.4 renamed most settings, and refuses to start with those of 2.3. A test describes a
server with `DovecotServer`; only this file knows the settings of each version.

Settings are nested dictionaries: a text is a setting, a dictionary is a block in braces.
Sources: Dovecot's "Upgrading from 2.3 to 2.4" and the reference of settings of both versions.
"""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

Settings: TypeAlias = Mapping[str, "str | Settings"]

_SBIN = ":/usr/sbin:/sbin"

DELIVERY = "/usr/lib/dovecot/dovecot-lda"
"""Dovecot's program that delivers one message, the same place in Debian and Ubuntu."""

LOGGED_IN = re.compile(
    r" (?P<service>[a-z0-9]+)-login: Info: (?:Login|Logged in): user=<(?P<user>.*?)>"
)
"""A successful login in the log, as 2.3 and 2.4 write it."""


@functools.cache
def version() -> tuple[int, int]:
    """The installed Dovecot's version, as ``(2, 4)``. Raises FileNotFoundError without one."""
    path = os.environ.get("PATH", "") + _SBIN
    program = shutil.which("dovecot", path=path) or "dovecot"
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    major, minor = said.stdout.split(".")[:2]
    return int(major), int(minor)


@dataclass(frozen=True)
class TokenCheck:
    """How a Dovecot checks access tokens at the provider (RFC 7662)."""

    introspection: str
    discovery: str
    """The provider's ``.well-known/openid-configuration``."""
    client_id: str
    client_secret: str
    ca_file: Path


@dataclass(frozen=True)
class DovecotServer:
    """The description of a Dovecot."""

    name: str
    ip: str
    run: Path
    """The folder for its sockets and state."""
    log: Path
    mail: Path
    """The folder that has one home for each user."""
    passwords: Path
    """A passwd-file; `password_line` makes its lines."""
    certificate: tuple[Path, Path]
    """Certificate chain and key."""
    listeners: Mapping[str, int]
    """Ports by the name of the listener: imap, imaps, pop3, pop3s, sieve. 0 is none."""
    mechanisms: str = "plain"
    tls: str = "yes"
    certificates: Mapping[str, tuple[Path, Path]] = field(default_factory=dict)
    """Other certificates, by the name that the client asks for."""
    tokens: TokenCheck | None = None
    """Set where logins use access tokens instead of passwords."""
    serves_postfix: bool = False
    """Whether Postfix may ask about logins."""
    delivers: bool = False
    """Whether it receives mail over LMTP and reports full mailboxes to Postfix."""
    locks_maildrop: bool = False
    """Whether POP3 lets only one session into a maildrop."""

    def write(self, path: Path) -> None:
        """Write the configuration for the installed version, and make the folder it names."""
        self.run.mkdir(exist_ok=True)
        path.write_text(render(self.settings(version())), encoding="utf-8")

    def settings(self, dovecot: tuple[int, int]) -> Settings:
        """The configuration for a version."""
        own = _settings_2_4(self) if dovecot >= (2, 4) else _settings_2_3(self)
        return _merged(own, _settings_of_both(self), _services(self, dovecot))


def password_line(address: str, password: str, *, quota: str = "", closed: str = "") -> str:
    """A user's line of the passwd-file.

    ``quota`` is the size of the mailbox (``50K``), if not the server's; ``closed`` is the one-word
    reason for which logging in is refused though the password is right.
    """
    extra = []
    if quota:
        rule = f"storage_size={quota}" if version() >= (2, 4) else f"rule=*:storage={quota}"
        extra.append(f"userdb_quota_{rule}")
    if closed:
        extra.append(f"nologin reason={closed}")
    return f"{address}:{{PLAIN}}{password}::::::{' '.join(extra)}"


def sieve_tool_settings(folder: Path, *extensions: str) -> Settings:
    """Settings for ``sieve-test``: no server, one home, and these additional extensions."""
    common: Settings = {
        "base_dir": f"{folder}",
        "mail_home": f"{folder}",
        "log_path": "/dev/stderr",
        "ssl": "no",
        "first_valid_uid": "1",
        "mail_uid": "mail",
        "mail_gid": "mail",
    }
    if version() >= (2, 4):
        script: Settings = {"path": f"{folder}/none", "active_path": f"{folder}/none.sieve"}
        own: Settings = {
            **_HEAD_2_4,
            "sieve_script personal": script,
            "sieve_extensions": dict.fromkeys(extensions, "yes"),
        }
    else:
        own = {
            "mail_location": "maildir:~/Maildir",
            "plugin": {
                "sieve": f"file:{folder}/none;active={folder}/none.sieve",
                "sieve_extensions": " ".join(f"+{name}" for name in extensions),
            },
        }
    return _merged(own, common)


def render(settings: Settings, indent: str = "") -> str:
    """The text of a configuration file."""
    lines = []
    for name, value in settings.items():
        if isinstance(value, str):
            lines.append(f"{indent}{name} = {value}\n")
        else:
            lines.append(f"{indent}{name} {{\n{render(value, indent + '  ')}{indent}}}\n")
    return "".join(lines)


def _merged(*parts: Settings) -> Settings:
    """The settings merged; blocks of the same name become one."""
    whole: dict[str, str | Settings] = {}
    for part in parts:
        for name, value in part.items():
            old = whole.get(name, {})
            both = not isinstance(value, str) and not isinstance(old, str)
            whole[name] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return whole


def _settings_of_both(server: DovecotServer) -> Settings:
    """Settings with the same name in every version."""
    sieve: Settings = (
        {"protocol sieve": {"ssl": "required"}} if server.listeners.get("sieve") else {}
    )
    mailboxes: Settings = {
        f"mailbox {name}": {"auto": "create", "special_use": f"\\{name}"}
        for name in ("Junk", "Sent")
    }
    return {
        "base_dir": f"{server.run}",
        "state_dir": f"{server.run}",
        "instance_name": server.name,
        "listen": server.ip,
        "log_path": f"{server.log}",
        "default_internal_user": "dovecot",
        "default_login_user": "dovenull",
        "first_valid_uid": "1",
        "mail_uid": "mail",
        "mail_gid": "mail",
        "mail_max_userip_connections": "100",
        "auth_mechanisms": server.mechanisms,
        "auth_failure_delay": "0",
        "auth_username_chars": "",
        "auth_verbose": "yes",
        "ssl": server.tls,
        "ssl_min_protocol": "TLSv1.2",
        "lda_mailbox_autocreate": "yes",
        # Not the system's: forwarded and refused messages would enter this computer's queue.
        "sendmail_path": f"{_discards_mail(server.run)}",
        "namespace inbox": {"inbox": "yes", **mailboxes},
        "protocol lda": {"postmaster_address": "postmaster@bodega.test"},
        "protocol lmtp": {"postmaster_address": "postmaster@bodega.test"},
        "pop3_lock_session": "yes" if server.locks_maildrop else "no",
        **sieve,
    }


def _discards_mail(folder: Path) -> Path:
    """A ``sendmail`` that discards every message."""
    program = folder / "sendmail"
    program.write_text("#!/bin/sh\nexec cat >/dev/null\n")
    program.chmod(0o755)
    return program


def _services(server: DovecotServer, dovecot: tuple[int, int]) -> Settings:
    """Ports and sockets."""
    address = "listen" if dovecot >= (2, 4) else "address"
    services: dict[str, Settings] = {
        # No penalty for failed logins, which the tests provoke.
        "service anvil": {"unix_listener anvil-auth-penalty": {"mode": "0"}},
        "service stats": {"unix_listener stats-writer": {"mode": "0666"}},
    }
    for name, port in server.listeners.items():
        service = {"sieve": "managesieve"}.get(name, name.removesuffix("s"))
        tls: Settings = {"ssl": "yes"} if name.endswith("s") else {}
        listener: Settings = {address: server.ip, "port": str(port), **tls}
        block = f"service {service}-login"
        services[block] = {**services.get(block, {}), f"inet_listener {name}": listener}
    if server.serves_postfix:
        socket: Settings = {"mode": "0660", "user": "postfix"}
        services["service auth"] = {"unix_listener auth-postfix": socket}
    if server.delivers:
        services["service lmtp"] = {"unix_listener lmtp": {"mode": "0666"}}
        services["service quota-status"] = {
            "executable": "quota-status -p postfix",
            "unix_listener quota-status": {"mode": "0666"},
            "client_limit": "1",
        }
    return services


def _protocols(server: DovecotServer) -> str:
    names = [name for name in ("imap", "pop3", "sieve") if name in server.listeners]
    return " ".join([*names, *(["lmtp"] if server.delivers else [])])


_QUOTA_ANSWERS: Settings = {
    "quota_status_success": "DUNNO",
    "quota_status_nouser": "DUNNO",
    "quota_status_overquota": "552 5.2.2 Mailbox is full",
}


# 2.3 ----------------------------------------------------------------------------------------


def _settings_2_3(server: DovecotServer) -> Settings:
    def certificate(chain: Path, key: Path) -> Settings:
        return {"ssl_cert": f"<{chain}", "ssl_key": f"<{key}"}

    users: Settings = {
        "driver": "passwd-file",
        "args": f"username_format=%u {server.passwords}",
    }
    logins = users
    if server.tokens is not None:
        file = server.run / "oauth2.conf.ext"
        file.write_text(render(_token_settings_2_3(server.tokens)))
        logins = {"driver": "oauth2", "mechanisms": server.mechanisms, "args": f"{file}"}
    return {
        "protocols": _protocols(server),
        "disable_plaintext_auth": "yes",
        "mail_home": f"{server.mail}/%u",
        "mail_location": "maildir:~/Maildir",
        "mail_plugins": "quota",
        "protocol imap": {"mail_plugins": "quota imap_quota"},
        "protocol lda": {"mail_plugins": "quota sieve"},
        "protocol lmtp": {"mail_plugins": "quota sieve"},
        "plugin": {
            "quota": "count:User quota",
            "quota_vsizes": "yes",
            "quota_rule": "*:storage=100M",
            "quota_grace": "0",
            **_QUOTA_ANSWERS,
            "sieve": "file:~/sieve;active=~/.dovecot.sieve",
        },
        "passdb": logins,
        "userdb": users,
        **certificate(*server.certificate),
        **{f"local_name {name}": certificate(*one) for name, one in server.certificates.items()},
    }


def _token_settings_2_3(tokens: TokenCheck) -> Settings:
    return {
        **_token_settings(tokens),
        "openid_configuration_url": tokens.discovery,
        "tls_ca_cert_file": f"{tokens.ca_file}",
    }


def _token_settings(tokens: TokenCheck) -> Settings:
    return {
        "introspection_mode": "post",
        "introspection_url": tokens.introspection,
        "client_id": tokens.client_id,
        "client_secret": tokens.client_secret,
        "username_attribute": "email",
        "active_attribute": "active",
        "active_value": "true",
    }


# 2.4 ----------------------------------------------------------------------------------------

# The version of the configuration language; it has to be in the first line.
_HEAD_2_4: Settings = {
    "dovecot_config_version": "2.4.0",
    "dovecot_storage_version": "2.4.0",
    "mail_driver": "maildir",
    "mail_path": "~/Maildir",
}


def _settings_2_4(server: DovecotServer) -> Settings:
    def certificate(chain: Path, key: Path) -> Settings:
        return {"ssl_server_cert_file": f"{chain}", "ssl_server_key_file": f"{key}"}

    users: Settings = {
        "passwd_file_path": f"{server.passwords}",
        "auth_username_format": "%{user}",
    }
    logins: Settings = {"passdb passwd-file": users}
    if server.tokens is not None:
        logins = {
            "oauth2": {
                **_token_settings(server.tokens),
                "openid_configuration_url": server.tokens.discovery,
            },
            "ssl_client_ca_file": f"{server.tokens.ca_file}",
        }
    deliver: Settings = {"mail_plugins": {"sieve": "yes"}}
    return {
        **_HEAD_2_4,
        "protocols": _protocols(server),
        "auth_allow_cleartext": "no",
        "auth_username_format": "%{user}",
        "mail_home": f"{server.mail}/%{{user}}",
        "mail_plugins": {"quota": "yes"},
        "protocol imap": {"mail_plugins": {"imap_quota": "yes"}},
        "protocol lda": deliver,
        "protocol lmtp": deliver,
        # Outside of the quota block, in which a user's own size would not replace it.
        "quota_storage_size": "100M",
        "quota_storage_grace": "0",
        'quota "User quota"': {"driver": "count"},
        **_QUOTA_ANSWERS,
        "sieve_script personal": {"path": "~/sieve", "active_path": "~/.dovecot.sieve"},
        **logins,
        "userdb passwd-file": users,
        **certificate(*server.certificate),
        **{f"local_name {name}": certificate(*one) for name, one in server.certificates.items()},
    }
