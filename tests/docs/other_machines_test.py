"""The example of a machine that renews for others: its configuration, and both ends of its reload command. ssh is played
by a script that does what sshd does with the key's line in authorized_keys; the rest is real."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.tls_folder import TlsFolder, record_of_chain

EXAMPLES = pathlib.Path(__file__).parents[2] / "contrib" / "examples"
MACHINES = {"mx1": "127.0.0.1", "mx2": "127.0.0.2"}

# Whatever command the client asks for, the one of authorized_keys runs, on the machine of the last word.
SSH = """#!/bin/sh
for word; do host=$word; done
machine=${{host#root@}}
exec "{machines}/${{machine%%.*}}/receive-files"
"""


@pytest.fixture
def machines(tmp_path):
    """Each has a folder, its end of the reload command, and a service that presents what lies in the folder."""
    made = {}
    for name, address in MACHINES.items():
        port = made["mx1"].port if made else 0
        (tmp_path / name).mkdir()
        made[name] = TlsFolder(tmp_path / name / "tls", port, address)
        receive = (EXAMPLES / "receive-files").read_text().replace("/etc/postfix/tls", str(tmp_path / name / "tls"))
        (tmp_path / name / "receive-files").write_text(receive)
        (tmp_path / name / "receive-files").chmod(0o755)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "ssh").write_text(SSH.format(machines=tmp_path))
    (tools / "systemctl").write_text(f"#!/bin/sh\necho \"$*\" >>{tmp_path}/reloads\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    yield made
    for service in made.values():
        service.stop()


def give(certificate, folder):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(certificate.path, folder / "fullchain.pem")
    shutil.copy(certificate.key_path, folder / "privkey.pem")


def test_it_carries_the_renewals_of_both_machines_through(machines, bind, certificate, tlsa_update, tmp_path, monkeypatch):
    zone = bind.zone("example.com", *(f"mail A {address}" for address in MACHINES.values()))
    zone.negative_ttl = 1
    port = machines["mx1"].port
    text = (EXAMPLES / "renews-for-others.conf").read_text()
    for old, new in [("server = ns0.example.net", f"server = {bind.at}\nnameserver = {bind.at}\nresolver = {bind.at}\nkey-file = {zone.key.path}\n"
                      "margin = 0s\ngrace = 0s\nlongest-ttl = 1s\nttl = 1\nstarttls = none"),
                     ("mail.example.com:25", f"mail.example.com:{port}"), ("192.0.2.1", MACHINES["mx1"]), ("192.0.2.2", MACHINES["mx2"]),
                     ("/etc/letsencrypt/live", f"{tmp_path}/live"), ("/var/lib/tlsa-update/for", f"{tmp_path}/for"),
                     ("/usr/share/doc/tlsa-update/examples", str(EXAMPLES))]:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "tlsa-update.conf").write_text(text)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    old = {name: certificate("mail.example.com") for name in machines}
    new = {name: certificate("mail.example.com") for name in machines}
    for name, service in machines.items():
        for folder in (tmp_path / "live" / name, tmp_path / "for" / name, service.folder):
            give(old[name], folder)
    owner = f"_{port}._tcp.mail"
    tlsa_update("run", config=tmp_path / "tlsa-update.conf", wait=True)
    assert zone.tlsa(owner).records == {one.tlsa() for one in old.values()}

    for name in machines:
        give(new[name], tmp_path / "live" / name)
    tlsa_update("run", config=tmp_path / "tlsa-update.conf", wait=True)

    assert zone.tlsa(owner).records == {one.tlsa() for one in new.values()}
    for name, service in machines.items():
        assert record_of_chain(service.folder / "fullchain.pem") == new[name].tlsa()
        assert (service.folder / "privkey.pem").stat().st_mode & 0o777 == 0o600
        assert sorted(file.name for file in service.folder.iterdir()) == ["fullchain.pem", "privkey.pem"]
    assert (tmp_path / "reloads").read_text() == "reload postfix\n" * 2


def test_a_key_of_another_certificate_is_not_taken(machines, certificate, tmp_path, monkeypatch):
    mine, other = certificate(), certificate()
    give(mine, machines["mx1"].folder)
    give(mine, tmp_path / "wrong")
    shutil.copy(other.key_path, tmp_path / "wrong" / "privkey.pem")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    brought = subprocess.run([EXAMPLES / "bring-files", "mx1.example.com", tmp_path / "wrong"], capture_output=True, text=True)
    assert brought.returncode == 65 and "not that of the certificate" in brought.stderr
    assert (machines["mx1"].folder / "privkey.pem").read_text() == mine.key_path.read_text()
    assert not (tmp_path / "reloads").exists()


def test_the_key_line_that_the_example_gives_restricts_it():
    assert re.search(r'^#   restrict,command="/usr/local/sbin/receive-files" ssh-ed25519 ', (EXAMPLES / "receive-files").read_text(), re.M)
