"""What the program did not see counts as the worst that it can be. Stories in which it believed too easily, each with
a client that holds every chain that is served against every RRset that a cache may still have."""

import datetime
import fcntl
import json
import os
import shutil
import signal
import time

import pytest

from support.bind import Bind
from support.dane_client import presented
from support.mail_host import NAME
from support.server import wait_until

LONGEST = 4  # seconds: what stands for a day


@pytest.fixture
def host(mail_host, primary, certificate):
    """Its RRset has a TTL of 4 s; the program has never run."""
    made = mail_host(primary, certificate(), ttl=LONGEST)
    made.settings["longest-ttl"] = LONGEST
    made.is_started = True
    made.old_chain = made.folder / "old-chain.pem"
    shutil.copy(made.services[0].pairs[0][0], made.old_chain)
    return made


def begin(host):
    for server in [*host.authorities, *host.services]:
        assert server.port


def serves(host, certificate):
    return presented("127.0.0.1", host.port, NAME)[0] == certificate.der


@pytest.mark.parametrize("command", ["ready", "run"])
def test_records_that_were_deleted_before_the_first_run_are_still_in_caches(host, certificate, command):
    """Rows 101, 101k, 101b."""
    new = certificate()
    host.installs = command == "run"
    host.service_settings["ttl"] = LONGEST
    begin(host)
    with host.watched() as client:
        client.pause()
        host.zone.change(("delete", host.owner, "TLSA"))
        host.renew(new)
        began = time.monotonic()
        while time.monotonic() < began + 2 * LONGEST:
            run = host(command, exits=None, format="json")
            assert run.status in (2, 75) and {"first-record", "no-history", "may-be-cached"} & set(run.blockers), run
            time.sleep(0.3)
        assert len(client.chains) == 1, "deployed while caches may hold the records that were deleted"

        # The operator ends it: the certificate that is served is given as well.
        host.service_settings["cert"] = [str(host.old_chain)]
        if command == "ready":
            host("publish")
        host.until_done(command)
    assert host.records() == host.published | {new.tlsa()}
    assert command == "ready" or serves(host, new)


def test_a_ledger_that_was_lost_does_not_shorten_a_wait(host, certificate):
    """Row 01: the TTL was long, is short, and the only ledger that knew it is gone."""
    new = certificate()
    begin(host)
    with host.watched() as client:
        client.pause()
        host("run", ttl=1, exits=None)
        (host.folder / "state" / "ledger.json").unlink()
        host.renew(new)
        told = host("run", exits=75, format="json").blockers["no-history"]
        assert "has not been watched for --longest-ttl" in told["detail"] and told["ends"] == "time"
        time.sleep(3)
        host("run", exits=75)
        assert len(client.chains) == 1, "deployed while caches may hold the RRset of the longer TTL"
        host.until_done()
        assert serves(host, new)


def test_what_is_served_needs_no_history(host):
    """The default is a day: a first run of what is published and served has nothing to wait for but its TTLs."""
    del host.settings["longest-ttl"]
    begin(host)
    host.until_done()
    assert json.loads((host.folder / "state" / "ledger.json").read_text())["version"] == 2


def test_a_server_that_was_out_of_reach_may_come_back_with_an_old_zone(mail_host, servers, certificate):
    """Row 11: it boots with its old zone file, and catches up before anybody looks."""
    host, new = mail_host(servers(Bind), certificate(), ttl=LONGEST), certificate()
    host.zone.signing = None
    twin = servers(Bind).zone("example.test", *host.zone.records, signing=None)
    host.authorities.append(twin.server)
    begin(host)
    record = ("add", host.owner, LONGEST, "TLSA", new.tlsa())
    with host.watched() as client:
        host("run", exits=None)
        host.renew(new)
        host("run", exits=75)
        twin.change(record)
        host("run", exits=75)

        twin.server.stop()
        away = host("run", exits=75, format="json").blockers["propagating"]
        assert away["address"].startswith(twin.server.address) and "out of reach since" in away["detail"]
        (twin.server.folder / "example.test.zone.jnl").unlink()
        twin.server.start()
        client.pause()
        assert twin.tlsa(host.owner).records == host.published
        twin.change(record)

        told = host("run", exits=75, format="json").blockers["server-returned"]
        assert told["address"] == away["address"] and "out of reach since" in told["detail"]
        host.until_done()
    assert host.records() == {new.tlsa()}


