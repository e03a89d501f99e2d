"""The first record of a name, or of a combination, needs an eyewitness (W6): nobody who finds it may be served a
chain that it does not match."""

import contextlib
import socket
import threading
import time

import pytest

from support.dane_client import DaneClient, presented
from support.mail_host import NAME


@contextlib.contextmanager
def slow_door(address, port, seconds):
    """A service that greets nobody for a while, as postscreen does, and from here never."""
    listener = socket.create_server((address, port))
    held = []

    def hold():
        with contextlib.suppress(OSError):
            while True:
                held.append(listener.accept()[0])

    threading.Thread(target=hold, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def without_records(host):
    host.zone.records = [record for record in host.zone.records if "TLSA" not in record]
    return host


def watched(host):
    """Without the first `publish`, which is what these stories are about."""
    for server in (*host.authorities, *host.services):
        assert server.port
    return DaneClient(host.zone.full(host.owner), NAME, host.authorities, host.services)


def served(host):
    return presented(host.services[0].address, host.port, NAME)[0]


@pytest.fixture
def hidden(mail_host, bind, certificate):
    """What DNS says of the host shows no chain to us, while the world meets the old certificate."""
    host = without_records(mail_host(bind, certificate()))
    host.zone.records = [record.replace("A 127.0.0.1", "A 127.0.0.9") for record in host.zone.records]
    host.service_settings["address"] = ["127.0.0.9"]
    host.settings["timeout"] = 1
    host.old = host.services[0]
    return host


def test_w6_a_service_that_is_not_reached_gets_no_first_record(hidden, certificate):
    """ADVERSARY 09 and 27."""
    host, new = hidden, certificate()
    with watched(host) as client, slow_door("127.0.0.9", host.port, 60):
        old = served(host)
        host.renew(new)
        for command in ("run", "publish", "run"):
            run = host(command, exits=75)
            assert "did not show what it serves" in run.out + run.err
        assert host.records() == set() and served(host) == old
        client.judgements += 1  # there was nothing to judge by


def test_w6_your_word_brings_what_is_installed_along(mail_host, bind, certificate):
    """The way out of ADVERSARY 09: nobody sees the service, and its certificate lies in the install targets."""
    old, new = certificate(), certificate()
    host = without_records(mail_host(bind, old))
    host.zone.records = [record.replace("A 127.0.0.1", "A 127.0.0.9") for record in host.zone.records]
    host.service_settings["address"] = ["127.0.0.9"]
    host.settings["timeout"] = 1
    with watched(host), slow_door("127.0.0.9", host.port, 60):
        host.renew(new)
        host("publish", assume_deployed=True)
        assert host.records() == {old.tlsa(), new.tlsa()}
        time.sleep(0.5)
        assert served(host) == old.der


@pytest.mark.parametrize("command", ["publish", "run"])
def test_w6_what_is_installed_comes_along_with_the_first_record(mail_host, bind, certificate, command):
    old, new = certificate(), certificate()
    host = without_records(mail_host(bind, old))
    with watched(host) as client:
        host.renew(new)
        host(command, exits=None)
        assert host.records() == {old.tlsa(), new.tlsa()}
        client.pause()


@pytest.mark.parametrize("command", ["publish", "run"])
def test_w6_a_service_that_serves_something_else_gets_no_first_record(mail_host, bind, certificate, command):
    host = without_records(mail_host(bind, certificate()))
    host.installs = False
    assert all(server.port for server in (*host.authorities, *host.services))
    host.renew(certificate())

    run = host(command, exits=2)

    assert "would match nothing that is served now: not added" in run.err
    assert host.records() == set()


@pytest.mark.parametrize("command", ["publish", "run"])
def test_w6_records_that_vanished_come_back_with_what_the_ledger_saw_live(mail_host, primary, certificate, command):
    """ADVERSARY 10 and 10b."""
    old, new = certificate(), certificate()
    host = mail_host(primary, old)
    host.installs = False
    with host.watched():
        host("run", wait=True)
        host.renew(new)
        host("run", exits=75)
        host.zone.change(("delete", host.owner, "TLSA"))  # the zone was put back, or another program owns it
        host(command, exits=None)
        assert host.records() == {old.tlsa(), new.tlsa()}


def test_w6_a_machine_does_not_begin_dane_for_the_others_behind_its_name(mail_host, bind, certificate):
    """ADVERSARY 57."""
    a, b = certificate(), certificate()
    host = without_records(mail_host(bind, a, addresses=("127.0.0.1", "127.0.0.2")))
    host.service_settings["address"] = ["127.0.0.1"]
    host.services[1].put(b)
    assert all(server.port for server in (*host.authorities, *host.services))

    run = host("publish", exits=2)
    assert "127.0.0.2" in run.err or "would match nothing" in run.err
    assert host.records() == set()

    host.service_settings["cert"] = b.path
    host("publish")
    assert host.records() == {a.tlsa(), b.tlsa()}


class WildcardOwner:
    """ADVERSARY 17: nobody can look at all ports at once."""

    name = "*._tcp.mail.example.test"
    owner = "*._tcp.mail"

    def __init__(self, tlsa_update, primary, *records):
        self.program = tlsa_update
        self.zone = primary.zone("example.test", "mail A 127.0.0.1", *(f"{self.owner} 60 TLSA {r}" for r in records))

    def __call__(self, *certificates, exits=0, **options):
        certs = [word for one in certificates for word in ("--cert", str(one))]
        return self.program("publish", self.zone, self.name, *certs, exits=exits, **options)

    @property
    def records(self):
        rrset = self.zone.tlsa(self.owner)
        return rrset.records if rrset else set()


def test_w6_a_stronger_digest_does_not_displace_what_nobody_can_see(tlsa_update, bind, certificate):
    old, new = certificate(), certificate()
    publish = WildcardOwner(tlsa_update, bind, old.tlsa())

    publish(new, tlsa="3 1 2", exits=2)
    assert publish.records == {old.tlsa()}

    publish(old, new, tlsa="3 1 2")
    assert publish.records == {old.tlsa(), old.tlsa("3 1 2"), new.tlsa("3 1 2")}


def test_w6_where_nothing_is_relied_on_it_is_added_with_a_note(tlsa_update, bind, certificate):
    new = certificate()
    publish = WildcardOwner(tlsa_update, bind)

    run = publish(new)

    assert "cannot be probed" in run.err
    assert publish.records == {new.tlsa()}
