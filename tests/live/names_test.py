"""Names: what is followed, what is refused since it would break another name, and what is no name at all."""

import subprocess

import pytest

from support.dns import Rrset
from support.unbound import Unbound

MAIL = "mail.example.test:25"


def test_the_owner_of_a_cname_is_followed(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "mail A 127.0.2.25", "_25._tcp.mail CNAME tlsa")
    mail = certificate()

    run = tlsa_update("publish", zone, MAIL, cert=mail, format="json")

    assert zone.transfer() == {"tlsa.example.test.": (3600, {mail.tlsa()})}
    [rrset] = run.json["zones"][0]["rrsets"]
    assert (rrset["owner"], rrset["asked"]) == ("tlsa.example.test.", "_25._tcp.mail.example.test.")


def test_a_cname_leads_into_another_zone_of_the_server(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "mail A 127.0.2.25", "_25._tcp.mail CNAME _dane.tlsa.test.")
    other = primary.zone("tlsa.test", "_dane TXT target")
    mail = certificate()

    tlsa_update("publish", zone, MAIL, cert=mail)

    assert other.transfer() == {"_dane.tlsa.test.": (3600, {mail.tlsa()})}


def test_a_cname_that_leads_round_in_a_circle_is_an_error(knot, certificate, tlsa_update):
    """BIND never lets one see it: it answers SERVFAIL."""
    zone = knot.zone(
        "example.test", "mail A 127.0.2.25", "_25._tcp.mail CNAME loop", "loop CNAME _25._tcp.mail"
    )

    run = tlsa_update("publish", zone, MAIL, cert=certificate(), exits=65)

    assert "loop" in run.err


def test_a_host_under_a_dname_is_followed(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "old DNAME new", "mail.new A 127.0.2.25")
    mail = certificate()

    tlsa_update("publish", zone, "mail.old.example.test:25", cert=mail)

    assert zone.transfer() == {"_25._tcp.mail.new.example.test.": (3600, {mail.tlsa()})}


def test_a_host_that_exists_by_a_wildcard_only_is_not_broken(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "*.wild A 127.0.2.80")
    name, owner = "www.wild.example.test:443", "_443._tcp.www.wild"

    run = tlsa_update("publish", zone, name, cert=certificate(), exits=2)

    assert "wildcard" in run.err and "--force" in run.err
    assert zone.tlsa(owner) is None and zone.rrset("www.wild", "A")


def test_force_overrides_the_wildcard(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "*.wild A 127.0.2.80")
    mail = certificate()

    tlsa_update("publish", zone, "www.wild.example.test:443", cert=mail, force=True)

    assert zone.tlsa("_443._tcp.www.wild").records == {mail.tlsa()}


def test_a_wildcard_answer_is_not_taken_for_the_owners_own(primary, certificate, tlsa_update):
    mail = certificate()
    zone = primary.zone("example.test", "mail A 127.0.2.25", f"*._tcp.mail TLSA {mail.tlsa()}")

    tlsa_update("publish", zone, MAIL, cert=mail, exits=2)

    assert zone.transfer().keys() == {"*._tcp.mail.example.test."}


@pytest.mark.parametrize("options", [{}, {"force": True}])
def test_an_owner_below_a_zone_cut_is_not_in_the_zone(primary, certificate, tlsa_update, options):
    zone = primary.zone("example.test", "sub NS ns.sub", "ns.sub A 192.0.2.53")

    run = tlsa_update("publish", zone, "mail.sub.example.test:25", cert=certificate(), exits=77, **options)

    assert "sub.example.test" in run.err
    assert zone.transfer() == {}


def test_an_owner_below_a_zone_cut_is_refused_in_the_zone_above(primary, certificate, tlsa_update):
    zone = primary.zone("example.test", "sub NS ns.sub", "ns.sub A 192.0.2.53")

    run = tlsa_update(
        "publish", zone, "mail.sub.example.test:25", cert=certificate(), zone="example.test", exits=2
    )

    assert "sub.example.test" in run.err
    assert zone.transfer() == {}


def test_a_host_without_any_record_draws_a_warning(primary, certificate, tlsa_update):
    zone = primary.zone("example.test")
    mail = certificate()

    run = tlsa_update("publish", zone, "typo.example.test:25", cert=mail)

    assert "typo.example.test" in run.err
    assert zone.tlsa("_25._tcp.typo").records == {mail.tlsa()}


@pytest.mark.parametrize("read", ["query", "axfr"])
def test_a_host_that_is_a_cname_keeps_its_own_name_as_base_domain(primary, certificate, tlsa_update, read):
    """RFC 7671 section 7: the expanded name is the base domain if it holds TLSA records."""
    zone = primary.zone("example.test", "www CNAME old", "old CNAME host", "host A 127.0.2.80")
    mail = certificate()

    run = tlsa_update("publish", zone, "www.example.test:443", cert=mail, read=read)

    assert zone.transfer().keys() == {"_443._tcp.www.example.test."}
    assert "www.example.test. is an alias of host.example.test., which has no TLSA records" in run.err


