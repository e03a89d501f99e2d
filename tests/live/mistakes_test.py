"""What was meant otherwise: records that were mistyped, a mail domain in the place of its MX hosts, and a key in the
place of another."""

import socket

import pytest

DIGEST_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def cut(record):
    return record[:-2]


def of_nothing(record):
    return "3 1 1 " + DIGEST_OF_NOTHING


def no_record(record):
    return "the backup key"


def hex_alone(record):
    return record.split()[-1]


@pytest.mark.parametrize("mistake", [cut, of_nothing, no_record, hex_alone])
def test_a_keep_that_no_client_could_match_is_refused_and_nothing_is_deleted(mail_host, bind, certificate, mistake):
    """The old record is meant to be kept, and everything else would let it go now."""
    host, new = mail_host(bind, certificate()), certificate()
    (old,) = host.published
    host.start()
    host.renew(new)
    host.until_awaits("may-be-cached")
    host("publish")

    run = host("run", keep=mistake(old), exits=64)
    assert "--keep: " in run.err
    host.service_settings["keep"] = mistake(old)
    run = host("run", exits=78)
    assert "tlsa-update.conf:" in run.err and " keep: " in run.err

    assert host.records() == {old, new.tlsa()}


@pytest.mark.parametrize("mistake", [cut, of_nothing, no_record, hex_alone])
def test_an_adopted_record_that_no_client_could_match_is_refused(mail_host, bind, certificate, mistake):
    foreign = "3 1 1 " + "f0" * 32
    host = mail_host(bind, certificate(), more=[foreign])
    host.start()

    run = host("run", adopt=mistake(foreign), exits=64)

    assert "--adopt: " in run.err
    assert host.records() == host.published | {foreign}


def chunked(owner, record):
    return f"{owner}\t3600\tIN\tTLSA\t{record[:40]} {record[40:]} ; as dig prints it"


def in_colons(owner, record):
    usage, selector, matching, digest = record.split()
    return f"{usage} {selector} {matching} " + ":".join(digest[i : i + 2] for i in range(0, 64, 2)).upper()


def generic(owner, record):
    usage, selector, matching, digest = record.split()
    return f"{owner} IN TYPE52 \\# 35 0{usage}0{selector}0{matching}{digest}"


@pytest.mark.parametrize("form", [chunked, in_colons, generic])
def test_a_record_is_taken_as_people_paste_it(mail_host, bind, certificate, form):
    foreign = "3 1 1 " + "f0" * 32
    host = mail_host(bind, certificate(), more=[foreign])
    host.start()
    owner = host.zone.full(host.owner)

    run = host("run", adopt="all", keep=form(owner, foreign), wait=True)
    assert host.records() == host.published | {foreign}
    assert "matches no record" not in run.err

    host("run", adopt=form(owner, foreign), wait=True)
    assert host.records() == host.published


def test_a_pasted_line_adopts_at_its_own_owner_alone(mail_host, bind, certificate):
    foreign = "3 1 1 " + "f0" * 32
    host = mail_host(bind, certificate(), more=[foreign])
    host.start()

    run = host("run", adopt=f"_25._tcp.other.example.test. 3600 IN TLSA {foreign}", wait=True)

    assert "matches no record at _25._tcp.other.example.test., which this run is not about" in run.err
    assert host.records() == host.published | {foreign}


def test_a_keep_with_a_typing_error_keeps_what_it_is_so_like(mail_host, bind, certificate):
    host, new = mail_host(bind, certificate()), certificate()
    (old,) = host.published
    with host.watched():
        host.renew(new)
        wrong = old[:20] + ("0" if old[20] != "0" else "1") + old[21:]
        host.service_settings["keep"] = wrong
        run = host("run", wait=True)

    assert f"keep {wrong} matches no record at " in run.err and f"{old} is there, which is kept" in run.err
    assert host.records() == {old, new.tlsa()}


