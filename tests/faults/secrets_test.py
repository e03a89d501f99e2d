"""TSIG secrets and private keys, looked for everywhere that they could get to: output at every verbosity,
command lines, environments and descriptors of children, state, temporary files, and memory."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from support import confidential
from support.middleman import Middleman
from support.server import wait_until

MAIL = "mail.example.test:25"
NOBODY = 65534
VERBOSITIES = [["--quiet"], [], ["-v"], ["-v", "-v"], ["-vvvvvvvv"]]


def everything_in(folder):
    """Names and contents of all files of a folder, as a text."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return "\n".join(
        f"{file}\n{file.read_bytes().decode('latin-1')}\n{file.read_bytes().hex()}" for file in files
    )


def spoken_of(pid):
    """What any user of this machine may see of a process, and what its children inherit."""
    process = pathlib.Path(f"/proc/{pid}")
    return "\n".join(
        (process / name).read_bytes().decode("latin-1") for name in ("cmdline", "environ", "comm")
    )


@pytest.mark.parametrize("words", VERBOSITIES, ids=" ".join)
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_command_prints_a_secret_at_any_verbosity(
    bind, certificate, presents, tlsa_update, tmp_path, words, form
):
    """Program searches all that it says; here it says all that it can."""
    mail, following = certificate(), certificate()
    service = presents(mail)
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    mail_and_next = {"cert": mail, "next": following.key_path}
    about = {"format": form, "timeout": 2, "resolver": bind.at, "nameserver": bind.at, "exits": None}
    name = f"mail.example.test:{service.port}"

    said = tlsa_update("generate", name, *words, **mail_and_next, format=form).out
    for command in ("publish", "status", "ready", "run", "prune", "verify"):
        address = {} if command in ("publish", "ready") else {"address": "127.0.0.1"}
        said += tlsa_update(command, zone, name, *words, **mail_and_next, **about, **address).out
    said += tlsa_update("doctor", zone, name, *words, address="127.0.0.1", **about).out
    said += tlsa_update("list", zone, "example.test", *words, **about).out

    assert following.tlsa().split()[-1] in said
    confidential.assert_unspoken(everything_in(tmp_path / "state"))


def test_neither_the_reload_nor_anybody_else_is_given_a_secret(mail_host, bind, certificate, tmp_path):
    """What the child of a deployment has: arguments, environment, descriptors, and a parent's command line."""
    host, new = mail_host(bind, certificate()), certificate()
    host.settings |= {"wait-factor": 1, "settle": 0}
    host.start()
    host.renew(new)
    host("publish")
    host("ready", wait=True)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    shutil.copy(host.zone.key.path, credentials / "tsig.key")
    seen = tmp_path / "seen"
    host.reload = (
        f"(tr '\\0' '\\n' </proc/$$/environ; cat /proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline; "
        f"ls -l /proc/$$/fd) >{seen}; cat </dev/stdin >>{seen}"
    )

    host("deploy", exits=2, environment={"CREDENTIALS_DIRECTORY": str(credentials)})

    text = seen.read_text()
    confidential.assert_unspoken(text + everything_in(tmp_path / "state"))
    assert "CREDENTIALS_DIRECTORY" not in text
    assert f"--key-file {host.zone.key.path}" in text, "the parent's command line was not seen"
    assert "tsig.key" not in text and str(host.renewed[0][1]) not in text, "a descriptor was inherited"
    assert "socket:" not in text, "a connection was inherited"
    assert {file.name for file in (tmp_path / "state").iterdir()} <= {
        "ledger.json",
        "ledger.lock",
        "run.lock",
        "installed",
        "reload-mail.pending",
    }


class Caught:
    """A run of the program, held in the middle of its UPDATE so that one can look at it."""

    def __init__(self, folder, zone, mail, program, command=()):
        self.zone, self.mail, self.program, self.command = zone, mail, program, command
        self.folder = folder

    def __enter__(self):
        self.middleman = Middleman(self.zone, lambda update: [])
        arguments = [
            "publish",
            MAIL,
            "--server",
            self.middleman.at,
            *self.zone.key.options,
            "--cert",
            str(self.mail),
        ]
        self.process = subprocess.Popen(
            [
                *self.command,
                self.program,
                *arguments,
                "-vvv",
                "--timeout",
                "20",
                "--state-directory",
                str(self.folder / "state-of-the-caught"),
            ],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        wait_until(lambda: self.middleman.stopped, "the UPDATE")
        return self.process.pid

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.middleman.__exit__()


def test_a_running_program_shows_no_secret_and_can_leave_no_core(bind, certificate, tlsa_update, tmp_path):
    zone, mail = bind.zone("example.test", "mail A 127.0.2.25"), certificate()
    temporary = pathlib.Path(tempfile.gettempdir())
    before = set(temporary.iterdir())

    with Caught(tmp_path, zone, mail, tlsa_update.path, ["prlimit", "--core=unlimited"]) as pid:
        said = spoken_of(pid)
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        files = [os.readlink(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
        confidential.assert_unspoken(said + everything_in(tmp_path / "state-of-the-caught"))

    core = next(line.split() for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core[4:6] == ["0", "0"], "soft and hard limit"
    assert str(zone.key.path) in said and str(zone.key.path) not in files
    assert not [
        file for file in files if file.startswith(str(temporary)) and not file.startswith(str(tmp_path))
    ]
    assert set(temporary.iterdir()) <= before | set(
        temporary.glob("tlsa-update-server*")
    ), "a temporary file is left"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_not_even_the_same_user_may_look_into_its_memory(bind, certificate, tlsa_update, tmp_path):
    """PR_SET_DUMPABLE: files of the process in /proc belong to root, and opening its memory is denied."""
    zone, mail = bind.zone("example.test", "mail A 127.0.2.25"), certificate()
    assert bind.port
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        program = shutil.copy(tlsa_update.path, folder)
        zone.key.path, mail.path = shutil.copy(zone.key.path, folder), shutil.copy(mail.path, folder)
        for path in (place, program, zone.key.path, mail.path):
            os.chown(path, NOBODY, NOBODY)
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

        with Caught(folder, zone, mail, program, as_nobody) as pid:
            owner = os.stat(f"/proc/{pid}/mem").st_uid
            looked = subprocess.run(
                [*as_nobody, "head", "-c0", f"/proc/{pid}/mem"], capture_output=True, text=True
            )
            uid = pathlib.Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[0]

    assert uid == str(NOBODY) and owner == 0
    assert looked.returncode != 0 and "Permission denied" in looked.stderr


def test_the_search_for_secrets_finds_them(certificate, bind):
    """Whatever form a secret may be printed in, the tests of this folder and Program would see it."""
    key, mail = bind.key(), certificate()
    octets = base64.b64decode(key.secret)
    pem = mail.key_path.read_text()

    for text in (f"x{key.secret}x", octets.hex(), octets.hex().upper(), pem, pem.splitlines()[1]):
        with pytest.raises(AssertionError):
            confidential.assert_unspoken(text)
    with pytest.raises(AssertionError):
        confidential.assert_unspoken(octets.decode("latin-1"))
    with pytest.raises(AssertionError):
        confidential.assert_unspoken(json.dumps({"x": key.secret}))
