"""What is never deleted: while any address, server, clock or ledger leaves a doubt, an old record stays."""

import json
import shutil

import pytest

from support.mail_host import NAME
from support.nsd import Nsd


@pytest.fixture
def two_addresses(mail_host, bind, certificate):
    return mail_host(bind, certificate(), addresses=("127.0.0.1", "127.0.0.2"))


def repeat(host, times, **options):
    """Runs that must all find that something is waited for."""
    for _ in range(times):
        host("run", exits=75, **options)


def switch_one_after_the_other(host, new):
    host.settings["settle"] = 0
    with host.watched():
        host.renew(new)
        host("run", wait=True, exits=2)
        host.until_awaits("still-served", exits=2)
        assert host.records() == host.published | {new.tlsa()}

        host.services[1].put(new)
        host.services[1].hang_up()
        host.until_done()

    assert host.records() == {new.tlsa()}


def test_while_one_address_of_two_still_serves_the_old_chain(two_addresses, certificate):
    host, new = two_addresses, certificate()
    switch_one_after_the_other(host, new)


@pytest.mark.parametrize("other", ["127.0.0.2", "::1"])
def test_while_one_of_the_addresses_that_dns_gives_still_serves_the_old_chain(
    mail_host, bind, certificate, other
):
    host, new = mail_host(bind, certificate(), addresses=("127.0.0.1", other)), certificate()
    del host.service_settings["address"]
    switch_one_after_the_other(host, new)


def test_while_an_address_does_not_answer(two_addresses, certificate):
    host, new = two_addresses, certificate()
    host.start()
    host.services[1].stop()
    with host.watched():
        host.renew(new)
        host.until_awaits("not-probed")
        assert host.records() == host.published | {new.tlsa()}

        host.services[1].put(new)
        host.services[1].start()
        host.until_done()

    assert host.records() == {new.tlsa()}


def test_your_word_stands_in_for_the_probe(two_addresses, certificate):
    host, new = two_addresses, certificate()
    host.start()
    host.services[1].stop()
    host.renew(new)
    host.until_awaits("not-probed")

    host("prune", assume_deployed=True, wait=True)

    assert host.records() == {new.tlsa()}


def test_when_the_ledger_is_gone_an_old_record_is_foreign_until_it_is_adopted(mail_host, bind, certificate):
    host, new = mail_host(bind, certificate()), certificate()
    (old,) = host.published
    host.settings["grace"] = 3600
    with host.watched():
        host.renew(new)
        host.until_awaits("grace")
        shutil.rmtree(host.folder / "state")
        host.settings["grace"] = 0

        host("run", wait=True)
        assert host.records() == {old, new.tlsa()}
        host("prune", wait=True, adopt=old)

    assert host.records() == {new.tlsa()}


def test_a_corrupt_ledger_is_a_lost_one_and_is_put_aside(mail_host, bind, certificate):
    host, new = mail_host(bind, certificate()), certificate()
    with host.watched():
        host.renew(new)
        host("publish")
        ledger = host.folder / "state" / "ledger.json"
        ledger.write_text(ledger.read_text()[:100])
        host("run", wait=True)

    assert host.records() == host.published | {new.tlsa()}
    assert (host.folder / "state" / "ledger.json.broken").exists()


@pytest.mark.parametrize("jump", [250, -250])
def test_when_the_clock_jumps(mail_host, bind, certificate, jump):
    """Neither a clock that is set forwards nor one that is set back ends a wait."""
    host, new = mail_host(bind, certificate()), certificate()
    host.settings["margin"] = 100
    with host.watched() as client:
        host.renew(new)
        repeat(host, 2)
        repeat(host, 3, clock=jump)
        repeat(host, 3)

    assert host.records() == host.published | {new.tlsa()}
    assert len(client.chains) == 1


def test_a_clock_that_was_set_back_does_not_keep_us_waiting_for_ever(mail_host, bind, certificate):
    host, new = mail_host(bind, certificate()), certificate()
    with host.watched():
        host.renew(new)
        host("run", exits=75, clock=200)
        host("run", wait=True)

    assert host.records() == {new.tlsa()}


def test_only_signed_answers_confirm_the_clock(mail_host, bind, certificate):
    """Without them the time of day counts for nothing after a reboot."""
    host = mail_host(bind, certificate())
    host.start()
    ledger = host.folder / "state" / "ledger.json"

    assert json.loads(ledger.read_text())["last_run"]["confirmed"] is True
    host("run", no_sign_queries=True, exits=75)
    assert json.loads(ledger.read_text())["last_run"]["confirmed"] is False


