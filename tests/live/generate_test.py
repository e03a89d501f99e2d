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


@pytest.fixture
def family(certificate):
    root = certificate("Root", is_ca=True)
    issuer = certificate("Issuer", issuer=root, is_ca=True)
    return certificate(issuer=issuer), issuer, root


def in_file(folder, name, *certificates):
    path = folder / name
    path.write_bytes(b"".join(one.pem for one in certificates))
    return path


def test_a_file_of_ca_certificates_alone_is_the_trust_anchor(family, tlsa_update, tmp_path):
    """What most articles do: the digest of chain.pem."""
    _, issuer, root = family
    chain = in_file(tmp_path, "chain.pem", issuer)

    for tlsa in ("2 1 1", "2 0 1", "0 0 1"):
        assert tlsa_update("generate", MAIL, cert=chain, tlsa=tlsa).out.endswith(f" IN TLSA {issuer.tlsa(tlsa)}\n")
    assert tlsa_update("generate", cert=in_file(tmp_path, "root.pem", root), tlsa="2 1 1").out == root.tlsa("2 1 1") + "\n"
    for tlsa in ("3 1 1", ["2 1 1", "3 1 1"], "1 0 1"):
        run = tlsa_update("generate", cert=chain, tlsa=tlsa, force=True, exits=65)
        assert "CA certificates only" in run.err and "chain.pem" in run.err


def test_the_issuer_may_be_in_another_file(family, tlsa_update, tmp_path):
    """certbot's cert.pem and chain.pem, given apart."""
    leaf, issuer, root = family
    cert, chain = in_file(tmp_path, "cert.pem", leaf), in_file(tmp_path, "chain.pem", issuer)
    above = in_file(tmp_path, "root.pem", root)

    for files in ({"cert": [cert, chain]}, {"cert": [chain, cert]}, {"cert": cert, "issuer": chain}):
        run = tlsa_update("generate", tlsa=["2 1 1", "3 1 1"], **files)
        assert set(run.out.splitlines()) == {issuer.tlsa("2 1 1"), leaf.tlsa()}, str(run)
        assert "is not used" not in run.err
    assert tlsa_update("generate", cert=[cert, above, chain], tlsa="2 1 1", ta="root").out == root.tlsa("2 1 1") + "\n"
    tlsa_update("generate", cert=cert, tlsa="2 1 1", exits=65)


def test_issuers_that_may_sign_next_get_their_records_too(family, certificate, tlsa_update, tmp_path):
    leaf, issuer, root = family
    more = [certificate(f"Issuer {number}", issuer=root, is_ca=True) for number in (2, 3, 4)]
    pair, single = in_file(tmp_path, "pair.pem", *more[:2]), in_file(tmp_path, "single.pem", more[2])

    run = tlsa_update("generate", cert=leaf, issuer=[pair, single], tlsa=["3 1 1", "2 1 1"])
    assert run.out.splitlines()[0] == leaf.tlsa()
    assert set(run.out.splitlines()[1:]) == {one.tlsa("2 1 1") for one in [issuer, *more]}

    run = tlsa_update("generate", cert=leaf, issuer=pair)
    assert run.out == leaf.tlsa() + "\n" and "--issuer counts for usages 2 and 0 alone" in run.err


def test_an_issuer_is_a_ca_certificate(family, tlsa_update, tmp_path):
    leaf, issuer, _ = family
    text = tmp_path / "text.pem"
    text.write_text("no certificate\n")

    for file in (in_file(tmp_path, "leaf.pem", leaf), leaf.key_path, text):
        run = tlsa_update("generate", cert=leaf, issuer=file, tlsa="2 1 1", exits=65)
        assert str(file) in run.err
    tlsa_update("generate", cert=leaf, issuer="", tlsa="2 1 1", exits=64)
    tlsa_update("generate", cert=leaf, issuer=tmp_path / "missing.pem", tlsa="2 1 1", exits=66)
    configuration = tmp_path / "tlsa-update.conf"
    configuration.write_text(f"[service.mail]\nname = {MAIL}\ncert = {leaf}\nissuer =\n")
    assert f"{configuration}:4:" in tlsa_update("generate", "mail", config=configuration, exits=78).err


def test_a_selector_of_usage_2_is_not_advised_against_where_it_is_right(family, tlsa_update):
    leaf = family[0]
    assert "selector 0 is recommended" not in tlsa_update("generate", cert=leaf, tlsa="2 1 1").err
    assert "use 2 1 1 there" in tlsa_update("generate", cert=leaf, tlsa="2 0 1").err


def test_the_address_of_a_live_server_may_be_given(presents, certificate, tlsa_update):
    mail = certificate()
    server = f"nowhere.example.test:{presents(mail).port}"

    run = tlsa_update("generate", from_server=server, address="127.0.0.1", starttls="none", resolver="127.0.0.1@1")

    assert run.out == mail.tlsa() + "\n"


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
    zone = bind.zone("example.test", "mail A 127.0.2.25")
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