class Shared:
    """A mail and a web service whose owners are aliases of one RRset."""

    def __init__(self, bind, presents, certificate, tlsa_update, folder):
        self.program, self.folder, self.bind = tlsa_update, folder, bind
        self.certificates = {"mail": certificate(), "web": certificate()}
        self.addresses = {"mail": "127.0.0.1", "web": "127.0.0.2"}
        self.services = {
            one: presents(self.certificates[one], address=self.addresses[one]) for one in self.addresses
        }
        self.ports = {one: service.port for one, service in self.services.items()}
        aliases = [f"_{port}._tcp.{one} 1 CNAME tlsa" for one, port in self.ports.items()]
        hosts = [f"{one} 1 A {address}" for one, address in self.addresses.items()]
        self.zone = bind.zone("example.test", *hosts, *aliases)
        self.zone.negative_ttl = 1

    def configuration(self, name, *services):
        path = self.folder / f"{name}.conf"
        lines = ["margin = 0", "grace = 0", "longest-ttl = 1", "ttl = 1"]
        lines += [f"{key} = {self.bind.at}" for key in ("server", "resolver", "nameserver")]
        for one in services:
            lines += [f"[service.{one}]", f"name = {one}.example.test:{self.ports[one]}", "starttls = none"]
            lines += [f"cert = {self.certificates[one].path}", f"address = {self.addresses[one]}"]
        path.write_text("\n".join([*lines, ""]))
        return path

    def __call__(self, command, config, exits=0, **options):
        return self.program(command, *self.zone.key.options, config=config, exits=exits, **options)

    def until_done(self, config):
        wait_until(lambda: self("run", config, exits=None).status == 0, "the run is done")

    @property
    def records(self):
        return self.zone.tlsa("tlsa").records

    def all(self):
        return {one.tlsa() for one in self.certificates.values()}


@pytest.fixture
def shared(bind, presents, certificate, tlsa_update, tmp_path):
    return Shared(bind, presents, certificate, tlsa_update, tmp_path)


def reasons(run):
    return {record["data"]: record["reason"] for record in run.json["zones"][0]["rrsets"][0]["records"]}


def test_two_configurations_with_one_ledger_do_not_delete_each_others_records(shared):
    """Row 05: two names are aliases of one RRset, and only one timer runs."""
    mail, web = shared.configuration("mail", "mail"), shared.configuration("web", "web")
    shared.until_done(mail)
    shared.until_done(web)
    for _ in range(3):
        shared("run", web)
    assert shared.records == shared.all()
    data = shared.certificates["mail"].tlsa().split()[-1]
    assert reasons(shared("status", web, format="json"))[data] == "protected"

    mail.unlink()
    waits = shared("run", web, exits=75, format="json")
    assert reasons(waits)[data] == "wanted-before"
    shared("prune", web, forget=mail)
    assert shared.records == {shared.certificates["web"].tlsa()}


def test_a_section_that_was_taken_out_counts_for_a_week(shared):
    """Row 36."""
    both = shared.configuration("both", "mail", "web")
    shared.until_done(both)
    shared.configuration("both", "web")
    waits = shared("run", both, exits=75, format="json").blockers["wanted-before"]
    ready_at = datetime.datetime.fromisoformat(waits["ready_at"].replace("Z", "+00:00"))
    assert abs((ready_at - datetime.datetime.now(datetime.timezone.utc)).days - 6.5) < 1
    assert shared.records == shared.all()

    shared("run", both, forget_after=0, wait=True)
    assert shared.records == {shared.certificates["web"].tlsa()}


@pytest.mark.parametrize("configurations", ["one", "two"])
def test_unpublishing_one_of_two_names_leaves_the_record_that_the_other_one_wants(shared, configurations):
    """Row 75: both services serve one certificate, whose record is at the end of both aliases."""
    one = shared.certificates["web"] = shared.certificates["mail"]
    shared.services["web"].present(one)
    mail = shared.configuration("mail", *(["mail", "web"] if configurations == "one" else ["mail"]))
    web = mail if configurations == "one" else shared.configuration("web", "web")
    for config in {mail, web}:
        shared.until_done(config)

    names = ["web", f"web.example.test:{shared.ports['web']}"] if configurations == "one" else [None]
    for name in names:
        for more in ({"dry_run": True}, {}, {"force": True}):
            words = [name] if name else []
            run = shared.program("prune", *words, *shared.zone.key.options, config=web, unpublish=True, exits=2, **more)
            wanted_by = "mail" if configurations == "one" else str(mail)
            assert "tlsa.example.test. is not unpublished: " in run.err
            assert wanted_by in run.err and f"--forget {wanted_by}" in run.err
            assert "kept: listed under keep, or wanted by another service" in run.out
            assert shared.records == {one.tlsa()}
    if configurations == "two":
        shared("prune", web, unpublish=True, forget=mail)
        assert shared.zone.tlsa("tlsa") is None


