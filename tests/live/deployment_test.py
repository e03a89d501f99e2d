"""From "ready" to "served": what `deploy` and `run` install, and what they do when a service does not play
along."""

import datetime
import fcntl
import grp
import json
import os
import pty
import pwd
import re
import stat
import struct
import termios
import time

import pytest

from support.dane_client import presented
from support.mail_host import NAME
from support.mail_service import MailService
from support.server import free_port


@pytest.fixture
def host(mail_host, bind, certificate):
    return mail_host(bind, certificate())


@pytest.fixture
def ready_host(host, certificate):
    """A renewal is published and may be deployed."""
    host.settings["wait-factor"] = 1
    host.start()
    host.new = certificate()
    host.renew(host.new)
    host("publish")
    host("ready", wait=True)
    return host


def serves(host, certificate):
    return presented("127.0.0.1", host.port, NAME)[0] == certificate.der


def test_ready_says_when_and_then_that(host, certificate):
    host.start()
    host.renew(certificate())
    host("publish")

    run = host("ready", exits=75)
    assert re.fullmatch(r"next due \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", run.out.splitlines()[-1])
    due = host("ready", exits=75, format="json").json["next_due"]
    assert f"next due {due}" == run.out.splitlines()[-1]
    host("ready", wait=True)


def test_a_resolver_that_is_down_hides_no_service(ready_host):
    """The authoritative servers know its address as well: after the reload it is looked at there."""
    nobody = f"127.0.0.1@{free_port()}"
    ready_host.installs = True
    del ready_host.service_settings["address"]
    run = ready_host("deploy", resolver=nobody, timeout=1, retries=0)
    assert nobody in run.err and serves(ready_host, ready_host.new)


@pytest.mark.parametrize("command", ["ready", "deploy"])
def test_what_waits_for_a_record_that_nobody_published_says_what_publishes_it(host, certificate, command):
    host.start()
    host.renew(certificate())

    run = host(command, exits=75)

    assert "missing" in run.out and "publish (or run) adds it" in run.out


@pytest.mark.parametrize("factor, margin, wait", [(None, None, 2 * 50 + 60), (3, 100, 3 * 50 + 100)])
def test_a_wait_is_so_many_ttls_and_a_margin(mail_host, bind, certificate, factor, margin, wait):
    """RFC 7671 section 8.1; the TTL is 50 s."""
    host = mail_host(bind, certificate(), ttl=50)
    del host.settings["margin"]
    host.settings |= {"wait-factor": factor, "margin": margin} if factor else {}
    host.start()
    host.renew(certificate())
    host("publish")

    before = time.time()
    run = host("ready", exits=75, format="json")

    due = datetime.datetime.fromisoformat(run.json["next_due"]).timestamp()
    assert before + wait <= due <= time.time() + wait + 1


def test_a_terminal_sees_a_countdown_in_one_line(host, certificate):
    host.settings["margin"] = 600
    host.start()
    host.renew(certificate())
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 60, 0, 0))
    waiting = host.begin("run", "--wait", stderr=theirs)
    os.close(theirs)

    seen, lines = b"", set()
    while len(lines) < 3:
        seen += os.read(ours, 1000)
        lines = set(re.findall(r"\r\x1b\[K([^\r]+)(?=\r)", seen.decode()))
    waiting.terminate()
    waiting.communicate()

    assert waiting.returncode == 75
    for line in lines:
        assert re.fullmatch(rf"{re.escape(host.zone.full(host.owner))}: may-be-.* \((10|9) min( \d+ s)?\)", line)
        assert len(line) < 60
    os.close(ours)


def test_a_certificate_and_its_key_are_installed_with_their_modes(ready_host):
    """Nothing lies there whose mode could be kept."""
    host = ready_host
    chain, key = host.services[0].pairs[0]
    chain.unlink()
    key.unlink()

    host("deploy")

    assert serves(host, host.new)
    assert (chain.read_bytes(), key.read_bytes()) == (
        host.new.path.read_bytes(),
        host.new.key_path.read_bytes(),
    )
    assert [stat.S_IMODE(path.stat().st_mode) for path in (chain, key)] == [0o644, 0o600]
    assert not list(chain.parent.glob(".*.tlsa-update")), "a staged file is left"


def test_a_service_that_somebody_else_deploys_does_not_stop_the_others(ready_host):
    host = ready_host
    host.more_services = ["[service.other]", f"name = {NAME}:{host.port}", f"cert = {host.new}"]
    host("deploy")
    assert serves(host, host.new)

    host.installs = False
    assert "nothing to install" in host("deploy", exits=64).err


