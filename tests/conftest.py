"""What every scenario may ask for by name: servers, certificates and the program itself."""

import functools

import pytest

from support.bind import Bind
from support.certificates import Certificate
from support.knot import Knot
from support.mail_host import MailHost
from support.program import Program
from support.server import Server
from support.service import Service


@pytest.fixture
def tlsa_update(tmp_path):
    return Program(tmp_path)


@pytest.fixture
def certificate(tmp_path):
    """Makes certificates: see Certificate."""
    return functools.partial(Certificate, tmp_path)


@pytest.fixture
def servers(tmp_path):
    """Makes servers of a kind, and stops them after the test: `servers(Nsd)`."""
    made = []

    def serve(kind, **more):
        made.append(kind(tmp_path / f"{kind.__name__.lower()}-{len(made)}", **more))
        return made[-1]

    yield serve
    for server in made:
        server.stop()


@pytest.fixture
def presents():
    """Makes live services, and stops them after the test: `presents(certificate).port`."""
    services = []

    def serve(certificate, **more):
        services.append(Service(certificate, **more))
        return services[-1]

    yield serve
    for service in services:
        service.stop()


@pytest.fixture
def mail_host(tlsa_update, tmp_path):
    """Makes a mail host: `mail_host(primary, certificate)`, see MailHost."""
    hosts = []

    def make(primary, *certificates, **more):
        hosts.append(MailHost(tlsa_update, primary, tmp_path, *certificates, **more))
        return hosts[-1]

    yield make
    for host in hosts:
        for service in host.services:
            service.stop()


@pytest.fixture
def bind(servers):
    return servers(Bind)


@pytest.fixture
def knot(servers):
    return servers(Knot)


@pytest.fixture(params=[Bind, Knot], ids=lambda kind: kind.__name__.lower())
def primary(request, servers):
    """Each of the two primaries in turn."""
    return servers(request.param)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """A test that fails shows what its servers had to say."""
    report = (yield).get_result()
    if report.failed:
        report.sections += [(str(server), server.log()) for server in Server.running]
