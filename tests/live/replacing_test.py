"""What a deployment must not break: who reads a file, the pair of certificate and key, what somebody else has put
there, the service itself, and whoever else reads the same files."""

import contextlib
import hashlib
import os
import shutil
import socket
import ssl
import stat
import struct
import subprocess
import time

import pytest

from support.dane_client import presented
from support.mail_host import NAME
from support.mail_service import Pairs
from support.program import MovingClock
from support.server import Server, wait_until

OTHERS = 1  # a group and a user that is not ours
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def ready(host, new):
    """A renewal is published and may be deployed."""
    host.settings["wait-factor"] = 1
    host.start()
    host.renew(new)
    host("publish")
    host("ready", wait=True)
    host.new = new
    return host


@pytest.fixture
def ready_host(mail_host, bind, certificate):
    return ready(mail_host(bind, certificate()), certificate())


def contents(host):
    return [path.read_bytes() for path in host.services[0].pairs[0]]


def files_of(certificate):
    return [certificate.path.read_bytes(), certificate.key_path.read_bytes()]


def serves(host, certificate, address="127.0.0.1"):
    return presented(address, host.port, NAME)[0] == certificate.der


# Who reads a file.


@needs_root
def test_a_key_stays_readable_to_its_group(ready_host):
    host = ready_host
    key = host.services[0].pairs[0][1]
    os.chown(key, 0, OTHERS)
    key.chmod(0o640)

    host("deploy")

    facts = key.stat()
    assert (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)) == (0, OTHERS, 0o640)
    assert serves(host, host.new)


def test_a_key_keeps_its_access_control_list_and_label(ready_host):
    host = ready_host
    key = host.services[0].pairs[0][1]
    entries = [(1, 6, 2**32 - 1), (2, 4, OTHERS), (4, 0, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1)]
    before = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(key, "system.posix_acl_access", before)
    names = ["system.posix_acl_access"]
    if os.geteuid() == 0:
        os.setxattr(key, "security.selinux", b"system_u:object_r:cert_t:s0\0")
        names.append("security.selinux")
    attributes = [os.getxattr(key, name) for name in names]

    host("deploy")

    assert [os.getxattr(key, name) for name in names] == attributes
    assert serves(host, host.new)


@needs_root
def test_where_a_reader_would_be_lost_nothing_is_replaced(ready_host):
    host = ready_host
    key = host.services[0].pairs[0][1]
    os.chown(key, 0, OTHERS)
    key.chmod(0o640)
    before = contents(host)
    may_not_give = ["setpriv", "--bounding-set=-chown"]

    for dry_run in (True, False):
        options = {"dry_run": True} if dry_run else {}
        run = host("deploy", through=may_not_give, exits=2, **options)
        assert f"{key}: the group daemon could read the file, and could not read the new one" in run.err
    assert contents(host) == before

    host("deploy")
    assert serves(host, host.new)


# The pair.


def test_a_certificate_is_not_installed_without_its_key(ready_host):
    host = ready_host
    host.installs = False
    chain, key = host.services[0].pairs[0]
    host.service_settings |= {
        "install": [f"{host.renewed[0][0]} -> {chain}"],
        "reload": host.services[0].reload,
    }
    before = contents(host)

    run = host("run", exits=2)
    assert "is to be installed without its key" in run.err
    assert contents(host) == before

    host.service_settings["install"].append(f"{host.renewed[0][1]} -> {key}")
    host("run", wait=True)
    assert serves(host, host.new)


def test_a_pair_that_is_renewed_while_it_is_read_is_for_the_next_run(ready_host):
    """The chain is new, the key is not yet: an ACME client writes one after the other."""
    host = ready_host
    old = host.services[0].pairs[0][1].read_bytes()
    host.renewed[0][1].write_bytes(old)
    before = contents(host)

    deploying = host.begin("deploy")
    said = b""
    while b"looking at the files again" not in said:
        line = deploying.stderr.readline()
        assert line, said.decode()
        said += line
    shutil.copy(host.new.key_path, host.renewed[0][1])
    said += deploying.communicate()[1]

    assert deploying.returncode == 75, said.decode()
    assert b"renewed while they were read" in said
    assert contents(host) == before
    host("deploy")
    assert serves(host, host.new)


# What somebody else has put there.


