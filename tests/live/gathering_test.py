"""What is wanted is gathered at once: questions are in flight together, and the answers are told in the order of
the names."""

import contextlib
import socket
import threading

import pytest

DOMAINS = [f"d{number}.example.test" for number in range(20)]


class Crowd:
    """A resolver's door that opens when questions for so many names wait before it; until then nobody passes."""

    def __init__(self, server, size):
        self.server, self.size = server, size
        self.door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.door.bind(("127.0.0.1", 0))
        self.at = f"127.0.0.1@{self.door.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        waiting, names, is_open = [], set(), False
        while True:
            try:
                question, client = self.door.recvfrom(4096)
            except OSError:
                return
            if not question:
                return
            names.add(question[12 : question.index(b"\0", 12)])
            waiting.append((question, client))
            is_open = is_open or len(names) >= self.size
            while is_open and waiting:
                self.hand_on(*waiting.pop(0))

    def hand_on(self, question, client):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inside, contextlib.suppress(OSError):
            inside.settimeout(5)
            inside.sendto(question, (self.server.address, self.server.port))
            self.door.sendto(inside.recv(65535), client)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.door.getsockname())
        self.thread.join()
        self.door.close()


@pytest.fixture
def zone(bind):
    domains = [f"{domain.split('.')[0]} MX 10 mx.{domain}." for domain in DOMAINS]
    return bind.zone("example.test", *domains)


@pytest.fixture
def crowd(bind, zone):
    crowd = Crowd(bind, len(DOMAINS))
    yield crowd
    crowd.stop()


def owners(run):
    return [line.split()[0] for line in run.out.splitlines()]


def assert_told_in_order(run):
    said = [line for line in run.err.splitlines() if "DANE needs it secure" in line]
    assert [domain for domain, line in zip(DOMAINS, said) if f"mx:{domain}.: " not in line] == []
    assert len(said) == len(DOMAINS)


WANTED = [f"_25._tcp.mx.{domain}." for domain in DOMAINS]


def test_the_names_of_one_service_are_asked_for_at_once(crowd, certificate, tlsa_update):
    names = [f"mx:{domain}" for domain in DOMAINS]
    run = tlsa_update("generate", *names, cert=certificate(), resolver=crowd.at, timeout="15s", retries=0)
    assert owners(run) == WANTED
    assert_told_in_order(run)


def test_the_services_of_a_configuration_are_gathered_at_once(crowd, zone, certificate, tlsa_update, tmp_path):
    configuration = tmp_path / "tlsa-update.conf"
    lines = [f"resolver = {crowd.at}", "timeout = 15s", "retries = 0"]
    mail = certificate()
    for number, domain in enumerate(DOMAINS):
        lines += [f"[service.s{number}]", f"name = mx:{domain}", f"cert = {mail.path}"]
    configuration.write_text("\n".join(lines) + "\n")

    run = tlsa_update("publish", zone, config=configuration, dry_run=True, exits=1)

    assert_told_in_order(run)