@pytest.mark.parametrize("option", ["keep", "adopt"])
def test_of_a_record_that_is_nowhere_it_is_warned(mail_host, bind, certificate, option):
    host = mail_host(bind, certificate())
    host.start()

    run = host("run", wait=True, **{option: "3 1 1 " + "f0" * 32})

    assert f"{option} 3 1 1 {'f0' * 32} matches no record at {host.zone.full(host.owner)}" in run.err
    assert host.records() == host.published


@pytest.fixture
def domain(bind):
    return bind.zone("example.test", "@ A 127.0.0.1", "@ MX 20 backup", "@ MX 10 mail", "mail A 127.0.0.1",
                     "backup A 127.0.0.1", "alone A 127.0.0.1", "alone MX 10 alone", "silent A 127.0.0.1",
                     "silent MX 0 .")  # fmt: skip


QUESTION = "did you mean mx:example.test?"


def test_a_mail_domain_in_the_place_of_its_mx_host_is_asked_back(domain, certificate, tlsa_update):
    run = tlsa_update("publish", domain, "example.test:25", cert=certificate())

    assert "senders look at mail.example.test:25; " + QUESTION in run.err
    lab = {"resolver": domain.server.at, "nameserver": domain.server.at}
    assert "did you mean" not in tlsa_update("status", domain, "mx:example.test", cert=certificate(), exits=None, **lab).err


@pytest.mark.parametrize("command", ["status", "ready", "verify", "doctor"])
def test_every_command_that_looks_asks_back(domain, certificate, tlsa_update, command):
    lab = {"resolver": domain.server.at, "nameserver": domain.server.at}
    lab |= {} if command == "doctor" else {"cert": certificate()}

    run = tlsa_update(command, domain, "example.test:25", exits=None, **lab)

    assert QUESTION in run.err


@pytest.mark.parametrize("name", ["mail.example.test:25", "alone.example.test:25", "silent.example.test:25",
                                  "example.test:465", "example.test:25/udp"])
def test_no_other_name_is_asked_back(domain, certificate, tlsa_update, name):
    assert "did you mean" not in tlsa_update("publish", domain, name, cert=certificate()).err


def test_a_mail_domain_with_a_service_of_its_own_is_not_asked_back(bind, certificate, tlsa_update):
    try:
        listener = socket.create_server(("127.0.0.25", 25))
    except PermissionError:
        pytest.skip("port 25 is for root here")
    zone = bind.zone("example.test", "@ A 127.0.0.25", "@ MX 10 mail", "mail A 127.0.0.1")

    with listener:
        run = tlsa_update("publish", zone, "example.test:25", cert=certificate(), timeout=1, exits=75)

    assert "did you mean" not in run.err


def test_a_key_in_the_place_of_another_is_not_installed(mail_host, bind, certificate):
    """The install lines put the ECDSA key over the RSA key: the RSA half of the service would be dead."""
    host = mail_host(bind, certificate(key="rsa"), certificate(key="ec"))
    host.settings["wait-factor"] = 1
    host.start()
    (rsa_chain, _), (ec_chain, ec_key) = host.renewed
    (rsa_target, rsa_key_target), (ec_target, ec_key_target) = host.services[0].pairs
    host.reload, host.installs = host.services[0].reload, False
    host.service_settings["install"] = [f"{rsa_chain} -> {rsa_target}", f"{ec_key} -> {rsa_key_target}",
                                        f"{ec_chain} -> {ec_target}", f"{ec_key} -> {ec_key_target}"]  # fmt: skip
    host.service_settings["reload"] = host.reload
    before = rsa_key_target.read_bytes()
    host.renew(certificate(key="rsa"), certificate(key="ec"))
    host("publish")
    host("ready", wait=True)

    for command in ("deploy", "run"):
        run = host(command, exits=2)
        assert f"{rsa_chain}: is installed without its key" in run.err
    assert rsa_key_target.read_bytes() == before and len(host.records()) == 4
