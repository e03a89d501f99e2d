"""Several machines behind one name, and what somebody else has done to it: rows of ADVERSARY.md that are about more than
one hand. Each machine has its own configuration, its own ledger and its own renewals, and says its own address."""

import copy
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.bind import Bind
from support.dane_client import presented
from support.haproxy import Haproxy
from support.mail_host import NAME, MailHost
from support.server import wait_until
from support.unbound import Unbound

NO_ROUTE = "ff0e::53"  # the kernel has no way there by TCP, whatever the host's network: multicast


def serves(host, certificate):
    return presented(host.services[0].address, host.port, NAME)[0] == certificate.der


def machines(host):
    """A MailHost for each address of the host."""
    for number, service in enumerate(host.services):
        one = copy.copy(host)
        one.folder = host.folder / f"machine-{number}"
        one.folder.mkdir()
        one.services = [service]
        one.renewed = [(one.folder / "renewed.pem", one.folder / "renewed.key")]
        one.settings = host.settings | {"state-directory": one.folder / "state"}
        one.service_settings = host.service_settings | {"address": [service.address], "ttl": 1}
        yield one


def start(host):
    """Without the first `publish`, which each machine does for itself."""
    for server in (*host.authorities, *host.services):
        assert server.port
    host.is_started = True


@pytest.fixture
def cluster(mail_host, bind, certificate):
    """Gives the host, and its two machines: with a certificate each, or with one copied."""

    def make(*certificates, published=None):
        published = certificates if published is None else published
        host = mail_host(bind, certificates[0], addresses=("127.0.0.1", "127.0.0.2"))
        host.zone.records = [record for record in host.zone.records if "TLSA" not in record]
        host.zone.records += [f"{host.owner} 1 TLSA {one.tlsa()}" for one in set(published)]
        a, b = machines(host)
        for one, has in zip((a, b), itertools.cycle(certificates)):
            one.renew(has)
            one.services[0].put(has)
        start(host)
        return host, a, b

    return make


def done(*several):
    """Each repeats `run` until it has nothing left to wait for, all of them at the same time."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(MailHost.until_done, several))


def test_a_copied_key_stays_published_while_the_copy_serves_it(cluster, certificate):
    """Row 19: a cloned machine. The one that renewed first deleted the old record, which the other one served."""
    old, new = certificate(), certificate()
    host, a, b = cluster(old)
    with host.watched():
        a("publish")
        b("publish")
        a.renew(new)
        a.until_awaits("still-served")
        for _ in range(3):
            a("run", exits=75)
            b.until_done()
        assert serves(a, new) and serves(b, old)
        assert host.records() == {old.tlsa(), new.tlsa()}

        b.renew(new)
        done(a, b)
    assert host.records() == {new.tlsa()}


def test_a_lost_ledger_adopts_nothing_of_the_other_machine(cluster, certificate):
    """Row 111: RECOVERY advised `run --adopt all`, which deleted what the other machine served."""
    old, new, theirs = certificate(), certificate(), certificate()
    host, a, b = cluster(old, theirs)
    with host.watched():
        a("publish")
        b("publish")
        a.renew(new)
        a.until_awaits("may-be-cached")
        (a.folder / "state" / "ledger.json").unlink()
        a.until_done(adopt="all", seconds=20)
        for _ in range(3):
            a("run", adopt="all")
        b.until_done()
    assert serves(a, new) and host.records() == {new.tlsa(), theirs.tlsa()}


def test_what_was_adopted_without_an_address_is_not_deleted_with_one(cluster, certificate):
    """Row 110: `--adopt all` took the other machine's record, and `address` then took that machine out of sight."""
    ours, theirs = certificate(), certificate()
    host, a, _ = cluster(ours, theirs)
    with host.watched() as client:
        del a.service_settings["address"]
        a.until_done(adopt="all", seconds=12)
        a.service_settings["address"] = ["127.0.0.1"]
        for _ in range(3):
            a("run")
            client.pause()
    assert host.records() == {ours.tlsa(), theirs.tlsa()}


@pytest.mark.parametrize("address", ["own", "all of DNS"])
def test_the_first_record_of_a_name_breaks_no_other_machine(cluster, certificate, address):
    """Row 57: `run` and `publish` on one machine published its own record alone; or both waited for ever."""
    one, two = certificate(), certificate()
    host, a, b = cluster(one, two, published=[])
    if address != "own":
        del a.service_settings["address"], b.service_settings["address"]
    with host.watched() as client:
        for machine, command in ((a, "publish"), (a, "run"), (b, "run")):
            run = machine(command, exits=2)
            assert "would match nothing that is served now: not added" in run.err
        assert host.records() == set()

        a.service_settings["cert"] = [str(two)]
        a("publish")
        done(a, b)
        client.pause()
    assert host.records() == {one.tlsa(), two.tlsa()}


