"""A whole rollover against real servers, from the renewed file to the deleted record, watched by a client
that would refuse mail at the first mismatch."""

import os

import dns.flags
import dns.message
import dns.opcode
import dns.query
import pytest

from support.dane_client import presented
from support.mail_host import NAME
from support.mail_service import RenewedPostfix
from support.nsd import Nsd
from support.server import wait_until


@pytest.fixture
def host(mail_host, primary, certificate):
    return mail_host(primary, certificate())


def assert_rolled_over(host, new):
    assert host.records() == {new.tlsa()}
    for service in host.services:
        assert presented(service.address, service.port, NAME)[0] == new.der


def test_run_and_wait_carries_a_renewal_through(host, certificate):
    new = certificate()
    with host.watched() as client:
        host.renew(new)
        host("run", wait=True)

    assert_rolled_over(host, new)
    assert len(client.chains) == 2


def test_repeated_runs_carry_a_renewal_through(host, certificate):
    new = certificate()
    with host.watched() as client:
        host.renew(new)
        host.until_done()

    assert_rolled_over(host, new)
    assert len(client.chains) == 2


def test_publish_in_the_hook_and_deploy_and_prune_in_the_timer(mail_host, bind, certificate):
    host, new = mail_host(bind, certificate()), certificate()
    with host.watched() as client:
        host.renew(new)
        host("publish")
        host.until_done("deploy")
        host.until_done("prune")

    assert_rolled_over(host, new)
    assert len(client.chains) == 2


def renew_both_kinds(host, certificate):
    new = [certificate(key="rsa"), certificate(key="ec")]
    with host.watched(kinds=("RSA", "ECDSA")) as client:
        host.renew(*new)
        host("run", wait=True)

    assert host.records() == {one.tlsa() for one in new}
    assert len(client.chains) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix starts as root only")
def test_postfix_is_carried_through_a_renewal(mail_host, knot, certificate):
    host = mail_host(knot, certificate(key="rsa"), certificate(key="ec"), service=RenewedPostfix)
    renew_both_kinds(host, certificate)


def test_several_renewals_while_one_program_waits(mail_host, knot, certificate):
    """Every round reads the files anew: what was renewed meanwhile is what goes live in the end."""
    host = mail_host(knot, certificate())
    with host.watched():
        host.renew(certificate())
        waiting = host.begin("run", "--wait")
        wait_until(lambda: len(host.records()) == 2, "the first renewal is published")
        new = certificate()
        host.renew(new)
        out, err = waiting.communicate(timeout=60)

    assert waiting.returncode == 0, (out + err).decode()
    assert_rolled_over(host, new)


def test_rsa_and_ecdsa_are_renewed_together(mail_host, bind, certificate):
    host = mail_host(bind, certificate(key="rsa"), certificate(key="ec"))
    renew_both_kinds(host, certificate)


def test_a_lagging_secondary_is_waited_for(mail_host, bind, servers, certificate):
    """For two TTLs; then the program asks whether this is still the primary. They are long for a machine under load."""
    host = mail_host(bind, certificate(), ttl=4)
    secondary = servers(Nsd)
    secondary.follow(host.zone, notified=False)
    host.authorities.append(secondary)
    new = certificate()
    with host.watched() as client:
        host.renew(new)
        for _ in range(4):
            host("run", exits=75)
        assert len(client.chains) == 1, "deployed before the secondary had the record"
        assert host.records() == host.published | {new.tlsa()}

        waiting = host.begin("run", "--wait")
        while waiting.poll() is None:
            notify(secondary)
            client.pause()

    assert waiting.returncode == 0, waiting.stderr.read().decode()
    assert_rolled_over(host, new)


def notify(secondary):
    """RFC 1996: the zone has changed."""
    message = dns.message.make_query("example.test", "SOA", flags=dns.flags.AA)
    message.set_opcode(dns.opcode.NOTIFY)
    dns.query.udp(message, secondary.address, 2, secondary.port)


def test_the_client_remembers_what_caches_may_hold(mail_host, bind, certificate):
    """The watch itself: it notices who does not wait for two TTLs, or no scenario above could fail."""
    host, new = mail_host(bind, certificate()), certificate()
    with pytest.raises(AssertionError, match="a server served"), host.watched() as client:
        client.pause()
        host.renew(new)
        host("publish")
        host.services[0].put(new)
        host.services[0].hang_up()
        client.pause()
