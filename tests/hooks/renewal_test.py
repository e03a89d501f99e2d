"""A renewal with a new key by the real clients: both records stand, the service keeps its old pair until it is safe, then
it gets the new one, and then the stale record goes."""

import os
import pathlib
import shutil

import pytest

from support.pebble import DOMAIN, Certbot, Dehydrated, Lego, Pebble
from support.tls_folder import TlsFolder, record_of_chain, record_of_key

HOOKS = pathlib.Path(__file__).parents[2] / "contrib" / "hooks"

CONFIGURATION = """\
server     = {zone.server.at}
key-file   = {zone.key.path}
nameserver = {zone.server.at}
resolver   = {zone.server.at}
state-directory = {folder}/state
margin     = 0s
longest-ttl = 1s
grace      = 0s

[service.mail]
name    = {domain}:{service.port}
cert    = {client.chain}
{following}
install = {client.chain} -> {service.folder}/fullchain.pem
install = {client.key} -> {service.folder}/privkey.pem
reload  = touch {service.folder}/reloaded
"""


@pytest.fixture
def service(tmp_path):
    made = TlsFolder(tmp_path / "service")
    yield made
    made.stop()


@pytest.fixture
def path_of_hook(tmp_path):
    """The hooks call tlsa-update by its name; here it reads this test's configuration."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "tlsa-update"
    program.write_text(f'#!/bin/sh\ncommand=$1\nshift\nexec "{os.environ["TLSA_UPDATE"]}" "$command" '
                       f'--config "{tmp_path}/tlsa-update.conf" "$@"\n')
    program.chmod(0o755)
    return f"{tmp_path}/bin:{os.environ['PATH']}"


@pytest.mark.parametrize("kind", [Certbot, Dehydrated, Lego], ids=lambda kind: kind.hook_name)
def test_a_renewal_with_a_new_key_loses_no_mail(kind, servers, bind, service, path_of_hook, tlsa_update, tmp_path):
    pebble = servers(Pebble)
    client = kind(tmp_path / "client", pebble, path_of_hook)
    client.issue()
    old = record_of_chain(client.chain)
    shutil.copy(client.chain, service.folder / "fullchain.pem")
    shutil.copy(client.key, service.folder / "privkey.pem")
    owner = f"_{service.port}._tcp.mail"
    zone = bind.zone("example.test", "mail A 127.0.0.1", f"{owner} 1 TLSA {old}")
    zone.negative_ttl = 1  # TTLs of a second, so that two of them pass in a test
    following = f"next = {client.next}" if client.next else ""
    configuration = tmp_path / "tlsa-update.conf"
    configuration.write_text(CONFIGURATION.format(zone=zone, folder=tmp_path, domain=DOMAIN, service=service, client=client,
                                                  following=following))
    tlsa_update("run", wait=True, config=configuration)

    client.renew(HOOKS / client.hook_name)

    new = record_of_chain(client.chain)
    ahead = {record_of_key(client.next)} if client.next else set()
    assert new != old
    assert zone.tlsa(owner).records == {old, new} | ahead
    assert record_of_chain(service.folder / "fullchain.pem") == old
    if not client.next:  # a key that was published ahead may be deployed at once
        tlsa_update("run", config=configuration, exits=75)
        assert record_of_chain(service.folder / "fullchain.pem") == old

    tlsa_update("run", wait=True, config=configuration)

    assert record_of_chain(service.folder / "fullchain.pem") == record_of_key(service.folder / "privkey.pem") == new
    assert (service.folder / "privkey.pem").stat().st_mode & 0o777 == 0o600
    assert (service.folder / "reloaded").exists()
    assert zone.tlsa(owner).records == {new} | ahead
    verified = tlsa_update("verify", config=configuration, exits=None)
    assert verified.status in (0, 1), str(verified)  # 1: a warning, as nobody here validates DNSSEC
    assert " ok\n" in verified.out
