"""`generate --from-server` against servers as they are run: the records are those of the files that they serve."""

import os

import pytest

from support.mail import Dovecot, Postfix
from support.postgres import Postgres, programs
from support.scripted_tls import ScriptedTls

# As the protocols' own documents show them: RFC 2033 and 3207, RFC 4217, RFC 6120 section 9.1, RFC 5804 section 2.2,
# RFC 4511 section 4.14.
XMPP = (
    (rb"<stream:stream [^>]*to='127\.0\.0\.1'[^>]*>",
     b"<?xml version='1.0'?><stream:stream from='im.example.com' id='t7AMCin9zjMNwQKDnplntZPIDEI=' version='1.0' "
     b"xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
     b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"),
    (rb"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>$", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))
DIALOGUES = {
    "lmtp": ((rb"", b"220 foo.edu LMTP server ready\r\n"),
             (rb"^LHLO \S+\r\n$", b"250-foo.edu\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SIZE\r\n"),
             (rb"^STARTTLS\r\n$", b"220 Go ahead\r\n")),
    "ftp": ((rb"", b"220-Welcome\r\n220 FTP server ready\r\n"),
            (rb"^AUTH TLS\r\n$", b"234 Using authentication type TLS\r\n")),
    "xmpp": XMPP,
    "xmpp-server": XMPP,
    "sieve": ((rb"", b'"IMPLEMENTATION" "Example1 ManageSieved v001"\r\n"VERSION" "1.0"\r\n"SASL" ""\r\n'
                     b'"SIEVE" "fileinto vacation"\r\n"STARTTLS"\r\nOK\r\n'),
              (rb"^STARTTLS\r\n$", b'OK "Begin TLS negotiation now."\r\n')),
    "ldap": ((rb"1\.3\.6\.1\.4\.1\.1466\.20037$",
              bytes.fromhex("3024020101781f0a010004000400") + b"\x8a\x16" + b"1.3.6.1.4.1.1466.20037"),),
    "none": (),
}


def records(run):
    return sorted(run.out.splitlines())


def records_of(*certificates):
    return sorted(certificate.tlsa("3 1 1") for certificate in certificates)


@pytest.fixture
def dual(certificate):
    """A certificate of each kind of key."""
    return certificate(key="rsa"), certificate(key="ec")


@pytest.fixture
def scripted():
    made = []

    def serve(*arguments):
        made.append(ScriptedTls(*arguments))
        return made[-1]

    yield serve
    for server in made:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix starts as root only")
def test_postfix_with_two_certificates(tlsa_update, servers, dual):
    postfix = servers(Postfix, certificates=dual)
    run = tlsa_update("generate", from_server=f"127.0.0.1:{postfix.port}", starttls="smtp")
    assert records(run) == records_of(*dual)


def test_dovecot_with_two_certificates(tlsa_update, servers, dual):
    dovecot = servers(Dovecot, certificates=dual)
    for port, protocol in ((dovecot.port, "imap"), (dovecot.pop3_port, "pop3"), (dovecot.imaps_port, "none")):
        run = tlsa_update("generate", from_server=f"127.0.0.1:{port}", starttls=protocol)
        assert records(run) == records_of(*dual), protocol


@pytest.mark.skipif(not programs(), reason="PostgreSQL is not installed")
def test_postgresql(tlsa_update, servers, certificate):
    postgres = servers(Postgres, certificate=certificate(key="ec"))
    run = tlsa_update("generate", from_server=f"127.0.0.1:{postgres.port}", starttls="postgres")
    assert records(run) == records_of(postgres.certificate)


@pytest.mark.parametrize("protocol", DIALOGUES)
def test_the_dialogue_of(protocol, tlsa_update, scripted, dual):
    run = tlsa_update("generate", from_server=scripted(dual, DIALOGUES[protocol]).at, starttls=protocol)
    assert records(run) == records_of(*dual)


@pytest.mark.parametrize("key", ["rsa", "ec", "ed25519", "ed448"])
def test_one_kind_of_key(key, tlsa_update, scripted, certificate):
    only = certificate(key=key)
    run = tlsa_update("generate", from_server=scripted([only]).at)
    assert records(run) == records_of(only)


def test_the_issuer_of_a_chain(tlsa_update, scripted, certificate):
    root = certificate(name="root.example.test", is_ca=True)
    issuer = certificate(name="issuer.example.test", issuer=root, is_ca=True)
    leaf = certificate(issuer=issuer)
    run = tlsa_update("generate", from_server=scripted([leaf]).at, tlsa="2 0 1")
    assert records(run) == [issuer.tlsa("2 0 1")]


def test_both_credentials_are_named_after_the_server(tlsa_update, scripted, dual):
    server = scripted(dual)
    run = tlsa_update("generate", "mail.example.test:443", from_server=server.at, format="json")
    assert {record["credential"] for record in run.json["records"]} == {f"server:{server.at}"}


def test_a_server_without_starttls_is_no_answer(tlsa_update, scripted, certificate):
    server = scripted([certificate()], ((rb"", b"220 mx\r\n"), (rb"EHLO", b"250 mx\r\n")))
    run = tlsa_update("generate", from_server=server.at, starttls="smtp", exits=69)
    assert "does not offer STARTTLS" in run.err


def test_octets_after_the_answer_to_starttls_are_an_injection(tlsa_update, scripted, certificate):
    script = ((rb"", b"220 mx\r\n"), (rb"EHLO", b"250-mx\r\n250 STARTTLS\r\n"), (rb"STARTTLS", b"220 go\r\n250 injected\r\n"))
    run = tlsa_update("generate", from_server=scripted([certificate()], script).at, starttls="smtp", exits=69)
    assert "CVE-2011-0411" in run.err


def test_what_a_server_says_reaches_no_terminal(tlsa_update, scripted, certificate):
    run = tlsa_update("generate", from_server=scripted([certificate()], ((rb"", b"421 \x1b[2J\x07\r\n"),)).at, starttls="smtp", exits=69)
    assert "\x1b" not in run.err and "\\x1b[2J\\x07" in run.err


def test_a_server_that_never_answers_ends_in_time(tlsa_update, scripted, certificate):
    silent = scripted([certificate()], ((rb"never", b""),))
    run = tlsa_update("generate", from_server=silent.at, starttls="smtp", timeout="1", exits=69)
    assert "no end within 1000 ms" in run.err
