"""Many names at once: several zones and servers side by side, other writers in between, a signal midway."""

import concurrent.futures
import os
import pty
import signal
import subprocess
import time

import pytest

from support.bind import Bind
from support.delay import Delay
from support.rate_limited import RateLimitedResolver
from support.server import free_port, wait_until


@pytest.fixture
def far():
    """Puts a server far away: `far(server, seconds)` is where to reach it."""
    relays = []

    def away(server, round_trip):
        assert server.port
        relays.append(Delay(server, round_trip))
        return relays[-1]

    yield away
    for relay in relays:
        relay.stop()


def hosts(count):
    return [f"h{number}" for number in range(count)]


def names_file(folder, zone, count):
    path = folder / f"names-of-{zone.name}"
    path.write_text("".join(f"{host}.{zone.name}:25\n" for host in hosts(count)))
    return path


def zone_of(server, count, name="example.test"):
    return server.zone(name, *(f"{host} A 127.0.0.1" for host in hosts(count)))


def begin(tlsa_update, *arguments, **how):
    """A run that goes on while the test does."""
    return subprocess.Popen(
        [tlsa_update.path, *map(str, arguments)],
        stdout=subprocess.PIPE,
        cwd=tlsa_update.folder,
        env=tlsa_update.environment(),
        **{"stderr": subprocess.PIPE, **how},
    )


def configuration(folder, places):
    """Where the primary of each zone is."""
    path = folder / "tlsa-update.conf"
    path.write_text(
        "".join(
            f"[zone.{zone.name}]\nserver = {server}\nkey-file = {zone.key.path}\n"
            for zone, server in places.items()
        )
    )
    return path


def test_three_hundred_names_are_published_and_a_second_run_changes_nothing(
    primary, certificate, tlsa_update, tmp_path
):
    zone = zone_of(primary, 300)
    mail = certificate()
    names = names_file(tmp_path, zone, 300)

    tlsa_update("publish", zone, names_from=names, cert=mail)

    assert zone.transfer() == {f"_25._tcp.{host}.{zone.name}.": (3600, {mail.tlsa()}) for host in hosts(300)}
    serial = zone.serial()
    tlsa_update("publish", zone, names_from=names, cert=mail)
    assert zone.serial() == serial


def test_a_resolver_that_limits_rates_is_not_asked_for_everybody(bind, certificate, tlsa_update, tmp_path):
    """The zone's own servers have given all addresses: what the resolver might add is not waited for 300 times."""
    zone = zone_of(bind, 300)
    mail = certificate()
    with RateLimitedResolver(30) as resolver:
        tlsa_update("publish", zone, names_from=names_file(tmp_path, zone, 300), cert=mail, resolver=resolver.at)
    assert len(zone.transfer()) == 300
    assert 15 <= len(resolver.asked) < 150


def test_two_far_servers_take_no_longer_than_one(servers, far, certificate, tlsa_update, tmp_path):
    zones = [zone_of(servers(Bind), 1, f"{name}.test") for name in ("here", "there")]
    places = {zone: far(zone.server, 0.5).at for zone in zones}
    config = configuration(tmp_path, places)
    mail = certificate()

    def publish(port):
        began = time.monotonic()
        names = [f"h0.{zone.name}:{port}" for zone in zones]
        tlsa_update("publish", *names[: 1 + (port == 26)], cert=mail, config=config)
        return time.monotonic() - began

    one, both = publish(25), publish(26)

    assert both < 1.5 * one
    assert [len(zone.transfer()) for zone in zones] == [2, 1]


def test_a_server_that_is_not_there_holds_nobody_back(bind, certificate, tlsa_update, tmp_path):
    zone = zone_of(bind, 1)
    other = zone_of(Bind(tmp_path / "never-started"), 1, "elsewhere.test")
    nobody = f"127.0.0.1@{free_port()}"
    config = configuration(tmp_path, {zone: bind.at, other: nobody})
    mail = certificate()

    run = tlsa_update(
        "publish", "h0.example.test:25", "h0.elsewhere.test:25", cert=mail, config=config, exits=69
    )

    assert f"{nobody}: connection refused" in run.err
    assert zone.tlsa("_25._tcp.h0").records == {mail.tlsa()}


