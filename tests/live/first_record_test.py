"""With its first record a service starts to be refused for a wrong one. Before publish adds it, it looks at what every
address of the service presents; what does not answer is waited for."""

import socket
from dataclasses import dataclass

import pytest

from support.peer import Peer
from support.server import free_port


def own_address():
    """One that others know this machine by, if there is any."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        return probe.getsockname()[0]


@dataclass
class Mail:
    program: object
    zone: object
    port: int
    options: dict

    def publish(self, *certificates, exits=0, **more):
        certs = [word for certificate in certificates for word in ("--cert", str(certificate))]
        name = f"mail.example.test:{self.port}"
        return self.program("publish", self.zone, name, *certs, exits=exits, **self.options, **more)

    @property
    def records(self):
        rrset = self.zone.tlsa(f"_{self.port}._tcp.mail")
        return rrset.records if rrset else set()


@pytest.fixture
def old(certificate):
    """What the service presents."""
    return certificate()


@pytest.fixture(params=["told", "here"])
def mail(request, tlsa_update, bind, presents, old):
    """A service at an address that is told, or that is one of this machine."""
    address = "127.0.0.1" if request.param == "told" else own_address()
    if address is None:
        pytest.skip("this machine has no address but those of loopback")
    zone = bind.zone("example.test", f"mail A {address}")
    options = {"address": address} if request.param == "told" else {}
    return Mail(tlsa_update, zone, presents(old, address=address).port, options)


def test_it_is_not_one_that_the_service_does_not_present(mail, old, certificate):
    new = certificate()

    run = mail.publish(new, exits=2)
    assert "would match nothing that is served now: not added" in run.err
    assert "--force" in run.err
    mail.publish(new, dry_run=True, exits=2)
    assert mail.records == set()

    mail.publish(old, new)
    assert mail.records == {old.tlsa(), new.tlsa()}


def test_your_word_stands_against_the_look(mail, certificate):
    new = certificate()

    mail.publish(new, force=True, exits=2)

    assert mail.records == {new.tlsa()}


def test_an_outage_is_said_and_the_record_is_added_all_the_same(mail, old, certificate):
    foreign, new = certificate(), certificate()
    mail.publish(foreign, force=True, exits=2)

    run = mail.publish(new, exits=2)
    assert "presents a certificate that matches no published record" in run.err
    assert mail.records == {foreign.tlsa(), new.tlsa()}

    mail.publish(old)
    assert mail.records == {foreign.tlsa(), new.tlsa(), old.tlsa()}


def test_what_dns_says_counts_beside_what_is_told(tlsa_update, bind, presents, old, certificate):
    zone, new = bind.zone("example.test", "mail A 127.0.0.1"), certificate()
    mail = Mail(tlsa_update, zone, presents(old).port, {"address": "127.0.0.9"})  # where nobody listens

    mail.publish(new, exits=2)
    assert mail.records == set()

    mail.publish(old, new)
    assert mail.records == {old.tlsa(), new.tlsa()}


def test_a_port_of_this_machine_that_is_closed_serves_nothing(tlsa_update, bind, certificate):
    zone, new = bind.zone("example.test", "mail A 127.0.0.1"), certificate()
    mail = Mail(tlsa_update, zone, free_port(), {"address": "127.0.0.1"})

    run = mail.publish(new)

    assert "nothing is served at" in run.err
    assert mail.records == {new.tlsa()}


def says_nothing(connection, ended):
    ended.wait(10)


def test_what_does_not_answer_is_waited_for(tlsa_update, bind, certificate):
    zone, new = bind.zone("example.test", "mail A 127.0.0.1"), certificate()
    with Peer(says_nothing) as peer:
        mail = Mail(tlsa_update, zone, peer.port, {"timeout": 1})
        run = mail.publish(new, exits=75)
        assert "not-probed" in mail.publish(new, exits=75, format="json").out
        assert "did not show what it serves" in run.out
        assert mail.records == set()

        mail.publish(new, assume_deployed=True)

    assert mail.records == {new.tlsa()}


def speaks_smtp_in_the_clear(connection, ended):
    connection.sendall(b"220 mail.example.test ESMTP\r\n")
    connection.recv(512)  # EHLO
    connection.sendall(b"250 mail.example.test\r\n")
    ended.wait(10)


@pytest.mark.parametrize("command", ["publish", "run"])
def test_a_service_without_tls_gets_no_first_record(tlsa_update, bind, certificate, command):
    """RFC 7672 section 2.2: a client that finds TLSA records delivers by TLS or not at all. ADVERSARY 131."""
    zone, new = bind.zone("example.test", "mail A 127.0.0.1"), certificate()
    with Peer(speaks_smtp_in_the_clear) as peer:
        mail = Mail(tlsa_update, zone, peer.port, {"address": "127.0.0.1", "starttls": "smtp"})
        options = mail.options | ({"nameserver": bind.at, "resolver": bind.at} if command == "run" else {})
        for more in ({}, {"assume_deployed": True}):
            name = f"mail.example.test:{mail.port}"
            run = tlsa_update(command, zone, name, cert=new, exits=2, **options, **more)
            assert "offers no TLS" in run.err and "rather than without TLS" in run.err
            assert mail.records == set()

        mail.publish(new, force=True)

    assert mail.records == {new.tlsa()}
