"""doctor: what is right, what is not and what to do about it, and the lines that a primary needs."""

import re
import subprocess

import pytest

from support.bind import Bind
from support.dns import TsigKey
from support.faults import signed, unsigned
from support.knot import Knot
from support.middleman import AXFR, QUERY, Close, Middleman
from support.server import free_port
from support.unbound import Unbound

ANY = "*._tcp.mail.example.test"  # a name without a service behind it: nothing is probed
MAIL = "mail A 127.0.2.25"


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
        where = zone.key if "server" in options else zone
        return tlsa_update("doctor", where, *names, **(told | options))

    return examine


@pytest.fixture
def world(servers):
    """The zone `test` that delegates example.test with these DS records, and a resolver that trusts it."""

    def make(zone, *ds):
        parent = servers(Bind).zone("test", "example NS ns.example", "ns.example A 127.0.0.1",
                                    *(f"example {record}" for record in ds))  # fmt: skip
        resolver = servers(Unbound)
        resolver.resolve(parent, zone)
        resolver.trust(parent)
        return parent, resolver.at

    return make


def detail(run, name):
    return next(check["detail"] for check in run.json["checks"] if check["check"] == name)


def test_all_is_well_and_nothing_is_changed(primary, world, certificate, presents, tlsa_update, doctor):
    zone = primary.zone("example.test", "mail A 127.0.0.1")
    mail = certificate("mail.example.test")
    name = f"mail.example.test:{presents(mail).port}"
    tlsa_update("publish", zone, name, cert=mail)
    serial = zone.serial()
    _, resolver = world(zone, *zone.ds())

    run = doctor(zone, name, resolver=resolver)

    assert not failed(run)
    assert {check["check"] for check in run.json["checks"]} == {
        "key-file", "zone", "tsig", "clock", "update", "transfer", "signed", "chain-of-trust", "ttl",
        "nameserver", "service"}  # fmt: skip
    assert run.json["changed"] is False
    assert zone.serial() == serial
    assert "agree to a second" in detail(run, "clock")
    assert "publishes a DS record of its key" in detail(run, "chain-of-trust")
    assert "FAIL" not in doctor(zone, name, resolver=resolver, format="text").out


def test_a_ds_that_is_missing_is_given_ready_to_paste(bind, world, doctor):
    zone = bind.zone("example.test", MAIL)
    _, resolver = world(zone)

    trust = failed(doctor(zone, ANY, resolver=resolver, exits=1))["chain-of-trust"]

    assert "publishes no DS record" in trust["detail"]
    assert f"example.test. {zone.ds()[0]}" in trust["advice"]


def test_a_ds_of_another_key_is_an_outage_of_the_whole_zone(bind, world, doctor):
    zone = bind.zone("example.test", MAIL)
    _, resolver = world(zone, "DS 4711 13 2 " + 64 * "0")

    trust = failed(doctor(zone, ANY, resolver=resolver, exits=2))["chain-of-trust"]

    assert "no DS record at the parent is of a key of the zone" in trust["detail"]
    assert zone.ds()[0] in trust["advice"]


def test_a_trust_anchor_of_ones_own_is_what_counts(bind, world, doctor, tmp_path):
    zone = bind.zone("example.test", MAIL)
    parent, resolver = world(zone, *zone.ds())
    (tmp_path / "anchor").write_text("\n".join(parent.dnskey()) + "\n")
    (tmp_path / "another").write_text("test. DS 4711 13 2 " + 64 * "0" + "\n")

    right = doctor(zone, ANY, resolver=resolver, trust_anchor=tmp_path / "anchor")
    wrong = doctor(zone, ANY, resolver=resolver, trust_anchor=tmp_path / "another", exits=2)

    assert "is secure (--trust-anchor)" in detail(right, "chain-of-trust")
    assert "validation fails" in failed(wrong)["chain-of-trust"]["detail"]


def test_a_trust_anchor_of_no_use_is_told(bind, world, doctor, tmp_path):
    zone = bind.zone("example.test", MAIL)
    _, resolver = world(zone, *zone.ds())
    (tmp_path / "anchor").write_text("this is no record\n")

    run = doctor(zone, ANY, resolver=resolver, trust_anchor=tmp_path / "anchor", exits=65)

    assert ":1: this is not a DNS record" in failed(run)["trust-anchor"]["detail"]


