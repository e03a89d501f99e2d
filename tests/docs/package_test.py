"""The Debian package: what is in it, and that it installs, runs, is removed and purged, in a copy of this machine."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.checkout import copy_of_this_checkout, is_checkout
from support.machine import LIKE_THE_UNIT, packed

ROOT = pathlib.Path(__file__).parents[2]


def field(package, name):
    return subprocess.run(["dpkg-deb", "--field", str(package), name], check=True, capture_output=True, text=True).stdout.strip()


def test_everything_is_in_its_place(package):
    listing = subprocess.run(["dpkg-deb", "--contents", str(package)], check=True, capture_output=True, text=True).stdout
    files = {line.split()[5][1:]: line.split()[0] for line in listing.splitlines() if not line.endswith("/")}
    expected = {"/usr/bin/tlsa-update", "/etc/tlsa-update/tlsa-update.conf", "/usr/share/man/man1/tlsa-update.1.gz",
                "/usr/share/man/man5/tlsa-update.conf.5.gz", "/usr/share/man/man7/tlsa-rollover.7.gz",
                "/usr/lib/systemd/system/tlsa-update.service", "/usr/lib/systemd/system/tlsa-update.timer",
                "/usr/share/bash-completion/completions/tlsa-update", "/usr/share/zsh/vendor-completions/_tlsa-update",
                "/usr/share/fish/vendor_completions.d/tlsa-update.fish", "/usr/share/tlsa-update/hooks/certbot",
                "/usr/share/doc/tlsa-update/examples/named.conf", "/usr/share/doc/tlsa-update/copyright"}
    assert expected <= set(files)
    executable = {file for file, mode in files.items() if "x" in mode}
    examples = {f"/usr/share/doc/tlsa-update/examples/{name}" for name in ("bring-files", "receive-files")}
    assert executable == {"/usr/bin/tlsa-update", *examples, *(f"/usr/share/tlsa-update/hooks/{hook.name}" for hook in (ROOT / "contrib/hooks").iterdir())}


def test_its_libraries_are_named_by_their_packages(package):
    """Which differ from release to release: libssl3 of Debian 12 is libssl3t64 in Debian 13."""
    depends = {re.split(r"[ :]", entry)[0] for entry in field(package, "Depends").split(", ")}
    needed = re.findall(r"NEEDED +(\S+)", subprocess.run(["objdump", "-p", os.environ["TLSA_UPDATE"]], capture_output=True, text=True).stdout)
    paths = dict(re.findall(r"(\S+) => (\S+)", subprocess.run(["ldd", os.environ["TLSA_UPDATE"]], capture_output=True, text=True).stdout))
    for library in (name for name in needed if name in paths):  # all but the loader
        file = os.path.realpath(paths[library]).removeprefix("/usr")
        owners = subprocess.run(["dpkg", "-S", file, f"/usr{file}"], capture_output=True, text=True).stdout  # it knows one of them
        assert set(re.findall(r"^([^:]+):", owners, re.M)) & depends, f"{library} is of {owners}"
    assert {"libssl.so.3", "libldns.so.3"} <= set(paths) and not any(name.endswith("-dev") for name in depends)


def test_no_address_is_invented(package):
    assert field(package, "Maintainer") == "The maintainers of tlsa-update"
    assert not re.search(r"[\w.]+@[\w.]+", (ROOT / "SECURITY.md").read_text()) and "private report" in (ROOT / "SECURITY.md").read_text()


@is_checkout
def test_it_is_byte_for_byte_the_same_from_another_folder(package, tmp_path):
    """The program itself is built once here, see the test after this one; contrib/release builds it twice."""
    copy = copy_of_this_checkout(tmp_path / "copy")
    build = copy / "build" / "release"
    cache = pathlib.Path(os.environ["TLSA_UPDATE_BUILD"], "CMakeCache.txt").read_text()
    configured = re.search(r"^CMAKE_BUILD_TYPE:STRING=(.*)", cache, re.M)[1]
    subprocess.run(["cmake", "-S", str(copy), "-B", str(build), "-G", "Ninja", f"-DCMAKE_BUILD_TYPE={configured}", "-DTLSA_UPDATE_TESTS=OFF"],
                   check=True, capture_output=True, umask=0o077)
    (build / "src/cli").mkdir(parents=True, exist_ok=True)
    shutil.copy(os.environ["TLSA_UPDATE"], build / "src/cli/tlsa-update")

    other = packed(build, tmp_path / "package")

    assert other.name == package.name and other.read_bytes() == package.read_bytes()


def test_the_program_does_not_know_the_folder_that_it_was_built_in():
    cache = pathlib.Path(os.environ["TLSA_UPDATE_BUILD"], "CMakeCache.txt").read_text()
    if "CMAKE_BUILD_TYPE:STRING=Release" not in cache:
        pytest.skip("debuggers want to find the sources; only a release forgets them")
    assert str(ROOT).encode() not in pathlib.Path(os.environ["TLSA_UPDATE"]).read_bytes()


def test_it_installs_and_runs(machine):
    said = machine("dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2; tlsa-update --version; man -w tlsa-rollover;"
                   " stat -c '%a %U:%G %n' /etc/tlsa-update /var/lib/tlsa-update; id -nu tlsa-update")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("tlsa-update 0.")
    assert said.stdout.splitlines()[-4:] == ["/usr/share/man/man7/tlsa-rollover.7.gz", "755 root:root /etc/tlsa-update",
                                             "700 tlsa-update:tlsa-update /var/lib/tlsa-update", "tlsa-update"]


def test_its_readme_names_only_what_is_there(machine):
    readme = (ROOT / "contrib/packaging/README.Debian").read_text()
    paths = sorted(set(re.findall(r"/(?:usr|etc|var)/[\w./-]*\w", readme)))
    pages = re.findall(r"^    (\S+)\((\d)\)", readme, re.M)
    assert len(paths) == 8 and len(pages) == 3
    said = machine(f"""dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2
        ls -d {" ".join(paths)} /usr/share/doc/tlsa-update/README.Debian
        man -w {" ".join(f"{section} {page}" for page, section in pages)}
        ls /usr/share/tlsa-update/hooks /usr/share/doc/tlsa-update/examples /usr/share/doc/tlsa-update/monitoring
        [ ! -e /usr/share/doc/tlsa-update/README.md ]""")
    assert said.returncode == 0, said.stderr
    listed = said.stdout.lower()
    for name in ("certbot", "dehydrated", "acme.sh", "lego", "named", "knot", "postfix", "dovecot", "nginx", "prosody", "nagios", "icinga", "prometheus"):
        assert name in listed and name.replace("named", "bind") in readme.lower()


def test_monitoring_reads_the_configuration_as_a_user_of_its_own_and_needs_no_key(machine, bind, certificate, presents):
    mail = certificate()
    port = presents(mail).port
    zone = bind.zone("example.test", "mail A 127.0.0.1", f"_{port}._tcp.mail TLSA {mail.tlsa()}")
    said = machine(f"""dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2
        printf 'server = {zone.server.at}\nnameserver = {zone.server.at}\nresolver = {zone.server.at}\n' >/etc/tlsa-update/tlsa-update.conf
        printf '[service.mail]\nname = mail.example.test:{port}\n' >>/etc/tlsa-update/tlsa-update.conf
        install -m 0600 /dev/null /etc/tlsa-update/tsig.key
        setpriv --reuid=nobody --regid=nogroup --clear-groups tlsa-update verify --monitor || true""")
    assert said.stdout.startswith("TLSA WARNING") and "matching=1" in said.stdout, said.stdout + said.stderr


SYSLOG = """
import socket
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
log.settimeout(20)
print(log.recv(4096).decode())
"""


def test_with_standard_error_closed_it_logs_to_syslog(machine):
    said = machine(f"""dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2
        rm -f /dev/log; echo '{SYSLOG}' >/run/syslog.py; /usr/bin/python3 /run/syslog.py & log=$!
        while [ ! -S /dev/log ]; do sleep 0.05; done
        tlsa-update generate --cert /nowhere/chain.pem 2>&- || true; wait $log""")
    daemon_error = "<27>"  # RFC 5424 section 6.2.1: 3 x 8 + 3
    assert said.stdout.startswith(daemon_error), said.stdout + said.stderr
    assert re.search(r"tlsa-update\[\d+\]: /nowhere/chain.pem: No such file", said.stdout)


def test_hook_and_unit_carry_a_first_certificate_through_by_what_the_manual_says(machine, bind, certificate):
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    zone.negative_ttl = 1
    issued = certificate()
    said = machine(f"""dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2
        live=/etc/letsencrypt/live/mail; install -d -m 0750 -g tlsa-update $live
        echo '{issued.path.read_text()}' > $live/fullchain.pem
        install -m 0640 -g tlsa-update /dev/null $live/privkey.pem; echo '{issued.key_path.read_text()}' > $live/privkey.pem
        install -m 0600 /dev/null /etc/tlsa-update/tsig.key; echo '{zone.key.path.read_text()}' > /etc/tlsa-update/tsig.key
        install -d -o tlsa-update -m 0755 /etc/postfix/tls
        cat > /etc/tlsa-update/tlsa-update.conf <<CONF