def test_modes_can_be_configured(ready_host):
    host = ready_host
    user = f"{pwd.getpwuid(os.getuid()).pw_name}:{grp.getgrgid(os.getgid()).gr_name}"
    host.modes = (f"0640 {user}", "0400")

    host("deploy")

    modes = [stat.S_IMODE(path.stat().st_mode) for path in host.services[0].pairs[0]]
    assert modes == [0o640, 0o400]


def test_nothing_is_installed_before_it_is_ready(host, certificate):
    host.start()
    host.renew(certificate())
    host("publish")
    before = host.services[0].pairs[0][0].read_bytes()

    host("deploy", exits=75)

    assert host.services[0].pairs[0][0].read_bytes() == before


def test_a_dry_run_installs_nothing_and_says_what_it_would(ready_host):
    host = ready_host
    before = host.services[0].pairs[0][0].read_bytes()

    run = host("deploy", dry_run=True, exits=1)

    assert "chain-0.pem: would be installed" in run.err
    assert host.services[0].pairs[0][0].read_bytes() == before


def test_a_reload_that_fails_is_critical_and_is_repeated(ready_host):
    host = ready_host
    host.reload = "echo out of order; exit 3"
    run = host("run", exits=2)
    assert "out of order" in run.err
    assert "exit status 3" in run.err

    host.reload = None
    host("run", wait=True)

    assert serves(host, host.new)
    assert host.records() == {host.new.tlsa()}


def test_a_service_that_does_not_serve_what_was_deployed_is_critical_until_it_does(ready_host):
    host = ready_host
    host.settings["settle"] = 1
    host.reload = "true"

    run = host("deploy", exits=2)
    assert "does not present what was deployed" in run.err
    host("run", exits=2)
    assert host.records() == host.published | {host.new.tlsa()}

    host.reload = None
    host("run", wait=True)
    assert host.records() == {host.new.tlsa()}


@pytest.mark.parametrize("reload", ["false", "true"], ids=["fails", "does nothing"])
def test_your_word_counts_only_for_what_is_deployed(ready_host, reload):
    """The old record goes neither in the pass that deploys nor while a reload is due."""
    host = ready_host
    (old,) = host.published
    host.settings["settle"] = 0
    host.reload = reload
    for _ in range(2):
        run = host("run", assume_deployed=True, exits=2)
        assert old in host.records()
        assert "--assume-deployed does not count yet" in run.err

    host.reload = None
    host.settings["settle"] = 5
    host("run", wait=True, assume_deployed=True)
    assert host.records() == {host.new.tlsa()}


def test_your_word_stands_for_an_address_that_does_not_answer(mail_host, bind, certificate):
    host, new = mail_host(bind, certificate(), addresses=("127.0.0.1", "127.0.0.2")), certificate()
    host.start()
    host.services[1].stop()
    host.renew(new)
    host.until_awaits("not-probed")

    host("run", assume_deployed=True, wait=True)

    assert host.records() == {new.tlsa()}


def test_a_key_of_another_certificate_is_not_installed(ready_host, certificate):
    host = ready_host
    other = certificate()
    host.renewed[0][1].write_bytes(other.key_path.read_bytes())
    before = host.services[0].pairs[0][1].read_bytes()

    run = host("deploy", exits=2)

    assert "not of a credential that was found ready" in run.err
    assert host.services[0].pairs[0][1].read_bytes() == before


def remembered(host, certificate):
    """What the ledger has on the record of a certificate."""
    ledger = json.loads((host.folder / "state" / "ledger.json").read_text())
    (entry,) = (
        entry
        for owner in ledger["owners"].values()
        for entry in owner["records"]
        if entry["record"] == certificate.tlsa()
    )
    return entry


@pytest.mark.parametrize("command", ["deploy", "run"])
def test_what_was_deployed_is_remembered(ready_host, command):
    host = ready_host
    assert "deployed_at" not in remembered(host, host.new)

    host(command, exits=None)

    entry = remembered(host, host.new)
    assert entry["released_at"] <= entry["deployed_at"]


@pytest.mark.parametrize("command", ["ready", "run"])
def test_where_others_deploy_the_word_is_what_is_remembered(ready_host, command):
    host = ready_host
    host.installs = False
    host(command, exits=None)

    entry = remembered(host, host.new)
    assert entry["released_at"] == entry["deployed_at"]