class PastedBind(Bind):
    """Its key, its update-policy and its allow-transfer are the printed lines, with the secret where the dots are."""

    more = "allow-transfer { none; };"

    def configure(self):
        super().configure()
        config = self.folder / "named.conf"
        config.write_text(config.read_text() + self.lines.split("// in zone")[0])

    def _zone(self, zone):
        zone.readers = []
        return super()._zone(zone).replace("allow-transfer {  };", "")

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


@pytest.mark.parametrize("read", ["query", "axfr"])
@pytest.mark.parametrize("kind, pasted", [(Bind, PastedBind), (Knot, PastedKnot)], ids=["bind", "knot"])
def test_the_printed_lines_grant_these_names_and_no_other(
    servers, certificate, tlsa_update, doctor, kind, pasted, read
):
    records = [MAIL, "www A 127.0.2.80"]
    denied = servers(kind).zone("example.test", *records, allow=["TXT"])
    run = doctor(denied, "_25._tcp.mail.example.test", ANY, "_25._tcp.www.example.test",
                 address="127.0.0.1", read=read, exits=77)  # fmt: skip
    fresh = servers(pasted)
    lines = run.json["grants"][0][kind.__name__.lower()]
    fresh.lines = lines.replace("...", denied.key.secret)
    zone = fresh.zone("example.test", *records, key=denied.key)
    mail = certificate()

    tlsa_update("publish", zone, "mail.example.test:25", ANY, cert=mail, read=read)
    other = tlsa_update("publish", zone, "www.example.test:443", cert=mail, exits=77)
    below = tlsa_update("publish", zone, "_1._tcp._25._tcp.mail.example.test", cert=mail, exits=77)
    tlsa_update("list", zone, "example.test", exits=0 if read == "axfr" else 77)

    assert str(denied.key.path) in lines
    assert zone.tlsa("_25._tcp.mail").records == zone.tlsa("*._tcp.mail").records == {mail.tlsa()}
    assert "_443._tcp.www.example.test" in other.err and "_1._tcp._25" in below.err


class PastedTls(PastedBind):
    """Listens as the printed lines say, on a port and with a certificate of the test's own."""

    def _listen(self):
        told = [line.strip("/ ").removeprefix("in options: ") for line in self.lines.splitlines() if "listen-on" in line]
        told = " ".join(told).replace("853", str(self.tls_port)).replace("{ any; }", "{ 127.0.0.1; }", 1)
        return super()._listen() + told.split("listen-on-v6")[0]


def test_the_printed_lines_for_tls_let_it_in(servers, certificate, tlsa_update):
    told = servers(Bind)
    own = certificate("ns.example.test")
    told.speak_tls(own)
    before = told.zone("example.test", MAIL, allow=["TXT"])
    before.serial()
    tls = {"transport": "tls", "tls_ca": own, "tls_hostname": "ns.example.test"}
    run = tlsa_update("doctor", before.key, ANY, server=f"127.0.0.1@{told.tls_port}", nameserver=told.at, format="json",
                      resolver=f"127.0.0.1@{free_port()}", timeout=1, **tls, exits=77)  # fmt: skip
    fresh = servers(PastedTls)
    fresh.lines = run.json["grants"][0]["bind"]
    for own_text in (before.key.secret, own, own.key_path):
        fresh.lines = fresh.lines.replace("...", str(own_text), 1)
    fresh.tls_port = free_port()
    zone = fresh.zone("example.test", MAIL, key=before.key)
    zone.serial()

    tlsa_update("publish", zone.key, ANY, server=f"127.0.0.1@{fresh.tls_port}", cert=own, **tls)

    assert zone.tlsa("*._tcp.mail").records == {own.tlsa()}


def test_a_wrong_secret_is_named(bind, tmp_path, doctor):
    zone = bind.zone("example.test", MAIL)

    run = doctor(zone.by(TsigKey(tmp_path, zone.key.name)), ANY, exits=77)

    assert "BADSIG" in words(failed(run)["tsig"]) and "update-key" in words(failed(run)["tsig"])


