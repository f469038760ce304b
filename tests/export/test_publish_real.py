"""What is published, loaded by the real knot and nginx and found by our own search."""

import http.client
import json
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailsetup.assistant.publication.result import PublicationState, is_published, row_to_json
from mailsetup.assistant.publication.verify import verify_publication
from mailsetup.discovery.exchangers import mail_exchangers
from mailsetup.discovery.find import find
from mailsetup.discovery.sources.autoconfig import Autoconfig, WellKnown
from mailsetup.discovery.sources.autodiscover import Autodiscover
from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.discovery.sources.srv import Srv
from mailsetup.export.publish import layout
from mailsetup.export.publish.options import PublishOptions
from mailsetup.export.publish.publication import Publication
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.settings import AccountSettings
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found
from mailsetup.net.network import open_network
from tests.support.network.site import Site
from tests.support.samples.published import FULL, IMAP, SMTP, SMTP_STARTTLS, content, published
from tests.support.servers.availability import missing

pytestmark = pytest.mark.servers

DOMAIN = "publica.test"
ANA, LUIS = EmailAddress("ana", DOMAIN), EmailAddress("luis", DOMAIN)
SERVERS = AccountSettings(
    tuple(replace(one, host=f"mail.{DOMAIN}", username=ANA.ascii) for one in (IMAP,)),
    tuple(replace(one, host=f"mail.{DOMAIN}", username=ANA.ascii) for one in (SMTP, SMTP_STARTTLS)),
    provider="Publica & Cía",
)


def options(site: Site) -> PublishOptions:
    return PublishOptions(
        address=ANA,
        mail_exchangers=(f"mail.{DOMAIN}",),
        web=(site.ip,),
        folder=str(site.files),
        certificate=str(site.chain),
        certificate_key=str(site.key),
        listen=(f"{site.ip}:443",),
        ttl=1,
    )


@pytest.fixture
def site() -> Iterator[Site]:
    reason = missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    running = Site(DOMAIN)
    yield running
    running.stop()


def served(site: Site, changed: PublishOptions | None = None) -> Publication:
    made = published(SERVERS, changed or options(site), DOMAIN)
    site.publish(made)
    site.start()
    return made


async def looked(site: Site) -> Discovery:
    async with open_network(site.options) as net:
        return await find(LUIS, net)


@pytest.mark.parametrize("relative", [False, True])
async def test_knot_answers_every_record_of_the_fragment(site: Site, relative: bool) -> None:
    made = served(site, replace(options(site), relative=relative))
    async with open_network(site.options) as net:
        for record in made.records:
            match record.kind:
                case "SRV":
                    reply = await net.dns.srv(record.owner)
                    assert isinstance(reply, DnsAnswer), record
                    texts = [
                        f"{one.priority} {one.weight} {one.port} {one.target}."
                        for one in reply.records
                    ]
                    assert texts == [record.data]
                case "TXT":
                    text = await net.dns.txt(record.owner)
                    assert isinstance(text, DnsAnswer), record
                    assert [f'"{one}"' for one in text.records] == [record.data]
                case _:
                    addresses = await net.dns.addresses(record.owner)
                    assert isinstance(addresses, DnsAnswer), record
                    assert addresses.records == (site.ip,)
        assert await mail_exchangers(DOMAIN, net) == (f"mail.{DOMAIN}",)


async def test_each_source_finds_the_published_settings(site: Site) -> None:
    made = served(site)
    checked = site.tested("nginx", "-t", "-c", str(site.folder / "nginx.conf"))
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    wanted = SERVERS.with_login_of(ANA, LUIS)
    async with open_network(site.options) as net:
        for source in (Autoconfig(), WellKnown(), Srv(), Autodiscover()):
            outcome = await source.discover(LUIS, net)
            assert isinstance(outcome, Found), outcome
            assert outcome.settings.servers == wanted.servers, source.method
        outcome = await Pacc().discover(LUIS, net)
        assert isinstance(outcome, Found), outcome
        # PACC cannot express STARTTLS.
        assert outcome.settings.servers == (wanted.incoming[0], wanted.outgoing[0])
        assert outcome.settings.provider == "Publica & Cía"
    assert made.notes == ()


async def test_the_search_finds_them_by_each_method_in_turn(
    site: Site,
) -> None:
    served(site)
    wanted = SERVERS.with_login_of(ANA, LUIS)

    async def found() -> tuple[Method, set[str]]:
        discovery = await looked(site)
        assert discovery.settings is not None, discovery
        assert discovery.source is not None
        assert discovery.confirm == ()
        best = (discovery.settings.incoming[0], discovery.settings.outgoing[0])
        assert best == (wanted.incoming[0], wanted.outgoing[0])
        return discovery.source.method, {tried.method for tried in discovery.tried}

    methods = [(await found())[0]]
    site.withdraw(layout.PACC)
    methods.append((await found())[0])
    site.withdraw(layout.CONFIG)
    methods.append((await found())[0])
    assert methods == [Method.PACC, Method.AUTOCONFIG, Method.SRV]


