"""One judge: of records that differ in the digest alone clients use the strongest (RFC 7671 section 9). Every
command and every form of its output comes to the same verdict on a chain; and what only the operator can end is
never called waiting."""

import re
import time

import pytest

from support.bind import Bind


class Scene:
    """A service that presents `old`, and the records at its name."""

    def __init__(self, tlsa_update, primary, service, *records):
        self.program, self.service = tlsa_update, service
        self.name = f"mail.example.test:{service.port}"
        self.owner = f"_{service.port}._tcp.mail"
        self.zone = primary.zone("example.test", "mail A 127.0.0.1",
                                 *(f"{self.owner} 1 TLSA {record}" for record in records))  # fmt: skip
        self.zone.negative_ttl = 1  # what an empty ledger takes for the longest wait
        self.nameservers = [primary.at]

    def __call__(self, command, exits, *words, **options):
        told = {"address": "127.0.0.1", "nameserver": self.nameservers, "resolver": self.zone.server.at,
                "timeout": 2, "retries": 0, "margin": 0, "grace": 0}  # fmt: skip
        if command == "publish":
            told = {"address": "127.0.0.1"}
        if command in ("verify", "doctor"):
            del told["margin"], told["grace"]
        return self.program(command, self.zone, self.name, *words, exits=exits, **(told | options))

    @property
    def records(self):
        return self.zone.tlsa(self.owner).records


USED_FIRST = "a 3 1 2 record is there and is used before 3 1 1: adopt it, or publish 3 1 2 as well"


@pytest.fixture
def hidden(tlsa_update, primary, certificate, presents):
    """The right 3 1 1, and somebody's 3 1 2 of a key that is long gone."""
    mail, gone = certificate(), certificate()
    scene = Scene(tlsa_update, primary, presents(mail), mail.tlsa(), gone.tlsa("3 1 2"))
    scene.mail, scene.gone = mail, gone
    return scene


def test_a_stronger_digest_that_matches_nothing_is_critical_for_every_command(hidden, tmp_path):
    for command in ("status", "publish", "run", "ready", "verify"):
        run = hidden(command, 2, cert=hidden.mail)
        assert USED_FIRST in run.err, command
    line = hidden("verify", 2, cert=hidden.mail, monitor=True, metrics=tmp_path / "metrics").out
    assert line.startswith("TLSA CRITICAL - ") and USED_FIRST in line and "matching=0 mismatching=1" in line
    assert re.search(r"^tlsa_endpoint_dane_ok\{.*\} 0$", (tmp_path / "metrics").read_text(), re.M)
    for command in ("status", "run", "verify"):
        [endpoint] = hidden(command, 2, cert=hidden.mail, format="json").json["endpoints"]
        assert endpoint["dane"] == "mismatch" and USED_FIRST in endpoint["detail"], command
    assert hidden.records == {hidden.mail.tlsa(), hidden.gone.tlsa("3 1 2")}


def assert_accepted(scene):
    run = scene("verify", 1, cert=scene.mail, format="json")  # a warning: nobody here validates DNSSEC
    assert [endpoint["dane"] for endpoint in run.json["endpoints"]] == ["ok"]


def test_what_doctor_advises_helps(hidden):
    checks = hidden("doctor", None, format="json").json["checks"]
    [advice] = [check["advice"] for check in checks if check["check"] == "service"]
    assert f'--adopt "{hidden.gone.tlsa("3 1 2")}"' in advice
    assert '--tlsa "3 1 1" --tlsa "3 1 2"' in advice

    hidden("run", 0, cert=hidden.mail, adopt=hidden.gone.tlsa("3 1 2"), wait=True)

    assert hidden.records == {hidden.mail.tlsa()}
    assert_accepted(hidden)


def test_publishing_the_stronger_digest_as_well_ends_it_too(hidden):
    hidden("publish", 0, cert=hidden.mail, tlsa=["3 1 1", "3 1 2"])

    assert_accepted(hidden)
    hidden("status", None, cert=hidden.mail, tlsa=["3 1 1", "3 1 2"])
    assert hidden.mail.tlsa("3 1 2") in hidden.records


def test_a_hidden_record_of_a_service_that_does_not_answer_is_no_success(hidden):
    run = hidden("publish", 2, cert=hidden.mail, address="127.0.0.9")

    assert USED_FIRST in run.err


@pytest.fixture
def blocked(tlsa_update, primary, certificate, presents):
    """Our 3 1 1 and somebody's 3 1 2 of the key in use, which is renewed now."""
    old, new = certificate(), certificate()
    scene = Scene(tlsa_update, primary, presents(old), old.tlsa(), old.tlsa("3 1 2"))
    scene.old, scene.new = old, new
    tlsa_update("publish", scene.zone, scene.name, cert=new, address="127.0.0.1")
    return scene


