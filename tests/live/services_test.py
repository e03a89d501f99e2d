"""What a service does at the moment when the old record could go, and whose TLS it speaks: rows of ADVERSARY.md that held."""

import contextlib

import pytest

from support.dane_client import presented
from support.gnutls import GnutlsService
from support.mail_host import NAME
from support.peer import Peer
from support.scripted_tls import ScriptedTls
from support.server import free_port, wait_until

GREETING = b"220 mail.example.test ESMTP\r\n"
OFFER = b"250-mail.example.test\r\n250 STARTTLS\r\n"
GO = b"220 go ahead\r\n"
ALERT = b"\x15\x03\x03\x00\x02\x02"  # a fatal one; its description follows


def says(*answers, then=b""):
    """A greeting, an answer to each line that comes, and the last word."""

    def script(connection, ended):
        connection.sendall(GREETING)
        for answer in answers:
            connection.recv(512)
            connection.sendall(answer)
        if then:
            connection.recv(512)
            connection.sendall(then)
            ended.wait(5)

    return script


TROUBLES = {
    "hangs up": lambda connection, ended: None,
    "is busy": lambda connection, ended: connection.sendall(b"421 too many connections\r\n"),
    "offers no TLS": says(b"250 mail.example.test\r\n", b"502 what?\r\n", then=b"221 bye\r\n"),
    "has no TLS now": says(OFFER, b"454 TLS not available\r\n", then=b"221 bye\r\n"),
    "hangs up instead of TLS": says(OFFER, GO),
    "says garbage instead of TLS": says(OFFER, GO, then=b"\0\1\2 garbage"),
    "goes on in the clear": says(OFFER, GO, then=b"250 mail.example.test\r\n"),
    "has no certificate": says(OFFER, GO, then=ALERT + b"\x28"),
    "has an internal error": says(OFFER, GO, then=ALERT + b"\x50"),
}
SLOW = "takes its time"


class Lot:
    """A service with each of the troubles, at an address of its own. All have the same certificate, which is renewed."""

    def __init__(self, tlsa_update, primary, old, new, folder):
        self.program, self.old, self.new, self.folder = tlsa_update, old, new, folder
        self.places = {}
        records = []
        for number, trouble in enumerate([*TROUBLES, SLOW], 1):
            address = f"127.0.0.{number}"
            port = free_port(address)
            self.places[trouble] = (f"mx{number}.example.test", address, port)
            records += [f"mx{number} A {address}", *(f"_{port}._tcp.mx{number} 1 TLSA {one.tlsa()}" for one in (old, new))]
        self.zone = primary.zone("example.test", *records)
        self.zone.negative_ttl = 1

    def __call__(self, command, *certificates, grace=0, exits=None):
        lines = ["margin = 0", f"grace = {grace}", "longest-ttl = 1", "probe-timeout = 10", "starttls = smtp"]
        lines += [f"{key} = {self.zone.server.at}" for key in ("resolver", "nameserver")]
        for name, address, port in self.places.values():
            lines += [f"[service.{name}]", f"name = {name}:{port}", f"address = {address}"]
            lines += [f"cert = {one}" for one in certificates]
        config = self.folder / "lot.conf"
        config.write_text("\n".join([*lines, ""]))
        return self.program(command, self.zone, config=config, exits=exits)

    def records(self, trouble):
        name, _, port = self.places[trouble]
        return self.zone.tlsa(f"_{port}._tcp.{name}.").records

    @contextlib.contextmanager
    def present(self, certificate, troubles=()):
        """The services of `troubles` do as they are named, and all others present the certificate."""
        with contextlib.ExitStack() as stack:
            for trouble, (_, address, port) in self.places.items():
                if trouble in TROUBLES and trouble in troubles:
                    stack.enter_context(Peer(TROUBLES[trouble], address=address, port=port))
                    continue
                pause = 0.7 if trouble in troubles else 0.0
                script = [(b"", GREETING[:3]), (pause, GREETING[3:]), (b"EHLO", OFFER), (b"STARTTLS", GO)]
                stack.callback(ScriptedTls([certificate], script, address=address, port=port).stop)
            yield


def test_a_service_that_shows_no_chain_keeps_its_old_record(tlsa_update, bind, certificate, tmp_path):
    """Row 141."""
    old, new = certificate(), certificate()
    lot = Lot(tlsa_update, bind, old, new, tmp_path)
    with lot.present(old):
        lot("publish", old, new)  # from here on it knows both records as its own
        wait_until(lambda: lot("ready", new).status == 0, "both records are everywhere")
    with lot.present(new):
        lot("run", new, grace=3600, exits=75)

    with lot.present(new, troubles=[*TROUBLES, SLOW]):
        run = lot("run", new, exits=75)
    for trouble in TROUBLES:
        assert lot.records(trouble) == {old.tlsa(), new.tlsa()}, f"{trouble}:\n{run}"
    assert lot.records(SLOW) == {new.tlsa()}, str(run)
    assert run.out.count("an address of the service did not show what it serves; --assume-deployed overrides") >= len(TROUBLES)

    with lot.present(new):
        lot("run", new)
    assert all(lot.records(trouble) == {new.tlsa()} for trouble in TROUBLES)


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_gnutls_has_one_kind_of_key_and_says_so_in_its_own_way(mail_host, bind, certificate, key):
    """Row 28."""
    old, new = certificate(key=key), certificate(key=key)
    host = mail_host(bind, old, service=GnutlsService)
    with host.watched():
        host.renew(new)
        host.until_done()
    assert presented("127.0.0.1", host.port, NAME)[0] == new.der
    assert host.records() == {new.tlsa()}


def test_what_is_presented_without_sni_does_not_count(mail_host, bind, certificate):
    """Row 47: DANE clients send SNI (RFC 7672 section 8.1)."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    host.settings["grace"] = 3600
    host.start()
    host.renew(new)
    host.until_awaits("grace")
    host.settings["grace"], host.reload = 0, "true"
    host.services[0].stop()
    of_name, default = (ScriptedTls([one]).context for one in (new, old))
    service = ScriptedTls([old], [(b"", GREETING), (b"EHLO", OFFER), (b"STARTTLS", GO)], port=host.port)
    service.context.sni_callback = lambda tls, name, context: setattr(tls, "context", of_name if name == NAME else default)

    assert [presented("127.0.0.1", host.port, name)[0] for name in (NAME, None)] == [new.der, old.der]
    host.until_done()
    service.stop()

    assert host.records() == {new.tlsa()}
