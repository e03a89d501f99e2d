"""Bad days: something that the program leans on is away or wrong in the middle of a rollover. It waits or refuses with
its reason, breaks nothing meanwhile, and goes on by itself when the day is good again."""

import contextlib
import signal

import pytest

from support.bind import Bind, resigned
from support.dane_client import presented
from support.mail_host import NAME
from support.nsd import Nsd
from support.program import AS_ANYBODY
from support.unbound import Unbound

HOUR = 3600
NO_ROUTE = "ff0e::53"  # the kernel has no way there by TCP, whatever the host's network: multicast


def serves(host, certificate):
    return presented("127.0.0.1", host.port, NAME)[0] == certificate.der


@pytest.fixture
def renewed(mail_host, certificate):
    """A host whose certificate is renewed: the new record is published, and its wait has begun. At the end of the block
    the rollover has to come to its end, without a mismatch ever."""

    @contextlib.contextmanager
    def make(primary, prepare=lambda host: None):
        old, new = certificate(), certificate()
        host = mail_host(primary, old)
        host.old, host.new = old, new
        prepare(host)
        with host.watched():
            host.renew(new)
            host.until_awaits("may-be-cached")
            yield host
            host.until_done()
        assert serves(host, new) and host.records() == {new.tlsa()}

    return make


def assert_untouched(host):
    assert serves(host, host.old) and host.records() == {host.old.tlsa(), host.new.tlsa()}


def test_the_resolver_is_down(bind, servers, renewed):
    resolver = servers(Unbound)

    def through_it(host):
        resolver.resolve(host.zone)
        resolver.trust(host.zone)
        host.settings["resolver"] = resolver.at

    with renewed(bind, through_it) as host:
        resolver.stop()
        told = host("run", exits=75)
        assert f"{resolver.address}@{resolver.reserved_port}: connection refused" in told.out
        resolver.start()


def test_half_of_the_name_servers_are_down(bind, servers, renewed):
    secondaries = [servers(Nsd) for _ in range(3)]

    def follow(host):
        for secondary in secondaries:
            secondary.follow(host.zone)
            host.authorities.append(secondary)

    with renewed(bind, follow) as host:
        away = secondaries[1:]
        for one in away:
            one.stop()
        told = host("run", exits=75, format="json").json["blockers"]
        found = {one["address"] for one in told if one["reason"] == "propagating"}
        assert found == {f"{one.address}@{one.reserved_port}" for one in away}
        assert all("out of reach since" in one["detail"] for one in told if one["reason"] == "propagating")
        assert_untouched(host)
        for one in away:
            one.start()


def test_the_primary_hangs(primary, renewed):
    with renewed(primary) as host:
        host.settings |= {"timeout": 1, "retries": 0}
        primary.process.send_signal(signal.SIGSTOP)
        try:
            for command in ("run", "publish"):
                told = host(command, exits=69)
                assert f"{primary.address}@{primary.reserved_port}: no answer in 1 s" in told.err
        finally:
            primary.process.send_signal(signal.SIGCONT)
        host.settings |= {"timeout": 5, "retries": 2}
        assert_untouched(host)


def test_the_clock_is_wrong_by_hours(primary, renewed):
    """The server's is right: it refuses what is signed at another time (RFC 8945 section 5.2.3)."""
    with renewed(primary) as host:
        for command in ("run", "publish", "ready", "prune"):
            for hours, word in ((5, "later"), (-5, "earlier")):
                told = host(command, clock=hours * HOUR, exits=77)
                assert "BADTIME" in told.err and f"{5 * HOUR} s {word}; set the clocks right" in told.err
        assert_untouched(host)


def test_the_ledger_is_read_only(bind, renewed):
    with renewed(bind) as host:
        state = host.folder / "state"
        state.chmod(0o500)
        for command in ("run", "publish", "ready", "deploy", "prune"):
            told = host(command, through=AS_ANYBODY, exits=66)
            assert f"{state}/" in told.err and "Permission denied" in told.err
        assert_untouched(host)
        state.chmod(0o700)


def test_a_secondary_has_signatures_that_have_expired(bind, servers, renewed):
    """Row 104."""
    second = servers(Bind)
    with renewed(bind) as host:
        second.keys.append(host.zone.key)
        copy = second.zone("example.test", resigned(host.zone, "20260101000000", "20260201000000"), signing="file")
        assert copy.serial() == host.zone.serial()
        host.authorities.append(second)
        for _ in range(2):
            told = host("run", exits=75, format="json")
            assert (told.blockers["not-signed"]["address"], told.blockers["not-signed"]["ends"]) == (second.at, "server")
            assert "expired at 2026-02-01T00:00:00Z" in told.out
        assert_untouched(host)
        host.authorities.remove(second)


def test_there_is_no_ipv6_and_the_service_has_it(bind, renewed):
    """The address cannot be looked at from here: only the operator knows that it serves what the others serve."""

    def with_an_address_more(host):
        host.zone.records = (*host.zone.records, f"mail AAAA {NO_ROUTE}")

    with renewed(bind, with_an_address_more) as host:
        host.until_awaits("not-probed")
        assert serves(host, host.new) and host.records() == {host.old.tlsa(), host.new.tlsa()}
        told = host("run", exits=75)
        assert NO_ROUTE in told.out and "-4 (ipv4-only)" in told.out
        host.settings["ipv4-only"] = "yes"
