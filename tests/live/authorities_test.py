"""What clients meet at the authoritative servers: status, verify, doctor and publish tell the same of it."""

import pytest

from support.bind import Bind, resigned
from support.server import free_port, wait_until
from support.unbound import Unbound

FOREIGN = "3 1 1 " + "f0" * 32
NO_ROUTE = "ff0e::53"  # the kernel has no way there by TCP, whatever the host's network: multicast
EXPIRED = "20260201000000"


class Scene:
    """A live service whose record is in a zone, and a resolver."""

    def __init__(self, zone, service, certificate, resolver, tlsa_update):
        self.zone, self.certificate, self.resolver, self.tlsa_update = zone, certificate, resolver, tlsa_update
        self.name = f"mail.example.test:{service.port}"
        self.owner = f"_{service.port}._tcp.mail"

    def __call__(self, command, *servers, **options):
        usual = {"resolver": self.resolver.at, "address": "127.0.0.1", "exits": None}
        if servers:
            usual["nameserver"] = servers
        if command in ("publish", "status"):
            usual["cert"] = self.certificate
        return self.tlsa_update(command, self.zone, self.name, **usual | options)

    def checks(self, *servers, **options):
        """What doctor finds: the failed checks, by name."""
        run = self("doctor", *servers, format="json", **options)
        return {check["check"]: check for check in run.json["checks"] if not check["ok"]}


@pytest.fixture
def scene(servers, bind, certificate, presents, tlsa_update):
    def make(*records, signing="policy"):
        zone = bind.zone("example.test", "mail A 127.0.0.1", *records, signing=signing)
        mail = certificate("mail.example.test")
        return Scene(zone, presents(mail), mail, servers(Unbound), tlsa_update)

    return make


def test_the_world_sees_what_a_signer_behind_an_unsigned_primary_signs(scene, servers):
    """A hidden primary without DNSSEC, and BIND behind it that signs what it transfers."""
    mail = scene(signing=None)
    signer = servers(Bind).follow(mail.zone, signing="inline")
    signer.serial()
    mail.resolver.resolve(signer)
    mail.resolver.trust(signer)
    published = mail("publish", signer.server.at)
    wait_until(lambda: signer.tlsa(mail.owner), "the record at the signer")

    status = mail("status", signer.server.at, format="json", exits=75).json
    told = mail("status", signer.server.at, exits=75)
    verify = mail("verify", signer.server.at, exits=0)
    monitor = mail("verify", signer.server.at, monitor=True, exits=0)
    doctor = mail.checks(signer.server.at)

    assert "is not signed" not in published.err + told.err
    assert status["dnssec"] == "secure" and status["zones"][0]["signed"] is True
    assert [server["complete"] for server in status["zones"][0]["servers"]] == [True]
    assert "signed behind the primary" in told.out and "1 of 1 RRset" in told.out
    assert "not secured" not in verify.err and monitor.out.startswith("TLSA OK - ")
    assert "signed" not in doctor and "nameserver" not in doctor


def test_the_validator_alone_may_know_of_the_signer(scene, servers):
    """The name servers are out of reach from here."""
    mail = scene(signing=None)
    signer = servers(Bind).follow(mail.zone, signing="inline")
    signer.serial()
    mail.resolver.resolve(signer)
    mail.resolver.trust(signer)
    away = f"127.0.0.1@{free_port()}"

    published = mail("publish", away, exits=0)
    doctor = mail.checks(away)

    assert "is not signed" not in published.err
    assert "signed" not in doctor and "nameserver" in doctor


def test_an_unsigned_zone_is_unsigned_to_all_of_them(scene):
    mail = scene(signing=None)
    at = mail.zone.server.at

    published = mail("publish", at, exits=0)
    status = mail("status", at, format="json").json
    monitor = mail("verify", at, monitor=True, exits=1)

    assert "example.test. is not signed" in published.err
    assert status["dnssec"] == "insecure" and status["zones"][0]["signed"] is False
    assert "not secured by DNSSEC" in monitor.out and "signed" in mail.checks(at)


@pytest.fixture
def expired(scene, servers):
    """The zone at a second server, of the same serial, with signatures that have ended."""
    mail = scene()
    mail.resolver.resolve(mail.zone)
    mail.resolver.trust(mail.zone)
    mail("publish", mail.zone.server.at, exits=0)
    second = servers(Bind)
    second.keys.append(mail.zone.key)
    copy = second.zone("example.test", resigned(mail.zone, "20260101000000", EXPIRED), signing="file")
    assert copy.serial() == mail.zone.serial()
    return mail, copy.server.at


def test_one_server_with_expired_signatures_is_named_with_the_signature_and_its_end(expired):
    mail, second = expired
    first = mail.zone.server.at

    monitor = mail("verify", first, second, monitor=True, exits=1)
    status = mail("status", first, second)
    doctor = mail.checks(first, second, exits=1)["nameserver"]

    told = f"the signature (RRSIG) of {mail.owner}.example.test. TLSA expired at 2026-02-01T00:00:00Z"
    assert monitor.out.startswith("TLSA WARNING - ") and second in monitor.out and told in monitor.out
    of_second = status.out.partition(second)[2]
    assert told in of_second and "0 of 1 RRset" in of_second and "1 of 1 RRset" in status.out
    said = mail.tlsa_update("doctor", mail.zone, mail.name, nameserver=[first, second], address="127.0.0.1",
                            resolver=mail.resolver.at, retries=0, exits=1).out  # fmt: skip
    assert f"{second}: {told}" in said and f"{second} is up to date" not in said and doctor["advice"]


