"""verify: each endpoint's chain against the published records, for people, monitoring plugins and Prometheus."""

import re

import pytest

from support.bind import Bind
from support.server import free_port
from support.unbound import Unbound


class Scene:
    """One service with its record in a signed zone, and a resolver that finds it secure."""

    def __init__(self, zone, resolver, service, tlsa_update, mail):
        self.zone, self.resolver, self.service, self.mail = zone, resolver, service, mail
        self.name = f"mail.example.test:{service.port}"
        self._tlsa_update = tlsa_update
        tlsa_update("publish", zone, self.name, cert=mail)

    def verify(self, **options):
        told = {"nameserver": self.zone.server.at, "resolver": self.resolver, "timeout": 2, "retries": 0}
        return self._tlsa_update("verify", self.zone, self.name, **(told | options))


@pytest.fixture
def scene(bind, servers, certificate, presents, tlsa_update):
    def make(signing="policy", days=90):
        zone = bind.zone("example.test", "mail A 127.0.0.1", signing=signing)
        mail = certificate("mail.example.test", days=days, begins=days - 90)
        resolver = servers(Unbound)
        resolver.resolve(zone)
        if signing:
            resolver.trust(zone)
        return Scene(zone, resolver.at, presents(mail), tlsa_update, mail)

    return make


def test_a_chain_that_matches_is_well(scene):
    mail = scene()

    run = mail.verify(format="json")

    assert [endpoint["dane"] for endpoint in run.json["endpoints"]] == ["ok"]
    assert run.json["endpoints"][0]["matched"] == mail.mail.tlsa()
    assert run.json["dnssec"] == "secure" and run.json["changed"] is False


def test_monitoring_gets_one_line_with_perfdata(scene):
    run = scene().verify(monitor=True)

    assert re.fullmatch(
        r"TLSA OK - .* \| matching=1 mismatching=0 unreachable=0 days_left=(89|90);14:;3:\n", run.out
    )


def test_a_chain_that_matches_nothing_is_critical(scene, certificate):
    mail = scene()
    mail.service.present(certificate("mail.example.test"))

    told = mail.verify(exits=2)
    assert "mismatch" in told.out and told.err.count("matches no") == 1
    run = mail.verify(monitor=True, exits=2)

    assert run.out.startswith("TLSA CRITICAL - ") and "matching=0 mismatching=1" in run.out
    assert run.out.count("\n") == 1 and run.out.count("|") == 1 and run.out.count("matches no") == 1


def assert_unjudged(run, metrics):
    """An endpoint that answered, and of which nothing is said about DANE: nobody is paged for it."""
    [endpoint] = run.json["endpoints"]
    assert "dane" not in endpoint and "matched" not in endpoint
    assert "tlsa_endpoint_reachable{" in metrics.read_text() and "dane_ok{" not in metrics.read_text()
    assert 'verdict="no-records"} 1' in metrics.read_text()


def test_without_a_primary_no_chain_is_said_to_mismatch(scene, tmp_path):
    mail = scene()
    mail.zone.server.stop()

    run = mail.verify(address="127.0.0.1", format="json", metrics=tmp_path / "m", exits=69)
    told = mail.verify(address="127.0.0.1", exits=69)

    assert_unjudged(run, tmp_path / "m")
    assert "mismatch" not in told.out and "no TLSA record was read" in told.out


def test_a_name_without_records_is_no_mismatch(scene, tlsa_update, tmp_path):
    mail = scene()
    name = f"other.example.test:{mail.service.port}"

    run = tlsa_update("verify", mail.zone, name, nameserver=mail.zone.server.at, resolver=mail.resolver,
                      address="127.0.0.1", format="json", metrics=tmp_path / "m", exits=1)  # fmt: skip

    assert_unjudged(run, tmp_path / "m")
    assert "no TLSA record is published for other.example.test" in run.err


