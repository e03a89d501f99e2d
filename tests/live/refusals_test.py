"""What the servers refuse, told apart: which key, what was seen, exit status 77, and nothing changed."""

import re
import socket
import time

import pytest

from support.bind import Bind
from support.dns import TsigKey
from support.nsd import Nsd
from support.server import free_port

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"


@pytest.fixture
def zone(primary):
    return primary.zone("example.test", "mail A 127.0.2.25")


def assert_named(run, server, reason):
    """BIND and Knot up to 3.3 give the reason. From 3.4 on, Knot's answer to a key that it does not know has no TSIG."""
    if server.gives_reasons():
        assert reason in run.err
    else:
        assert reason not in run.err
        causes = ("another name, secret or algorithm", "clocks differ", "its policy", "zone of")
        places = [run.err.index(cause) for cause in causes]
        assert places == sorted(places)


def test_an_unknown_key_is_badkey(zone, certificate, tlsa_update, tmp_path):
    stranger = TsigKey(tmp_path, "stranger")

    run = tlsa_update("publish", zone.by(stranger), MAIL, cert=certificate(), exits=77)

    assert_named(run, zone.server, "BADKEY")
    assert "key stranger. (hmac-sha256)" in run.err
    assert zone.tlsa(OWNER) is None


def test_a_key_of_another_algorithm_is_badkey(zone, certificate, tlsa_update, tmp_path):
    other = TsigKey(tmp_path, zone.key.name, "hmac-sha512", zone.key.secret)

    run = tlsa_update("publish", zone.by(other), MAIL, cert=certificate(), exits=77)

    assert_named(run, zone.server, "BADKEY")
    assert "key update-key. (hmac-sha512)" in run.err
    assert zone.tlsa(OWNER) is None


def test_a_wrong_secret_is_badsig(zone, certificate, tlsa_update, tmp_path):
    forged = TsigKey(tmp_path, zone.key.name)

    run = tlsa_update("publish", zone.by(forged), MAIL, cert=certificate(), exits=77)

    assert "BADSIG" in run.err and "update-key" in run.err
    assert zone.tlsa(OWNER) is None