def test_a_server_that_does_not_know_the_key_yet_is_given_its_lines(primary, tmp_path, doctor):
    zone = primary.zone("example.test", MAIL)

    run = doctor(zone.by(TsigKey(tmp_path, "new-key")), ANY, exits=77)

    assert [*failed(run)] == ["tsig"] and "key new-key." in failed(run)["tsig"]["detail"]
    assert ("BADKEY" if primary.gives_reasons() else "NOTAUTH") in failed(run)["tsig"]["detail"]
    assert 'grant "new-key" name "*._tcp.mail.example.test." TLSA;' in run.json["grants"][0]["bind"]


def test_a_zone_whose_server_refuses_the_key_takes_nothing_from_the_others(servers, tmp_path, tlsa_update):
    known = servers(Bind).zone("example.test", MAIL)
    other = servers(Bind).zone("example.net", MAIL)
    nowhere = f"127.0.0.1@{free_port()}"
    config = tmp_path / "two.conf"
    config.write_text(
        f"server = {known.server.at}\nkey-file = {known.key.path}\nnameserver = {known.server.at}\n"
        f"resolver = {nowhere}\ntimeout = 1\n[zone.example.net]\nserver = {other.server.at}\n"
        f"nameserver = {other.server.at}\n[service.both]\nname = {ANY}\nname = *._tcp.mail.example.net\n"
    )

    run = tlsa_update("doctor", config=config, format="json", exits=77)

    assert [*failed(run)] == ["tsig"] and "BADSIG" in failed(run)["tsig"]["detail"]
    assert "may change TLSA" in detail(run, "update")
    assert {grant["zone"] for grant in run.json["grants"]} == {"example.test.", "example.net."}
    assert len(run.json["grants"]) == 2 and len([c for c in run.json["checks"] if c["check"] == "zone"]) == 2


def test_before_there_is_a_key_it_is_told_how_to_make_one(primary, tmp_path, tlsa_update):
    zone = primary.zone("example.test", MAIL)

    run = tlsa_update("doctor", ANY, server=zone.server.at, nameserver=zone.server.at, format="json",
                      resolver=f"127.0.0.1@{free_port()}", timeout=1, exits=64)  # fmt: skip
    made = subprocess.run(
        ["sh", "-c", failed(run)["key-file"]["advice"].split(": ")[1].replace("/etc/tlsa-update", str(tmp_path))]
    )

    assert made.returncode == 0 and (tmp_path / "tsig.key").stat().st_mode & 0o777 == 0o600
    again = tlsa_update("doctor", ANY, server=zone.server.at, nameserver=zone.server.at, format="json",
                        key_file=tmp_path / "tsig.key", resolver=f"127.0.0.1@{free_port()}", timeout=1, exits=77)  # fmt: skip
    assert "key tlsa-update." in again.json["checks"][0]["detail"]
    assert [grant["knot"].replace("/etc/tlsa-update", str(tmp_path)) for grant in run.json["grants"]] == [
        grant["knot"] for grant in again.json["grants"]]  # fmt: skip


def test_what_is_reported_is_not_logged_as_well(bind, tmp_path, doctor):
    zone = bind.zone("example.test", MAIL)

    run = doctor(zone.by(TsigKey(tmp_path, zone.key.name)), ANY, format="text", exits=77)

    assert run.out.count("BADSIG") == 1 and run.err == ""


def test_a_denied_policy_is_named_with_what_to_grant(primary, doctor):
    zone = primary.zone("example.test", MAIL, allow=["TXT"])

    run = doctor(zone, ANY, exits=77)

    assert "update-key" in words(failed(run)["update"]) and "lines below" in failed(run)["update"]["advice"]
    assert ANY in run.json["grants"][0]["bind"]


def test_a_transfer_is_asked_for_with_its_own_key(bind, doctor):
    zone = bind.zone("example.test", MAIL)
    reader = bind.key("reader")
    zone.readers = [reader]

    denied = doctor(zone, ANY, read="axfr", exits=77)
    granted = doctor(zone, ANY, read="axfr", transfer_key_file=reader.path)

    assert "key update-key." in words(failed(denied)["zone"])
    (transfer,) = [check for check in granted.json["checks"] if check["check"] == "transfer"]
    assert transfer["ok"] and "key reader." in transfer["detail"]


