"""`publish`, the main job: from a certificate to signed records in the zone, on BIND and on Knot."""

import concurrent.futures
import hashlib
import subprocess

import pytest

from support.dns import Rrset
from support.unbound import Unbound

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"
FOREIGN = "3 1 1 " + "f0" * 32


@pytest.fixture
def zone(primary):
    return primary.zone("example.test", "mail A 127.0.2.25")


@pytest.fixture
def old_zone(primary):
    """A zone in which somebody else has published a record, with a TTL of their own."""
    return primary.zone("example.test", "mail A 127.0.2.25", f"{OWNER} 7200 TLSA {FOREIGN}")


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


@pytest.mark.parametrize("key", ["rsa", "ec", "ed25519", "ed448"])
def test_the_record_is_what_openssl_computes_and_comes_signed(zone, certificate, tlsa_update, key):
    mail = certificate(key=key)
    public_key = mail.path.with_suffix(".pub")
    public_key.write_bytes(openssl("x509", "-in", mail, "-noout", "-pubkey"))
    digest = hashlib.sha256(openssl("pkey", "-pubin", "-in", public_key, "-outform", "DER")).hexdigest()

    tlsa_update("publish", zone, MAIL, cert=mail)

    assert zone.tlsa(OWNER) == Rrset(3600, {f"3 1 1 {digest}"}, is_signed=True)


def test_a_second_run_changes_nothing(zone, certificate, tlsa_update):
    mail = certificate()
    tlsa_update("publish", zone, MAIL, cert=mail)
    serial = zone.serial()

    tlsa_update("publish", zone, MAIL, cert=mail)

    assert zone.serial() == serial


def test_a_second_certificate_joins_the_first(zone, certificate, tlsa_update):
    old, new = certificate(), certificate()
    tlsa_update("publish", zone, MAIL, cert=old)

    tlsa_update("publish", zone, MAIL, cert=new)

    assert zone.tlsa(OWNER).records == {old.tlsa(), new.tlsa()}


def test_rsa_ecdsa_and_the_next_key_are_published_together(zone, certificate, tlsa_update):
    rsa, ecdsa, following = certificate(key="rsa"), certificate(key="ec"), certificate()

    tlsa_update("publish", zone, MAIL, cert=[rsa, ecdsa], next=following.key_path)

    assert zone.tlsa(OWNER).records == {rsa.tlsa(), ecdsa.tlsa(), following.tlsa()}


def test_every_combination_asked_for_is_published(zone, certificate, tlsa_update):
    root = certificate("Root", is_ca=True)
    issuer = certificate("Issuer", issuer=root, is_ca=True)
    mail = certificate(issuer=issuer)

    tlsa_update("publish", zone, MAIL, cert=mail, tlsa=["3 1 1", "311", "DANE-TA Cert SHA2-512"])

    assert zone.tlsa(OWNER).records == {mail.tlsa("3 1 1"), issuer.tlsa("2 0 2")}


def test_foreign_records_stay_and_their_ttl_holds_for_ours(old_zone, certificate, tlsa_update):
    mail = certificate()

    tlsa_update("publish", old_zone, MAIL, cert=mail)

    assert old_zone.tlsa(OWNER) == Rrset(7200, {FOREIGN, mail.tlsa()}, is_signed=True)


def test_ttl_moves_the_whole_rrset(old_zone, certificate, tlsa_update):
    mail = certificate()

    tlsa_update("publish", old_zone, MAIL, cert=mail, ttl=300)

    assert old_zone.tlsa(OWNER) == Rrset(300, {FOREIGN, mail.tlsa()}, is_signed=True)


def test_ttl_moves_an_rrset_that_misses_nothing(zone, certificate, tlsa_update):
    mail = certificate()
    tlsa_update("publish", zone, MAIL, cert=mail)

    tlsa_update("publish", zone, MAIL, cert=mail, ttl="5m")

    assert zone.tlsa(OWNER) == Rrset(300, {mail.tlsa()}, is_signed=True)


def test_a_dry_run_tells_whether_there_is_something_to_do_and_does_nothing(zone, certificate, tlsa_update):
    mail = certificate()

    plan = tlsa_update("publish", zone, MAIL, cert=mail, dry_run=True, exits=1)

    assert mail.tlsa().split()[-1] in plan.out
    assert zone.tlsa(OWNER) is None
    tlsa_update("publish", zone, MAIL, cert=mail)
    tlsa_update("publish", zone, MAIL, cert=mail, dry_run=True, exits=0)


def test_three_names_of_a_zone_go_in_one_update(bind, certificate, tlsa_update):
    zone = bind.zone("example.test", "mail A 127.0.2.25", "www A 127.0.2.80")
    mail = certificate()

    tlsa_update("publish", zone, "mail.example.test:25,submission", "www.example.test:443", cert=mail)

    owners = ["_25._tcp.mail", "_587._tcp.mail", "_443._tcp.www"]
    assert [zone.tlsa(owner).records for owner in owners] == [{mail.tlsa()}] * 3
    assert bind.updates() == 1