def test_two_machines_with_a_key_each_renew_one_after_the_other(cluster, certificate):
    """Rows 18 and 18b: no mismatch, and since then no reload at every run and no exit status 2."""
    olds, news = [certificate(), certificate()], [certificate(), certificate()]
    host, a, b = cluster(*olds)
    del a.service_settings["address"], b.service_settings["address"]
    counts = [one.folder / "reloads" for one in (a, b)]
    for one, count in zip((a, b), counts):
        one.reload = f"echo >>{count}; {one.services[0].reload}"
    with host.watched():
        a("publish")
        b("publish")
        a.renew(news[0])
        a("run", exits=75)
        b.renew(news[1])
        a("run", exits=75, adopt="all")
        done(a, b)
        for one in (a, b):
            one("run")
    assert serves(a, news[0]) and serves(b, news[1])
    assert host.records() == {one.tlsa() for one in news}
    assert [count.read_text() for count in counts] == ["\n", "\n"]


def test_a_machine_that_boots_with_the_old_certificate_finds_its_record(mail_host, bind, certificate):
    """Row 140: it was down during the whole rollover."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old, addresses=("127.0.0.1", "127.0.0.2"))
    away = host.services[1]
    host.start()
    away.stop()
    with host.watched() as client:
        host.renew(new)
        host.until_awaits("not-probed")
        for _ in range(3):
            host("run", exits=75)
        away.start()
        client.pause()
        host.until_awaits("still-served")
        away.put(new)
        away.hang_up()
        host.until_done()
    assert host.records() == {new.tlsa()}


def test_machines_that_take_turns_behind_a_real_balancer_are_both_met(mail_host, servers, bind, certificate):
    """Row 13b: HAProxy in round robin; of two handshakes each met always the same machine, and the old record went."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old, addresses=("127.0.0.2", "127.0.0.3"))
    host.zone.records = [one for one in host.zone.records if " A " not in one] + ["mail A 127.0.0.1"]
    host.service_settings["address"] = ["127.0.0.1"]
    balancer = servers(Haproxy, machines=host.services, port=host.port)
    assert balancer.port == host.port
    with host.watched():  # by a client of its own at each machine: it does not disturb the turns
        host.renew(new)
        host.until_awaits("still-served")
        for _ in range(7):
            host("run", exits=75)
        assert host.records() == {old.tlsa(), new.tlsa()}

        host.services[1].put(new)
        host.services[1].hang_up()
        host.until_done()
    assert host.records() == {new.tlsa()}


def test_records_that_vanished_with_the_ledger_are_for_the_operator(mail_host, primary, certificate):
    """Row 10b: `run` refused what would break, and called it waiting (75) for ever."""
    old, new = certificate(), certificate()
    host = mail_host(primary, old)
    host.installs = False
    host.service_settings["ttl"] = 1
    given = host.folder / "old.pem"
    given.write_bytes(old.path.read_bytes())
    with host.watched():
        host.renew(new)
        host("run", exits=75)
        host.zone.change(("delete", host.owner, "TLSA"))
        (host.folder / "state" / "ledger.json").unlink()
        for _ in range(3):
            told = host("run", exits=2)
            assert "would match nothing that is served now: not added" in told.err
            assert "(ends by: operator)" in told.out
        assert host.records() == set()

        host.service_settings["cert"] = [str(given)]
        host.until_done()
        assert serves(host, old) and host.records() == {old.tlsa(), new.tlsa()}


def test_an_issuer_that_somebody_published_and_the_ca_changed_is_named(mail_host, bind, certificate):
    """Row 81: the deployment was blocked for ever, rightly, and neither the text nor the exit status told of it."""
    root = certificate("Root", is_ca=True)
    issuers = [certificate(f"Issuer {number}", issuer=root, is_ca=True) for number in (1, 2)]
    by_hand = issuers[0].tlsa("2 1 1")
    old, new = (certificate(issuer=issuer) for issuer in issuers)
    host = mail_host(bind, old, more=[by_hand])
    with host.watched():
        host.renew(new)
        for command in ("run", "ready"):
            run = host(command, exits=2)
            assert "not ready: " in run.out and by_hand[:12] in run.out and "(ends by: operator)" in run.out
        told = host("run", exits=2, format="json").blockers["combination-would-break"]
        assert (told["ends"], told["record"]) == ("operator", by_hand)
        assert serves(host, old)

        host.until_done(adopt=by_hand)
        assert serves(host, new)
    assert host.records() == {new.tlsa()}


