"""What the manual's First steps and LEAVING tell an administrator to type is typed here, in a copy of this machine: it leads
to a record, through a renewal, and out again with nothing left behind."""

import pathlib
import re

import pytest

from support.machine import LIKE_THE_UNIT
from support.server import free_port

ROOT = pathlib.Path(__file__).parents[2]
MANUAL = (ROOT / "man" / "tlsa-update.1").read_text()


def steps(mark):
    """The displays behind a comment `mark NAME`, by their names, as they are typed."""
    found = re.findall(rf'^\.\\" {mark} (\w+)\n\.Bd .*\n((?s:.*?))\n\.Ed$', MANUAL, re.M)
    return {name: text.replace(r"\-", "-").replace(r"\e", "\\") for name, text in found}


FIRST, LEAVING = steps("STEP"), steps("LEAVE")

# What a copy of a machine cannot do: systemd does not run there, nor does Postfix. systemctl enables and disables units.
COMMANDS = {
    "systemctl": f"""
        case $* in
            "start tlsa-update")
                export STATE_DIRECTORY=/var/lib/tlsa-update CREDENTIALS_DIRECTORY=/run/credentials
                mkdir -p /run/credentials; install -m 0400 -o tlsa-update /etc/tlsa-update/tsig.key /run/credentials/
                {LIKE_THE_UNIT} tlsa-update run --wait ;;
            enable*|disable*) exec /usr/bin/systemctl --root=/ "$1" "$3" ;;
        esac""",
    "journalctl": "",
    "postfix": "",
    "apt": '[ "$*" = "purge tlsa-update" ] && exec dpkg --no-triggers -P tlsa-update',
}

# In Postfix's place; it presents the copies.
SERVICE = """
import pathlib, time
from support.tls_folder import TlsFolder
service = TlsFolder(pathlib.Path("/etc/postfix/tls"), {port})
time.sleep(600)
"""

CERTBOT = """
live=/etc/letsencrypt/live/mail.example.com archive=/etc/letsencrypt/archive/mail.example.com
install -d -m 0700 /etc/letsencrypt /etc/letsencrypt/live /etc/letsencrypt/archive
chmod 0755 /etc/letsencrypt
install -d $live $archive /etc/letsencrypt/renewal-hooks/deploy
"""


def renewed(number, certificate, more=""):
    """What certbot leaves: group and mode of a key are those of the one before."""
    return f"""
cat >$archive/fullchain{number}.pem <<'PEM'
{certificate.path.read_text()}
PEM
(umask 077; cat >$archive/privkey{number}.pem <<'PEM'
{certificate.key_path.read_text()}
PEM
)
{more}
for what in fullchain privkey; do ln -sf ../../archive/mail.example.com/${{what}}{number}.pem $live/$what.pem; done
"""


def typed(*names, of):
    """These steps, each in a shell of its own that ends at the first command that fails; a dry run ends with 1."""
    texts = [re.sub(r"(?m) --dry-run$", " --dry-run || [ $? = 1 ]", of[name]) for name in names]
    return "\n".join(f"sh -e <<'STEP'\n{text}\nSTEP" for text in texts)


@pytest.fixture
def laboratory(machine, bind):
    """A script on a machine with the package, certbot's folders and this name server; the manual's configuration is written."""
    zone = bind.zone("example.com", "@ MX 10 mail", "mail A 127.0.0.1")
    zone.negative_ttl = 1
    commands = "\n".join(f"printf '#!/bin/sh\\n%s\\n' '{text}' >/usr/local/sbin/{name}; chmod +x /usr/local/sbin/{name}"
                         for name, text in COMMANDS.items())
    here = f"server = {bind.at}\nnameserver = {bind.at}\nresolver = {bind.at}\nmargin = 0s\nlongest-ttl = 1s\nttl = 1\ngrace = 0s\n"
    configuration = re.sub(r"^server .*\n", here, FIRST["configuration"])
    port = free_port()
    configuration = configuration.replace("mx:example.com", f"mx:example.com:{port}") + "\nstarttls = none\n"

    def run(script):
        said = machine(f"""export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
            dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2
            {commands}
{CERTBOT}
cat >/etc/tlsa-update/tlsa-update.conf <<'CONF'
{configuration}
CONF
{script}""")
        assert said.returncode == 0, said.stdout + said.stderr
        return said

    run.zone, run.owner = zone, f"_{port}._tcp.mail"
    run.service = f"PYTHONPATH={ROOT}/tests /usr/bin/python3 -B -c '{SERVICE.format(port=port)}' & trap 'kill $!' EXIT"
    # The manual makes a key; this name server has one.
    run.own_key = f"cat >/etc/tlsa-update/tsig.key <<'KEY'\n{zone.key.path.read_text()}\nKEY"
    return run