def test_an_alias_that_becomes_an_owner_of_its_own_begins_without_a_history(mail_host, bind, certificate):
    """Row 51: its records were at the end of an alias, and somebody moves them to the name in the middle of a rollover."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    host.zone.allow = ("TLSA", "CNAME")
    host.zone.records = [one for one in host.zone.records if "TLSA" not in one]
    host.zone.records += [f"{host.owner} {LONGEST} CNAME tlsa", f"tlsa {LONGEST} TLSA {old.tlsa()}"]
    host.settings["longest-ttl"] = LONGEST
    with host.watched() as client:
        host.renew(new)
        host("run", exits=75)
        assert host.zone.tlsa("tlsa").records == {old.tlsa(), new.tlsa()}
        host.zone.change(("delete", host.owner), ("add", host.owner, LONGEST, "TLSA", old.tlsa()))
        moved = time.monotonic()
        while time.monotonic() < moved + LONGEST:
            host("run", exits=75)
            time.sleep(0.5)
        assert len(client.chains) == 1, "deployed while caches may hold the alias and what was at its end"
        host.until_done()
    assert serves(host, new)
    assert host.records() == {old.tlsa(), new.tlsa()}, "the old record is at this name by somebody else's hand"


def due(run):
    """In seconds since 1970."""
    told = run.json["blockers"][0]["ready_at"]
    return datetime.datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()


def carry_away(host, number):
    """The ledger, to a machine that has just been started."""
    ledger = host.folder / "state" / "ledger.json"
    text = json.loads(ledger.read_text())
    text["last_run"] |= {"machine": f"machine-{number}", "boot_id": f"boot-{number}", "uptime": 5}
    ledger.write_text(json.dumps(text))


def test_a_ledger_on_another_machine_counts_only_what_signed_answers_confirm(host, certificate):
    """Rows 31 and 32: its clock may be ahead, and no uptime there says how long we waited here. That is taken off once, and
    not at each of many machines, as where every run has a fresh one: the end of the wait comes."""
    begin(host)
    host.renew(certificate())
    first = due(host("run", exits=75, format="json"))
    later = []
    for number in range(5):
        carry_away(host, number)
        later.append(due(host("run", exits=75, format="json")))
    assert abs(later[0] - first - 600) < 60
    assert all(one < later[0] + 60 for one in later), later


def test_two_programs_that_want_two_ttls_come_to_rest(host, certificate):
    """Row 33."""
    begin(host)
    ttls = []
    for _ in range(5):
        for ttl in (2, 60):
            run = host("run", exits=None, ttl=ttl, state_directory=host.folder / f"state-{ttl}")
            ttls.append(host.zone.tlsa(host.owner).ttl)
    assert len(set(ttls[-6:])) == 1, ttls
    assert "somebody else sets the TTL" in run.err + host(
        "run", exits=None, ttl=62 - ttls[-1], state_directory=host.folder / f"state-{62 - ttls[-1]}"
    ).err


class Frozen:
    """A run that stands still after it has looked, for longer than what it has seen counts."""

    def __init__(self, host, command):
        self.lock = open(host.folder / "state" / "ledger.lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.process = host.begin(command)
        wait_until(self._has_looked, "it waits for the lock")
        self.process.send_signal(signal.SIGSTOP)

    def _has_looked(self):
        opened = [os.path.realpath(f"/proc/{self.process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{self.process.pid}/fd")]
        return os.path.realpath(self.lock.name) in opened

    def thaw(self):
        """What it says then."""
        time.sleep(11)
        self.lock.close()
        self.process.send_signal(signal.SIGCONT)
        out, err = self.process.communicate(timeout=60)
        return err.decode()


def test_what_was_seen_before_the_machine_stood_still_allows_no_deletion(mail_host, bind, certificate):
    """Row 86: the administrator goes back to the old certificate meanwhile."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    with host.watched():
        host.settings["grace"] = 3600
        host.renew(new)
        host.until_awaits("grace")
        host.settings["grace"] = 0
        frozen = Frozen(host, "run")
        host.services[0].put(old)
        host.services[0].hang_up()
        wait_until(lambda: serves(host, old), "the old certificate is back")
        frozen.thaw()  # before a deletion it takes a close look
        assert old.tlsa() in host.records()


def test_what_was_seen_before_the_machine_stood_still_allows_no_deployment(mail_host, bind, certificate):
    """Row 83: the record is withdrawn meanwhile."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    host.start()
    host.installs = False
    host.renew(new)
    host("publish")
    host.until_done("ready")
    host.installs = True
    frozen = Frozen(host, "run")
    host.zone.change(("delete", host.owner, "TLSA", new.tlsa()))
    assert "more than 10 s old: looking again" in frozen.thaw()
    assert serves(host, old)
    host.until_done()
    assert serves(host, new) and host.records() == {new.tlsa()}
