"""Reading a zone by query or by AXFR: every way gives the same plan."""

import functools

import dns.rcode
import pytest

FOREIGN = "3 1 1 " + "f0" * 32


@pytest.mark.parametrize("read", ["query", "axfr", "auto"])
def test_every_way_to_read_gives_the_same_plan(primary, certificate, tlsa_update, read):
    mail = certificate()
    zone = primary.zone(
        "example.test",
        "mail A 127.0.2.25",
        f"_25._tcp.mail 300 TLSA {FOREIGN}",
        "www A 127.0.2.80",
        "_443._tcp.www CNAME _25._tcp.mail",
        "*.wild A 127.0.2.81",
    )

    run = tlsa_update(
        "publish",
        zone,
        "mail.example.test:25,465",
        "www.example.test:443",
        "new.example.test:25",
        cert=mail,
        read=read,
        dry_run=True,
        format="json",
        exits=1,
    )

    assert {
        (rrset["asked"], rrset["owner"], rrset["ttl"], record["data"], record["state"], record["action"])
        for rrset in run.json["zones"][0]["rrsets"]
        for record in rrset["records"]
    } == {
        (asked, owner, ttl, data.split()[-1], state, action)
        for asked, owner, ttl, data, state, action in [
            ("_25._tcp.mail.example.test.", "_25._tcp.mail.example.test.", 300, FOREIGN, "foreign", "none"),
            (
                "_25._tcp.mail.example.test.",
                "_25._tcp.mail.example.test.",
                300,
                mail.tlsa(),
                "missing",
                "add",
            ),
            (
                "_465._tcp.mail.example.test.",
                "_465._tcp.mail.example.test.",
                3600,
                mail.tlsa(),
                "missing",
                "add",
            ),
            ("_25._tcp.new.example.test.", "_25._tcp.new.example.test.", 3600, mail.tlsa(), "missing", "add"),
        ]
    }


def test_auto_falls_back_to_queries_and_says_so_when_the_transfer_is_refused(bind, certificate, tlsa_update):
    zone = bind.zone("example.test", *[f"host{number} A 127.0.2.25" for number in range(60)])
    zone.readers = []
    names = [f"host{number}.example.test:25" for number in range(60)]
    mail = certificate()

    run = tlsa_update("publish", zone, *names, cert=mail)

    assert "AXFR" in run.err
    assert zone.tlsa("_25._tcp.host59").records == {mail.tlsa()}


def test_a_transfer_that_is_refused_is_one_error_however_many_names_it_was_for(bind, certificate, tlsa_update):
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    zone.readers = []
    names = [f"host{number}.example.test:25" for number in range(7)]

    run = tlsa_update("publish", zone, *names, cert=certificate(), read="axfr", exits=77)

    assert run.err.count("REFUSED") == 1 and "(7 names)" in run.err


def test_a_plan_is_read_by_a_transfer_with_another_key_than_it_is_written_with(bind, certificate, tlsa_update):
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    reader = bind.key("reader")
    zone.readers = [reader]
    mail = certificate()
    publish = functools.partial(
        tlsa_update, "publish", zone, "mail.example.test:25", cert=mail, read="axfr"
    )

    publish(exits=77)
    assert zone.tlsa("_25._tcp.mail") is None
    publish(transfer_key_file=reader.path)

    assert zone.tlsa("_25._tcp.mail").records == {mail.tlsa()}


EMPTY_NON_TERMINALS = [
    "*.wild A 127.0.2.81",
    f"*._tcp.mail TLSA {FOREIGN}",
    "below.host.wild TXT x",
    "mail A 127.0.2.25",
    "below._25._tcp.mail TXT x",
    "below.*.empty TXT x",
]


@pytest.mark.parametrize("read", ["query", "axfr"])
@pytest.mark.parametrize("signing", ["policy", None])
def test_no_wildcard_stands_for_a_name_that_has_only_names_below_it(
    primary, certificate, tlsa_update, read, signing
):
    """RFC 4592 section 2.2.2: an empty non-terminal exists. Publishing there hides nothing."""
    zone = primary.zone("example.test", *EMPTY_NON_TERMINALS, signing=signing)
    mail = certificate()

    tlsa_update(
        "publish", zone, "host.wild.example.test:25", "mail.example.test:25", cert=mail, read=read
    )

    assert zone.tlsa("_25._tcp.host.wild").records == zone.tlsa("_25._tcp.mail").records == {mail.tlsa()}


@pytest.mark.parametrize("read", ["query", "axfr"])
@pytest.mark.parametrize("signing", ["policy", None])
def test_a_wildcard_that_owns_nothing_covers_and_answers_nothing(
    primary, certificate, tlsa_update, read, signing
):
    """RFC 4592 section 4.9: "below.*.empty" alone makes "*.empty" a source of synthesis without records, and the answer
    is NODATA: the name is covered, and no answer tells by what. BIND 9.20 denies it: its clients lose no answer."""
    zone = primary.zone("example.test", *EMPTY_NON_TERMINALS, signing=signing)
    mail = certificate()
    is_denied = read == "query" and zone.ask("host.empty", "A").rcode() == dns.rcode.NXDOMAIN

    run = tlsa_update("publish", zone, "host.empty.example.test:25", cert=mail, read=read, exits=0 if is_denied else 2)

    assert is_denied or "wildcard" in run.err
    published = zone.tlsa("_25._tcp.host.empty")
    assert published.records == {mail.tlsa()} if is_denied else published is None