def test_signatures_that_ended_at_every_server_are_an_outage(expired):
    mail, second = expired

    monitor = mail("verify", second, monitor=True, exits=2)

    assert monitor.out.startswith("TLSA CRITICAL - ") and "expired at 2026-02-01T00:00:00Z" in monitor.out


@pytest.mark.parametrize("ahead", [0, 1], ids=["the same serial", "a higher serial"])
def test_a_server_with_another_rrset_is_not_up_to_date_whatever_its_serial(scene, servers, ahead):
    mail = scene(signing=None)
    mail("publish", mail.zone.server.at, exits=0)
    second = servers(Bind)
    second.keys.append(mail.zone.key)
    records = ["$ORIGIN example.test.", "$TTL 3600", f"@ SOA ns hostmaster {mail.zone.serial() + ahead} 2 3 4 5", "@ NS ns",
               "ns A 127.0.0.1", f"{mail.owner} TLSA {mail.certificate.tlsa()}", f"{mail.owner} TLSA {FOREIGN}"]  # fmt: skip
    second.zone("example.test", *records, signing="file")

    servers = mail.zone.server.at, second.at
    status = mail("status", *servers).out.partition(second.at)[2]
    doctor = mail.checks(*servers)["nameserver"]
    monitor = mail("verify", *servers, monitor=True, exits=1)

    told = f"has other TLSA records than the primary at {mail.owner}.example.test."
    assert "0 of 1 RRset" in status and told in status
    assert second.at in doctor["detail"] and told in doctor["detail"]
    assert second.at in monitor.out and told in monitor.out


def test_a_server_that_does_not_answer_is_a_warning(scene):
    mail = scene()
    mail.resolver.resolve(mail.zone)
    mail.resolver.trust(mail.zone)
    mail("publish", mail.zone.server.at, exits=0)
    away = f"127.0.0.1@{free_port()}"

    monitor = mail("verify", mail.zone.server.at, away, monitor=True, exits=1)
    plain = mail("verify", mail.zone.server.at, away, exits=1)

    assert monitor.out.startswith("TLSA WARNING - ") and away in monitor.out and away in plain.err


@pytest.fixture
def half_reachable(scene):
    """A service and a name server whose AAAA records lead nowhere from here."""
    mail = scene(f"mail AAAA {NO_ROUTE}", f"ns AAAA {NO_ROUTE}")
    mail.resolver.resolve(mail.zone)
    mail.resolver.trust(mail.zone)
    mail("publish", mail.zone.server.at, assume_deployed=True, exits=0)
    mail.by_name = mail.zone.server.at.replace("127.0.0.1", "ns.example.test")
    return mail


def endpoints(run):
    return {endpoint["address"] for endpoint in run.json["endpoints"]}


def test_without_a_route_the_option_is_named(half_reachable):
    mail = half_reachable

    status = mail("status", mail.by_name, exits=1)
    doctor = mail.checks(mail.by_name, exits=69)

    assert status.out.count("-4 (ipv4-only)") == 1
    assert NO_ROUTE in doctor["nameserver"]["detail"]
    assert "-4 (ipv4-only)" in doctor["nameserver"]["advice"] and "--nameserver" in doctor["nameserver"]["advice"]
    assert "NS record" not in doctor["nameserver"]["advice"]


def test_one_family_is_left_out_of_name_servers_and_services(half_reachable, tmp_path):
    mail = half_reachable
    both = ["status", mail.zone, mail.name, "--format", "json", "--cert", mail.certificate, "--resolver",
            mail.resolver.at, "--nameserver", mail.by_name, "--retries", 0]  # fmt: skip
    config = tmp_path / "four.conf"
    config.write_text("ipv4-only = yes\n")

    without = mail.tlsa_update(*both, exits=1)
    by_letter = mail.tlsa_update(*both, "-4", exits=75)
    by_key = mail.tlsa_update(*both, config=config, exits=75)
    other = mail.tlsa_update(*both, "-6", config=config, exits=1)

    assert endpoints(without) == {"127.0.0.1", NO_ROUTE} and len(without.json["zones"][0]["servers"]) == 2
    for run in (by_letter, by_key):
        assert endpoints(run) == {"127.0.0.1"}
        assert [(one["reachable"], one["complete"]) for one in run.json["zones"][0]["servers"]] == [(True, True)]
    # The primary and the resolver are given by their addresses, and are asked all the same.
    assert endpoints(other) == {NO_ROUTE} and "IPv4" not in other.err
    assert [one["reachable"] for one in other.json["zones"][0]["servers"]] == [False]


def test_a_server_by_name_without_an_address_of_the_family_is_no_riddle(scene):
    mail = scene("ns4 A 127.0.0.1")
    mail.resolver.resolve(mail.zone)
    mail.zone.serial()

    run = mail.tlsa_update("status", mail.zone.key, mail.name, "-6", server=mail.zone.server.at.replace("127.0.0.1", "ns4.example.test"),
                           resolver=mail.resolver.at, cert=mail.certificate, retries=0, exits=69)  # fmt: skip

    assert "it has no IPv6 address; --ipv6-only leaves its other addresses out" in run.err