def test_a_name_server_without_a_route_is_left_out_by_its_family(mail_host, bind, certificate):
    """Row 30: an AAAA record of a name server kept a host without IPv6 waiting for ever."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    host.zone.records = (*host.zone.records, f"ns AAAA {NO_ROUTE}")
    host.settings["nameserver"] = f"ns.example.test@{bind.reserved_port}"
    with host.watched():
        host.renew(new)
        host("publish")
        told = host("run", exits=75)
        assert NO_ROUTE in told.out and "-4 (ipv4-only)" in told.out + told.err
        assert serves(host, old)

        host.settings["ipv4-only"] = "yes"
        host.until_done()
    assert serves(host, new) and host.records() == {new.tlsa()}


def test_a_name_server_that_does_not_have_the_zone_is_named_and_waited_for(mail_host, bind, servers, certificate):
    """Row 30: a lame delegation."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    lame = servers(Bind)
    lame.zone("other.test", signing=None)
    host.settings["nameserver"] = lame.at
    with host.watched():
        host.renew(new)
        for _ in range(3):
            told = host("run", exits=75, format="json").blockers["propagating"]
            assert (told["address"], told["ends"]) == (lame.at, "server")
        assert serves(host, old)

        del host.settings["nameserver"]
        host.until_done()
    assert serves(host, new) and host.records() == {new.tlsa()}


def test_a_zone_that_was_set_back_to_yesterday_gets_its_record_again(mail_host, bind, certificate):
    """Row 26: the old record is back and the one in use is gone; the outage is said, and ends."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    host.start()
    host.renew(new)
    host.until_done()
    host.zone.change(("delete", host.owner, "TLSA"), ("add", host.owner, 1, "TLSA", old.tlsa()))

    assert "matches no published record" in host("run", exits=75).err
    assert host.records() == {old.tlsa(), new.tlsa()}
    host.until_done()
    assert host.records() == {new.tlsa()}


def test_a_ttl_that_somebody_raised_after_everywhere_is_waited_for(mail_host, bind, certificate):
    """Row 100."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    with host.watched():
        host.renew(new)
        host("publish")
        host.until_awaits("may-be-cached")
        host.zone.change(("replace", host.owner, 4, "TLSA", old.tlsa()), ("add", host.owner, 4, "TLSA", new.tlsa()))
        host.until_done()
    assert serves(host, new) and host.records() == {new.tlsa()}


def test_your_word_as_a_habit_deletes_nothing_that_was_met(mail_host, bind, certificate):
    """Row 45: `run --assume-deployed` from the timer, while one address of two has the old certificate, and when it is
    down for less than grace."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old, addresses=("127.0.0.1", "127.0.0.2"))
    host.service_settings["address"] = ["127.0.0.1"]
    with host.watched() as client:
        host.renew(new)
        host.until_awaits("still-served", assume_deployed=True)
        for _ in range(3):
            host("run", assume_deployed=True, exits=75)
        assert host.records() == {old.tlsa(), new.tlsa()}
        host.settings["grace"] = 3600
        host.services[1].stop()
        for _ in range(3):
            host("run", assume_deployed=True, exits=75)
            client.pause()
        assert host.records() == {old.tlsa(), new.tlsa()}


def test_a_backup_mx_of_a_provider_keeps_nothing_from_ours(mail_host, bind, servers, certificate):
    """Row 41: nobody here may update the provider's zone, which is told; the record of the own MX host is published."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    host.zone.records = (*host.zone.records, "@ MX 10 mail", "@ MX 20 backup.provider.test.")
    provider = servers(Bind).zone("provider.test", "backup A 127.0.0.9")
    resolver = servers(Unbound)
    resolver.resolve(host.zone, provider)
    start(host)
    with host.watched():
        for _ in range(2):
            run = host.program("publish", host.zone, f"mx:example.test:{host.port}", cert=new, tlsa="3 1 1", address="127.0.0.1",
                               starttls="smtp", resolver=resolver.at, retries=0)  # fmt: skip
            assert "backup.provider.test is somebody else's, and nothing is published for it" in run.err
            assert host.records() == {old.tlsa(), new.tlsa()}
