"""`status`: what is wanted, what every server has, what the service presents, and the DNSSEC verdict."""

import re

import pytest

from support.bind import Bind
from support.nsd import Nsd
from support.server import free_port, wait_until
from support.unbound import Unbound


class Mail:
    """A live service with its certificate, and the zone that its record belongs in."""

    def __init__(self, zone, service, certificate, resolver, tlsa_update):
        self.zone = zone
        self.certificate = certificate
        self.name = f"mail.example.test:{service.port}"
        self.owner = f"_{service.port}._tcp.mail"
        self.resolver = resolver
        self.tlsa_update = tlsa_update

    def publish(self, certificate=None, **options):
        self.tlsa_update("publish", self.zone, self.name, cert=certificate or self.certificate, **options)

    def status(self, *secondaries, zone=None, **options):
        zone = zone or self.zone
        usual = {
            "cert": self.certificate,
            "address": "127.0.0.1",
            "nameserver": [zone.server.at, *secondaries],
            "resolver": self.resolver.at,
            "format": "json",
        }
        return self.tlsa_update("status", zone, self.name, **usual | options)


@pytest.fixture
def resolver(servers):
    return servers(Unbound)


@pytest.fixture
def mail(primary, resolver, certificate, presents, tlsa_update):
    zone = primary.zone("example.test", "mail A 127.0.0.1")
    resolver.resolve(zone)
    resolver.trust(zone)
    current = certificate()
    return Mail(zone, presents(current), current, resolver, tlsa_update)


def test_nothing_published_is_a_difference_and_no_outage(mail):
    mail.status(exits=1)


def test_a_served_chain_that_matches_nothing_published_is_an_outage_until_it_does(mail, certificate):
    mail.publish(certificate(), force=True, exits=2)
    before = mail.status(exits=2).json
    mail.publish()
    after = mail.status(exits=75).json

    assert [endpoint["dane"] for endpoint in before["endpoints"] + after["endpoints"]] == ["mismatch", "ok"]


def test_the_document_is_as_the_manual_says(mail):
    mail.publish()

    document = mail.status(exits=75).json

    [zone] = document["zones"]
    [rrset] = zone["rrsets"]
    [record] = rrset["records"]
    assert document.keys() == {"zones", "endpoints", "blockers", "dnssec", "changed", "next_due"}
    assert zone | {"rrsets": [], "servers": []} == {
        "zone": "example.test.",
        "server": mail.zone.server.at,
        "serial": mail.zone.serial(),
        "signed": True,
        "servers": [],
        "rrsets": [],
    }
    owner = mail.zone.full(mail.owner)
    assert rrset | {"records": []} == {"owner": owner, "asked": owner, "ttl": 3600, "records": []}
    assert record | {"detail": "", "ready_at": ""} == {
        "usage": 3,
        "selector": 1,
        "matching_type": 1,
        "data": mail.certificate.tlsa().split()[-1],
        "state": "published",
        "action": "wait",
        "reason": record["reason"],
        "credential": str(mail.certificate),
        "detail": "",
        "ready_at": "",
    }
    assert document["endpoints"] == [
        {
            "name": "mail.example.test",
            "address": "127.0.0.1",
            "port": int(mail.name.split(":")[1]),
            "key_type": "ecdsa",
            "dane": "ok",
            "matched": mail.certificate.tlsa(),
        }
    ]
    assert (document["dnssec"], document["changed"]) == ("secure", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["next_due"])


def views(run):
    """What is said of each authoritative server but its name: (address, serial, reachable, complete)."""
    return [
        (server["address"], server.get("serial"), server["reachable"], server["complete"])
        for server in run.json["zones"][0]["servers"]
    ]