async def test_the_search_finds_them_by_autodiscover_alone(site: Site) -> None:
    made = published(SERVERS, options(site), DOMAIN)
    site.publish(made)
    zone = site.files / layout.RECORDS
    lines = zone.read_text().splitlines(keepends=True)
    zone.write_text("".join(line for line in lines if line.startswith("autodiscover.")))
    site.withdraw(layout.PACC, layout.CONFIG, layout.POLICY)
    site.start()
    discovery = await looked(site)
    assert discovery.source is not None
    assert discovery.source.method is Method.AUTODISCOVER
    assert discovery.settings is not None
    assert discovery.settings.servers == SERVERS.with_login_of(ANA, LUIS).servers


async def test_all_served_files_are_verified(site: Site) -> None:
    made = served(site)
    async with open_network(site.options) as net:
        rows = await verify_publication(made, net)
    assert {row.state for row in rows} == {PublicationState.RIGHT}, [
        row_to_json(row) for row in rows if row.state is not PublicationState.RIGHT
    ]
    assert is_published(rows)
    # Six URLs, three SRV records and Autodiscover's, three texts.
    assert len(rows) == 6 + 4 + 3
    assert len({(row.method, row.location) for row in rows}) == len(rows)
    assert json.loads(json.dumps([row_to_json(row) for row in rows]))


async def test_each_fault_of_a_real_server_is_distinguished(site: Site) -> None:
    made = served(site)
    site.withdraw(layout.CONFIG)
    document = site.files / layout.PACC
    document.write_bytes(document.read_bytes() + b"\n")
    policy = site.files / layout.POLICY
    policy.write_bytes(policy.read_bytes().replace(b"testing", b"enforce"))
    async with open_network(site.options) as net:
        rows = {row.location: row for row in await verify_publication(made, net)}

    def state(location: str) -> tuple[PublicationState, str]:
        return rows[location].state, rows[location].reason

    assert state(f"https://autoconfig.{DOMAIN}/mail/config-v1.1.xml") == (
        PublicationState.MISSING,
        "http-404",
    )
    place = f"https://ua-auto-config.{DOMAIN}/.well-known/user-agent-configuration.json"
    assert state(place) == (PublicationState.DIFFERS, "digest-mismatch")
    row = rows[f"https://mta-sts.{DOMAIN}/.well-known/mta-sts.txt"]
    assert row.state is PublicationState.DIFFERS
    changed = [(entry.what, entry.expected, entry.served) for entry in row.differences]
    assert changed == [("mode", "testing", "enforce")]
    assert state(f"_imaps._tcp.{DOMAIN}") == (PublicationState.RIGHT, "")
    assert not is_published(list(rows.values()))


async def test_nginx_serves_the_right_types_to_scripts_and_to_outlook(site: Site) -> None:
    made = served(site)
    context = ssl.create_default_context(cafile=str(site.tls.ca_file))

    def ask(method: str, host: str, path: str) -> tuple[int, str, str, bytes]:
        raw = socket.create_connection((site.ip, 443))
        connection = http.client.HTTPSConnection(host, context=context)
        connection.sock = context.wrap_socket(raw, server_hostname=host)
        connection.request(method, path, body=b"<x/>" if method == "POST" else None)
        reply = connection.getresponse()
        seen = (
            reply.status,
            reply.headers["Content-Type"] or "",
            reply.headers["Access-Control-Allow-Origin"] or "",
            reply.read(),
        )
        connection.close()
        return seen

    for place in layout.PLACES:
        method = "POST" if place.posted else "GET"
        origin = "*" if place.by_script else ""
        wanted = (200, place.media_type, origin, content(made, place.file))
        assert ask(method, place.host(DOMAIN), place.path) == wanted
    outlook = f"autodiscover.{DOMAIN}"
    for path in ("/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"):
        assert ask("POST", outlook, path)[3] == content(made, layout.AUTODISCOVER)
    assert ask("GET", f"autoconfig.{DOMAIN}", "/")[0] == 404
    assert ask("GET", outlook, "/autodiscover/autodiscover.xml.bak")[0] == 404


def test_a_long_domain_is_served_with_a_larger_bucket_size(site: Site) -> None:
    """With the setting from the file's comment nginx accepts the file."""
    domain = f"{'a' * 63}.{'b' * 63}.test"
    settings = FULL.with_username("%EMAILADDRESS%")
    made = published(settings, replace(options(site), address=None), domain)
    site.publish(made)
    hint = next(
        line.removeprefix("#   ")
        for line in content(made, layout.NGINX_NAMES).decode().splitlines()
        if "hash_bucket_size" in line
    )
    config = site.folder / "nginx.conf"
    refused = site.tested("nginx", "-t", "-c", str(config))
    assert refused.returncode != 0
    assert "server_names_hash_bucket_size" in refused.stderr
    config.write_text(config.read_text().replace("http {", f"http {{\n{hint}", 1))
    taken = site.tested("nginx", "-t", "-c", str(config))
    assert taken.returncode == 0, taken.stderr