def test_a_renewal_that_never_went_live_is_overtaken_by_the_next_one(host, certificate):
    """Though the record of the next one is the older of the two: it was published ahead."""
    host.start()
    skipped, following = certificate(), certificate()
    host.service_settings["next"] = following.key_path
    host("run", wait=True)
    host.renew(skipped)
    host.reload = "true"
    host.settings["settle"] = 0
    host("run", wait=True, exits=2)
    assert skipped.tlsa() in host.records()

    del host.service_settings["next"]
    host.reload = None
    host.settings["settle"] = 5
    host.renew(following)
    host("run", wait=True)

    assert host.records() == {following.tlsa()}


@pytest.mark.parametrize(
    "name, path, status, says",
    [
        ("mail.example.test:PORT", "/nowhere/fullchain.pem", 66, "/nowhere/fullchain.pem"),
        ("mx:gone.example.test", None, 65, "gone.example.test.: the domain does not exist"),
    ],
    ids=["file", "domain"],
)
def test_one_service_that_fails_does_not_hold_up_the_others(ready_host, name, path, status, says):
    """But nothing is deleted: what looks stale may be what that service wants."""
    host = ready_host
    name = name.replace("PORT", str(host.port))
    host.more_services = ["[service.broken]", f"name = {name}", f"cert = {path or host.new}"]

    run = host("run", exits=status)
    assert says in run.err
    assert serves(host, host.new)
    assert '"reason":"unread"' in host("run", exits=status, format="json").out
    assert host.records() == host.published | {host.new.tlsa()}

    host.more_services = []
    host("run", wait=True)
    assert host.records() == {host.new.tlsa()}


IMAP_RELOAD = 4  # line of the second section
IMAP_TTL = -1


@pytest.fixture
def two_readers(mail_host, bind, certificate):
    """A second service reads the same files, as Dovecot does beside Postfix, and has a reload of its own."""
    old = certificate()
    host = mail_host(bind, old)
    second = MailService(host.folder / "second", old)
    second.pairs = host.services[0].pairs
    host.services.append(second)
    lines = ["[service.imap]", f"name = {NAME}:{second.port}", "starttls = smtp", "address = 127.0.0.1"]
    lines += [f"reload = {second.reload}", f"cert = {host.renewed[0][0]}"]
    lines += [f"install = {file} -> {to}" for file, to in zip(host.renewed[0], second.pairs[0])]
    host.more_services = [*lines, "ttl = 1"]
    host.start()
    host.new = certificate()
    host.renew(host.new)
    return host


def serve_new(host):
    return [presented("127.0.0.1", one.port, NAME)[0] == host.new.der for one in host.services]


def test_services_that_read_one_file_are_deployed_together(two_readers):
    host = two_readers
    host("run", exits=75)
    assert serve_new(host) == [False, False]

    host("run", wait=True)

    assert serve_new(host) == [True, True]
    assert host.records() == {host.new.tlsa()}


def test_a_file_is_not_replaced_before_all_who_read_it_are_ready(two_readers):
    host = two_readers
    before = host.services[0].pairs[0][0].read_bytes()
    host.more_services[IMAP_TTL] = "ttl = 600"
    host("publish")
    host("ready", "mail", wait=True)

    run = host("run", exits=75)

    assert "waits for the service imap, which reads it as well and is not ready" in run.err
    assert host.services[0].pairs[0][0].read_bytes() == before


def test_a_run_of_one_service_does_not_replace_what_another_one_reads(two_readers):
    host = two_readers
    before = host.services[0].pairs[0][0].read_bytes()
    host("publish")
    host("ready", wait=True)

    for command in "run", "deploy":
        run = host(command, "mail", exits=75)
        assert "waits for the service imap, which reads it as well and is not part of this run" in run.err

    assert host.services[0].pairs[0][0].read_bytes() == before


def test_a_reload_that_is_still_due_is_run_by_itself(two_readers):
    """And only that one: the other service has its new chain."""
    host = two_readers
    host("publish")
    host("ready", wait=True)
    reload = host.more_services[IMAP_RELOAD]
    host.more_services[IMAP_RELOAD] = "reload = false"
    host("deploy", exits=2)
    assert serve_new(host) == [True, False]

    host.more_services[IMAP_RELOAD] = reload
    host.reload = "false"
    host("deploy")

    assert serve_new(host) == [True, True]


def test_a_reload_that_services_have_in_common_is_run_once(two_readers):
    host = two_readers
    count = host.folder / "count"
    host.reload = f"echo >>{count}; {host.services[0].reload}; {host.services[1].reload}"
    host.more_services[IMAP_RELOAD] = f"reload = {host.reload}"

    host("run", wait=True)

    assert serve_new(host) == [True, True]
    assert count.read_text() == "\n"