@pytest.mark.parametrize("kind", [Bind, Nsd])
def test_a_secondary_that_follows_is_complete(mail, servers, kind):
    copy = servers(kind).follow(mail.zone)
    copy.serial()  # it is up before the change, and hears of it
    mail.publish()
    wait_until(lambda: copy.tlsa(mail.owner), "the record at the secondary")

    run = mail.status(copy.server.at, exits=75)

    serial = mail.zone.serial()
    assert views(run) == [(mail.zone.server.at, serial, True, True), (copy.server.at, serial, True, True)]


@pytest.mark.parametrize("kind", [Bind, Nsd])
def test_a_secondary_that_lags_is_not_complete(mail, servers, kind):
    copy = servers(kind).follow(mail.zone, notified=False)
    old = copy.serial()
    mail.publish()

    run = mail.status(copy.server.at, exits=75)

    assert views(run) == [
        (mail.zone.server.at, mail.zone.serial(), True, True),
        (copy.server.at, old, True, False),
    ]


def test_a_secondary_that_is_away_is_named(mail):
    away = f"127.0.0.1@{free_port()}"
    mail.publish()

    run = mail.status(away, exits=1)

    assert views(run) == [(mail.zone.server.at, mail.zone.serial(), True, True), (away, None, False, False)]
    assert away in mail.status(away, exits=1, format="text").out


def test_a_secondary_by_name_is_found_by_the_resolver_that_is_named(mail):
    mail.publish()
    by_name = mail.zone.server.at.replace("127.0.0.1", "ns.example.test")

    run = mail.status(nameserver=by_name, exits=75)

    assert views(run) == [(mail.zone.server.at, mail.zone.serial(), True, True)]


@pytest.fixture(params=["by the resolver", "by ourselves"])
def verdict(request, mail, servers, tmp_path):
    """The verdict on another server's zone, trusting the key of the first: a resolver's, or our own."""
    anchors = tmp_path / "anchors"
    anchors.write_text("\n".join(mail.zone.dnskey()) + "\n")

    def judge(zone, exits=75):
        resolver = servers(Unbound)
        resolver.resolve(zone)
        if request.param == "by the resolver":
            resolver.trust(mail.zone)
            return mail.status(zone=zone, resolver=resolver.at, exits=exits).json["dnssec"]
        return mail.status(zone=zone, resolver=resolver.at, trust_anchor=anchors, exits=exits).json["dnssec"]

    return judge


def test_a_signed_zone_is_secure(mail, verdict):
    mail.publish()

    assert verdict(mail.zone) == "secure"


def test_a_broken_signature_is_bogus(mail, servers, verdict):
    mail.publish()
    whole = mail.zone.transferred().to_text()
    broken = re.sub(r"(RRSIG TLSA (?:\S+ ){7})\S{8}", r"\1AAAAAAAA", whole)
    assert broken != whole
    server = servers(Bind)
    server.keys.append(mail.zone.key)

    assert verdict(server.zone("example.test", broken, signing="file"), exits=2) == "bogus"


def test_an_unsigned_zone_is_insecure(mail, servers, verdict):
    zone = servers(Bind).zone(
        "unsigned.test", "mail A 127.0.0.1", f"{mail.owner} TLSA {mail.certificate.tlsa()}", signing=None
    )
    mail.name = mail.name.replace("example.test", "unsigned.test")

    assert verdict(zone) == "insecure"


def test_without_a_resolver_the_verdict_is_unknown(mail):
    mail.publish()

    assert mail.status(resolver=f"127.0.0.1@{free_port()}", exits=75).json["dnssec"] == "unknown"


@pytest.mark.parametrize("tlsa", ["3 1 1", "3 1 2"])
def test_without_a_certificate_nothing_is_missing_and_nothing_waited_for(mail, tlsa):
    mail.tlsa_update("publish", mail.zone, mail.name, cert=mail.certificate, tlsa=tlsa)

    for _ in range(2):
        (rrset,) = mail.status(cert=[]).json["zones"][0]["rrsets"]

        assert [(one["state"], one["action"], one["reason"]) for one in rrset["records"]] == [
            ("published", "none", "seen")
        ]