def test_an_older_certificate_is_not_installed_over_a_newer_one(mail_host, bind, certificate):
    """The install lines stand the wrong way round: the fresh key would be lost."""
    host = mail_host(bind, certificate())
    host.start()
    time.sleep(1)  # certificates tell time in seconds
    fresh = certificate()
    host.renew(fresh)
    (from_chain, from_key), (chain, key) = host.renewed[0], host.services[0].pairs[0]
    host.installs = False
    host.service_settings |= {"install": [f"{chain} -> {from_chain}", f"{key} -> {from_key}"], "cert": str(chain)}
    arguments = [line for line in host.configuration().read_text().splitlines() if f"cert = {from_chain}" != line]
    configuration = host.folder / "swapped.conf"
    configuration.write_text("\n".join(arguments) + "\n")

    run = host.program("run", *host.zone.key.options, "--config", configuration, "--wait", exits=2)

    assert f"{from_chain}: holds a certificate that is valid from" in run.err
    assert [path.read_bytes() for path in (from_chain, from_key)] == files_of(fresh)


def test_what_was_put_back_by_hand_stays_until_the_next_renewal(ready_host, certificate):
    host = ready_host
    old = contents(host)
    host("deploy")
    assert contents(host) == files_of(host.new)
    for path, content in zip(host.services[0].pairs[0], old):
        path.write_bytes(content)
    host.services[0].hang_up()

    for _ in range(2):
        run = host("run", exits=2)
        assert "was changed by hand" in run.err
        assert contents(host) == old

    third = certificate()
    host.renew(third)
    host("run", wait=True)
    assert serves(host, third)


# What was begun.


def cut_off(host, new):
    """As a kill leaves it that comes when the chain is new and the key is not."""
    digest = lambda octets: hashlib.sha256(octets).hexdigest()  # noqa: E731
    pair = host.services[0].pairs[0]
    lines = ["forward"]
    for path, content in zip(pair, files_of(new)):
        path.with_name(f".{path.name}.tlsa-update").write_bytes(content)
        os.link(path, path.with_name(f".{path.name}.tlsa-update-old"))
        lines.append(f"{digest(content)} {digest(path.read_bytes())} {path}")
    (host.folder / "state" / "install.0123456789abcdef.pending").write_text("\n".join(lines) + "\n")
    os.rename(pair[0].with_name(f".{pair[0].name}.tlsa-update"), pair[0])


def left_over(host):
    folder = host.services[0].pairs[0][0].parent
    return [*folder.glob(".*.tlsa-update*"), *(host.folder / "state").glob("install.*")]


def test_an_installation_that_was_cut_off_is_given_up_if_somebody_was_at_its_files(ready_host, certificate):
    host = ready_host
    old = contents(host)
    cut_off(host, host.new)
    host.services[0].pairs[0][0].write_bytes(old[0])
    host.settings |= {"margin": 600}
    host.renew(certificate())

    run = host("run", exits=75)

    assert "the installation is given up" in run.err
    assert contents(host) == old
    assert not left_over(host)


def test_an_installation_of_another_configuration_is_left_to_it(ready_host, certificate):
    host = ready_host
    cut_off(host, host.new)
    begun = left_over(host)
    other = host.folder / "other.conf"
    lines = [line for line in host.configuration().read_text().splitlines() if "install =" not in line]
    other.write_text("\n".join(lines) + "\n")

    run = host.program("run", *host.zone.key.options, "--config", other, exits=None)
    assert "no install line names it: it is left alone" in run.err
    assert left_over(host) == begun

    host("run", exits=None)
    assert contents(host) == files_of(host.new)
    assert not left_over(host)


def test_a_reload_is_still_due_when_its_section_has_another_name(ready_host):
    host = ready_host
    host.settings["settle"] = 0
    host.reload = "false"
    host("deploy", exits=2)
    assert not serves(host, host.new)
    host.reload, host.settings["settle"] = None, 5
    renamed = host.configuration()
    renamed.write_text(renamed.read_text().replace("[service.mail]", "[service.post]"))

    host.program("run", *host.zone.key.options, "--config", renamed, "--wait")

    assert serves(host, host.new)
    assert not list((host.folder / "state").glob("reload-*"))


# The service, and others.