def test_while_the_other_half_of_a_dual_server_is_served(mail_host, bind, certificate):
    """The administrator knows of the RSA certificate only: the ECDSA one is served, and its record counts."""
    rsa, ecdsa, new = certificate(key="rsa"), certificate(key="ec"), certificate(key="rsa")
    host = mail_host(bind, rsa, ecdsa)
    with host.watched(kinds=("RSA", "ECDSA")) as client:
        host.renewed = host.renewed[:1]
        host.renew(new)
        host.until_awaits("still-served")
        client.pause()
        assert len(client.chains) == 3, "the new RSA certificate is not served"
        repeat(host, 3)

    assert ecdsa.tlsa() in host.records()


def test_a_record_to_keep_is_never_deleted(mail_host, bind, certificate):
    host, backup, new = mail_host(bind, certificate()), certificate(), certificate()
    host.start()
    host("publish", cert=backup)
    host.service_settings["keep"] = backup.tlsa()
    host.renew(new)

    host("run", wait=True)

    assert host.records() == {backup.tlsa(), new.tlsa()}


def test_while_an_authoritative_server_does_not_answer(mail_host, bind, servers, certificate):
    host, new = mail_host(bind, certificate()), certificate()
    secondary = servers(Nsd)
    secondary.follow(host.zone)
    host.authorities.append(secondary)
    with host.watched() as client:
        host.renew(new)
        host("publish")
        secondary.stop()
        repeat(host, 8)

    assert len(client.chains) == 1
    assert host.records() == host.published | {new.tlsa()}


def test_while_another_machine_of_the_name_still_serves_the_old_chain(mail_host, bind, certificate):
    """A service each, and each says its own address."""
    one, two, new = certificate(), certificate(), certificate()
    host = mail_host(bind, one, addresses=("127.0.0.1", "127.0.0.2"))
    host.installs = False
    host.service_settings["address"] = ["127.0.0.1"]
    chain = host.folder / "other.pem"
    chain.write_bytes(two.path.read_bytes())
    host.more_services = ["[service.other]", f"name = {NAME}:{host.port}", f"cert = {chain}"]
    host.more_services += ["starttls = smtp", "address = 127.0.0.2"]
    host.services[1].put(two)
    host.start()
    host("run", wait=True)

    chain.write_bytes(new.path.read_bytes())
    host.until_awaits("still-served")
    repeat(host, 3)

    assert host.records() == {one.tlsa(), two.tlsa(), new.tlsa()}


@pytest.mark.parametrize("other_name", [f"{NAME}:PORT", "web.example.test:443"])
def test_what_another_service_wants_when_the_run_is_not_about_it(mail_host, bind, certificate, other_name):
    """Where two services have one name as well as where a CNAME leads (RFC 6698 appendix A.2.1.1)."""
    host = mail_host(bind, certificate(), aliases=["_443._tcp.web"])
    other, new = certificate(), certificate()
    other_name = other_name.replace("PORT", str(host.port))
    host.more_services = ["[service.other]", f"name = {other_name}", f"cert = {other}"]
    host.start()
    assert other.tlsa() in host.records()

    host.renew(new)
    host("run", "mail", wait=True)
    assert host.records() == {other.tlsa(), new.tlsa()}

    run = host("prune", "mail", unpublish=True, wait=True, exits=2)
    assert "is not unpublished" in run.err, "what is served now would match nothing that stays"
    assert host.records() == {other.tlsa(), new.tlsa()}


def test_while_a_service_that_the_run_is_not_about_cannot_be_read(mail_host, bind, certificate):
    host, new = mail_host(bind, certificate()), certificate()
    host.more_services = ["[service.other]", "name = other.example.test:25", "cert = /nowhere/fullchain.pem"]
    host("publish", "mail")
    host.renew(new)
    host("publish", "mail")
    host("ready", "mail", wait=True)
    host("deploy", "mail")
    for _ in range(2):
        run = host("run", "mail", exits=75, format="json")
        assert "/nowhere/fullchain.pem" in run.err
        assert '"reason":"unread"' in run.out
    assert host.records() == host.published | {new.tlsa()}

    host.more_services = []
    host("run", wait=True)
    assert host.records() == {new.tlsa()}
