"""Monitoring tells the truth: one row a state of the world, made with real servers, and one column a form in which
tlsa-update tells of it. `verify` as text and as JSON, `--monitor`, `--metrics`, `status`, `doctor` and the rules of
contrib/monitoring agree on each of them."""

import collections
import contextlib
import json
import re
import pathlib
import subprocess

import pytest

from support.at_once import AtOnce
from support.bind import Bind, resigned
from support.certificates import Certificate
from support.peer import Peer
from support.program import AS_ANYBODY, Program
from support.server import free_port
from support.service import Service
from support.unbound import Unbound

CONTRIB = pathlib.Path(__file__).parents[2] / "contrib" / "monitoring"
RULES = CONTRIB / "prometheus.rules.yml"
LEVELS = ["ok", "warning", "critical", "unknown"]
OWNER = "mail.example.test"


class World:
    """One service with its record in a signed zone, and a resolver that finds it secure; each row changes some of it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.program = Program(folder)
        self.ending = contextlib.ExitStack()
        self.bind = self.server(Bind)
        self.resolver = self.server(Unbound)
        self.options = {"address": "127.0.0.1"}
        self.port = free_port()
        self.given = {}  # to verify and status: --cert
        self.through = ()
        self.restore = lambda: None

    def server(self, kind, **more):
        server = kind(self.folder / f"server-{len(list(self.folder.iterdir()))}", **more)
        self.ending.callback(server.stop)
        return server

    def zone(self, *records, **more):
        self.primary = self.bind.zone("example.test", *(records or ["mail A 127.0.0.1"]), **more)
        return self.primary

    def certificate(self, **more):
        return Certificate(self.folder, OWNER, **more)

    def serve(self, certificate, address="127.0.0.1"):
        self.service = Service(certificate, address=address, port=self.port)
        self.ending.callback(self.service.stop)
        return self.service

    @property
    def name(self):
        return f"{OWNER}:{self.port}"

    @property
    def owner(self):
        return f"_{self.port}._tcp.mail"

    def publish(self, certificate, **options):
        usual = {"cert": certificate, "assume_deployed": True, "force": True, "exits": None, "timeout": 2}
        self.program("publish", self.primary, self.name, **usual | options)
        assert self.primary.tlsa(self.owner)

    def trusted(self):
        self.resolver.resolve(self.primary)
        if self.primary.signing:
            self.resolver.trust(self.primary)

    def well(self, **more):
        """Everything as it should be."""
        self.zone(**more)
        self.mail = self.certificate()
        self.serve(self.mail)
        self.publish(self.mail)
        self.trusted()
        self.at = [self.primary.server.at]
        return self

    def __call__(self, command, **options):
        usual = {"nameserver": self.at, "resolver": self.resolver.at, "timeout": 2, "retries": 0, "exits": None}
        given = self.given if command in ("verify", "status") else {}
        return self.program(command, self.primary, self.name, through=self.through, **usual | self.options | given | options)


Told = collections.namedtuple("Told", "text json monitor metrics status doctor folder")


def row(level, *findings, status=0, doctor=()):
    """Expects `level` and, of the findings that are worse than a note, just these; the exit status of status, and the
    failed checks of doctor."""

    def declare(make):
        ROWS[make.__name__.replace("_", " ")] = (make, level, set(findings), status, set(doctor))
        return make

    return declare


ROWS = {}


@row("ok")
def all_is_well(world):
    world.well()


@row("critical", "mismatch", status=2, doctor=["service"])
def the_served_chain_is_another(world):
    world.well()
    world.service.present(world.certificate())


@row("critical", "mismatch", status=2, doctor=["service"])
def one_of_two_addresses_is_wrong(world):
    world.well()
    world.serve(world.certificate(), "127.0.0.2")
    world.options = {"address": ["127.0.0.1", "127.0.0.2"]}


def plain(connection, _):
    """SMTP without STARTTLS."""
    connection.settimeout(5)
    connection.sendall(b"220 mail.example.test ESMTP\r\n")
    for _ in connection.makefile("rb"):
        connection.sendall(b"250 mail.example.test\r\n")


@row("critical", "no-tls", status=2, doctor=["service"])
def starttls_is_off(world):
    world.zone()
    peer = world.ending.enter_context(Peer(plain))
    world.port = peer.port
    world.publish(world.certificate())
    world.trusted()
    world.at = [world.primary.server.at]
    world.options |= {"starttls": "smtp"}


@row("critical", "bogus", status=2, doctor=["chain-of-trust"])
def the_resolver_finds_the_zone_bogus(world):
    world.well()
    other = world.server(Bind).zone("example.test", "mail A 127.0.0.1")
    world.resolver.trusted = [other]


def with_expired_copy(world):
    world.well()
    second = world.server(Bind)
    second.keys.append(world.primary.key)
    copy = second.zone("example.test", resigned(world.primary, "20260101000000", "20260201000000"), signing="file")
    return copy.server.at


@row("warning", "server-signature", status=1, doctor=["nameserver"])
def signatures_have_expired_at_one_server(world):
    second = with_expired_copy(world)
    world.at = [world.primary.server.at, second]


@row("critical", "bogus", status=2, doctor=["nameserver"])
def signatures_have_expired_at_every_server(world):
    world.at = [with_expired_copy(world)]


@row("warning", "insecure", doctor=["signed"])
def the_zone_is_insecure(world):
    world.well(signing=None)


@row("warning", "server-silent", status=1, doctor=["nameserver"])
def a_server_is_down(world):
    world.well()
    world.at.append(f"127.0.0.1@{free_port()}")


def with_secondary(world):
    """That has the record, and is told of no change."""
    world.zone()
    second = world.server(Bind).follow(world.primary, notified=False)
    world.mail = world.certificate()
    world.serve(world.mail)
    world.publish(world.mail)
    world.trusted()
    second.tlsa(world.owner)  # transfers it now
    world.at = [world.primary.server.at, second.server.at]
    return second


@row("warning", "server-differs", status=1, doctor=["nameserver"])
def a_server_lags(world):
    with_secondary(world)
    world.program("publish", world.primary, f"{OWNER}:1", cert=world.mail, assume_deployed=True, exits=None, timeout=2, nameserver=world.at)


@row("critical", "mismatch", "server-differs", status=2, doctor=["nameserver", "service"])
def a_server_has_only_the_old_record(world):
    with_secondary(world)
    new = world.certificate()
    world.publish(new, nameserver=world.at)
    world.service.present(new)


@row("warning", "primary-silent", status=69, doctor=["server"])
def the_primary_is_down(world):
    second = with_secondary(world)
    world.resolver.resolve(second)
    world.at = [second.server.at]
    world.resolver.zones.remove(world.primary)
    assert world.resolver.port
    world.primary.server.stop()


@row("unknown", "not-validated")
def the_resolver_is_down(world):
    world.well()
    world.options |= {"resolver": f"127.0.0.1@{free_port()}"}


@row("unknown", "unreachable", status=1, doctor=["service"])
def the_service_is_down(world):
    world.well()
    world.options = {"address": "127.0.0.9"}


@row("warning", "no-records", status=0)
def nothing_is_published(world):
    world.zone()
    world.serve(world.certificate())
    world.trusted()
    world.at = [world.primary.server.at]


@row("warning", "unpublished", status=1)
def a_key_on_disk_is_unpublished(world):
    world.well()
    world.given = {"cert": [world.mail, world.certificate()]}


@row("ok", status=75)
def a_rollover_waits(world):
    world.well()
    new = world.certificate()
    world.publish(new)
    world.given = {"cert": new}


@row("ok")
def the_ledger_may_not_be_read(world):
    world.well()
    world.through = AS_ANYBODY
    state = world.folder / "state"
    state.chmod(0)
    world.restore = lambda: state.chmod(0o700)


def certificate_with(begins, days):
    def make(world):
        world.zone()
        mail = world.certificate(begins=begins, days=days)
        world.serve(mail)
        world.publish(mail)
        world.trusted()
        world.at = [world.primary.server.at]

    return make


for days, begins, left, level in [
    (90, -75, 15, "ok"), (90, -80, 10, "warning"), (90, -88, 2, "critical"),
    (45, -30, 15, "ok"), (45, -35, 10, "warning"), (45, -43, 2, "critical"),
    (6, -2, 4, "ok"), (6, -5, 1, "warning"),
]:  # fmt: skip
    make = certificate_with(begins, left)
    make.__name__ = f"a_certificate_for_{days}_days_has_{left}_left"
    row(level, *(["expiry"] if level != "ok" else []))(make)


@pytest.fixture(scope="module")
def rows(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("monitoring")

    def play(case):
        world = World(folder / re.sub(r"\W", "-", case))
        with world.ending:
            ROWS[case][0](world)
            try:
                metrics = world.folder / "tlsa.prom"
                return Told(
                    world("verify", metrics=world.folder / "text.prom"),
                    world("verify", format="json"),
                    world("verify", monitor=True, metrics=metrics),
                    metrics.read_text(),
                    world("status", format="json"),
                    world("doctor", format="json"),
                    world.folder,
                )
            finally:
                world.restore()

    with AtOnce(request, play) as plays:
        yield plays


def samples(metrics):
    return {line.rpartition(" ")[0]: int(line.rpartition(" ")[2]) for line in metrics.splitlines() if line[:1] != "#"}


@pytest.mark.parametrize("case", ROWS)
def test_verify_judges_alike_in_every_form(rows, case):
    _, level, findings, _, _ = ROWS[case]
    told = rows[case]

    number = LEVELS.index(level)
    assert told.monitor.status == number and told.monitor.out.startswith(f"TLSA {level.upper()} - "), told.monitor
    assert told.text.status == told.json.status == [0, 1, 2, 69][number], told.text
    grave = [one for one in told.json.json["findings"] if one["level"] != "ok"]
    assert {one["finding"] for one in grave} == findings, told.json
    for one in grave:  # each of them in each form, with what to do about it
        assert one["detail"] in told.monitor.out and one["detail"] in told.text.err
        assert one["advice"] in told.monitor.out and one["advice"] in told.text.err
    found = samples(told.metrics)
    assert found["tlsa_verify_level"] == number
    for finding in findings:
        worst = max(LEVELS.index(one["level"]) for one in grave if one["finding"] == finding)
        assert found[f'tlsa_finding_level{{finding="{finding}"}}'] == worst
    raised = {key for key, value in found.items() if key.startswith("tlsa_finding_level") and value}
    assert len(raised) == len(findings)


@pytest.mark.parametrize("case", ROWS)
def test_status_and_doctor_agree_with_verify(rows, case):
    _, _, _, status, doctor = ROWS[case]
    told = rows[case]

    assert told.status.status == status, told.status
    failed = {check["check"] for check in told.doctor.json["checks"] if not check["ok"]}
    assert failed == doctor, told.doctor


@pytest.mark.parametrize("case", ROWS)
def test_each_endpoint_and_server_has_its_gauge(rows, case):
    told = rows[case]
    found = samples(told.metrics)

    refused = {("mismatch", 0), ("ok", 1)}
    for key, value in found.items():
        verdict = re.fullmatch(r'tlsa_endpoint_verdict\{(.*),verdict="(.*)"\}', key)
        if verdict and verdict[2] in dict(refused):
            assert found[f"tlsa_endpoint_dane_ok{{{verdict[1]}}}"] == dict(refused)[verdict[2]]
    for zone in told.json.json["zones"]:
        for server in zone.get("servers", []):
            of = [value for key, value in found.items() if key.startswith("tlsa_server_reachable{") and server["address"] in key]
            assert of == [int(server["reachable"])]
    [dnssec] = [key for key, value in found.items() if key.startswith("tlsa_dnssec{") and value == 1]
    assert told.json.json["dnssec"] in dnssec


def test_the_ledger_that_may_not_be_read_is_named_and_nothing_claimed(rows):
    told = rows["the ledger may not be read"]

    assert "may not read the ledger" in told.monitor.out and "may not read the ledger" in told.text.err
    states = {record["state"] for zone in told.json.json["zones"] for rrset in zone["rrsets"] for record in rrset["records"]}
    assert states == {"unknown"} and "unknown: whose it is" in told.text.out


# Of each row the alerts of contrib/monitoring that are raised by what it wrote, after some hours.
ALERTS = {
    "mismatch": "DaneOutage", "no-tls": "DaneServiceWithoutTls", "bogus": "DnssecBogus", "insecure": "DnssecInsecure",
    "not-validated": "DnssecUnknown", "server-silent": "TlsaServerUnreachable", "server-differs": "TlsaServerDiffers",
    "server-signature": "TlsaServerSignature", "primary-silent": "TlsaPrimaryUnreachable",
    "unpublished": "TlsaKeyUnpublished", "no-records": "TlsaNoRecords", "unreachable": "TlsaEndpointUnreachable",
}  # fmt: skip


def alerts(case):
    _, level, findings, _, _ = ROWS[case]
    expected = {ALERTS[finding] for finding in findings - {"expiry"}}
    if "expiry" in findings:
        expected.add({"warning": "TlsaCertificateExpiresSoon", "critical": "TlsaCertificateExpires"}[level])
    if case == "signatures have expired at every server":
        expected.add("TlsaServerSignature")  # each of them, by name
    return expected


@pytest.mark.parametrize("case", ROWS)
def test_the_rules_of_prometheus_raise_what_the_row_calls_for(rows, case):
    told = rows[case]
    series = [{"series": key, "values": f"{value}+0x600"} for key, value in samples(told.metrics).items()]
    expression = 'group by (alertname) (ALERTS{alertstate="firing"})'
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(alerts(case))]
    document = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
                "promql_expr_test": [{"expr": expression, "eval_time": "4h", "exp_samples": expected}],
            }
        ],
    }
    file = told.folder / "rules_test.yml"
    file.write_text(json.dumps(document))  # which is YAML as well

    run = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, timeout=60)

    assert run.returncode == 0, run.stdout + run.stderr


def test_the_rules_are_sound():
    run = subprocess.run(["promtool", "check", "rules", RULES],
                         capture_output=True, text=True, timeout=60)  # fmt: skip

    assert run.returncode == 0 and "SUCCESS" in run.stdout, run.stdout + run.stderr


def test_every_finding_has_a_rule(rows):
    rules = RULES.read_text()
    words = re.findall(r'tlsa_finding_level\{finding="(.*)"\}', rows["all is well"].metrics)

    by_other_means = {"mismatch", "insecure", "unreachable", "server-silent", "server-differs", "server-signature"}
    assert by_other_means < set(words)
    missing = {word for word in words if f'finding="{word}"' not in rules} - by_other_means
    assert missing == {"not-readable"}  # a note
