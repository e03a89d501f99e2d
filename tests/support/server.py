"""A server process of a test's own: unprivileged, in its own folder, on a loopback port that was free. It
starts when it is first spoken to, is ready when it answers, and is stopped by its own process id."""

import errno
import functools
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time


def wait_until(claim, what, seconds=20):
    """Polls `claim` until it holds; fails, naming `what`, when it does not in time."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.005)


def free_port(address="127.0.0.1"):
    """A port that nobody uses by TCP or UDP, below those that the kernel gives to outgoing connections."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        port = random.randrange(10000, 32768)
        with socket.socket(family, socket.SOCK_STREAM) as tcp, socket.socket(
            family, socket.SOCK_DGRAM
        ) as udp:
            try:
                tcp.bind((address, port))
                udp.bind((address, port))
            except OSError:
                continue
            return port


def listening_socket(address="127.0.0.1"):
    """At a port that was free, by TCP and by UDP. Another test may be faster at it: then another port."""
    while True:
        try:
            return socket.create_server((address, free_port(address)))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise


_copying = threading.Lock()


def private_copy(program):
    """The program at a path of ours: AppArmor confines the installed one to the system's folders."""
    with _copying:  # nobody starts what another thread is still copying
        return _private_copy(program)


@functools.cache
def _private_copy(program):
    source = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert source, f"{program} is not installed: contrib/install-dependencies --tests"
    return shutil.copy(source, _copies().name)


@functools.cache
def _copies():
    return tempfile.TemporaryDirectory(prefix="tlsa-update-servers-")


class Server:
    """What all servers have in common. Each kind says how it is configured and when it is ready."""

    running = []
    patience = 20  # seconds until it is ready

    def __init__(self, folder, address="127.0.0.1", port=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.address = address
        self.process = None
        self.is_stopped = False
        self.reserved_port = port or free_port(address)
        self._first_word = threading.RLock()

    def configure(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    @property
    def port(self):
        with self._first_word:
            if not self.process and not self.is_stopped:
                self.start()
        return self.reserved_port

    @property
    def at(self):
        """HOST@PORT, as tlsa-update takes it."""
        return f"{self.address}@{self.port}"

    def start(self):
        for _ in range(3):
            self.configure()
            with open(self.folder / "output", "wb") as output:
                self.process = subprocess.Popen(
                    self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
                )
            Server.running.append(self)
            try:
                is_settled = lambda: self.process.poll() is not None or self.is_ready()  # noqa: E731
                wait_until(is_settled, f"{self} ready", self.patience)
                if self.process.poll() is None:
                    self.is_stopped = False
                    return
            except AssertionError:
                pass
            log = self.log()
            self.stop()
            assert "in use" in log, f"{self} did not start:\n{log}"
            self.reserved_port = free_port(self.address)
        raise AssertionError(f"{self} found no free port")

    def stop(self):
        """From here on it is away, whoever speaks to it. The port is kept: start() makes it the same server."""
        self.is_stopped = True
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        Server.running.remove(self)

    def log(self):
        """Everything the server has said since it started."""
        files = [file for file in (self.folder / "output", self.folder / "log") if file.exists()]
        return "".join(file.read_text(errors="replace") for file in files)

    def __str__(self):
        return f"{type(self).__name__} in {self.folder}"


class OpenServer(Server):
    """A server whose processes change to users of their own, who could not get into the test's folder: its own
    lies beside that, where everybody may go."""

    def __init__(self, folder, address="127.0.0.1"):
        self.beside = tempfile.TemporaryDirectory(prefix="tlsa-update-server-")
        os.chmod(self.beside.name, 0o755)
        super().__init__(pathlib.Path(self.beside.name) / pathlib.Path(folder).name, address)
        self.folder.chmod(0o755)
