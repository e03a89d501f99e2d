"""The other ways in which what is wanted changes: a next key that is published ahead, other parameters, taking
over foreign records, leaving; and what each command says of it."""

import re
import socket

import dns.message
import dns.query
import pytest

from support.dane_client import presented
from support.dns import text
from support.mail_host import NAME
from support.server import free_port, wait_until
from support.unbound import Unbound


@pytest.fixture
def host(mail_host, bind, certificate):
    return mail_host(bind, certificate())


def test_a_next_key_is_published_ahead_and_has_nothing_to_wait_for(host, certificate):
    new = certificate()
    host.service_settings["next"] = new.key_path
    with host.watched() as client:
        host("run", wait=True)
        assert host.records() == host.published | {new.tlsa()}
        host("run")
        assert host.records() == host.published | {new.tlsa()}, "a next key stays"

        following = certificate()
        host.renew(new)
        host.service_settings["next"] = following.key_path
        host("ready")
        host("run", wait=True)

    assert host.records() == {new.tlsa(), following.tlsa()}
    assert len(client.chains) == 2


@pytest.mark.parametrize("is_ahead", [True, False], ids=["with a next key", "without one"])
def test_what_a_resolver_serves_long_after_it_has_expired(mail_host, bind, servers, certificate, is_ahead):
    """ADVERSARY 24: RFC 8767. No wait outlasts that; a next key that was published before the resolver asked does."""
    old, new, following = certificate(), certificate(), certificate()
    host = mail_host(bind, old)
    resolver = servers(Unbound)
    resolver.resolve(host.zone)
    resolver.more = ["serve-expired: yes", "serve-expired-client-timeout: 0"]
    if is_ahead:
        host.service_settings["next"] = new.key_path
    host.start()
    cached = tlsa(resolver, host)

    host.renew(new)
    if is_ahead:
        host.service_settings["next"] = following.key_path
    host.until_done()
    stale = tlsa(resolver, host)

    assert stale == cached and host.records().isdisjoint({old.tlsa()})
    assert presented("127.0.0.1", host.port, NAME)[0] == new.der
    assert (new.tlsa() in stale) == is_ahead


def tlsa(resolver, host):
    """What its clients get: a set of "3 1 1 4648..."."""
    query = dns.message.make_query(host.zone.full(host.owner), "TLSA")
    answer = dns.query.tcp(query, resolver.address, port=resolver.port, timeout=5)
    return {text(record) for rrset in answer.answer for record in rrset}


def issued(certificate):
    root = certificate("Root", is_ca=True)
    issuer = certificate("Issuer", issuer=root, is_ca=True)
    return certificate(NAME, issuer=issuer)


@pytest.mark.parametrize("tlsa", [["2 1 1"], ["3 1 1", "3 1 2"], ["3 0 1"]], ids=lambda tlsa: "+".join(tlsa))
def test_other_parameters_first_cover_the_chain_that_is_served(mail_host, bind, certificate, tlsa):
    """RFC 7671 sections 8.1 to 8.4: publish the new ones, wait, and only then delete the old ones."""
    mail = issued(certificate)
    host = mail_host(bind, mail)
    with host.watched():
        host.service_settings["tlsa"] = tlsa
        host("run", exits=75)
        assert len(host.records()) == 2
        host("run", wait=True)

    source = mail.issuer if tlsa == ["2 1 1"] else mail
    assert host.records() == {source.tlsa(parameters) for parameters in tlsa}


def test_a_renewal_under_an_issuer_that_was_published_ahead_waits_for_nothing(mail_host, bind, certificate):
    root = certificate("Root", is_ca=True)
    issuers = [certificate(f"Issuer {number}", issuer=root, is_ca=True) for number in (1, 2)]
    host, new = mail_host(bind, certificate(issuer=issuers[0])), certificate(issuer=issuers[1])
    candidates = host.folder / "candidates.pem"
    candidates.write_bytes(b"".join(one.pem for one in issuers))
    with host.watched():
        host.service_settings |= {"tlsa": ["2 1 1"], "issuer": str(candidates)}
        host("run", wait=True)
        assert host.records() == {one.tlsa("2 1 1") for one in issuers}

        host.renew(new)
        host("run")

    assert presented("127.0.0.1", host.port, NAME)[0] == new.der
    assert host.records() == {one.tlsa("2 1 1") for one in issuers}


def test_key_and_parameters_change_at_once(mail_host, bind, certificate):
    """RFC 7671 section 8.2: the old combination covers the new key until it has left."""
    host, new = mail_host(bind, issued(certificate)), issued(certificate)
    with host.watched():
        host.service_settings["tlsa"] = ["2 1 1"]
        host.renew(new)
        host("run", wait=True)

    assert host.records() == {new.issuer.tlsa("2 1 1")}


def test_publishing_other_parameters_covers_what_is_served_whatever_was_renewed(host, certificate):
    """RFC 7671 sections 8.3 and 9: clients look at the stronger digest alone, and the old key is still served."""
    new = certificate()
    with host.watched() as client:
        host.service_settings["tlsa"] = ["3 1 1", "3 1 2"]
        host.renew(new)
        host("publish")
        client.pause()

    stronger = {record for record in host.records() if record.startswith("3 1 2 ")}
    assert host.records() - stronger == host.published | {new.tlsa()}
    assert len(stronger) == 2 and new.tlsa("3 1 2") in stronger


def test_publishing_other_parameters_waits_for_a_service_that_does_not_answer(host, certificate):
    host.start()
    new = certificate()
    host.service_settings["tlsa"] = ["3 1 1", "3 1 2"]
    host.renew(new)
    host.reload = "true"
    host.services[0].stop()

    with socket.create_server(("127.0.0.1", host.port)):  # nobody accepts
        run = host("publish", timeout=1, exits=75)

    assert "did not show what it serves" in run.out
    assert host.records() == host.published | {new.tlsa()}