def test_a_transfer_that_is_denied_counts_where_it_is_needed(bind, doctor):
    zone = bind.zone("example.test", MAIL)
    zone.readers = []

    without = doctor(zone, ANY)
    needed = doctor(zone, ANY, read="axfr", exits=77)

    transfer = next(check for check in without.json["checks"] if check["check"] == "transfer")
    assert transfer["ok"] and "may not transfer" in transfer["detail"] and "allow-transfer" in transfer["advice"]
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

    clock = failed(run)["clock"]
    assert "BADTIME" in clock["detail"] and "clocks" in clock["advice"]
    assert re.search(r"server's clock says \S+Z, ours \S+Z, (3599|3600|3601) s later", clock["detail"])


@pytest.mark.parametrize("clock, word", [(120, "ahead of"), (-120, "behind")])
def test_clocks_that_differ_by_less_are_measured(primary, doctor, clock, word):
    run = doctor(primary.zone("example.test", MAIL), ANY, clock=clock)

    remark = next(check for check in run.json["checks"] if check["check"] == "clock")
    assert remark["ok"] and re.search(rf"ours is (119|120|121) s {word} that of", remark["detail"])
    assert "set the clocks right" in remark["advice"]


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
    zone = bind.zone("example.test", "* A 127.0.0.1")

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


def test_a_refusal_that_nobody_signed_is_about_the_key_and_its_lines_are_given(bind, tmp_path, doctor):
    """Knot from 3.4 on answers an unknown key, another algorithm and a denied name so."""
    zone = bind.zone("example.test", MAIL)

    with Middleman(zone, unsigned(9), stops=lambda request: request.is_signed) as middleman:
        run = doctor(zone, ANY, server=middleman.at, exits=77)

    trouble = failed(run)["tsig"]
    for word in ("name", "secret", "algorithm", "clocks", "policy", "zone example.test."):
        assert word in words(trouble)
    assert [*failed(run)] == ["tsig"] and "lines below" in trouble["advice"]
    assert run.json["grants"][0]["zone"] == "example.test."
    assert 'grant "update-key" name "*._tcp.mail.example.test." TLSA;' in run.json["grants"][0]["bind"]


def test_a_denied_name_that_nobody_signed_is_about_the_policy(bind, doctor):
    zone = bind.zone("example.test", MAIL)

    with Middleman(zone, unsigned(9)) as middleman:
        run = doctor(zone, ANY, server=middleman.at, exits=77)

    assert "(1) its policy does not let the key change TLSA at *._tcp.mail" in failed(run)["update"]["advice"]


def test_a_server_that_fails_is_running(bind, doctor):
    zone = bind.zone("example.test", MAIL)

    with Middleman(zone, signed(2), stops=lambda request: request.opcode == QUERY) as middleman:
        run = doctor(zone, ANY, server=middleman.at, retries=0, exits=69)

    assert "SERVFAIL" in failed(run)["server"]["detail"]
    assert "log" in failed(run)["server"]["advice"] and "is it running" not in failed(run)["server"]["advice"]


def test_a_transfer_that_could_not_be_asked_for_is_not_called_denied(bind, doctor):
    zone = bind.zone("example.test", MAIL)

    with Middleman(zone, lambda request: [Close()], stops=lambda request: request.type == AXFR) as middleman:
        run = doctor(zone, ANY, server=middleman.at, retries=0, exits=69)

    assert "could not be asked" in failed(run)["transfer"]["detail"]
    assert "may not transfer" not in words(failed(run)["transfer"])


class OpenBind(Bind):
    """Takes updates from its own machine, signed or not."""

    def _updates(self, zone):
        return "allow-update { 127.0.0.1; }; dnssec-policy quick; inline-signing no;"


def test_a_zone_that_takes_unsigned_updates_is_told(servers, doctor):
    zone = servers(OpenBind).zone("example.test", MAIL)
    serial = zone.serial()

    run = doctor(zone, ANY, exits=1)

    assert [*failed(run)] == ["update"]
    assert "nobody has signed" in failed(run)["update"]["detail"]
    assert "update-policy" in failed(run)["update"]["advice"]
    assert zone.serial() == serial
