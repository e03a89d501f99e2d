"""doctor: what is right, what is not and what to do about it, and the lines that a primary needs."""

import pytest

from support.bind import Bind
from support.dns import TsigKey
from support.knot import Knot
from support.server import free_port
from support.unbound import Unbound

ANY = "*._tcp.mail.example.test"  # a name without a service behind it: nothing is probed
MAIL = "mail A 192.0.2.25"


def failed(run):
    return {check["check"]: check for check in run.json["checks"] if not check["ok"]}


def words(check):
    return f"{check['detail']} {check['advice']}"


@pytest.fixture
def doctor(tlsa_update):
    """The only name server of a zone under test is the primary itself, and there is no resolver."""
    nowhere = f"127.0.0.1@{free_port()}"

    def examine(zone, *names, **options):
        told = {"nameserver": zone.server.at, "resolver": nowhere, "format": "json", "timeout": 2}
        return tlsa_update("doctor", zone, *names, **(told | options))

    return examine


def test_all_is_well_and_nothing_is_changed(primary, servers, certificate, presents, tlsa_update, doctor):
    zone = primary.zone("example.test", "mail A 127.0.0.1")
    mail = certificate("mail.example.test")
    name = f"mail.example.test:{presents(mail).port}"
    tlsa_update("publish", zone, name, cert=mail)
    serial = zone.serial()
    resolver = servers(Unbound)
    resolver.resolve(zone)
    resolver.trust(zone)

    run = doctor(zone, name, resolver=resolver.at)

    assert not failed(run)
    assert {check["check"] for check in run.json["checks"]} == {
        "key-file", "zone", "tsig", "clock", "update", "transfer", "signed", "chain-of-trust", "ttl",
        "nameserver", "service"}  # fmt: skip
    assert run.json["changed"] is False
    assert zone.serial() == serial
    assert "FAIL" not in doctor(zone, name, resolver=resolver.at, format="text").out


class PastedBind(Bind):
    """Its key and its update-policy are the printed lines, with the secret where the dots are."""

    def configure(self):
        super().configure()
        config = self.folder / "named.conf"
        config.write_text(config.read_text() + self.lines.split("// in zone")[0])

    def _updates(self, zone):
        policy = self.lines.split("// in zone")[1].partition("\n")[2]
        return policy + " dnssec-policy quick; inline-signing no;"


class PastedKnot(Knot):
    """Its key and its acl are the printed lines, with the secret where the dots are."""

    def configure(self):
        super().configure()
        config = self.folder / "knot.conf"
        before, _, rest = config.read_text().partition("key:\n")
        zones = "zone:\n" + rest.partition("zone:\n")[2]
        own = next(line for line in zones.splitlines() if "acl:" in line)
        pasted = next(line for line in self.lines.splitlines() if line.startswith("#   acl: "))
        config.write_text(before + self.lines + zones.replace(own, "    " + pasted.removeprefix("#   ")))


@pytest.mark.parametrize("kind, pasted", [(Bind, PastedBind), (Knot, PastedKnot)], ids=["bind", "knot"])
def test_the_printed_lines_grant_these_names_and_no_other(
    servers, certificate, tlsa_update, doctor, kind, pasted
):
    records = [MAIL, "www A 192.0.2.80"]
    denied = servers(kind).zone("example.test", *records, allow=["TXT"])
    run = doctor(denied, "_25._tcp.mail.example.test", ANY, "_25._tcp.www.example.test",
                 address="127.0.0.1", exits=77)  # fmt: skip
    fresh = servers(pasted)
    lines = run.json["grants"][0][kind.__name__.lower()]
    fresh.lines = lines.replace("...", denied.key.secret)
    zone = fresh.zone("example.test", *records, key=denied.key)
    mail = certificate()

    tlsa_update("publish", zone, "mail.example.test:25", ANY, cert=mail)
    other = tlsa_update("publish", zone, "www.example.test:443", cert=mail, exits=77)
    below = tlsa_update("publish", zone, "_1._tcp._25._tcp.mail.example.test", cert=mail, exits=77)

    assert str(denied.key.path) in lines
    assert zone.tlsa("_25._tcp.mail").records == zone.tlsa("*._tcp.mail").records == {mail.tlsa()}
    assert "_443._tcp.www.example.test" in other.err and "_1._tcp._25" in below.err