def test_publishing_looks_at_the_addresses_that_are_given(mail_host, bind, certificate):
    mail, new = certificate(), certificate()
    host = mail_host(bind, mail)
    host.start()
    nowhere = f"127.0.0.1@{free_port()}"

    host.program(
        *("publish", host.zone, f"{NAME}:{host.port}"),
        **{"cert": new, "tlsa": ["3 1 1", "3 1 2"], "address": "127.0.0.1", "starttls": "smtp", "resolver": nowhere},
    )

    assert host.records() == {mail.tlsa(), new.tlsa(), mail.tlsa("3 1 2"), new.tlsa("3 1 2")}


@pytest.mark.parametrize("command", [["publish"], ["run"], ["prune", "--unpublish"]], ids=lambda it: it[0])
def test_an_address_that_is_none_is_told_before_anything_is_changed(host, certificate, command):
    host.start()
    host.renew(certificate())

    run = host(command[0], *command[1:], address="mail.example.test", exits=64)
    assert '--address: "mail.example.test" is not an IP address' in run.err

    host.service_settings["address"] = "foo"
    run = host(command[0], *command[1:], exits=78)
    assert re.search(r'tlsa-update\.conf:\d+: address: "foo" is not an IP address', run.err)
    assert host.records() == host.published


def test_publishing_needs_no_service_where_nothing_can_be_replaced(mail_host, bind, certificate):
    """More of the same key, and other usages and selectors beside it: what a client relied on is still there."""
    mail, new = certificate(), certificate()
    host = mail_host(bind, mail)
    host.start()
    host.reload = "true"
    host.services[0].stop()
    host.service_settings["tlsa"] = ["3 1 1", "3 1 2"]
    host("publish")
    assert host.records() == {mail.tlsa("3 1 1"), mail.tlsa("3 1 2")}

    host.service_settings["tlsa"] = ["3 0 1"]
    host.renew(new)
    host("publish")
    assert host.records() == {mail.tlsa("3 1 1"), mail.tlsa("3 1 2"), mail.tlsa("3 0 1"), new.tlsa("3 0 1")}


def test_unpublish_deletes_what_is_ours_and_the_last_record_too(mail_host, bind, certificate):
    foreign = "3 1 1 " + "f0" * 32
    host = mail_host(bind, certificate(), more=[foreign])
    host.start()
    name = f"{NAME}:{host.port}"
    nothing = ["--forget", host.folder / "tlsa-update.conf", *host.zone.key.options, "--server", host.zone.server.at, "--address", "127.0.0.1"]
    nothing += ["--nameserver", host.zone.server.at, "--resolver", host.zone.server.at, "--starttls", "smtp"]

    run = host.program("prune", "--unpublish", "--wait", *nothing, name, exits=2, format="json")
    assert '"combination-would-break"' in run.out, "the served chain would match nothing of what stays"
    assert "--adopt all" in run.err
    assert host.records() == host.published | {foreign}

    host.program("prune", "--unpublish", "--adopt", "all", *nothing, name)
    assert host.records() == set()


@pytest.mark.parametrize("word", ["one", "all"])
def test_a_foreign_record_is_kept_until_it_is_adopted(mail_host, bind, certificate, word):
    foreign = "3 1 1 " + "f0" * 32
    host = mail_host(bind, certificate(), more=[foreign])
    host.start()
    host("run", wait=True)
    assert host.records() == host.published | {foreign}

    host("run", adopt=foreign if word == "one" else "all", wait=True)

    assert host.records() == host.published


def test_a_dry_run_changes_nothing_and_says_so(host, certificate):
    host.start()
    serial = host.zone.serial()
    ledger = (host.folder / "state" / "ledger.json").read_bytes()
    host.renew(certificate())

    host("run", dry_run=True, exits=1)
    host("publish", dry_run=True, exits=1)
    run = host("prune", dry_run=True, exits=None)

    assert run.status in (0, 75)
    assert host.zone.serial() == serial
    assert (host.folder / "state" / "ledger.json").read_bytes() == ledger


def test_prune_waits_for_the_grace_time(host, certificate):
    host.settings["grace"] = 5
    host.start()
    new = certificate()
    host.renew(new)
    host.until_awaits("grace")

    run = host("prune", exits=75)
    assert run.out.splitlines()[-1].startswith("next due 2")
    assert host.records() == host.published | {new.tlsa()}
    host("prune", wait=True)
    assert host.records() == {new.tlsa()}


def test_an_outage_is_said_and_does_not_keep_what_is_wanted_from_being_published(host, certificate):
    host.start()
    host.services[0].put(certificate())
    host.services[0].hang_up()
    wait_until(lambda: host("status", exits=None).status == 2, "the outage is there")
    new = certificate()
    host.renew(new)

    run = host("run", exits=2)

    assert "presents a certificate that matches no published record" in run.err
    assert host.records() == host.published | {new.tlsa()}


def test_status_tells_waiting_from_differences_and_those_from_an_outage(host, certificate):
    host.start()
    host("status", exits=75)
    host("run", wait=True)
    host("status")
    new = certificate()
    host.renew(new)
    host("status", exits=1)  # missing
    host("publish")
    host("status", exits=75)  # only waiting remains
    host("ready", wait=True)
    host("status", exits=1)  # the old one is stale

    host.services[0].put(certificate())
    host.services[0].hang_up()
    wait_until(lambda: host("status", exits=None).status == 2, "the outage is told")
    host.reload = "true"
    host.services[0].stop()
    host("status", exits=1)  # unreachable
