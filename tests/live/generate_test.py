"""`generate`: records without DNS, in forms that the tools of others read back."""

import json
import subprocess

import pytest

from support.unbound import Unbound

MAIL = "mail.example.test:25"


def tool(*arguments):
    subprocess.run(list(map(str, arguments)), check=True, capture_output=True)


def test_without_a_name_it_prints_bare_records(certificate, tlsa_update):
    rsa, ecdsa = certificate(key="rsa"), certificate(key="ec")

    run = tlsa_update("generate", cert=[rsa, ecdsa])

    assert run.out == f"{rsa.tlsa()}\n{ecdsa.tlsa()}\n"


def test_equal_records_of_one_owner_are_one_record(certificate, tlsa_update):
    mail = certificate()
    same = {"cert": [mail, mail], "next": mail.key_path, "tlsa": ["311", "3 1 1"]}

    assert tlsa_update("generate", **same).out == f"{mail.tlsa()}\n"
    assert tlsa_update("generate", MAIL, MAIL, "_25._tcp.mail.example.test", **same).out.count("\n") == 1
    assert tlsa_update("generate", names_from="-", stdin=f"{MAIL}\n{MAIL}\n", **same).out.count("\n") == 1


PARAMETERS = [f"{usage} {selector} {matching}" for usage in "13" for selector in "01" for matching in "12"]


def test_every_parameter_of_a_leaf(certificate, tlsa_update):
    mail = certificate()

    run = tlsa_update("generate", cert=mail, tlsa=PARAMETERS)

    assert run.out.split("\n")[:-1] == [mail.tlsa(parameters) for parameters in PARAMETERS]


def test_whole_certificates_and_keys_only_by_force(certificate, tlsa_update):
    mail = certificate()
    tlsa_update("generate", cert=mail, tlsa="3 1 0", exits=0)
    tlsa_update("generate", cert=mail, tlsa="3 0 0", exits=65)

    run = tlsa_update("generate", cert=mail, tlsa="3 0 0", force=True)

    assert run.out == mail.tlsa("3 0 0") + "\n"


def test_a_trust_anchor_is_the_issuer(certificate, tlsa_update):
    root = certificate("Root", is_ca=True)
    issuer = certificate("Issuer", issuer=root, is_ca=True)
    mail = certificate(issuer=issuer)

    assert tlsa_update("generate", cert=mail, tlsa="2 1 1").out == issuer.tlsa("2 1 1") + "\n"


def test_a_live_server_is_found_by_the_resolver_that_is_named(
    bind, servers, presents, certificate, tlsa_update
):
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    resolver = servers(Unbound)
    resolver.resolve(zone)
    mail = certificate()
    server = f"mail.example.test:{presents(mail).port}"

    run = tlsa_update("generate", from_server=server, starttls="none", resolver=resolver.at)

    assert run.out == mail.tlsa() + "\n"


def test_json_is_one_document(certificate, tlsa_update):
    mail = certificate()

    run = tlsa_update("generate", MAIL, cert=mail, ttl=300, format="json")

    assert run.json == {
        "records": [
            {
                "owner": "_25._tcp.mail.example.test.",
                "ttl": 300,
                "usage": 3,
                "selector": 1,
                "matching_type": 1,
                "data": mail.tlsa().split()[-1],
                "credential": str(mail),
            }
        ]
    }


@pytest.mark.parametrize("form", ["zone", "rfc3597"])
def test_zone_file_lines_are_read_by_every_servers_own_checker(certificate, tlsa_update, tmp_path, form):
    mail = certificate()
    lines = tlsa_update(
        "generate", MAIL, "example.test:443", cert=mail, tlsa=["3 1 1", "3 0 2"], format=form
    ).out
    file = tmp_path / "example.test.zone"
    file.write_text(
        "$ORIGIN example.test.\n@ 3600 SOA ns h 1 2 3 4 5\n@ 3600 NS ns\nns 3600 A 192.0.2.53\n" + lines
    )
    canonical = tmp_path / "canonical"

    tool("kzonecheck", "-o", "example.test", file)
    tool("ldns-read-zone", file)
    tool("named-checkzone", "-D", "-o", canonical, "example.test", file)

    found = {
        line.split("TLSA")[1].strip().lower()
        for line in canonical.read_text().splitlines()
        if " TLSA" in line
    }
    wanted = {mail.tlsa("3 1 1"), mail.tlsa("3 0 2")}
    assert {"".join(line.split()) for line in found} == {"".join(line.split()) for line in wanted}


def test_nsupdate_takes_the_script(bind, certificate, tlsa_update, tmp_path):
    zone = bind.zone("example.test", "mail A 192.0.2.25")
    mail = certificate()
    script = tmp_path / "script"
    script.write_text(
        f"server 127.0.0.1 {bind.port}\n" + tlsa_update("generate", MAIL, cert=mail, format="nsupdate").out
    )

    tool("nsupdate", "-v", "-k", zone.key.path, script)

    assert zone.tlsa("_25._tcp.mail").records == {mail.tlsa()}


def test_json_escapes_what_stands_in_a_path(certificate, tlsa_update, tmp_path):
    mail = certificate()
    path = tmp_path / 'quote " newline \n escape \x1b.pem'
    path.write_bytes(mail.pem)

    assert json.loads(tlsa_update("generate", MAIL, cert=path, format="json").out)["records"][0]["credential"]