def test_names_of_two_zones_go_to_their_own(primary, certificate, tlsa_update):
    parent = primary.zone("example.test", "mail A 127.0.2.25", "sub NS ns")
    child = primary.zone("sub.example.test", "mail A 127.0.2.26")
    mail = certificate()

    tlsa_update("publish", parent, MAIL, "mail.sub.example.test:25", cert=mail)

    assert parent.tlsa(OWNER) == child.tlsa(OWNER) == Rrset(3600, {mail.tlsa()}, is_signed=True)
    assert parent.transfer().keys() == {"_25._tcp.mail.example.test."}


def test_each_name_of_a_zone_goes_to_the_primary_that_it_was_read_at(
    bind, knot, certificate, tlsa_update, tmp_path
):
    """As while a zone moves from one primary to another."""
    old, new = (
        server.zone("example.test", "mail A 127.0.2.25", "www A 127.0.2.80", signing=None)
        for server in (bind, knot)
    )
    mail = certificate()
    sections = tmp_path / "tlsa-update.conf"
    sections.write_text(
        f"server = {bind.at}\nkey-file = {old.key.path}\n"
        f"[zone.mail.example.test]\nserver = {knot.at}\nkey-file = {new.key.path}\n"
    )
    old.serial(), new.serial()  # both run

    run = tlsa_update("publish", MAIL, "www.example.test:443", config=sections, cert=mail)

    assert new.transfer().keys() == {"_25._tcp.mail.example.test."}
    assert old.transfer().keys() == {"_443._tcp.www.example.test."}
    assert run.out.count("example.test. at ") == 2


def test_a_zone_signed_inline_by_bind_is_read_back_as_it_is_served(bind, certificate, tlsa_update):
    zone = bind.zone("example.test", "mail A 127.0.2.25", signing="inline")
    mail = certificate()

    tlsa_update("publish", zone, MAIL, cert=mail)

    assert zone.tlsa(OWNER) == Rrset(3600, {mail.tlsa()}, is_signed=True)


def test_an_unsigned_zone_draws_a_warning_and_is_published_into(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "mail A 127.0.2.25", signing=None)
    mail = certificate()

    run = tlsa_update("publish", zone, MAIL, cert=mail)

    assert "not signed" in run.err
    assert zone.tlsa(OWNER) == Rrset(3600, {mail.tlsa()}, is_signed=False)


def test_the_server_may_be_reached_by_ipv6(servers, primary, certificate, tlsa_update):
    zone = servers(type(primary), address="::1").zone("example.test", "mail A 127.0.2.25")
    mail = certificate()

    tlsa_update("publish", zone, MAIL, cert=mail)

    assert zone.tlsa(OWNER).records == {mail.tlsa()}


def test_a_server_by_name_is_found_by_the_resolver_that_is_named(servers, zone, certificate, tlsa_update):
    resolver = servers(Unbound)
    resolver.resolve(zone)
    mail = certificate()
    server = f"ns.example.test@{zone.server.port}"

    tlsa_update("publish", zone.key, MAIL, cert=mail, resolver=resolver.at, server=server)

    assert zone.tlsa(OWNER).records == {mail.tlsa()}


def test_a_server_that_the_resolver_does_not_know_is_said(servers, zone, certificate, tlsa_update):
    resolver = servers(Unbound)
    resolver.resolve(zone)
    options = {"resolver": resolver.at, "server": "nowhere.example.test"}

    run = tlsa_update("publish", zone.key, MAIL, cert=certificate(), exits=69, **options)

    assert "nowhere.example.test: the resolver knows no address of it" in run.err


def test_a_trust_anchor_of_no_use_is_told_before_anything_is_changed(zone, certificate, tlsa_update, tmp_path):
    (tmp_path / "empty").touch()
    for file, status in (("missing", 66), ("empty", 65)):
        run = tlsa_update(
            "publish", zone, MAIL, cert=certificate(), trust_anchor=tmp_path / file, exits=status
        )
        assert str(tmp_path / file) in run.err
    assert zone.tlsa(OWNER) is None


@pytest.mark.parametrize("mname", ["localhost.", "ns"])
def test_without_a_server_the_soa_names_the_primary(servers, zone, certificate, tlsa_update, mname):
    zone.mname = mname
    resolver = servers(Unbound)
    resolver.resolve(zone)
    mail = certificate()

    tlsa_update("publish", zone.key, MAIL, cert=mail, resolver=resolver.at, port=zone.server.port)

    assert zone.tlsa(OWNER).records == {mail.tlsa()}


def test_many_writers_at_once_lose_nothing(zone, certificate, tlsa_update):
    """Each change is guarded by the whole RRset that it was planned on (RFC 2136 section 2.4.2)."""
    mails = [certificate() for _ in range(6)]

    with concurrent.futures.ThreadPoolExecutor() as writers:
        list(writers.map(lambda mail: tlsa_update("publish", zone, MAIL, cert=mail), mails))

    assert zone.tlsa(OWNER) == Rrset(3600, {mail.tlsa() for mail in mails}, is_signed=True)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_both_transports_carry_an_update(zone, certificate, tlsa_update, transport):
    mail = certificate()

    tlsa_update("publish", zone, MAIL, cert=mail, transport=transport)

    assert zone.tlsa(OWNER).records == {mail.tlsa()}
