"""The hook for acme.sh. Debian has no acme.sh, so nothing of it runs here: its files are laid out as it leaves them when it
has made the next key the current one before the order succeeds (--always-force-new-domain-key), and the hook is called as
its --reloadcmd is."""

import os
import pathlib
import shutil
import subprocess

HOOK = pathlib.Path(__file__).parents[2] / "contrib" / "hooks" / "acme.sh"

CONFIGURATION = """\
server = {zone.server.at}
key-file = {zone.key.path}
state-directory = {folder}/state
[service.mail]
name = mail.example.test:25
cert = {folder}/fullchain.pem
next = {folder}/mail.key
next = {folder}/mail.key.next
"""


def test_every_key_on_disk_is_published_at_every_run(bind, certificate, tmp_path):
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    served, current, following = certificate(), certificate(), certificate()
    for source, name in ((served, "fullchain.pem"), (current.key_path, "mail.key"), (following.key_path, "mail.key.next")):
        shutil.copy(str(source), tmp_path / name)
    (tmp_path / "acme.conf").write_text(CONFIGURATION.format(zone=zone, folder=tmp_path))
    program = tmp_path / "tlsa-update"
    program.write_text(f'#!/bin/sh\nexec "{os.environ["TLSA_UPDATE"]}" "$@" --config "{tmp_path}/acme.conf"\n')
    program.chmod(0o755)

    hook = subprocess.run([str(HOOK)], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, capture_output=True, text=True)

    assert hook.returncode == 0, hook.stderr
    assert zone.tlsa("_25._tcp.mail").records == {served.tlsa(), current.tlsa(), following.tlsa()}