def operators(run):
    return [one for one in run.json["blockers"] if one["ends"] == "operator"]


@pytest.mark.parametrize("command", ["ready", "deploy", "run", "status"])
def test_a_blocker_that_only_the_operator_ends_is_printed_and_no_success(blocked, command, tmp_path):
    more = {"install": f"{blocked.new} -> {tmp_path}/installed.pem"} if command in ("deploy", "run") else {}

    for _ in range(2):  # before two TTLs have passed, and after
        told = blocked(command, 2, cert=blocked.new, **more)
        run = blocked(command, 2, cert=blocked.new, format="json", **more)

        assert re.search(r"^not ready: _\d+\._tcp\.mail\.example\.test\.: .*3 1 2 .*adopt it, or publish 3 1 2 as well"
                         r".*\(ends by: operator\)$", told.out, re.M)  # fmt: skip
        [blocker] = operators(run)
        assert blocker["owner"] == f"{blocked.owner}.example.test."
        assert blocker["record"] == blocked.old.tlsa("3 1 2")
        assert blocker["reason"] == "combination-would-break"
        assert "ready_at" not in blocker
        time.sleep(2.2)
    assert not (tmp_path / "installed.pem").exists()


def test_waiting_for_what_only_the_operator_ends_is_over_at_once(blocked):
    began = time.monotonic()
    blocked("ready", 2, cert=blocked.new, wait=True)
    assert time.monotonic() - began < 20


def test_either_way_that_the_blocker_names_ends_it(blocked):
    both = {"cert": blocked.new, "tlsa": ["3 1 1", "3 1 2"]}
    blocked("publish", 0, **both)
    assert not operators(blocked("ready", None, format="json", **both))
    blocked("ready", 0, wait=True, **both)


@pytest.fixture
def lagging(tlsa_update, servers, certificate, presents):
    """A secondary that is not told of changes has the old record only, and the service presents the new one."""
    old, new = certificate(), certificate()
    primary, secondary = servers(Bind), servers(Bind)
    service = presents(old)
    scene = Scene(tlsa_update, primary, service, old.tlsa())
    secondary.follow(scene.zone, notified=False)
    assert primary.port and secondary.port
    scene.nameservers.append(secondary.at)
    tlsa_update("publish", scene.zone, scene.name, cert=new)
    scene.new, scene.secondary = new, secondary
    return scene


def test_a_server_in_the_way_is_named(lagging):
    run = lagging("ready", 75, cert=lagging.new, format="json")

    [blocker] = [one for one in run.json["blockers"] if one["reason"] == "propagating"]
    assert blocker["ends"] == "server" and blocker["record"] == lagging.new.tlsa()
    assert blocker["address"] == lagging.secondary.at and blocker["server"]
    told = lagging("ready", 75, cert=lagging.new)
    assert re.search(rf"^not ready: .* \[.*{re.escape(lagging.secondary.at)}\] \(ends by: server\)$", told.out, re.M)


def test_what_one_server_alone_refuses_is_refused_in_every_form(lagging, tmp_path):
    lagging.service.present(lagging.new)

    told = lagging("verify", 2, cert=lagging.new)
    run = lagging("verify", 2, cert=lagging.new, format="json", metrics=tmp_path / "metrics")
    line = lagging("verify", 2, cert=lagging.new, monitor=True).out
    status = lagging("status", 2, cert=lagging.new, format="json")

    assert ": mismatch (matches no published record at " in told.out and lagging.secondary.at in told.out
    assert [one["dane"] for one in run.json["endpoints"] + status.json["endpoints"]] == ["mismatch", "mismatch"]
    assert "matching=0 mismatching=1" in line
    assert re.search(r"^tlsa_endpoint_dane_ok\{.*\} 0$", (tmp_path / "metrics").read_text(), re.M)


def test_the_reason_of_a_change_is_the_planners(tlsa_update, bind, certificate, presents):
    old, new = certificate(), certificate()
    scene = Scene(tlsa_update, bind, presents(old), old.tlsa())

    added = scene("publish", 0, cert=new, tlsa="3 1 2", format="json").json["zones"][0]["rrsets"][0]["records"]
    reasons = {f"{r['usage']} {r['selector']} {r['matching_type']} {r['data']}": r["reason"]
               for r in added if r["action"] == "add"}  # fmt: skip
    assert reasons == {old.tlsa("3 1 2"): "served-chain", new.tlsa("3 1 2"): "missing"}

    gone = scene("prune", 0, cert=new, tlsa="3 1 2", adopt=old.tlsa(), unpublish=True, format="json")
    deleted = [r for r in gone.json["zones"][0]["rrsets"][0]["records"] if r["action"] == "delete"]
    assert len(deleted) == 3 and {r["reason"] for r in deleted} == {"unpublished"}
