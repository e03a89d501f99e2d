"""The probe as the servers that it looks at see it: patient, one at a time, and polite."""

import re
import time

import pytest

from support.mail import Dovecot, Postfix, Postscreen
from support.server import free_port
from support.tls_servers import Nginx, Slapd, Stunnel

LOST = "lost connection"


@pytest.fixture
def looked_at(bind, tlsa_update):
    """`verify` at some ports of mail.example.test, against the record of `mail`; more records of the zone may be given."""

    def look(mail, ports, records=(), names=None, **options):
        owners = [f"_{port}._tcp.mail TLSA {mail.tlsa()}" for port in ports]
        zone = bind.zone("example.test", "mail A 127.0.0.1", *owners, *records)
        names = names or [f"mail.example.test:{port}" for port in ports]
        more = {"nameserver": zone.server.at, "resolver": zone.server.at, "format": "json",
                "exits": 1} | options  # nobody here calls the records secure: a warning
        return tlsa_update("verify", zone, *names, **more)

    return look


def judged(run):
    return [one["dane"] for one in run.json["endpoints"]]


def after(server, word, times=1, seconds=5):
    """The server's log once it has this word so many times, or as it is after a while."""
    deadline = time.monotonic() + seconds
    while server.log().count(word) < times and time.monotonic() < deadline:
        time.sleep(0.05)
    return server.log()


def test_postfix_is_bidden_farewell(servers, certificate, looked_at):
    """CASES D3. With a key of each kind no handshake has to fail, and no line complains."""
    rsa, ecdsa = certificate(key="rsa"), certificate(key="ec")
    postfix = servers(Postfix, certificates=[rsa, ecdsa])

    looked_at(rsa, [postfix.port], starttls="smtp", exits=2)  # the record of one of the two

    log = after(postfix, "quit=1", times=2)
    assert len(re.findall(r"disconnect from .* ehlo=1 starttls=1 quit=1 commands=3", log)) == 2
    assert f"{LOST} after STARTTLS" not in log and "TLS library problem" not in log


def test_a_client_limit_of_postfix_is_kept(servers, certificate, looked_at):
    """CASES D2: one connection at a time to one address, whatever the port."""
    rsa = certificate(key="rsa")
    ports = [free_port(), free_port()]
    limits = ["smtpd_client_connection_count_limit = 1", "smtpd_client_event_limit_exceptions ="]
    postfix = servers(Postfix, certificates=[rsa], more=limits, more_ports=ports)

    run = looked_at(rsa, [postfix.port, *ports], starttls="smtp")

    assert judged(run) == ["ok"] * 3
    assert "Connection concurrency limit exceeded" not in postfix.log()


def test_postscreen_greets_late(servers, certificate, looked_at):
    """CASES D1: after six seconds, which the default waits for; who waits for less is told of the option."""
    rsa = certificate(key="rsa")
    data = ["postscreen_greet_wait = 6s", "postscreen_access_list =", "postscreen_cache_map = btree:{folder}/data/postscreen"]
    postfix = servers(Postscreen, certificates=[rsa], more=data)

    run = looked_at(rsa, [postfix.port], starttls="smtp")

    assert judged(run) == ["ok"]
    assert "PREGREET" not in postfix.log()


def test_who_does_not_wait_for_postscreen_is_told_of_the_option(servers, certificate, looked_at):
    rsa = certificate(key="rsa")
    data = ["postscreen_greet_wait = 6s", "postscreen_access_list =", "postscreen_cache_map = btree:{folder}/data/postscreen"]
    postfix = servers(Postscreen, certificates=[rsa], more=data)

    run = looked_at(rsa, [postfix.port], starttls="smtp", probe_timeout=1, exits=69)

    assert judged(run) == ["unreachable"] * 2
    assert "no end within 1000 ms; --probe-timeout gives it longer" in run.out


def test_dovecot_is_bidden_farewell(servers, certificate, looked_at):
    mail = certificate()
    dovecot = servers(Dovecot, certificates=[mail])
    assert dovecot.port

    run = looked_at(mail, [dovecot.port], starttls="imap")

    assert judged(run) == ["ok"]
    assert re.search(r"imap-login: .* by logging out [^\n]*TLS", after(dovecot, "by logging out"))


def test_slapd_is_unbound(servers, certificate, looked_at):
    rsa = certificate(key="rsa")
    slapd = servers(Slapd, certificate=rsa)

    run = looked_at(rsa, [slapd.port], starttls="ldap")

    assert judged(run) == ["ok"]
    assert "UNBIND" in after(slapd, "UNBIND")


def test_a_client_certificate_that_is_demanded_hides_no_chain(servers, certificate, looked_at):
    """CASES D5: in TLS 1.2 the server's chain comes before its alert."""
    rsa = certificate(key="rsa")
    stunnel = servers(Stunnel, certificate=rsa, authority=certificate("Root", is_ca=True))

    assert judged(looked_at(rsa, [stunnel.port])) == ["ok"]


def test_a_strict_sni_is_told_from_silence(servers, certificate, looked_at):
    rsa = certificate(key="rsa")
    nginx = servers(Nginx, certificates=[rsa], name="other.example.test", is_strict=True)

    run = looked_at(rsa, [nginx.port], exits=69)

    assert judged(run) == ["unreachable"] * 2
    assert "it has no certificate for the name mail.example.test, which DANE clients ask for: give the NAME" in run.out