server = {zone.server.at}
nameserver = {zone.server.at}
resolver = {zone.server.at}
margin = 0s
longest-ttl = 1s
ttl = 1
[service.mail]
name = mail.example.test:25/sctp
cert = $live/fullchain.pem
install = $live/fullchain.pem -> /etc/postfix/tls/fullchain.pem
install = $live/privkey.pem -> /etc/postfix/tls/privkey.pem
reload = touch /var/lib/tlsa-update/reload/postfix
CONF
        /usr/share/tlsa-update/hooks/certbot >&2
        mkdir /run/credentials; install -m 0400 -o tlsa-update /etc/tlsa-update/tsig.key /run/credentials/
        export STATE_DIRECTORY=/var/lib/tlsa-update CREDENTIALS_DIRECTORY=/run/credentials
        {LIKE_THE_UNIT} tlsa-update run --wait >&2
        stat -c '%U %a %n' /etc/postfix/tls/* /var/lib/tlsa-update/ledger.json /var/lib/tlsa-update/reload/postfix""")
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == [
        "tlsa-update 644 /etc/postfix/tls/fullchain.pem", "tlsa-update 600 /etc/postfix/tls/privkey.pem",
        "tlsa-update 600 /var/lib/tlsa-update/ledger.json", "tlsa-update 644 /var/lib/tlsa-update/reload/postfix"]
    assert zone.tlsa("_25._sctp.mail").records == {issued.tlsa()}


def test_removal_keeps_configuration_and_state_and_a_second_installation_keeps_them_too(machine):
    said = machine("""dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2
        echo 'quiet = yes' >> /etc/tlsa-update/tlsa-update.conf; echo {} > /var/lib/tlsa-update/ledger.json
        dpkg --no-triggers -r tlsa-update >&2; ls /usr/bin/tlsa-update /var/lib/tlsa-update 2>&1 || true
        dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2; tail -n 1 /etc/tlsa-update/tlsa-update.conf""")
    assert said.returncode == 0, said.stderr
    assert "ledger.json" in said.stdout and "cannot access '/usr/bin/tlsa-update'" in said.stdout
    assert said.stdout.splitlines()[-1] == "quiet = yes"


def test_purging_leaves_nothing_behind(machine):
    said = machine("""dpkg --no-triggers -i /run/tlsa-update-package/package.deb >&2
        touch /etc/tlsa-update/tsig.key /var/lib/tlsa-update/ledger.json
        dpkg --no-triggers -P tlsa-update >&2; ls -d /etc/tlsa-update /var/lib/tlsa-update /usr/share/tlsa-update 2>/dev/null || true""")
    assert (said.returncode, said.stdout) == (0, ""), said.stderr


def test_cmake_install_below_a_prefix_touches_nothing_else(tmp_path):
    subprocess.run(["cmake", "--install", os.environ["TLSA_UPDATE_BUILD"], "--prefix", str(tmp_path / "opt")],
                   check=True, capture_output=True)
    assert (tmp_path / "opt/etc/tlsa-update/tlsa-update.conf").exists()
    assert subprocess.run([str(tmp_path / "opt/bin/tlsa-update"), "--version"], capture_output=True).returncode == 0
