"""`list`: every TLSA record that AXFR holds, on every server, with what is to be said of it."""

import subprocess

import pytest

from support.bind import Bind
from support.dns import TsigKey
from support.knot import Knot
from support.nsd import Nsd
from support.powerdns import PowerDns

FOREIGN = "3 1 1 " + "f0" * 32


def records(zone):
    """All TLSA records by dig, one a line, in the form that `list` prints."""
    lines = subprocess.run(
        [
            "dig",
            f"@{zone.server.address}",
            "-p",
            str(zone.server.port),
            "-k",
            str(zone.key.path),
            "+nosplit",
            "+nocmd",
            "+nocomments",
            "+nostats",
            zone.name,
            "AXFR",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    fields = [line.split() for line in lines]
    return sorted(
        f"{owner} {ttl} IN TLSA {usage} {selector} {matching} {''.join(data).lower()}"
        for owner, ttl, _, rrtype, *rest in fields
        if rrtype == "TLSA"
        for usage, selector, matching, *data in [rest]
    )


def listed(run):
    return sorted(line.split(";")[0].strip() for line in run.out.splitlines() if " TLSA " in line)


ZONE = [
    "mail A 127.0.2.25",
    f"_25._tcp.mail 300 TLSA {FOREIGN}",
    f"_25._tcp.mail 300 TLSA 3 1 2 {'ab' * 64}",
    f"*._tcp.www TLSA 2 0 1 {'cd' * 32}",
    "_443._tcp.www TLSA 3 0 0 3000",
    "_1._tcp.odd TLSA 9 8 7 00",
    f"_2._tcp.short TLSA 3 1 1 {'ee' * 31}",
    "sub NS ns.sub",
    f"_25._tcp.mail.sub TLSA {FOREIGN}",
]


@pytest.mark.parametrize("kind", [Bind, Knot, Nsd, PowerDns])
def test_list_is_what_dig_transfers(servers, tlsa_update, kind):
    zone = servers(kind).zone("example.test", *ZONE, signing=None if kind is Nsd else "policy")

    run = tlsa_update("list", zone, "example.test")

    assert listed(run) == records(zone) != []


@pytest.mark.parametrize("kind", [Bind, Knot, Nsd])
def test_list_reads_transfers_of_more_than_a_hundred_messages(servers, tlsa_update, kind):
    filling = [f"text{number} TXT {' '.join([chr(97 + number % 26) * 250] * 4)}" for number in range(3000)]
    hosts = [f"_25._tcp.host{number} TLSA {FOREIGN}" for number in range(500)]
    zone = servers(kind).zone("example.test", *filling, *hosts, signing=None)

    run = tlsa_update("list", zone, "example.test")

    assert listed(run) == records(zone)
    assert len(listed(run)) == 500


def test_list_reads_the_small_messages_of_powerdns(servers, tlsa_update):
    """A hundred records a message at most: over a hundred messages, of which the last alone must be signed."""
    filling = [f"text{number} A 127.0.2.25" for number in range(11000)]
    hosts = [f"_25._tcp.host{number} TLSA {FOREIGN}" for number in range(500)]
    zone = servers(PowerDns).zone("example.test", *filling, *hosts, signing=None)

    run = tlsa_update("list", zone, "example.test")

    assert listed(run) == records(zone)
    assert len(listed(run)) == 500


def test_list_tells_what_a_record_matches_and_what_is_orphaned_or_malformed(
    primary, certificate, tlsa_update, tmp_path
):
    mail = certificate()
    zone = primary.zone("example.test", f"_25._tcp.mail TLSA {mail.tlsa()}", *ZONE)
    configuration = tmp_path / "tlsa-update.conf"
    configuration.write_text(f"[service.mail]\nname = mail.example.test:25\ncert = {mail}\n")

    run = tlsa_update("list", zone, "example.test", config=configuration)

    said = {line.split(" TLSA ")[1].split(" ;")[0]: line.split(" ;")[1] for line in run.out.splitlines()}
    assert str(mail) in said[mail.tlsa()]
    assert "malformed" in said[f"3 1 1 {'ee' * 31}"]
    assert "malformed" in said["9 8 7 00"]
    assert "orphan" in said[f"2 0 1 {'cd' * 32}"]
    [below_a_cut] = [line for line in run.out.splitlines() if line.startswith("_25._tcp.mail.sub.")]
    assert "never answered" in below_a_cut


DNAMES = {
    "in the zone": ["old DNAME new", f"_25._tcp.mail.old TLSA {FOREIGN}"],
    "at the apex": ["@ DNAME elsewhere.test.", f"_25._tcp.mail TLSA {FOREIGN}"],
}


@pytest.mark.parametrize("kind", DNAMES)
def test_list_tells_what_a_dname_hides(bind, tlsa_update, kind):
    zone = bind.zone("example.test", "$ORIGIN example.test.", "$TTL 3600", "@ SOA ns.elsewhere.test. h 1 2 3 4 5",
                     "@ NS ns.elsewhere.test.", *DNAMES[kind], signing="file")  # fmt: skip

    [line] = tlsa_update("list", zone, "example.test").out.splitlines()

    assert FOREIGN in line and "never answered" in line


def states(run):
    return {line.split(" TLSA ")[1].split(" ;")[0]: line.split("; ")[1].split(":")[0] for line in run.out.splitlines()}


def test_list_knows_from_the_ledger_what_is_ours(primary, certificate, tlsa_update, tmp_path):
    first, second = certificate(), certificate()
    zone = primary.zone("example.test", "mail A 127.0.2.25", f"_25._tcp.mail 300 TLSA {FOREIGN}")
    tlsa_update("publish", zone, "mail.example.test:25", cert=[first, second], force=True)
    configuration = tmp_path / "tlsa-update.conf"
    configuration.write_text(f"[service.mail]\nname = mail.example.test:25\ncert = {second}\n")

    alone = tlsa_update("list", zone, "example.test")
    configured = tlsa_update("list", zone, "example.test", config=configuration)
    kept = tlsa_update("list", zone, "example.test", keep=FOREIGN)
    forgotten = tlsa_update("list", zone, "example.test", state_directory=tmp_path / "other")

    ours = {first.tlsa(): "published", second.tlsa(): "published"}
    assert states(alone) == ours | {FOREIGN: "foreign"}
    assert states(configured) == ours | {first.tlsa(): "stale", FOREIGN: "foreign"}
    assert states(kept) == ours | {FOREIGN: "kept"}
    assert set(states(forgotten).values()) == {"foreign"}


def test_a_service_that_cannot_be_read_hides_nothing_of_the_list(primary, certificate, tlsa_update, tmp_path):
    mail = certificate()
    zone = primary.zone("example.test", f"_25._tcp.mail TLSA {mail.tlsa()}", *ZONE)
    configuration = tmp_path / "tlsa-update.conf"
    configuration.write_text(
        f"[service.mail]\nname = mail.example.test:25\ncert = {mail}\n"
        "[service.web]\nname = www.example.test:443\ncert = /nonexistent.pem\n"
    )

    run = tlsa_update("list", zone, "example.test", config=configuration, exits=66)

    assert listed(run) == records(zone) and states(run)[mail.tlsa()] == "published"
    assert run.err.count("/nonexistent.pem") == 1


def test_zones_are_no_names_to_be_read_from_a_file(tlsa_update):
    tlsa_update("list", "example.test", names_from="-", exits=64)


def test_list_without_the_right_to_transfer_is_refused(primary, tlsa_update, tmp_path):
    zone = primary.zone("example.test", *ZONE)

    run = tlsa_update("list", zone.by(TsigKey(tmp_path, "stranger")), "example.test", exits=77)

    assert "stranger" in run.err and run.out == ""


def test_a_transfer_may_have_a_key_of_its_own(bind, tlsa_update):
    zone = bind.zone("example.test", *ZONE)
    reader = bind.key("reader")
    zone.readers = [reader]

    tlsa_update("list", zone, "example.test", exits=77)
    run = tlsa_update("list", zone, "example.test", transfer_key_file=reader.path)

    assert listed(run) == records(zone.by(reader))


def test_each_zone_may_have_a_transfer_key_of_its_own(bind, tlsa_update, tmp_path):
    zone = bind.zone("example.test", *ZONE)
    reader = bind.key("reader")
    zone.readers = [reader]
    configuration = tmp_path / "tlsa-update.conf"
    configuration.write_text(f"[zone.example.test]\nserver = {bind.at}\ntransfer-key-file = {reader.path}\n")

    run = tlsa_update("list", zone.key, "example.test", config=configuration)

    assert listed(run) == records(zone.by(reader)) != []


@pytest.mark.parametrize("kind", [Bind, Knot, PowerDns], ids=lambda kind: kind.__name__.lower())
def test_a_name_that_is_no_zone_is_told_from_a_transfer_that_is_denied(servers, tlsa_update, kind):
    zone = servers(kind).zone("example.test", "mail A 127.0.2.25")

    run = tlsa_update("list", zone, "mail.example.test", exits=77)

    assert "mail.example.test. is no zone: it lies in zone example.test.; list example.test." in run.err
