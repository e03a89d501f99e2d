"""Signals in the middle of things, and several programs at once: the ledger stays whole, and the next run
converges."""

import concurrent.futures
import json
import signal
import subprocess
import threading

import pytest

from support.middleman import Middleman
from support.server import wait_until

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"
ENDS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


def assert_whole(state):
    """The ledger is a document, and nothing lies beside it but what belongs there."""
    json.loads((state / "ledger.json").read_text())
    assert {file.name for file in state.iterdir()} <= {
        "ledger.json",
        "ledger.json.new",
        "ledger.lock",
        "run.lock",
    }


class Held:
    """A fault that holds each UPDATE, done or not, until the test lets go."""

    def __init__(self, done):
        self.done = done
        self.reached, self.let_go = threading.Event(), threading.Event()

    def __call__(self, update):
        answer = [update.pass_on()] if self.done else []
        self.reached.set()
        self.let_go.wait(20)
        return answer or [update.pass_on()]


@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
@pytest.mark.parametrize("signal_sent", ENDS, ids=lambda end: end.name)
def test_a_signal_in_the_middle_of_an_update(bind, certificate, tlsa_update, tmp_path, signal_sent, done):
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    mail = certificate()
    held = Held(done)
    arguments = ["publish", MAIL, *zone.key.options, "--cert", str(mail)]
    with Middleman(zone, held) as middleman:
        process = subprocess.Popen(
            [tlsa_update.path, *arguments, "--server", middleman.at],
            env=tlsa_update.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert held.reached.wait(10)

        process.send_signal(signal_sent)
        held.let_go.set()
        _, err = process.communicate(timeout=10)

    assert process.returncode in (0, -signal_sent), err.decode()  # what was sent is read back in any case
    assert zone.tlsa(OWNER).records == {mail.tlsa()}
    assert_whole(tmp_path / "state")
    tlsa_update(*arguments, "--server", bind.at)
    assert zone.tlsa(OWNER).records == {mail.tlsa()}


@pytest.mark.parametrize("signal_sent", ENDS, ids=lambda end: end.name)
def test_a_signal_in_the_middle_of_a_pass_of_a_wait(mail_host, bind, certificate, tmp_path, signal_sent):
    """What was begun is ended, and then the program."""
    host, new = mail_host(bind, certificate()), certificate()
    host.settings["margin"] = 600
    host.start()
    host.renew(new)
    held = Held(done=False)
    with Middleman(host.zone, held) as middleman:
        process = host.begin("run", "--wait", "--server", middleman.at)
        assert held.reached.wait(10)

        process.send_signal(signal_sent)
        held.let_go.set()
        out, err = process.communicate(timeout=10)

    assert process.returncode == 75, err.decode()
    assert b"next due " in out
    assert_whole(tmp_path / "state")
    assert host.records() == host.published | {new.tlsa()}


def test_a_signal_in_the_middle_of_a_reload(mail_host, bind, certificate, tmp_path):
    host, new = mail_host(bind, certificate()), certificate()
    host.settings |= {"wait-factor": 1}
    host.start()
    host.renew(new)
    host("publish")
    host("ready", wait=True)
    started = tmp_path / "started"
    host.reload = f"touch {started}; sleep 10"
    process = host.begin("deploy")
    wait_until(started.exists, "the reload")

    process.terminate()
    process.communicate(timeout=5)

    assert_whole_but_for_the_marker(tmp_path / "state")
    host.reload = None
    host("run", wait=True)
    assert host.records() == {new.tlsa()}


def assert_whole_but_for_the_marker(state):
    markers = list(state.glob("reload-*.pending"))
    assert len(markers) == 1, "nobody would know that the reload is still due"
    json.loads((state / "ledger.json").read_text())


def test_eight_runs_at_once(mail_host, knot, certificate, tmp_path):
    """One of them works; the others are turned away, or find what there is to find."""
    host, new = mail_host(knot, certificate()), certificate()
    host.settings |= {"margin": 600}
    host.start()
    host.renew(new)
    arguments = host.arguments

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(host.program, "run", *arguments, exits=75) for _ in range(8)]
        said = [run.result().err for run in runs]

    assert not [text for text in said if "error" in text and "another tlsa-update" not in text]
    assert_whole(tmp_path / "state")
    assert host.records() == host.published | {new.tlsa()}


def test_writers_of_many_owners_share_one_ledger(bind, certificate, tlsa_update, tmp_path):
    """Hooks of several services may run at the same time: none of them forgets what another remembers."""
    hosts = [f"host{number}" for number in range(8)]
    zone = bind.zone("example.test", *(f"{host} A 127.0.2.25" for host in hosts))
    mails = {host: certificate() for host in hosts}
    assert bind.port

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda host: tlsa_update("publish", zone, f"{host}.example.test:25", cert=mails[host]), hosts
            )
        )

    ledger = (tmp_path / "state" / "ledger.json").read_text()
    assert [host for host in hosts if mails[host].tlsa().split()[-1] not in ledger] == []
    assert [zone.tlsa(f"_25._tcp.{host}").records for host in hosts] == [
        {mails[host].tlsa()} for host in hosts
    ]
