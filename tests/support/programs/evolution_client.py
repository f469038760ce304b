"""What Evolution does with its sources, by its own libraries (evolution-data-server, Camel).

Run by the system's Python, which has their bindings:
``evolution_client.py read UID …`` prints each source's fields as the registry returns them;
``evolution_client.py mail ACCOUNT TRANSPORT CA_FILE TO SUBJECT`` reads the password from standard
input, fetches the inbox through the account and sends a message through the transport (unless
that is ``-``).
Both print one JSON document.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"

import json
import os
import sys

import gi  # type: ignore[import-not-found]

gi.require_version("EDataServer", "1.2")
gi.require_version("Camel", "1.2")
from gi.repository import Camel, EDataServer, Gio  # type: ignore[import-not-found] # noqa: E402

GROUPS = {
    "Mail Account": ("backend-name", "identity-uid", "needs-initial-setup"),
    "Mail Identity": ("address", "name"),
    "Mail Submission": ("transport-uid", "sent-folder"),
    "Mail Transport": ("backend-name",),
    "Authentication": ("host", "port", "user", "method"),
    "Security": ("method",),
    "Refresh": ("enabled", "interval-minutes"),
}


def read(registry, uids):
    """The fields of sources, by UID and group; None for an unknown source."""
    found: dict[str, object] = {}
    for uid in uids:
        source = registry.ref_source(uid)
        if source is None:
            found[uid] = None
            continue
        fields = {
            "": {
                "display-name": source.get_display_name(),
                "parent": source.get_parent() or "",
                "enabled": source.get_enabled(),
            }
        }
        for group, names in GROUPS.items():
            if source.has_extension(group):
                extension = source.get_extension(group)
                fields[group] = {name: extension.get_property(name) for name in names}
        found[uid] = fields
    return found


class Session(Camel.Session):  # type: ignore[misc]
    """Signs in with one password, and trusts one authority."""

    password = ""
    authority = None

    def do_authenticate_sync(self, service, mechanism, cancellable):
        service.set_password(self.password)
        result = service.authenticate_sync(mechanism, cancellable)
        return result == Camel.AuthenticationResult.ACCEPTED

    def do_trust_prompt(self, service, certificate, errors):
        host = service.ref_settings().get_property("host")
        asked = Gio.NetworkAddress.new(host, 0)
        good = certificate.verify(asked, self.authority) == 0
        return Camel.CertTrust.TEMPORARY if good else Camel.CertTrust.NEVER


def mail(registry, account, transport, ca_file, to, subject):
    """Fetch through the account, send through the transport."""
    data = os.environ["XDG_CACHE_HOME"]
    Camel.init(data, False)
    Camel.Provider.init()
    EDataServer.SourceCamel.register_types()
    session = Session(user_data_dir=data, user_cache_dir=data)
    session.password = sys.stdin.readline().rstrip("\n")
    session.authority = Gio.TlsCertificate.new_from_file(ca_file)
    session.set_online(True)

    def service(uid, group, kind):
        source = registry.ref_source(uid)
        protocol = source.get_extension(group).get_backend_name()
        made = session.add_service(uid, protocol, kind)
        source.camel_configure_service(made)
        if isinstance(made, Camel.OfflineStore):
            made.set_online_sync(True, None)
        made.connect_sync(None)
        return made

    store = service(account, "Mail Account", Camel.ProviderType.STORE)
    imap = hasattr(store.ref_settings().props, "use_idle")
    # Filters are Evolution's own; this session has none.
    store.ref_settings().set_property("filter-inbox", False)
    inbox = store.get_folder_sync("INBOX" if imap else "inbox", 0, None)
    inbox.refresh_info_sync(None)
    fetched = [inbox.get_message_sync(uid, None).get_subject() for uid in inbox.get_uids()]
    keep = store.ref_settings().find_property("keep-on-server")

    result = {
        "fetched": fetched,
        "leaves_on_server": store.ref_settings().get_property("keep-on-server") if keep else None,
    }
    store.disconnect_sync(True, None)
    if transport == "-":
        return result

    identity = registry.ref_source(
        registry.ref_source(account).get_extension("Mail Account").get_identity_uid()
    ).get_extension("Mail Identity")
    sender = Camel.InternetAddress()
    sender.add(identity.get_name() or "", identity.get_address())
    recipient = Camel.InternetAddress()
    recipient.add("", to)
    message = Camel.MimeMessage()
    message.set_subject(subject)
    message.set_from(sender)
    message.set_recipients("To", recipient)
    message.set_content(b"hola\n", "text/plain")
    outgoing = service(transport, "Mail Transport", Camel.ProviderType.TRANSPORT)
    outgoing.send_to_sync(message, sender, recipient, None)
    outgoing.disconnect_sync(True, None)
    return result


def main() -> None:
    """Print the requested data."""
    registry = EDataServer.SourceRegistry.new_sync(None)
    what, *arguments = sys.argv[1:]
    result = read(registry, arguments) if what == "read" else mail(registry, *arguments)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
