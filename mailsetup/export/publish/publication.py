"""All documents and records of a domain's settings."""

from dataclasses import dataclass, replace

from mailsetup.export.exporter import Artifact, ArtifactFile, ExportFailure, instructions
from mailsetup.export.publish import layout
from mailsetup.export.publish.nginx import nginx_domain, nginx_names
from mailsetup.export.publish.options import PublishOptions
from mailsetup.export.publish.policy import mta_sts_policy, mta_sts_record, tls_report_record
from mailsetup.export.publish.readme import readme
from mailsetup.export.publish.template import shared_services, username_template
from mailsetup.export.publish.zone import (
    Record,
    TxtData,
    mail_records,
    service_records,
    web_records,
    zone_fragment,
)
from mailsetup.export.validation import is_unsafe, validate
from mailsetup.formats import autoconfig, autodiscover, pacc
from mailsetup.i18n import N_, _, language, translations
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.address import ADDRESS_PLACEHOLDER, LOCAL_PART_PLACEHOLDER, EmailAddress
from mailsetup.model.hostname import https_url, is_dns_name, parse_host, parse_port
from mailsetup.model.settings import (
    MAX_PROVIDER_NAME,
    Account,
    AccountSettings,
    Authentication,
    Hint,
    OAuth2Endpoints,
    ServerSettings,
    Service,
    SocketType,
)
from mailsetup.model.text import plain

_DEFAULTS = PublishOptions()


@dataclass(frozen=True, slots=True)
class Publication:
    """What is served for a domain, without secrets and personal data.

    The user names in ``settings`` are templates; ``files`` are in the order in which they are
    written; ``records`` are those of the zone fragment.
    """

    domain: str
    settings: AccountSettings
    files: tuple[ArtifactFile, ...]
    records: tuple[Record, ...]
    notes: tuple[str, ...]
    """What could not be expressed, and why: sentences in the current language."""

    def content(self, name: str) -> bytes | None:
        """A file by its name (see `layout`); None where this publication does not have it."""
        return next((file.content for file in self.files if file.name == name), None)

    @property
    def artifact(self) -> Artifact:
        """The files with the next steps in the current language."""
        readme_name = LANGUAGES[language()].readme
        steps = instructions(
            _("Read {name}: it says what goes where.").format(name=readme_name),
            _(
                "Put the files on the web server, with a certificate for every name in {name}."
            ).format(name=layout.NGINX_NAMES),
            _("Add the records of {name} to the DNS.").format(name=layout.RECORDS),
            _("Check what is really served with “publish … --verify”."),
        )
        return Artifact(self.files, steps, self.notes)


def publication(
    domain: str, settings: AccountSettings, options: PublishOptions = _DEFAULTS
) -> Publication | ExportFailure:
    """All documents and records for a domain (as A-labels). Pure: no file, no network, no clock.

    The settings are one mailbox's or contain placeholders; see `PublishOptions.address`. Fails
    where one person's user name would be published.
    """
    refused = _refused(domain, settings, options)
    if refused:
        return ExportFailure(refused)
    shared = _templated(domain, settings, options.address)
    if isinstance(shared, ExportFailure):
        return shared
    name = _name(options.provider or settings.provider) or domain[:MAX_PROVIDER_NAME]
    notes: list[str] = []
    documents = {layout.CONFIG: autoconfig.write(domain, name, shared)}
    if autodiscover.is_expressible(shared):
        documents[layout.AUTODISCOVER] = autodiscover.write(shared)
    else:
        notes.append(_NO_AUTODISCOVER)
    pacc_document = pacc.write(name, shared)
    if pacc_document is not None:
        documents[layout.PACC] = pacc_document
    else:
        notes.append(_NO_PACC)
    if options.mail_exchangers:
        documents[layout.POLICY] = mta_sts_policy(
            options.policy_mode, options.mail_exchangers, options.policy_age
        )
    else:
        notes.append(_NO_POLICY)
    expressible = ("", ADDRESS_PLACEHOLDER, LOCAL_PART_PLACEHOLDER)
    if any(server.username not in expressible for server in shared.servers):
        notes.append(_ODD_USERNAME)
    records = _records(domain, shared, documents, options)
    if not all(is_dns_name(record.owner) for record in records):
        return ExportFailure(_("The domain is too long for the names that go before it."))
    files = _files(domain, options, documents, records, tuple(notes))
    return Publication(domain, shared, files, records, tuple(map(_, notes)))


_NO_AUTODISCOVER = N_(
    "There is no file for Outlook's Autodiscover: it can only say that the user name is the"
    " address."
)
_NO_PACC = N_(
    "There is no PACC file: it can only name servers with TLS on the standard ports (993, 995, 465)"
    " where the user name is the address."
)
_NO_POLICY = N_("There is no MTA-STS policy: the mail exchangers (MX) of the domain are not known.")
_ODD_USERNAME = N_(
    "DNS records cannot say the user name. Programs that use them will try the address first."
)


