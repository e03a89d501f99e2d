"""PowerDNS as the primary: what it stores, refuses and ignores in a way of its own, and what that is called."""

import re
import shlex
import subprocess

import pytest

from support.dns import TsigKey
from support.powerdns import PowerDns
from support.server import free_port, private_copy

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"
ANY = "*._tcp.mail.example.test"  # a name without a service behind it: nothing is probed
FOREIGN = "3 1 1 " + "f0" * 32


@pytest.fixture
def powerdns(servers):
    return servers(PowerDns)


@pytest.fixture
def doctor(tlsa_update):
    nowhere = f"127.0.0.1@{free_port()}"

    def examine(zone, *names, **options):
        told = {"nameserver": zone.server.at, "resolver": nowhere, "format": "json", "timeout": 2}
        return tlsa_update("doctor", zone, *names, **(told | options))

    return examine


def failed(run):
    return {check["check"]: check for check in run.json["checks"] if not check["ok"]}


def detail(run, name):
    return next(check["detail"] for check in run.json["checks"] if check["check"] == name)


def test_records_are_published_once_and_deleted_when_stale(powerdns, certificate, tlsa_update):
    zone = powerdns.zone("example.test", "mail A 127.0.2.25")
    first, second = certificate(), certificate()

    tlsa_update("publish", zone, MAIL, cert=first)
    tlsa_update("publish", zone, MAIL, cert=[first, second])
    serial = zone.serial()
    tlsa_update("publish", zone, MAIL, cert=[first, second])

    assert zone.tlsa(OWNER).records == {first.tlsa(), second.tlsa()} and zone.tlsa(OWNER).is_signed
    assert zone.serial() == serial


def stored_in_two_chunks(powerdns):
    powerdns.execute(
        "update records set content = ? where name = ?", f"3 1 1 {'f0' * 16} {'f0' * 16}", f"{OWNER}.example.test"
    )


def stored_twice(powerdns):
    powerdns.execute(
        "insert into records (domain_id, name, type, content, ttl, prio, disabled, ordername, auth) "
        "select domain_id, name, type, content, ttl, prio, disabled, ordername, auth from records where name = ?",
        f"{OWNER}.example.test",
    )


@pytest.mark.parametrize("spoil", [stored_in_two_chunks, stored_twice])
def test_what_is_stored_as_other_text_is_no_race_and_the_cure_is_printed(powerdns, certificate, tlsa_update, spoil):
    """PowerDNS compares a prerequisite with the text in its database."""
    zone = powerdns.zone("example.test", "mail A 127.0.2.25", f"{OWNER} TLSA {FOREIGN}")
    assert zone.tlsa(OWNER).records == {FOREIGN}
    spoil(powerdns)
    mail = certificate()

    run = tlsa_update("publish", zone, MAIL, cert=mail, exits=76)

    assert powerdns.log().count("Failed PreRequisites check") == 1
    assert "NXRRSET" in run.err and "kept changing" not in run.err
    (cure,) = re.findall(r"pdnsutil (replace-rrset example.test _25._tcp.mail TLSA 3600 '[^']*')", run.err)
    powerdns.pdnsutil(*shlex.split(cure))
    tlsa_update("publish", zone, MAIL, cert=mail)
    assert zone.tlsa(OWNER).records == {FOREIGN, mail.tlsa()}


MISTAKES = {
    "name": lambda key, folder: TsigKey(folder, "stranger"),
    "secret": lambda key, folder: TsigKey(folder, key.name),
    "algorithm": lambda key, folder: TsigKey(folder, key.name, "hmac-sha512", key.secret),
}


@pytest.mark.parametrize("mistake", [*MISTAKES, "clock"])
@pytest.mark.parametrize("queries", ["signed", "unsigned"])
def test_a_refusal_without_a_reason_names_every_reason(
    powerdns, certificate, tlsa_update, tmp_path, mistake, queries
):
    """A bare NOTAUTH to a query, a bare REFUSED to an UPDATE: of an unknown key, a wrong secret, a wrong clock."""
    zone = powerdns.zone("example.test", "mail A 127.0.2.25")
    wrong = zone.by(MISTAKES[mistake](zone.key, tmp_path)) if mistake in MISTAKES else zone

    run = tlsa_update(
        "publish",
        wrong,
        MAIL,
        cert=certificate(),
        clock=0 if mistake in MISTAKES else 3600,
        **({} if queries == "signed" else {"no_sign_queries": True}),
        exits=77,
    )

    for word in ("name", "secret", "algorithm", "clock", "policy", "zone example.test."):
        assert word in run.err
    assert run.err.index("secret") < run.err.index("policy")
    assert f"key {wrong.key.name}." in run.err and "_25._tcp.mail.example.test." in run.err
    assert "not the primary of zone _25" not in run.err
    assert zone.tlsa(OWNER) is None


