"""MX hosts of somebody else: left out on demand, noted and left alone otherwise, judged by verify."""

import random

import pytest

from support.bind import Bind
from support.knot import Knot
from support.service import Service
from support.unbound import Unbound

OURS = "127.0.0.1"


class Domain:
    """A mail domain whose second MX is a provider's, in a zone of its own at a server of its own."""

    def __init__(self, servers, program, folder, mail, backup, backup_record=None):
        self.program, self.folder, self.mail = program, folder, mail
        theirs = f"127.78.{random.randrange(1, 255)}.{random.randrange(1, 255)}"  # where nobody else has port 53
        self.service = Service(mail, address=OURS)
        self.port = self.service.port
        self.backup = Service(backup, address=theirs, port=self.port)
        # Their primary is where its SOA says, at the port of DNS.
        provider = servers(Knot, address=theirs, port=53)
        record = [f"_{self.port}._tcp.backup TLSA {backup_record}"] if backup_record else []
        provider = provider.zone("provider.test", f"backup A {theirs}", *record)
        ours = servers(Bind)
        self.zone = ours.zone("example.test", "@ MX 10 mail", "@ MX 20 backup.provider.test.", f"mail A {OURS}")
        self.zone.negative_ttl = 1
        resolver = servers(Unbound)
        resolver.resolve(self.zone, provider)
        resolver.trust(self.zone, provider)
        self.resolver = resolver
        self.target = folder / "installed.pem"

    def __call__(self, command, *lines, **options):
        configuration = self.folder / "tlsa-update.conf"
        configuration.write_text("\n".join([
            f"server = {self.zone.server.at}", f"nameserver = {self.zone.server.at}", f"resolver = {self.resolver.at}", "margin = 0", "grace = 0", "longest-ttl = 0",
            "probe-timeout = 5", "ttl = 1", "[service.mail]", f"name = mx:example.test:{self.port}", f"cert = {self.mail.path}",
            f"install = {self.mail.path} -> {self.target}", "reload = true", *lines, ""]))  # fmt: skip
        return self.program(command, *self.zone.key.options, config=configuration, **options)

    def records(self):
        return self.zone.transfer().keys()

    def stop(self):
        self.service.stop()
        self.backup.stop()


@pytest.fixture
def domain(servers, certificate, tlsa_update, tmp_path):
    made = []

    def make(backup=None, record=None):
        backup = backup or certificate("backup.provider.test")
        mail = certificate("mail.example.test")
        made.append(Domain(servers, tlsa_update, tmp_path, mail, backup, record(mail, backup) if record else None))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def own_record(mail, backup):
    return backup.tlsa()


def test_a_backup_mx_of_a_provider_is_noted_once_and_left_alone(domain):
    mail = domain(record=own_record)

    run = mail("run", wait=True)

    assert mail.records() == {f"_{mail.port}._tcp.mail.example.test."}
    assert mail.target.exists(), "it is deployed for all that"
    assert run.err.count("backup.provider.test is somebody else's") == 1, run.err
    assert "except = backup.provider.test (--except) leaves it out" in run.err
    assert mail("run").status == 0


def test_with_except_nobody_speaks_of_it(domain):
    mail = domain(record=own_record)

    run = mail("run", "except = backup.provider.test", wait=True)

    assert "provider.test" not in run.err + run.out
    assert mail.records() == {f"_{mail.port}._tcp.mail.example.test."}


def test_verify_judges_it_like_our_own(domain):
    mail = domain(record=own_record)
    mail("publish")

    run = mail("verify", format="json")

    assert {(one["name"], one["dane"]) for one in run.json["endpoints"]} == {
        ("mail.example.test", "ok"), ("backup.provider.test", "ok")}  # fmt: skip
    left = mail("verify", "except = backup.provider.test", format="json")
    assert {one["name"] for one in left.json["endpoints"]} == {"mail.example.test"}


def test_verify_finds_the_outage_of_a_backup_mx(domain, certificate):
    mail = domain(record=lambda mail, backup: certificate().tlsa())
    mail("publish")

    run = mail("verify", exits=2)

    assert "backup.provider.test" in run.out + run.err and "mismatch" in run.out


def test_a_host_with_a_record_of_our_certificate_is_our_own(domain):
    mail = domain(record=lambda mail, backup: mail.tlsa())

    run = mail("run", exits=77)

    assert not mail.target.exists(), "its zone cannot be updated, so deploying might be its outage"
    assert "the TLSA records of backup.provider.test match a certificate given here" in run.err
    assert "[zone.NAME]" in run.err and "except = backup.provider.test" in run.err


def test_an_except_that_names_no_host_is_asked_about(domain):
    run = domain(record=own_record)("publish", "except = bakcup.provider.test")

    assert "except bakcup.provider.test is no host of the MX and SRV records that were found" in run.err


@pytest.mark.parametrize("value, why", [("192.0.2.1", "is an IP address"), ("a.example:25", "label"), ("", "missing")])
def test_an_except_that_is_no_host_is_an_error(tlsa_update, value, why):
    run = tlsa_update("generate", "mx:example.test", **{"except": value}, exits=64)

    assert why in run.err and "--except" in run.err