def test_a_wrong_secret_is_named(bind, tmp_path, doctor):
    zone = bind.zone("example.test", MAIL)

    run = doctor(zone.by(TsigKey(tmp_path, zone.key.name)), ANY, exits=77)

    assert "BADSIG" in words(failed(run)["tsig"]) and "update-key" in words(failed(run)["tsig"])


def test_a_denied_policy_is_named_with_what_to_grant(primary, doctor):
    zone = primary.zone("example.test", MAIL, allow=["TXT"])

    run = doctor(zone, ANY, exits=77)

    assert "update-key" in words(failed(run)["update"]) and "lines below" in failed(run)["update"]["advice"]
    assert ANY in run.json["grants"][0]["bind"]


def test_a_transfer_that_is_denied_counts_where_it_is_needed(bind, doctor):
    zone = bind.zone("example.test", MAIL)
    zone.readers = []

    without = doctor(zone, ANY)
    needed = doctor(zone, ANY, read="axfr", exits=77)

    transfer = next(check for check in without.json["checks"] if check["check"] == "transfer")
    assert transfer["ok"] and "no AXFR" in transfer["detail"] and "allow-transfer" in transfer["advice"]
    assert failed(needed)


def test_an_unsigned_zone_is_of_no_use_to_clients(bind, doctor):
    run = doctor(bind.zone("example.test", MAIL, signing=None), ANY, exits=1)

    assert list(failed(run)) == ["signed"]
    assert "dnssec-policy" in failed(run)["signed"]["advice"]


def test_an_unreachable_secondary_is_named(bind, doctor):
    zone = bind.zone("example.test", MAIL)
    nobody = f"127.0.0.1@{free_port()}"

    run = doctor(zone, ANY, nameserver=[zone.server.at, nobody], retries=0, exits=69)

    assert list(failed(run)) == ["nameserver"]
    assert nobody in failed(run)["nameserver"]["detail"] and failed(run)["nameserver"]["advice"]


def test_a_clock_that_is_off_is_named(bind, doctor):
    run = doctor(bind.zone("example.test", MAIL), ANY, clock=3600, exits=77)

    assert "BADTIME" in words(failed(run)["clock"]) and "clocks" in failed(run)["clock"]["advice"]


def test_a_key_that_others_can_read_is_named(bind, doctor):
    zone = bind.zone("example.test", MAIL)
    zone.serial()
    zone.key.path.chmod(0o644)

    run = doctor(zone, ANY, exits=66)

    assert list(failed(run)) == ["key-file"]
    assert "chmod 600" in failed(run)["key-file"]["advice"]


def test_a_weak_or_short_secret_is_remarked(bind, doctor):
    key = TsigKey(bind.folder, "short", secret="c2hvcnQ=")
    bind.keys.append(key)

    run = doctor(bind.zone("example.test", MAIL, key=key), ANY)

    remark = next(check for check in run.json["checks"] if check["check"] == "key-file")
    assert "5 octets" in remark["detail"] and "tsig-keygen" in remark["advice"]


def test_a_wildcard_in_the_way_is_named(bind, doctor):
    zone = bind.zone("example.test", "* A 192.0.2.1")

    run = doctor(zone, "*._tcp.host.example.test", exits=2)

    assert "wildcard" in words(failed(run)["name"])


def test_an_alias_is_told_and_what_it_leads_to_is_granted(bind, doctor):
    zone = bind.zone("example.test", MAIL, "_443._tcp.mail CNAME tlsa", "tlsa TXT here")

    run = doctor(zone, "_443._tcp.mail.example.test", address="127.0.0.1", timeout=1, exits=69)

    assert any(check["check"] == "alias" for check in run.json["checks"])
    assert '"tlsa.example.test."' in run.json["grants"][0]["bind"]


def test_without_any_name_the_key_is_examined_and_a_name_asked_for(tmp_path, tlsa_update):
    run = tlsa_update("doctor", TsigKey(tmp_path, "update-key"), format="json", exits=64)

    assert list(failed(run)) == ["names"]
    assert "update-key" in run.json["checks"][0]["detail"]
