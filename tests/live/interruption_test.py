"""Whatever cuts in - a kill at any instant, a signal, other writers - the next run converges, and the client
that watches meets no mismatch."""

import concurrent.futures
import os
import random
import signal
import subprocess
import time

import pytest

KILLS_IN_A_ROLLOVER = 5
ROLLOVERS = int(os.environ.get("TLSA_UPDATE_KILLS", "10")) // KILLS_IN_A_ROLLOVER


def kill_at_random(host, longest):
    """A run that is killed, unless it ends before; was it?"""
    process = host.begin("run")
    try:
        process.wait(random.uniform(0, longest))
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


def test_killed_at_any_instant_the_next_run_converges(mail_host, bind, certificate):
    host = mail_host(bind, certificate())
    with host.watched():
        began = time.monotonic()
        host("run", exits=None)
        longest = 1.5 * (time.monotonic() - began)
        for _ in range(ROLLOVERS):
            new = certificate()
            host.renew(new)
            kills = 0
            while kills < KILLS_IN_A_ROLLOVER:
                kills += kill_at_random(host, longest)
                time.sleep(random.uniform(0, 1))  # so that publish, deploy and prune are all cut off at times

            host("run", wait=True)
            assert host.records() == {new.tlsa()}


@pytest.mark.parametrize("signal_sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_wait_with_what_is_still_waited_for(mail_host, bind, certificate, signal_sent):
    host = mail_host(bind, certificate())
    host.settings["margin"] = 600
    host.start()
    host.renew(certificate())
    waiting = host.begin("run", "--wait")
    assert any(line.startswith(b"tlsa-update: info: waiting: ") for line in waiting.stderr)

    waiting.send_signal(signal_sent)
    out, _ = waiting.communicate(timeout=5)

    assert waiting.returncode == 75
    assert out.decode().splitlines()[-1].startswith("next due 2")
    host("run", exits=75)


def test_a_second_run_at_the_same_time_is_turned_away(mail_host, bind, certificate):
    host = mail_host(bind, certificate())
    host.settings["margin"] = 600
    host.start()
    host.renew(certificate())
    waiting = host.begin("run", "--wait")
    waiting.stderr.readline()

    run = host("run", exits=75)

    assert "another tlsa-update" in run.err
    waiting.terminate()
    waiting.communicate()


@pytest.mark.parametrize("command", ["publish", "run"])
def test_twelve_writers_at_one_owner_lose_nothing(primary, certificate, tlsa_update, command):
    """On twelve machines: each has a state of its own."""
    foreign = "3 1 1 " + "f0" * 32
    zone = primary.zone("example.test", "mail A 127.0.0.1", f"_25._tcp.mail TLSA {foreign}")
    mails = [certificate() for _ in range(12)]
    assert primary.port

    def write(mail):
        """`run` comes to wait for two TTLs, and then exits with 75."""
        options = {"state_directory": primary.folder / f"state-{mail.path.stem}"}
        if command == "run":
            options |= {"address": "127.0.0.1", "nameserver": primary.at, "resolver": primary.at, "exits": 75}
        return "others kept changing" in tlsa_update(command, zone, "mail.example.test:25", cert=mail, **options).err

    with concurrent.futures.ThreadPoolExecutor(12) as writers:
        losers = list(writers.map(write, mails))

    assert not any(losers)
    assert zone.tlsa("_25._tcp.mail").records == {foreign, *(mail.tlsa() for mail in mails)}