class RsaService(Pairs, Server):
    """OpenSSL's own server, for RSA certificates alone. A reload starts it anew, as `systemctl restart` does."""

    def __init__(self, folder, *certificates, address="127.0.0.1", port=None):
        super().__init__(folder, address)
        self.lay_out(certificates, port)
        self.pid_file = self.folder / "pid"

    def start(self):
        chain, key = self.pairs[0]
        serve = f"openssl s_server -accept {self.address}:{self.reserved_port} -cert {chain} -key {key}"
        (self.folder / "restart").write_text(
            f"if pid=$(cat {self.pid_file}); then kill $pid; while kill -0 $pid; do sleep 0.01; done; fi\n"
            f"{serve} -tls1_2 -cipher aRSA -www -quiet </dev/null >>{self.folder}/output 2>&1 &\n"
            f"echo $! >{self.pid_file}; echo once >>{self.folder}/count\n"
        )
        subprocess.run(["sh", self.folder / "restart"], check=True, stderr=subprocess.DEVNULL)
        self.process = True
        wait_until(self.is_ready, self)

    @property
    def reload(self):
        assert self.port
        return f"sh {self.folder}/restart"

    def is_ready(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with contextlib.suppress(OSError), socket.create_connection((self.address, self.reserved_port), 5) as raw:
            with context.wrap_socket(raw) as connection:
                return bool(connection.getpeercert(True))
        return False

    def stop(self):
        if self.process:
            os.kill(int(self.pid_file.read_text()), 15)
        self.process = None


def test_a_service_that_presents_nothing_any_more_gets_its_old_files_back(mail_host, bind, certificate):
    """It offers ciphers for RSA certificates alone, and the renewal has an ECDSA key."""
    host = mail_host(bind, certificate(key="rsa"), service=RsaService)
    host.service_settings["starttls"] = "none"
    ready(host, certificate(key="ec"))
    host.settings["settle"] = 1
    old = contents(host)
    service = host.services[0]
    restarts = lambda: len((service.folder / "count").read_text().split())  # noqa: E731
    before = restarts()

    run = host("run", exits=2)

    assert "after the reload 127.0.0.1 presents no chain any more: the old files are put back" in run.err
    assert contents(host) == old
    assert host.published <= host.records()
    assert service.is_ready()
    assert restarts() == before + 2
    run = host("run", exits=2)
    assert "was put back" in run.err
    assert restarts() == before + 2, "what does not work is tried at every run"

    host.renew(certificate(key="rsa"))
    host("run", wait=True)
    assert restarts() == before + 3


def test_a_reload_that_hangs_is_left_alone_with_the_service_that_it_restarted(mail_host, bind, certificate):
    """ADVERSARY 46: the service is a child of the command, which was killed after two minutes with all that it had started."""
    host = mail_host(bind, certificate(key="rsa"), service=RsaService)
    host.service_settings["starttls"] = "none"
    ready(host, certificate(key="rsa"))
    service, hanging = host.services[0], host.folder / "hanging"
    host.reload = f"{service.reload}; echo $$ >{hanging}; exec sleep 600"
    clock = MovingClock(host.folder)

    running = host.begin("run", environment=clock.environment)
    try:
        wait_until(lambda: hanging.exists() and hanging.read_text().endswith("\n"), "the reload hangs")
        clock.set_forward(130)
        _, told = running.communicate(timeout=60)
        assert running.returncode == 2 and b"did not end within 2 min" in told, told.decode()
        assert b"it is left alone" in told, told.decode()
        served = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((service.address, host.port)))
        assert served == host.new.der and host.published <= host.records()
    finally:
        os.kill(int(hanging.read_text()), 15)

    host.reload = None
    host.until_done(clock=130)
    assert host.records() == {host.new.tlsa()}


def test_another_machine_with_a_certificate_of_its_own_is_no_failure(mail_host, bind, certificate):
    """And no reason to reload at every run."""
    theirs = certificate()
    host = mail_host(bind, certificate(), addresses=("127.0.0.1", "127.0.0.2"), more=[theirs.tlsa()])
    host.services[1].put(theirs)
    ready(host, certificate())
    count = host.folder / "count"
    host.reload = f"echo >>{count}; {host.services[0].reload}"

    for _ in range(4):
        run = host("run", exits=None)
        assert run.status in (0, 75), str(run)

    assert serves(host, host.new) and serves(host, theirs, "127.0.0.2")
    assert count.read_text() == "\n"


def test_nobody_is_cut_off_who_serves_another_name_from_the_same_files(mail_host, bind, certificate):
    old = certificate()
    host = mail_host(bind, old)
    host.zone.records = (*host.zone.records, f"_2526._tcp.mail 1 TLSA {old.tlsa()}")
    ready(host, certificate())
    before = contents(host)

    run = host("run", exits=2)

    assert f"_2526._tcp.{NAME}.: its record {old.tlsa()[:6]}" in run.err
    assert contents(host) == before

    host.more_services = ["[service.other]", f"name = {NAME}:2526", f"cert = {host.renewed[0][0]}", "address = 127.0.0.1"]
    host("publish")
    host("deploy", wait=True)
    assert serves(host, host.new)