def first_steps(laboratory, certificate):
    key = 'grep -Eq "^hmac-sha256:tlsa-update:[A-Za-z0-9+/]{43}=$" /etc/tlsa-update/tsig.key && [ $(stat -c %a /etc/tlsa-update/tsig.key) = 600 ]'
    return "\n".join([renewed(1, certificate), typed("copies", "permissions", "key", of=FIRST), key, laboratory.service, laboratory.own_key,
                      typed("hook", "publish", "timer", of=FIRST)])


def test_the_first_steps_lead_to_a_record_and_through_a_renewal(laboratory, certificate):
    first, second = certificate("mail.example.com"), certificate("mail.example.com")
    said = laboratory(f"""{first_steps(laboratory, first)}
        echo published; postconf -h smtpd_tls_chain_files; ls /etc/systemd/system/*.wants/tlsa-update*
        {renewed(2, second, "chgrp --reference=$archive/privkey1.pem $archive/privkey2.pem; chmod --reference=$archive/privkey1.pem $archive/privkey2.pem")}
        /etc/letsencrypt/renewal-hooks/deploy/tlsa-update
        systemctl start tlsa-update
        cmp $live/privkey.pem /etc/postfix/tls/privkey.pem && cmp $live/fullchain.pem /etc/postfix/tls/fullchain.pem
        stat -c '%U %a %n' /etc/postfix/tls/* /var/lib/tlsa-update/reload/postfix""")
    lines = said.stdout.split("published\n")[-1].splitlines()
    assert "/etc/postfix/tls/privkey.pem,/etc/postfix/tls/fullchain.pem" in lines
    assert {"/etc/systemd/system/paths.target.wants/tlsa-update-reload@postfix.path",
            "/etc/systemd/system/timers.target.wants/tlsa-update.timer"} <= set(lines)
    assert lines[-3:] == ["tlsa-update 644 /etc/postfix/tls/fullchain.pem", "tlsa-update 600 /etc/postfix/tls/privkey.pem",
                          "tlsa-update 644 /var/lib/tlsa-update/reload/postfix"]
    assert second.tlsa() in laboratory.zone.tlsa(laboratory.owner).records


def test_the_way_out_leaves_nothing_behind(laboratory, certificate):
    said = laboratory(f"""{first_steps(laboratory, certificate("mail.example.com"))}
        tlsa-update list example.com | grep -c '3 1 1'
        {typed(*LEAVING, of=LEAVING)}
        echo left:
        find /etc /var/lib /usr/lib/systemd /usr/share -name '*tlsa-update*' ! -path '*/dpkg/*' ! -path '*/apt/*'
        find /etc/letsencrypt -group tlsa-update 2>/dev/null; ls -d /etc/postfix/tls 2>/dev/null || true
        postconf -h smtpd_tls_chain_files""")
    assert said.stdout.split("left:\n")[1].splitlines() == [
        "/etc/letsencrypt/live/mail.example.com/privkey.pem,/etc/letsencrypt/live/mail.example.com/fullchain.pem"]
    assert laboratory.zone.tlsa(laboratory.owner) is None
    assert "WARNING" not in said.stderr


def test_a_removal_warns_while_records_are_published_and_leaves_no_path_unit(laboratory, certificate):
    said = laboratory(f"""{first_steps(laboratory, certificate("mail.example.com"))}
        dpkg --no-triggers -r tlsa-update
        ls -A /etc/systemd/system/paths.target.wants | grep tlsa-update || true""")
    assert "WARNING: TLSA records that it has published are still there" in said.stderr and "See LEAVING" in said.stderr
    assert "renewal-hooks/deploy/tlsa-update leads nowhere now" in said.stderr
    assert "tlsa-update-reload" not in said.stdout