def _refused(domain: str, settings: AccountSettings, options: PublishOptions) -> str:
    if parse_host(domain) != domain:
        return _("{domain} is not a domain that can be published.").format(domain=plain(domain, 80))
    fault = options.fault(domain)
    if fault:
        return fault
    if not settings.is_complete:
        return _("There must be a server to receive and one to send.")
    probe = EmailAddress("postmaster", domain)
    pairs = [(server, settings.outgoing[0]) for server in settings.incoming]
    pairs += [(settings.incoming[0], server) for server in settings.outgoing]
    for incoming, outgoing in pairs:
        refused = validate(Account(probe, incoming, outgoing))
        if refused is not None:
            return refused.reason
    for host in settings.hosts:
        if parse_host(host) != host:
            return _("{host} is not a name that others can reach.").format(host=host)
    return ""


def _templated(
    domain: str, settings: AccountSettings, address: EmailAddress | None
) -> AccountSettings | ExportFailure:
    def shared(server: ServerSettings) -> ServerSettings | None:
        if server.authentication == (Authentication.NONE,):
            return replace(server, username="")
        template = username_template(server.username, domain, address)
        return None if template is None else replace(server, username=template)

    both: list[tuple[ServerSettings, ...]] = []
    for servers in (settings.incoming, settings.outgoing):
        found = [(server, shared(server)) for server in servers]
        for server, template in found:
            if template is None:
                return ExportFailure(_personal(server))
        both.append(tuple(dict.fromkeys(template for _s, template in found if template)))
    return AccountSettings(
        incoming=both[0],
        outgoing=both[1],
        hints=tuple(hint for hint in settings.hints if _is_writable_hint(hint)),
        services=tuple(
            service
            for service in shared_services(settings, domain, address)
            if _is_writable_service(service)
        ),
        oauth2=settings.oauth2 if _is_writable_oauth2(settings.oauth2) else None,
    )


def _personal(server: ServerSettings) -> str:
    return _(
        "“{username}” is the user name of one mailbox. Name the address that it belongs to, or"
        " write %EMAILADDRESS% or %EMAILLOCALPART% in the settings."
    ).format(username=plain(server.username, 80))


def _is_writable_hint(hint: Hint) -> bool:
    return https_url(hint.url, also_http=True) == hint.url != "" and not any(
        map(is_unsafe, (hint.url, *(part for text in hint.texts for part in text)))
    )


def _is_writable_service(service: Service) -> bool:
    if is_unsafe(service.username) or is_unsafe(service.url) or not service.authentication:
        return False
    if service.url:
        return https_url(service.url) == service.url
    return (
        parse_host(service.host) == service.host
        and parse_port(service.port) == service.port
        and service.security is not SocketType.NONE
    )


def _is_writable_oauth2(endpoints: OAuth2Endpoints | None) -> bool:
    if endpoints is None:
        return False
    urls = (endpoints.issuer, endpoints.auth_url, endpoints.token_url)
    # Readers of autoconfig read a "%" as the start of a placeholder.
    return all(https_url(url) == url and "%" not in url for url in urls) and not any(
        map(is_unsafe, (*urls, *endpoints.scope, endpoints.client_id))
    )


def _name(text: str) -> str:
    """A name for display; "" for one that programs would read as a placeholder."""
    name = plain(text, MAX_PROVIDER_NAME)
    return "" if "%" in name or is_unsafe(name) else name


def _records(
    domain: str, settings: AccountSettings, documents: dict[str, bytes], options: PublishOptions
) -> tuple[Record, ...]:
    records: list[Record] = [*mail_records(domain, settings, decline=options.decline_rest)]
    records += service_records(domain, settings.services)
    hosts = {
        place.host(domain) for place in layout.PLACES if place.label and place.file in documents
    }
    records += web_records(domain, options, hosts)
    if layout.PACC in documents:
        text = pacc.write_digest(documents[layout.PACC])
        records.append(TxtData(pacc.digest_owner(domain), text))
    if layout.POLICY in documents:
        text = mta_sts_record(documents[layout.POLICY])
        records.append(TxtData(f"_mta-sts.{domain}", text))
    reports = options.reports_to or EmailAddress("postmaster", domain)
    records.append(TxtData(f"_smtp._tls.{domain}", tls_report_record(reports)))
    return tuple(records)


def _files(
    domain: str,
    options: PublishOptions,
    documents: dict[str, bytes],
    records: tuple[Record, ...],
    notes: tuple[str, ...],
) -> tuple[ArtifactFile, ...]:
    types = {place.file: place.media_type for place in layout.PLACES}
    zone = zone_fragment(domain, records, ttl=options.ttl, relative=options.relative)
    return (
        *(ArtifactFile(name, content, types[name]) for name, content in documents.items()),
        ArtifactFile(layout.RECORDS, zone, "text/dns; charset=utf-8"),
        ArtifactFile(layout.NGINX_NAMES, nginx_names(domain, options, documents), "text/plain"),
        ArtifactFile(layout.NGINX_DOMAIN, nginx_domain(domain, options, documents), "text/plain"),
        *(
            ArtifactFile(
                row.readme,
                readme(
                    domain,
                    options,
                    documents,
                    tuple(map(translations(row.code).gettext, notes)),
                    language=row.code,
                ),
                "text/plain; charset=utf-8",
            )
            for row in LANGUAGES.values()
        ),
    )