def test_writers_of_the_same_three_hundred_names_lose_nothing(primary, certificate, tlsa_update, tmp_path):
    zone = zone_of(primary, 300)
    names = names_file(tmp_path, zone, 300)
    mails = [certificate() for _ in range(3)]
    assert primary.port

    with concurrent.futures.ThreadPoolExecutor() as writers:
        list(writers.map(lambda mail: tlsa_update("publish", zone, names_from=names, cert=mail), mails))

    records = {mail.tlsa() for mail in mails}
    assert zone.transfer() == {f"_25._tcp.{host}.{zone.name}.": (3600, records) for host in hosts(300)}


def test_twelve_far_writers_of_one_name_lose_nothing(bind, far, certificate, tlsa_update, tmp_path):
    """Between what each of them reads and its UPDATE there is time for all the others."""
    zone = zone_of(bind, 1)
    mails = [certificate() for _ in range(12)]
    options = ["--server", far(bind, 0.3).at, *zone.key.options, "h0.example.test:25"]

    def write(mail):
        tlsa_update("publish", *options, cert=mail, state_directory=tmp_path / f"state-{mail.path.stem}")

    with concurrent.futures.ThreadPoolExecutor(12) as writers:
        list(writers.map(write, mails))

    assert zone.tlsa("_25._tcp.h0").records == {mail.tlsa() for mail in mails}


def test_only_the_rrset_that_moved_is_planned_again(bind, far, certificate, tlsa_update, tmp_path):
    """Another writer is faster: our UPDATE is on its way, behind what we remember of it (RFC 2136 section 3.2)."""
    zone = zone_of(bind, 20)
    ours, theirs = certificate(), certificate()
    options = ["--server", far(bind, 2).at, *zone.key.options, "--names-from", names_file(tmp_path, zone, 20)]
    run = begin(tlsa_update, "publish", *options, "--cert", ours, "--read", "axfr")
    wait_until((tmp_path / "state" / "ledger.json").exists, "the UPDATE on its way")

    tlsa_update("publish", zone, "h7.example.test:25", cert=theirs, state_directory=tmp_path / "other-state")
    _, err = run.communicate(timeout=60)

    assert run.returncode == 0, err.decode()
    assert zone.tlsa("_25._tcp.h7").records == {ours.tlsa(), theirs.tlsa()}
    assert len(zone.transfer()) == 20
    assert err.decode().count("somebody else changed") == 1
    assert bind.updates() == 3  # theirs; ours without that one; ours at that one


def test_stopped_midway_it_tells_what_was_done_and_the_next_run_does_the_rest(
    bind, far, certificate, tlsa_update, tmp_path
):
    zone = zone_of(bind, 1000)
    names = names_file(tmp_path, zone, 1000)
    mail = certificate()
    options = ["--server", far(bind, 2).at, *zone.key.options, "--names-from", names, "--cert", mail]
    run = begin(tlsa_update, "publish", *options)
    wait_until(lambda: (bind.folder / "updates").exists() and bind.updates() > 0, "a first UPDATE", 60)

    run.send_signal(signal.SIGINT)
    out, err = map(bytes.decode, run.communicate(timeout=60))

    assert run.returncode == 75
    done = len(zone.transfer())
    assert 0 < done < 1000
    assert out.count("\n      added ") + out.count("\n      added\n") == done
    assert f"stopped by a signal: {1000 - done} RRsets are left as before" in err
    tlsa_update("publish", zone, names_from=names, cert=mail)
    assert len(zone.transfer()) == 1000


def test_a_terminal_shows_how_far_it_is(bind, far, certificate, tlsa_update, tmp_path):
    zone = zone_of(bind, 300)
    options = ["--server", far(bind, 0.5).at, *zone.key.options, "--cert", certificate()]
    ours, theirs = pty.openpty()
    run = begin(
        tlsa_update, "publish", *options, "--names-from", names_file(tmp_path, zone, 300), stderr=theirs
    )
    run.communicate(timeout=60)
    os.close(theirs)

    shown = os.read(ours, 65536).decode()

    assert run.returncode == 0
    assert " of 300 changes sent" in shown
    assert shown.endswith("\r\x1b[K")
