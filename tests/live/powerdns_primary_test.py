"""PowerDNS as the primary: what BIND and Knot do for an administrator, it does."""

import concurrent.futures

import pytest

from support.dane_client import presented
from support.dns import ALGORITHMS, Rrset
from support.mail_host import NAME
from support.powerdns import PowerDns

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"
FOREIGN = "3 1 1 " + "f0" * 32
DENIALS = {"NSEC": None, "NSEC3": ["1 0 0 -"], "narrow NSEC3": ["1 0 0 -", "narrow"]}


@pytest.fixture
def powerdns(servers):
    return servers(PowerDns)


@pytest.mark.parametrize("denial", DENIALS)
def test_a_renewal_is_carried_through(powerdns, mail_host, certificate, denial):
    powerdns.nsec3 = DENIALS[denial]
    host, new = mail_host(powerdns, certificate()), certificate()

    with host.watched() as client:
        host.renew(new)
        host("run", wait=True)

    assert host.records() == {new.tlsa()}
    [service] = host.services
    assert presented(service.address, service.port, NAME)[0] == new.der
    assert len(client.chains) == 2


@pytest.mark.parametrize("read", ["query", "axfr"])
def test_a_move_to_another_ttl_takes_the_whole_rrset(powerdns, certificate, tlsa_update, read):
    zone = powerdns.zone("example.test", "mail A 127.0.2.25", f"{OWNER} 7200 TLSA {FOREIGN}")
    mail = certificate()

    tlsa_update("publish", zone, MAIL, cert=mail, read=read)
    assert zone.tlsa(OWNER) == Rrset(7200, {FOREIGN, mail.tlsa()}, is_signed=True)
    tlsa_update("publish", zone, MAIL, cert=mail, read=read, ttl=300)

    assert zone.tlsa(OWNER) == Rrset(300, {FOREIGN, mail.tlsa()}, is_signed=True)


def test_the_owner_of_a_cname_is_followed_into_another_zone(powerdns, certificate, tlsa_update):
    zone = powerdns.zone(
        "example.test", "mail A 127.0.2.25", f"{OWNER} CNAME tlsa", "_465._tcp.mail CNAME _dane.tlsa.test."
    )
    other = powerdns.zone("tlsa.test", "_dane TXT target")
    mail = certificate()

    tlsa_update("publish", zone, "mail.example.test:25,465", cert=mail)

    assert zone.transfer() == {"tlsa.example.test.": (3600, {mail.tlsa()})}
    assert other.transfer() == {"_dane.tlsa.test.": (3600, {mail.tlsa()})}


@pytest.mark.parametrize("denial", DENIALS)
def test_a_host_that_exists_by_a_wildcard_only_is_not_broken(powerdns, certificate, tlsa_update, denial):
    powerdns.nsec3 = DENIALS[denial]
    zone = powerdns.zone("example.test", "*.wild A 127.0.2.80")

    run = tlsa_update("publish", zone, "www.wild.example.test:443", cert=certificate(), exits=2)

    assert "wildcard" in run.err and zone.tlsa("_443._tcp.www.wild") is None


def test_a_narrow_zone_is_not_transferred_and_its_names_are_asked_for_one_by_one(powerdns, certificate, tlsa_update):
    """PowerDNS refuses AXFR of a narrow zone to everybody, since the secondary could not answer for it."""
    powerdns.nsec3 = DENIALS["narrow NSEC3"]
    hosts = [f"host{number}" for number in range(60)]
    zone = powerdns.zone("example.test", *(f"{host} A 127.0.2.25" for host in hosts))
    mail = certificate()

    listed = tlsa_update("list", zone, "example.test", exits=77)
    run = tlsa_update("publish", zone, *(f"*._tcp.{host}.example.test" for host in hosts), cert=mail)

    assert "(1) its policy does not let the key transfer the zone" in listed.err and "narrow NSEC3" in listed.err
    assert "AXFR" in run.err
    assert zone.tlsa("*._tcp.host59").records == {mail.tlsa()}


def test_every_algorithm_signs_an_update(powerdns, certificate, tlsa_update):
    keys = [powerdns.key(f"by-{algorithm}", algorithm) for algorithm in ALGORITHMS]
    zones = [powerdns.zone(f"{key.name}.test", "mail A 127.0.2.25", key=key, signing=None) for key in keys]
    mail = certificate()

    for zone in zones:
        tlsa_update("publish", zone, f"*._tcp.mail.{zone.name}", cert=mail)

    assert [zone.tlsa("*._tcp.mail").records for zone in zones] == [{mail.tlsa()}] * len(ALGORITHMS)


def test_three_machines_at_once_lose_nothing(powerdns, certificate, tlsa_update, tmp_path):
    zone = powerdns.zone("example.test", "mail A 127.0.2.25", f"*._tcp.mail TLSA {FOREIGN}")
    mine = [certificate() for _ in range(3)]
    zone.serial()  # the server runs

    def publish(number):
        ledger = tmp_path / f"machine-{number}"
        tlsa_update("publish", zone, "*._tcp.mail.example.test", cert=mine[number], state_directory=ledger, force=True)

    with concurrent.futures.ThreadPoolExecutor() as machines:
        list(machines.map(publish, range(3)))

    assert zone.tlsa("*._tcp.mail").records == {FOREIGN, *(one.tlsa() for one in mine)}


def test_an_address_that_may_not_update_is_let_in_by_the_metadata(powerdns, certificate, tlsa_update):
    powerdns.more += "\nallow-dnsupdate-from=192.0.2.0/24"
    zone = powerdns.zone("example.test", "mail A 127.0.2.25")
    mail = certificate()

    refused = tlsa_update("publish", zone, MAIL, cert=mail, exits=77)
    powerdns.pdnsutil("add-meta", "example.test", "ALLOW-DNSUPDATE-FROM", "127.0.0.1")
    tlsa_update("publish", zone, MAIL, cert=mail)

    assert "allow-dnsupdate-from" in refused.err
    assert zone.tlsa(OWNER).records == {mail.tlsa()}