def test_a_key_that_the_zone_does_not_list_may_not_change_it(powerdns, certificate, tlsa_update):
    zone = powerdns.zone("example.test", "mail A 127.0.2.25")
    reader = powerdns.key("reader")

    run = tlsa_update("publish", zone.by(reader), MAIL, cert=certificate(), exits=77)

    assert "REFUSED: key reader. (hmac-sha256) may not change TLSA at _25._tcp.mail.example.test." in run.err


def test_a_server_that_takes_no_updates_says_refused(powerdns, certificate, tlsa_update):
    powerdns.more = "dnsupdate=no"
    zone = powerdns.zone("example.test", "mail A 127.0.2.25")

    run = tlsa_update("publish", zone, MAIL, cert=certificate(), exits=77)

    assert "REFUSED" in run.err and "dnsupdate=yes" in run.err
    assert zone.tlsa(OWNER) is None


def test_a_transfer_that_the_zone_does_not_grant_names_its_metadata(powerdns, tlsa_update):
    powerdns.may_transfer = False
    zone = powerdns.zone("example.test", "mail A 127.0.2.25")

    run = tlsa_update("list", zone, "example.test", exits=77)

    assert "(1) its policy does not let the key transfer the zone" in run.err and "TSIG-ALLOW-AXFR" in run.err
    assert "the server signs other answers with this key" in run.err


def test_the_printed_commands_make_the_key_known(servers, certificate, tlsa_update, doctor, tmp_path):
    powerdns = servers(PowerDns)
    powerdns.key("other")
    zone = powerdns.zone("example.test", "mail A 127.0.2.25", "old A 127.0.2.26")
    fresh = TsigKey(tmp_path, "tlsa-update")

    run = doctor(zone.by(fresh), ANY, exits=77)
    commands = run.json["grants"][0]["powerdns"].replace("...", fresh.secret)
    pdnsutil = f'pdnsutil() {{ {private_copy("pdnsutil")} --config-dir={powerdns.folder} "$@"; }}\n'
    subprocess.run(["sh", "-ec", pdnsutil + commands], check=True, capture_output=True)

    assert [*failed(run)] == ["tsig"] and "lines below" in failed(run)["tsig"]["advice"]
    assert str(fresh.path) in commands and "allow-dnsupdate-from" in commands
    mail = certificate()
    tlsa_update("publish", zone.by(fresh), ANY, cert=mail)
    assert zone.tlsa("*._tcp.mail").records == {mail.tlsa()}
    tlsa_update("publish", zone, "old.example.test:25", cert=mail)  # the keys that were there still may
    examined = doctor(zone.by(fresh), ANY, format="text").out
    assert "FAIL" not in examined and "pdnsutil add-meta" in examined
    reading = doctor(zone, ANY, read="axfr").json["grants"][0]["powerdns"]
    assert 'add-meta "example.test" TSIG-ALLOW-AXFR "other"' in reading and "TSIG-ALLOW-AXFR" not in commands


def test_a_zone_that_takes_unsigned_updates_is_told(powerdns, doctor):
    powerdns.is_keyed = False
    zone = powerdns.zone("example.test", "mail A 127.0.2.25")
    serial = zone.serial()

    run = doctor(zone, ANY, exits=1)

    assert [*failed(run)] == ["update"]
    assert "nobody has signed" in failed(run)["update"]["detail"]
    assert "TSIG-ALLOW-DNSUPDATE" in failed(run)["update"]["advice"]
    assert zone.serial() == serial


def test_a_policy_that_drops_changes_in_silence_is_not_vouched_for(powerdns, certificate, tlsa_update, doctor):
    script = powerdns.folder / "policy.lua"
    script.write_text("function updatepolicy(input)\n  return input:getQType() ~= pdns.TLSA\nend\n")
    powerdns.more += f"\nlua-dnsupdate-policy-script={script}"
    zone = powerdns.zone("example.test", "mail A 127.0.2.25")

    examined = doctor(zone, ANY, exits=1)  # the script decides instead of TSIG-ALLOW-DNSUPDATE
    run = tlsa_update("publish", zone, ANY, cert=certificate(), exits=76)

    for check in [check for check in examined.json["checks"] if check["check"] == "update"]:
        assert "is answered NOERROR" in check["detail"]
        assert "unless a policy of the server drops" in check["detail"]
    assert "its answers have not changed" in run.err and "policy" in run.err
