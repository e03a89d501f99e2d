"""Words that are meant for the terminal, the log or the shell of the administrator: wherever a peer may put
them, they are printed with their control characters spelled out, and run by nobody."""

import itertools

import pytest

from support.certificates import Certificate
from support.peer import Peer

MAIL = "mail.example.test:25"
EVIL = "evil\x1b]0;x\x07\x1b[2J\x9b\r\n$(touch owned)`touch owned`|%s%n evil"
FORBIDDEN = [chr(code) for code in [*range(0, 10), *range(11, 32), 127, *range(128, 160)]]


def assert_harmless(runs, folder):
    """What was said got through, and nothing of it that a terminal or a shell understands."""
    said = "".join(run.out + run.err for run in runs)
    assert "evil" in said
    assert not [repr(char) for char in FORBIDDEN if char in said], said
    assert not list(folder.rglob("owned"))


BANNERS = {
    "smtp": f"220 {EVIL}\r\n421 {EVIL}\r\n",
    "imap": f"* BYE {EVIL}\r\n",
    "pop3": f"-ERR {EVIL}\r\n",
    "ftp": f"421 {EVIL}\r\n",
    "sieve": f'NO "{EVIL}"\r\n',
}


@pytest.mark.parametrize("protocol", BANNERS)
def test_a_banner_reaches_no_terminal(tlsa_update, tmp_path, protocol):
    def greet(connection, ended):
        connection.sendall(BANNERS[protocol].encode("latin-1"))
        ended.wait(5)

    with Peer(greet) as service:
        run = tlsa_update(
            "generate",
            "-vvv",
            from_server=f"127.0.0.1:{service.port}",
            starttls=protocol,
            timeout=1,
            exits=69,
        )

    assert_harmless([run], tmp_path)


@pytest.mark.parametrize("command", ["publish", "status", "verify"])
def test_the_names_and_the_path_of_a_certificate_reach_no_terminal(
    bind, presents, tlsa_update, tmp_path, command
):
    """With usage 1 the names of a certificate matter, and are remarked upon."""
    evil = Certificate(tmp_path, EVIL.encode("ascii", "ignore").decode())
    name = f"mail.example.test:{presents(evil).port}"
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    options = {
        "cert": evil,
        "tlsa": "1 1 1",
        "timeout": 2,
        "resolver": bind.at,
        "nameserver": bind.at,
        "exits": None,
    }
    if command != "publish":
        options["address"] = "127.0.0.1"

    runs = [tlsa_update(command, zone, name, "-vvv", **options, format=form) for form in ("text", "json")]

    assert all(
        "evil" in run.err.replace(str(tmp_path), "") for run in runs
    ), "its names were not remarked upon"
    assert_harmless(runs, tmp_path)


def test_the_subject_of_a_tls_primary_reaches_no_terminal(bind, certificate, tlsa_update, tmp_path):
    bind.speak_tls(Certificate(tmp_path, subject=EVIL))
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    assert bind.port

    run = tlsa_update(
        "publish",
        MAIL,
        server=f"127.0.0.1@{bind.tls_port}",
        key_file=zone.key.path,
        transport="tls",
        tls_ca=certificate("Root", is_ca=True),
        tls_hostname="ns.example.test",
        cert=certificate(),
        exits=76,
    )

    assert_harmless([run], tmp_path)


def escaped(text):
    return "".join(f"\\{octet:03d}" for octet in text.encode("latin-1"))


@pytest.mark.parametrize("read", ["query", "axfr"])
def test_names_of_dns_reach_no_terminal_and_no_shell(bind, certificate, tlsa_update, tmp_path, read):
    """The target of an alias, of a DNAME, of an SRV and an MX record, and the names of name servers."""
    label = escaped(EVIL)
    bind.more = "check-names primary ignore;"
    zone = bind.zone(
        "example.test",
        f"_25._tcp.mail CNAME {label}.elsewhere.test.",
        "mail A 127.0.2.25",
        f"@ NS {label}",
        f"{label} A 127.0.0.1",
        f"@ MX 10 {label}",
        f"_xmpp-server._tcp SRV 0 0 5269 {label}",
        f"_443._tcp.{label} TLSA 3 1 1 {'ab' * 32}",
    )
    names = [MAIL, "mx:example.test", "srv:_xmpp-server._tcp.example.test"]
    options = {"resolver": bind.at, "timeout": 1, "retries": 0, "exits": None}

    runs = [
        tlsa_update(command, zone, name, "-vvv", cert=certificate(), read=read, format=form, **options)
        for command, name, form in itertools.product(("publish", "status", "verify"), names, ("text", "json"))
    ]
    runs += [
        tlsa_update("list", zone, "example.test", "-vvv", format=form, **options) for form in ("text", "json")
    ]

    for name in ("mail", "mx:", "srv:"):
        assert_harmless(
            [run for run in runs if any(word.startswith(name) for word in run.arguments)], tmp_path
        )
    assert_harmless(runs[-2:], tmp_path)


def test_what_a_reload_says_reaches_no_terminal(mail_host, bind, certificate, tmp_path):
    host = mail_host(bind, certificate())
    host.settings |= {"wait-factor": 1, "settle": 0}
    host.start()
    host.renew(certificate())
    (tmp_path / "said").write_text(EVIL + "\n" + "x" * 100_000, encoding="latin-1")
    host.reload = f"cat {tmp_path}/said"

    run = host("run", wait=True, exits=2)

    assert "reload: evil" in run.err
    assert_harmless([run], tmp_path)