def test_a_service_that_does_not_answer_is_unknown(scene):
    mail = scene()
    elsewhere = "127.0.0.9"  # where nothing listens

    mail.verify(address=elsewhere, exits=69)
    run = mail.verify(address=elsewhere, monitor=True, exits=3)

    assert run.out.startswith("TLSA UNKNOWN - ") and "unreachable=1" in run.out


def test_no_primary_is_unknown_in_one_line(scene, tlsa_update):
    nowhere = f"127.0.0.1@{free_port()}"

    run = tlsa_update("verify", scene().zone.key, "mail.example.test:25", server=nowhere, resolver=nowhere,
                      address="127.0.0.9", timeout=1, retries=0, monitor=True, exits=3)  # fmt: skip

    assert run.out.startswith("TLSA UNKNOWN - ") and run.out.count("\n") == 1


@pytest.mark.parametrize(
    "days, status, word", [(2, 2, "CRITICAL"), (10, 1, "WARNING")], ids=["critical", "warning"]
)
def test_a_certificate_that_expires_is_told_in_time(scene, days, status, word):
    mail = scene(days=days)

    run = mail.verify(monitor=True, exits=status)

    assert run.out.startswith(f"TLSA {word} - ") and "expires in" in run.out
    assert mail.verify(monitor=True, warn_days=1, critical_days=1).out.startswith("TLSA OK")


def test_an_unsigned_zone_is_a_warning(scene):
    run = scene(signing=None).verify(monitor=True, exits=1)

    assert run.out.startswith("TLSA WARNING - ") and "DNSSEC" in run.out


def test_a_resolver_that_does_not_answer_leaves_dnssec_unchecked_and_that_is_unknown(scene):
    mail = scene()
    nowhere = f"127.0.0.1@{free_port()}"

    told = mail.verify(resolver=nowhere, address="127.0.0.1", exits=69)
    run = mail.verify(resolver=nowhere, address="127.0.0.1", monitor=True, exits=3)

    assert f"DNSSEC was not checked: {nowhere}" in told.err and f"dnssec: unknown ({nowhere}" in told.out
    assert run.out.startswith(f"TLSA UNKNOWN - DNSSEC was not checked: {nowhere}") and run.out.count("\n") == 1


def test_a_resolver_that_may_not_be_trusted_is_a_note_and_no_alarm(scene):
    """Nobody vouches for what stands behind a name, be it localhost."""
    mail = scene()
    by_name = mail.resolver.replace("127.0.0.1", "localhost")

    told = mail.verify(resolver=by_name)
    run = mail.verify(resolver=by_name, monitor=True)

    assert "DNSSEC was not checked" in told.err and "dnssec: unknown" in told.out
    assert re.match(r"TLSA OK - (1 handshake matches|\d handshakes match); DNSSEC was not checked: .* \| matching=1 ", run.out)


def test_the_weakest_verdict_on_the_mx_rrsets_counts_in_whatever_order(bind, servers, certificate, presents, tlsa_update, tmp_path):
    """An insecure domain and a bogus one, by our own validation; the resolver validates nothing."""
    mail = certificate("mail.example.test")
    service = presents(mail)
    zone = bind.zone("example.test", "mail A 127.0.0.1", f"_{service.port}._tcp.mail TLSA {mail.tlsa()}")
    insecure = bind.zone("insecure.test", "@ MX 10 mail.example.test.", signing=None)
    whole = bind.zone("bogus.test", "@ MX 10 mail.example.test.")
    broken = re.sub(r"(RRSIG MX (?:\S+ ){7})\S{8}", r"\1AAAAAAAA", whole.transferred().to_text())
    second = servers(Bind)
    second.keys.append(whole.key)
    resolver = servers(Unbound)
    resolver.resolve(zone, insecure, second.zone("bogus.test", broken, signing="file"))
    (tmp_path / "anchors").write_text("\n".join(zone.dnskey() + whole.dnskey()) + "\n")

    run = tlsa_update("verify", zone, f"mx:insecure.test:{service.port}", f"mx:bogus.test:{service.port}", format="json",
                      nameserver=bind.at, resolver=resolver.at, trust_anchor=tmp_path / "anchors", timeout=2, exits=2)  # fmt: skip

    assert "mx:insecure.test.: the RRset is insecure" in run.err and "mx:bogus.test.: the RRset is bogus" in run.err
    assert run.json["dnssec"] == "bogus" and "DNSSEC validation fails" in run.err


