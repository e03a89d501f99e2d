"""No single witness decides (DESIGN, W2, W3, W7, W10): what the primary, the resolver, the parent's servers and one look
at a service say is held against what the others say. Each story is one of ADVERSARY.md."""

import time

import pytest

from support.bind import Bind
from support.network import own_network
from support.nsd import Nsd
from support.scripted_tls import ScriptedTls
from support.server import wait_until
from support.unbound import Unbound

NAME = "mail.example.test"
QUICK = {"margin": 0, "grace": 0, "timeout": 2, "retries": 1, "ttl": 1}


def blockers(run):
    return {(one["reason"], one.get("server", ""), one.get("address", "")) for one in run.json["blockers"]}


class Story:
    """A service whose certificate is renewed, and commands about it."""

    def __init__(self, tlsa_update, zone, service, old, new):
        self.program, self.zone, self.service, self.old, self.new = tlsa_update, zone, service, old, new
        self.name = f"{NAME}:{service.port}"
        self.owner = f"_{service.port}._tcp.mail"
        self.usual = {"nameserver": zone.server.at, "resolver": zone.server.at, "address": "127.0.0.1"}

    def __call__(self, command, cert=None, exits=0, **options):
        options = QUICK | self.usual | options
        if command == "publish":
            options = {name: value for name, value in options.items() if name not in ("margin", "grace")}
        if command in ("verify", "doctor"):
            options = {name: value for name, value in options.items() if name not in ("margin", "grace", "ttl")}
        else:
            options["cert"] = cert or self.new
        options = {name: value for name, value in options.items() if value is not None}
        return self.program(command, self.zone.key, self.name, server=self.zone.server.at, exits=exits, **options)

    def until(self, claim, command="run", seconds=25, **options):
        """Repeats a command until what it says fulfils the claim; gives that run."""
        runs = []

        def is_so():
            runs.append(self(command, exits=None, format="json", **options))
            time.sleep(0.2)
            return claim(runs[-1])

        try:
            wait_until(is_so, command, seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{runs[-1]}") from None
        return runs[-1]

    def records(self):
        return self.zone.tlsa(self.owner).records


@pytest.fixture
def story(certificate, presents, tlsa_update):
    def make(primary, *records, address="127.0.0.1"):
        old, new = certificate(NAME), certificate(NAME)
        service = presents(old)
        zone = primary.zone("example.test", f"mail A {address}", f"_{service.port}._tcp.mail 1 TLSA {old.tlsa()}", *records)
        zone.negative_ttl = 1
        return Story(tlsa_update, zone, service, old, new)

    return make


def copy_of(zone, server, *more):
    """The signed zone as it is now, at a server that will never hear of a change."""
    server.keys.append(zone.key)
    return server.zone(zone.name, zone.transferred().to_text(), *more, signing="file")


def is_ready(run):
    return run.status == 0


@pytest.fixture
def network():
    with own_network():
        yield


def world(servers, parent_records, *trusted):
    """The parent zone, and a resolver that finds everything through it."""
    parent = servers(Nsd, address="127.0.0.50", port=53)
    above = parent.zone("test", *parent_records, signing=None)
    resolver = servers(Unbound)
    resolver.resolve(above)
    resolver.trust(*trusted)
    return resolver


def test_w2_a_forgotten_secondary_that_only_the_parent_names_is_waited_for(network, servers, story):
    """08: its copy is from before the renewal, and a quarter of the world asks it."""
    mail = story(servers(Bind, port=53))
    forgotten = copy_of(mail.zone, servers(Nsd, address="127.0.0.9", port=53))
    assert forgotten.server.port
    mail.usual |= {"nameserver": None, "resolver": world(servers, [
        "example NS ns.example", "example NS ns9.example", "ns.example A 127.0.0.1", "ns9.example A 127.0.0.9"], mail.zone).at}  # fmt: skip

    mail("publish")
    time.sleep(2.5)  # longer than every wait
    ready = mail("ready", exits=75, format="json")
    doctor = mail("doctor", exits=None)
    word = mail.until(is_ready, "ready", nameserver=mail.zone.server.at, resolver=["none", mail.usual["resolver"]])

    assert blockers(ready) == {("propagating", "ns9.example.test.", "127.0.0.9")}
    assert "ns9.example.test. 127.0.0.9@53" in doctor.out and "take the server out of the delegation" in doctor.out
    assert is_ready(word)


def test_w3_an_old_primary_that_runs_on_is_asked_whether_it_is_one(network, servers, story):
    """99: the zone has moved, and the name of the server has a new address in the world."""
    mail = story(servers(Bind, port=53))
    mail.zone.serial()
    current = servers(Nsd, address="127.0.0.2", port=53)
    current.keys.append(mail.zone.key)
    current.zone("example.test", "$ORIGIN example.test.", "$TTL 1", "@ SOA ns hostmaster 2026112700 2 3 4 1", "@ NS ns", "ns A 127.0.0.2",
                 "mail A 127.0.0.1", f"{mail.owner} TLSA {mail.old.tlsa()}", signing="file")  # fmt: skip
    assert current.port
    mail.usual |= {"nameserver": None, "resolver": world(servers, ["example NS ns.example", "ns.example A 127.0.0.2"]).at}

    mail("publish")
    run = mail("run", exits=2, format="json")
    text = mail("run", exits=2)

    assert ("other-primary", "ns.example.test.", "127.0.0.2") in blockers(run)
    assert "is this still the primary?" in text.out
    assert mail.records() == {mail.old.tlsa(), mail.new.tlsa()}


def test_w3_the_resolvers_answer_must_accept_what_is_to_be_deployed(bind, servers, story):
    """The resolver finds another server than those that are named."""
    mail = story(bind)
    other = copy_of(mail.zone, servers(Nsd))
    resolver = servers(Unbound)
    resolver.resolve(other)
    mail.usual["resolver"] = resolver.at

    mail("publish")
    mail.until(lambda run: {reason for reason, *_ in blockers(run)} == {"not-resolved"}, "ready")
    ready = mail("ready", exits=75)
    mail.service.present(mail.new)
    critical = mail("verify", exits=2)
    doctor = mail("doctor", exits=None)
    mail.service.present(mail.old)
    word = mail("ready", resolver=["none", resolver.at])

    assert f"resolver {resolver.at}" in ready.out and "--resolver none" in ready.out
    assert f"resolver {resolver.at}" in critical.out + critical.err
    assert f"the resolver {resolver.at} gives other TLSA records" in doctor.out
    assert "not ready" not in word.out


def test_a_serial_that_is_ahead_is_not_up_to_date(bind, servers, story):
    """128: the secondary takes the zone from elsewhere, or was reset."""
    mail = story(bind)
    ahead = servers(Nsd)
    ahead.keys.append(mail.zone.key)
    text = mail.zone.transferred().to_text()
    serial = str(mail.zone.serial())
    ahead.zone("example.test", text.replace(f" {serial} 7200", " 99999 7200"), signing="file")
    mail.usual["nameserver"] = [mail.zone.server.at, ahead.at]

    doctor = mail("doctor", exits=None).out

    assert f"serial 99999, ahead of the primary's {serial}" in doctor and "still the primary?" in doctor
    assert f"{ahead.at} is up to date" not in doctor


# A service of the mail host at each of two addresses; the configuration knows the first.


@pytest.fixture
def two_machines(mail_host, primary, certificate):
    host = mail_host(primary, certificate(), addresses=("127.0.0.1", "127.0.0.2"))
    host.service_settings["address"] = ["127.0.0.1"]
    return host


def test_w7_a_machine_that_only_dns_knows_keeps_its_record(two_machines, certificate):
    """12, 19: the other machine serves the copied key, and renews later."""
    host, new = two_machines, certificate()
    with host.watched():
        host.renew(new)
        host.until_awaits("still-served")
        host.services[1].put(new)
        host.services[1].hang_up()
        host.until_done()

    assert host.records() == {new.tlsa()}


@pytest.fixture
def other_view(two_machines, servers):
    """Clients of the resolver still find the second machine, under the name of which DNS has the first alone."""
    host = two_machines
    host.zone.records = [one for one in host.zone.records if one != "mail A 127.0.0.2"]
    view = servers(Nsd).zone("example.test", "$ORIGIN example.test.", "$TTL 1", "@ SOA ns hostmaster 1 2 3 4 1", "@ NS ns",
                             "ns A 127.0.0.1", "mail A 127.0.0.2", signing="file")  # fmt: skip
    resolver = servers(Unbound)
    resolver.resolve(view)
    host.settings["resolver"] = resolver.at
    host.resolver = resolver
    return host


def test_w7_a_machine_that_only_the_resolver_knows_keeps_its_record(other_view, certificate):
    """12: a second address is there, and caches still have the first."""
    host, new = other_view, certificate()
    with host.watched():
        host.renew(new)
        host.until_awaits("still-served")
        host("run", exits=75)
        assert host.records() == host.published | {new.tlsa()}
        host.services[1].put(new)
        host.services[1].hang_up()
        host.until_done()

    assert host.records() == {new.tlsa()}


def test_w7_address_only_is_the_operators_word(two_machines, certificate):
    host, new = two_machines, certificate()
    host.service_settings["address-only"] = "yes"
    host.start()
    host.renew(new)
    host.until_done()

    assert host.records() == {new.tlsa()}


def test_w10_two_machines_that_take_turns_are_both_met(bind, story):
    """13: of two connections the first is always refused, and the second always meets the machine that is new."""
    mail = story(bind)
    mail("run", exits=None)
    mail("publish", cert=mail.old)
    mail.until(is_ready, "ready")
    mail.service.present(mail.old, mail.new)
    for _ in range(4):
        mail("run", exits=75)
    assert mail.records() == {mail.old.tlsa(), mail.new.tlsa()}

    mail.service.present(mail.new)
    mail.until(lambda run: run.status == 0)
    assert mail.records() == {mail.new.tlsa()}


def test_a_greeting_that_takes_its_time_is_waited_for(bind, story, certificate):
    """27: postscreen lets strangers wait longer than one exchange with a name server may last."""
    mail = story(bind)
    slow = ScriptedTls([mail.old], [(b"", b"220-wait\r\n"), (3.0, b"220 mx\r\n"), (b"EHLO", b"250-mx\r\n250 STARTTLS\r\n"),
                                    (b"STARTTLS", b"220 go\r\n")])  # fmt: skip
    try:
        found = mail.program("verify", mail.zone.key, f"{NAME}:{slow.at.split(':')[1]}", server=mail.zone.server.at,
                             nameserver=mail.zone.server.at, resolver=mail.zone.server.at, starttls="smtp", timeout=1,
                             probe_timeout=30, retries=0, format="json", exits=None)  # fmt: skip
    finally:
        slow.stop()
    assert [one["key_type"] for one in found.json["endpoints"]] == ["ecdsa"]
    assert "unreachable" not in found.out + found.err