@pytest.mark.parametrize("read", ["query", "axfr"])
def test_where_the_expanded_name_holds_tlsa_records_it_is_the_base_domain(
    primary, certificate, tlsa_update, read
):
    old, mail = certificate(), certificate()
    zone = primary.zone(
        "example.test",
        "www CNAME middle",
        "middle CNAME host",
        "host A 127.0.2.80",
        f"_443._tcp.host TLSA {old.tlsa()}",
        f"_443._tcp.www TLSA {old.tlsa()}",
    )

    run = tlsa_update("publish", zone, "www.example.test:443", cert=mail, read=read)

    assert zone.tlsa("_443._tcp.host").records == {old.tlsa(), mail.tlsa()}
    assert zone.tlsa("_443._tcp.www").records == {old.tlsa()}
    assert zone.tlsa("_443._tcp.middle") is None
    assert "www.example.test. is an alias of host.example.test., whose TLSA records count" in run.err


OWNERS = {
    "mail.example.test:25": "_25._tcp.mail",
    "MAIL.Example.TEST.:smtp": "_25._tcp.mail",
    "mail.example.test:submissions": "_465._tcp.mail",
    "mail.example.test:5061/sctp": "_5061._sctp.mail",
    "mail.example.test:853/udp": "_853._udp.mail",
    "example.test:443": "_443._tcp",
    "_25._tcp.mail.example.test": "_25._tcp.mail",
    "*._tcp.mail.example.test": "*._tcp.mail",
    "bücher.example.test:443": "_443._tcp.xn--bcher-kva",
    "xn--bcher-kva.example.test:443": "_443._tcp.xn--bcher-kva",
    f"{'a' * 63}.example.test:443": f"_443._tcp.{'a' * 63}",
}


def test_every_form_of_a_name_has_its_owner(primary, certificate, tlsa_update):
    zone = primary.zone(
        "example.test", "mail A 127.0.2.25", "xn--bcher-kva A 127.0.2.80", f"{'a' * 63} A 127.0.2.80"
    )
    mail = certificate()

    tlsa_update("publish", zone, *OWNERS, cert=mail)

    assert {owner: records for owner, (_, records) in zone.transfer().items()} == {
        zone.full(owner): {mail.tlsa()} for owner in OWNERS.values()
    }


NO_NAMES = [
    "mail.example.test",
    "mail.example.test:",
    "mail.example.test:0",
    "mail.example.test:65536",
    "mail.example.test:-1",
    "mail.example.test:25/icmp",
    "mail.example.test:nosuchservice",
    ":25",
    "mail..example.test:25",
    ".mail.example.test:25",
    f"{'a' * 64}.example.test:25",
    ".".join(["a" * 61] * 4) + ":25",
    "mail\x1b[31m.example.test:25",
    "ma il.example.test:25",
    "_25._tcp",
    "192.0.2.25:25",
    "[2001:db8::1]:25",
]


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_is_a_usage_error(tlsa_update, certificate, name):
    run = tlsa_update("generate", name, cert=certificate(), exits=64)

    assert "\x1b" not in run.err and run.err


def test_names_come_from_a_file_or_from_standard_input(primary, certificate, tlsa_update, tmp_path):
    zone = primary.zone("example.test", "mail A 127.0.2.25")
    mail = certificate()
    names = "# the mail server\n\nmail.example.test:25\n  mail.example.test:465  # and for people\n"
    (tmp_path / "names").write_text(names)

    tlsa_update("publish", zone, cert=mail, names_from=tmp_path / "names")
    serial = zone.serial()
    tlsa_update("publish", zone, cert=mail, names_from="-", stdin=names)

    assert zone.transfer().keys() == {"_25._tcp.mail.example.test.", "_465._tcp.mail.example.test."}
    assert zone.serial() == serial