def test_a_trust_anchor_of_no_use_is_told_before_anything_else(scene, tmp_path):
    mail = scene()
    missing, broken = tmp_path / "missing", tmp_path / "broken"
    broken.write_text("example.test. IN DS is no record\n")

    for file, status in ((missing, 66), (broken, 65)):
        assert str(file) in mail.verify(trust_anchor=file, exits=status).err
        run = mail.verify(trust_anchor=file, monitor=True, exits=3)
        assert run.out.startswith(f"TLSA UNKNOWN - {file}") and run.out.count("\n") == 1


def test_metrics_are_a_whole_file_of_samples(scene, tmp_path):
    mail = scene()
    path = tmp_path / "tlsa.prom"

    mail.verify(metrics=path)

    text = path.read_text()
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    names = {re.match(r"\w+", sample)[0] for sample in samples}
    families = set(re.findall(r"^# TYPE (\w+) gauge$", text, re.M))
    assert families - names <= {"tlsa_server_fault", "tlsa_rollover_waiting_since_seconds", "tlsa_rollover_ready_seconds"}
    assert names >= {
        "tlsa_endpoint_reachable", "tlsa_endpoint_dane_ok", "tlsa_endpoint_verdict", "tlsa_certificate_not_before_seconds",
        "tlsa_certificate_not_after_seconds", "tlsa_server_reachable", "tlsa_server_sound", "tlsa_records", "tlsa_dnssec",
        "tlsa_verify_level", "tlsa_finding_level", "tlsa_last_verify_seconds"}  # fmt: skip
    served = next(sample for sample in samples if sample.startswith("tlsa_endpoint_dane_ok"))
    assert samples[served] == "1" and f'port="{mail.service.port}"' in served and 'key_type="ecdsa"' in served
    expiry = int(mail.mail.x509.not_valid_after.timestamp())
    assert abs(int(next(v for k, v in samples.items() if "not_after" in k)) - expiry) <= 86400
    assert path.stat().st_mode & 0o777 == 0o644 and not path.with_name("tlsa.prom.new").exists()


def test_metrics_that_cannot_be_written_are_an_error_and_unknown_to_monitoring(scene, tmp_path):
    mail = scene()
    nowhere = tmp_path / "missing" / "tlsa.prom"

    assert str(nowhere) in mail.verify(metrics=nowhere, exits=66).err
    assert mail.verify(metrics=nowhere, monitor=True, exits=3).out.startswith("TLSA UNKNOWN - ")


TOO_EARLY = {
    "configuration that is not there": {"config": "/nonexistent"},
    "configuration with an unknown key": {"config": "unknown.conf"},
    "no NAME": {},
    "no NAME in a file": {"names_from": "/dev/null"},
    "unknown option": {"no_such_option": True},
    "bad value": {"warn_days": "-1|"},
    "option of another command": {"dry_run": True},
}


@pytest.mark.parametrize("kind", TOO_EARLY)
def test_monitoring_is_told_in_one_line_what_is_wrong_before_anything_is_looked_at(tlsa_update, tmp_path, kind):
    (tmp_path / "unknown.conf").write_text("sever = 127.0.0.1\n")

    run = tlsa_update("verify", **TOO_EARLY[kind], monitor=True, exits=3)

    assert run.out.startswith("TLSA UNKNOWN - ") and run.out.count("\n") == 1 and "|" not in run.out
    assert run.err == ""


def test_only_monitoring_makes_unknown_of_a_usage_error(tlsa_update):
    tlsa_update("verify", exits=64)
    tlsa_update("status", monitor=True, exits=64)