@pytest.mark.parametrize("clock", [-3600, 3600])
def test_a_clock_that_is_off_is_badtime_and_both_clocks_are_shown(zone, certificate, tlsa_update, clock):
    run = tlsa_update("publish", zone, MAIL, cert=certificate(), clock=clock, exits=77)

    assert "BADTIME" in run.err and "update-key" in run.err
    ours, theirs = sorted(set(re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", run.err)))[:2]
    assert ours != theirs
    assert zone.tlsa(OWNER) is None


@pytest.mark.parametrize("clock", [-290, 290])
def test_a_clock_within_the_fudge_is_good_enough(zone, certificate, tlsa_update, clock):
    mail = certificate()

    tlsa_update("publish", zone, MAIL, cert=mail, clock=clock)

    assert zone.tlsa(OWNER).records == {mail.tlsa()}


def test_a_key_that_may_not_write_tlsa_is_told_what_to_grant(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "mail A 127.0.2.25", allow=["TXT"])

    run = tlsa_update("publish", zone, MAIL, cert=certificate(), exits=77)

    assert "update-key" in run.err and "_25._tcp.mail.example.test" in run.err and "TLSA" in run.err
    assert zone.tlsa(OWNER) is None


def test_a_name_that_is_not_granted_holds_up_no_other(bind, certificate, tlsa_update):
    hosts = [f"mail{n}" for n in range(20)]
    granted = [f"_25._tcp.{host}" for host in hosts if host != "mail7"]
    zone = bind.zone("example.test", *(f"{host} A 127.0.2.25" for host in hosts), signing=None)
    zone.granted = granted

    run = tlsa_update(
        "publish", zone, *(f"{host}.example.test:25" for host in hosts), cert=certificate(), exits=77
    )

    assert run.err.count("may not change TLSA") == 1
    assert "may not change TLSA at _25._tcp.mail7.example.test.;" in run.err
    assert [owner for owner in granted if not zone.tlsa(owner)] == []
    assert zone.tlsa("_25._tcp.mail7") is None


def test_a_key_that_may_not_write_this_zone_is_refused(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "mail A 127.0.2.25")
    reader = primary.key("reader")

    run = tlsa_update("publish", zone.by(reader), MAIL, cert=certificate(), exits=77)

    assert "reader" in run.err
    assert zone.tlsa(OWNER) is None


def test_a_zone_that_the_server_does_not_hold_is_refused(zone, certificate, tlsa_update):
    run = tlsa_update("publish", zone, "mail.elsewhere.test:25", cert=certificate(), exits=77)

    assert "elsewhere.test" in run.err


def test_a_zone_given_wrongly_is_refused(zone, certificate, tlsa_update):
    run = tlsa_update("publish", zone, MAIL, cert=certificate(), zone="mail.example.test", exits=77)

    assert "mail.example.test" in run.err
    assert zone.tlsa(OWNER) is None


@pytest.mark.parametrize("kind", [Bind, Nsd])
def test_a_secondary_is_not_the_primary(zone, servers, certificate, tlsa_update, kind):
    secondary = servers(kind).follow(zone)

    run = tlsa_update("publish", secondary, MAIL, cert=certificate(), exits=77)

    assert secondary.server.at in run.err
    assert zone.tlsa(OWNER) is None


@pytest.fixture
def forwarder(bind, servers):
    """A secondary of `example.test` that passes UPDATEs on, at another address than the primary in the SOA."""
    zone = bind.zone("example.test", "mail A 127.0.2.25", "primary A 192.0.2.53", signing=None)
    zone.mname = "primary"

    def follow(**how):
        server = servers(Bind)
        server.more = "allow-update-forwarding { any; };"
        return zone, server.follow(zone, **how)

    return follow


def test_an_update_is_forwarded_and_awaited_where_it_was_sent(bind, forwarder, certificate, tlsa_update):
    bind.notify_delay = 5
    zone, secondary = forwarder()
    assert secondary.serial() == zone.serial()
    mail = certificate()

    tlsa_update("publish", secondary, MAIL, cert=mail)

    assert zone.tlsa(OWNER).records == secondary.tlsa(OWNER).records == {mail.tlsa()}


def test_an_update_that_a_forwarder_does_not_show_is_not_believed(forwarder, certificate, tlsa_update):
    zone, secondary = forwarder(notified=False)
    assert secondary.serial() == zone.serial()
    mail = certificate()

    run = tlsa_update("publish", secondary, MAIL, cert=mail, exits=76)

    assert f"{secondary.server.at}: the server accepted the change of TLSA at {OWNER}." in run.err
    assert "forwarded to the zone's primary" in run.err and "--server" in run.err
    assert zone.tlsa(OWNER).records == {mail.tlsa()}


def test_a_second_run_through_a_forwarder_that_does_not_follow_is_no_race(forwarder, certificate, tlsa_update):
    """The primary compares the prerequisite with the first change, which the secondary does not answer yet."""
    zone, secondary = forwarder(notified=False)
    assert secondary.serial() == zone.serial()
    first = certificate()
    tlsa_update("publish", secondary, MAIL, cert=first, exits=76)
    began = time.monotonic()

    run = tlsa_update("publish", secondary, MAIL, cert=certificate(), exits=76)

    assert time.monotonic() - began < 8, "nothing is tried again"
    assert "YXRRSET" in run.err and "forwards" in run.err and "--server" in run.err
    assert zone.tlsa(OWNER).records == {first.tlsa()}


def test_an_owner_that_the_server_fails_at_holds_up_no_other(bind, certificate, tlsa_update):
    """BIND has room for 100 records at one owner, and answers SERVFAIL to the whole message of one more."""
    full = [f"_25._tcp.full TLSA 3 1 1 {n:064x}" for n in range(100)]
    zone = bind.zone("example.test", "mail A 127.0.2.25", "full A 127.0.2.26", *full, signing=None)
    mail = certificate()

    run = tlsa_update("publish", zone, MAIL, "full.example.test:25", cert=mail, exits=69)

    assert "SERVFAIL: the server fails to change TLSA at _25._tcp.full.example.test.; see the server's log" in run.err
    assert run.err.count("SERVFAIL") == 1
    assert zone.tlsa(OWNER).records == {mail.tlsa()}
    assert len(zone.tlsa("_25._tcp.full").records) == 100


def test_a_name_that_knot_does_not_grant_holds_up_no_other(knot, certificate, tlsa_update):
    """Knot does not sign what its acl refuses; it has signed other answers with the key before."""
    hosts = [f"mail{n}" for n in range(12)]
    zone = knot.zone("example.test", *(f"{host} A 127.0.2.25" for host in hosts), signing=None)
    zone.granted = [f"_25._tcp.{host}" for host in hosts if host != "mail7"]
    mail = certificate()

    run = tlsa_update("publish", zone, *(f"{host}.example.test:25" for host in hosts), cert=mail, exits=77)

    assert "_25._tcp.mail7.example.test." in run.err and "_25._tcp.mail6" not in run.err
    assert [owner for owner in zone.granted if not zone.tlsa(owner)] == []
    assert zone.tlsa("_25._tcp.mail7") is None


class BindOfTwoViews(Bind):
    """Whoever has the key is inside; everybody else sees a zone of the same name that no key updates."""

    def _zone(self, zone):
        inside = super()._zone(zone)
        outside = f'zone "{zone.name}" {{ type primary; file "outside.zone"; }};'
        (self.folder / "outside.zone").write_text(zone.file_text())
        return (
            f'view "inside" {{ match-clients {{ key {zone.key.name}; }}; {inside} }};\n'
            f'view "outside" {{ match-clients {{ any; }}; {outside} }};\n'
        )


def test_a_view_that_only_unsigned_queries_see_is_named(servers, certificate, tlsa_update):
    zone = servers(BindOfTwoViews).zone("example.test", "mail A 127.0.2.25", signing=None)
    mail = certificate()

    first = tlsa_update("publish", zone, MAIL, cert=mail, no_sign_queries=True, exits=76)
    second = tlsa_update("publish", zone, MAIL, cert=mail, no_sign_queries=True, exits=76)

    assert "its answers have not changed" in first.err and "view" in first.err and "--no-sign-queries" in first.err
    assert "YXRRSET" in second.err and "view" in second.err and "--no-sign-queries" in second.err
    assert "kept changing" not in second.err
    tlsa_update("publish", zone, MAIL, cert=mail)


def test_a_view_that_clients_do_not_see_is_not_blamed_on_transfers(servers, certificate, tlsa_update):
    server = servers(BindOfTwoViews)
    zone = server.zone("example.test", "mail A 127.0.2.25", signing=None)
    tlsa_update("publish", zone, MAIL, cert=certificate())

    run = tlsa_update(
        "doctor",
        zone,
        "*._tcp.mail.example.test",
        nameserver=server.at,
        resolver=server.at,
        format="json",
        exits=None,
    )

    (check,) = [check for check in run.json["checks"] if check["check"] == "nameserver"]
    assert not check["ok"] and "view" in check["advice"] and "NOTIFY" not in check["advice"]


def test_force_stores_nothing_below_a_zone_cut(primary, certificate, tlsa_update):
    """It would never be answered: reading back could not confirm it, and no later run could delete it."""
    zone = primary.zone("example.test", "sub NS ns.sub", "ns.sub A 192.0.2.53", signing=None)

    run = tlsa_update(
        "publish", zone, "mail.sub.example.test:25", cert=certificate(), zone="example.test", force=True, exits=2
    )

    assert "below a zone cut" in run.err and "at its own primary" in run.err
    assert zone.transfer() == {}


def test_the_mname_is_named_when_nobody_answers_there(bind, certificate, tlsa_update):
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    dead = free_port()

    run = tlsa_update("publish", zone.key, MAIL, cert=certificate(), resolver=bind.at, port=dead, exits=69)

    assert "connection refused" in run.err
    assert "ns.example.test is the MNAME of the zone's SOA" in run.err and "--server" in run.err


def test_the_mname_is_named_when_the_server_there_refuses(bind, servers, certificate, tlsa_update):
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    secondary = servers(Bind).follow(zone)

    run = tlsa_update(
        "publish", zone.key, MAIL, cert=certificate(), resolver=bind.at, port=secondary.server.port, exits=77
    )

    assert "REFUSED" in run.err
    assert "ns.example.test is the MNAME of the zone's SOA" in run.err and "--server" in run.err
    assert zone.tlsa(OWNER) is None


def test_no_server_is_no_answer(certificate, tlsa_update, tmp_path):
    nobody = f"127.0.0.1@{free_port()}"

    run = tlsa_update(
        "publish", TsigKey(tmp_path, "update-key"), MAIL, cert=certificate(), server=nobody, exits=69
    )

    assert nobody in run.err


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_silent_server_is_waited_for_no_longer_than_told(certificate, tlsa_update, tmp_path, transport):
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as silent:
        silent.bind(("127.0.0.1", 0))
        if transport == "tcp":
            silent.listen()
        at = f"127.0.0.1@{silent.getsockname()[1]}"
        began = time.monotonic()

        run = tlsa_update(
            "publish",
            TsigKey(tmp_path, "update-key"),
            MAIL,
            cert=certificate(),
            server=at,
            transport=transport,
            timeout=1,
            retries=1,
            exits=69,
        )

    assert at in run.err
    assert time.monotonic() - began < 6