def test_generate_prints_what_it_has_read_before_the_last_name_comes(certificate, tlsa_update):
    names = [f"host{number}.example.test:25" for number in range(2500)]
    words = [tlsa_update.path, "generate", "first.example.test:25", "--cert", str(certificate())]
    words += ["--names-from", "-"]
    with subprocess.Popen(words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        program.stdin.write("\n".join(names) + "\n")
        program.stdin.flush()
        lines = [program.stdout.readline() for _ in range(600)]
        program.stdin.write("last.example.test:25")
        program.stdin.close()
        lines += program.stdout

    owners = [f"_25._tcp.{name.removesuffix(':25')}." for name in ["first.example.test:25", *names]]
    assert [line.split()[0] for line in lines] == [*owners, "_25._tcp.last.example.test."]
    assert program.returncode == 0


def test_generate_stops_at_what_is_no_name(certificate, tlsa_update):
    run = tlsa_update(
        "generate", cert=certificate(), names_from="-", stdin="mail.example.test:25\nmail..test:25\n", exits=64
    )

    assert "standard input:2: this is not a NAME" in run.err and run.out == ""


@pytest.mark.parametrize("command", ["generate", "publish"])
def test_a_key_file_given_as_names_is_not_repeated(command, certificate, tlsa_update, tmp_path):
    wrong = tmp_path / "tsig.key"
    wrong.write_text("# update\nhmac-sha256:update:c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=\n")
    run = tlsa_update(command, "-vv", cert=certificate(), names_from=wrong, exits=64)

    assert f"{wrong}:2: this is not a NAME" in run.err
    assert "c2VjcmV0" not in run.err + run.out


EXCHANGERS_AND_SERVICES = [
    "@ MX 10 mail",
    "@ MX 20 backup",
    "null MX 0 .",
    "mail A 127.0.2.25",
    "backup A 127.0.2.26",
    "_xmpp-server._tcp SRV 0 0 5269 xmpp",
    "xmpp A 127.0.2.52",
]


@pytest.fixture
def resolved(primary, servers):
    """A zone with mail exchangers and services, and the resolver that finds and validates them."""
    zone = primary.zone("example.test", *EXCHANGERS_AND_SERVICES)
    resolver = servers(Unbound)
    resolver.resolve(zone)
    resolver.trust(zone)
    zone.resolver = resolver.at
    return zone


def test_mx_stands_for_every_mail_exchanger(resolved, certificate, tlsa_update):
    mail = certificate()

    tlsa_update("publish", resolved, "mx:example.test", cert=mail, resolver=resolved.resolver)

    assert resolved.transfer().keys() == {"_25._tcp.mail.example.test.", "_25._tcp.backup.example.test."}


def test_a_null_mx_stands_for_nothing(resolved, certificate, tlsa_update):
    tlsa_update("publish", resolved, "mx:null.example.test", cert=certificate(), resolver=resolved.resolver)

    assert resolved.transfer() == {}


def test_srv_stands_for_the_targets_and_ports_of_a_service(resolved, certificate, tlsa_update):
    tlsa_update(
        "publish",
        resolved,
        "srv:_xmpp-server._tcp.example.test",
        cert=certificate(),
        resolver=resolved.resolver,
    )

    assert resolved.transfer().keys() == {"_5269._tcp.xmpp.example.test."}


LOOKED_UP = [
    ("mx:example.test", "(RFC 7672 section 2.2)"),
    ("srv:_xmpp-server._tcp.example.test", "(RFC 7673 section 6)"),
]


@pytest.mark.parametrize("name, section", LOOKED_UP)
def test_what_mx_and_srv_find_in_an_unsigned_zone_is_warned_of(
    primary, servers, certificate, tlsa_update, name, section
):
    zone = primary.zone("example.test", *EXCHANGERS_AND_SERVICES, signing=None)
    resolver = servers(Unbound)
    resolver.resolve(zone)

    run = tlsa_update("publish", zone, name, cert=certificate(), resolver=resolver.at)

    assert f"{name}.: the RRset is insecure, and DANE needs it secure {section}" in run.err


@pytest.mark.parametrize("name, section", LOOKED_UP)
def test_what_mx_and_srv_find_in_a_secure_zone_is_not(resolved, certificate, tlsa_update, name, section):
    run = tlsa_update("publish", resolved, name, cert=certificate(), resolver=resolved.resolver)

    assert "the RRset is" not in run.err and section not in run.err


@pytest.mark.parametrize("name, section", LOOKED_UP)
def test_a_trust_anchor_judges_what_mx_and_srv_find_and_no_resolver(
    resolved, servers, certificate, tlsa_update, tmp_path, name, section
):
    unaware = servers(Unbound)
    unaware.resolve(resolved)
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("\n".join(resolved.dnskey()) + "\n")
    wrong.write_text(f"example.test. DS 4711 13 2 {64 * '0'}\n")
    mail = certificate()

    secure = tlsa_update("publish", resolved, name, cert=mail, resolver=unaware.at, trust_anchor=right)
    bogus = tlsa_update("publish", resolved, name, cert=mail, resolver=resolved.resolver, trust_anchor=wrong)

    assert "the RRset is" not in secure.err
    assert f"the RRset is bogus, and DANE needs it secure {section}" in bogus.err


@pytest.mark.parametrize("name", [name for name, _ in LOOKED_UP])
def test_a_certificate_for_the_domain_of_the_mx_or_srv_record_is_for_the_host(
    resolved, certificate, tlsa_update, name
):
    issuer = certificate("Issuer", issuer=certificate("Root", is_ca=True), is_ca=True)
    options = {"tlsa": "2 0 1", "resolver": resolved.resolver}

    right = tlsa_update("publish", resolved, name, cert=certificate("example.test", issuer=issuer), **options)
    wrong = tlsa_update("publish", resolved, name, cert=certificate("example.net", issuer=issuer), **options)

    assert "and not for" not in right.err
    assert "is for example.net and not for" in wrong.err
