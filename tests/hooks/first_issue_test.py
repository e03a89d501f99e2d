"""The hooks at the first issue of a certificate, when no service is configured yet, or nothing is served yet; and lego 5,
which Debian does not have yet: a stub takes its options and sets its variables."""

import os
import pathlib
import re
import socket
import subprocess

import pytest

from support.pebble import DOMAIN, Certbot, Dehydrated, Lego, Pebble

ROOT = pathlib.Path(__file__).parents[2]
HOOKS = ROOT / "contrib" / "hooks"

SERVER = """\
server     = {zone.server.at}
key-file   = {zone.key.path}
nameserver = {zone.server.at}
resolver   = {zone.server.at}
state-directory = {folder}/state
probe-timeout = 1s
"""
SERVICE = """\
[service.mail]
name    = {domain}:{port}
starttls = none
cert    = {client.chain}
"""


@pytest.fixture
def configuration(tmp_path):
    return tmp_path / "tlsa-update.conf"


@pytest.fixture
def path_of_hook(tmp_path, configuration):
    """The hooks call tlsa-update by its name; here it reads this test's configuration."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "tlsa-update"
    program.write_text(f'#!/bin/sh\nexec "{os.environ["TLSA_UPDATE"]}" "$@" --config "{configuration}"\n')
    program.chmod(0o755)
    return f"{tmp_path}/bin:{os.environ['PATH']}"


@pytest.fixture
def closed():
    """A port of this machine at which nothing listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


@pytest.fixture
def silent():
    """A port at which somebody takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


# dehydrated is slow, and its hook has the same lines: it goes through one world.
@pytest.mark.parametrize("kind, world", [(kind, world) for kind in (Certbot, Lego) for world in ("no service", "closed", "silent")]
                         + [(Dehydrated, "silent")], ids=lambda value: getattr(value, "hook_name", value))
def test_the_first_issue_ends_well(kind, world, servers, bind, path_of_hook, configuration, tmp_path, request):
    client = kind(tmp_path / "client", servers(Pebble), path_of_hook)
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    port = request.getfixturevalue(world) if world != "no service" else None
    text = SERVER + (SERVICE if port else "")
    configuration.write_text(text.format(zone=zone, folder=tmp_path, domain=DOMAIN, client=client, port=port))

    said = client.issue(HOOKS / client.hook_name)

    assert client.chain.exists()
    assert "reported error code" not in said and "non-zero" not in said  # of a hook: certbot and dehydrated
    assert (zone.tlsa(f"_{port}._tcp.mail") is not None) == (world == "closed")


@pytest.mark.parametrize("kind", [Certbot, Lego], ids=lambda kind: kind.hook_name)
def test_what_the_timer_does_not_cure_is_told(kind, bind, path_of_hook, configuration, tmp_path):
    """The control of the test above: a hook that fails still says so."""
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    client = kind(tmp_path / "client", None, path_of_hook)  # which has no certificate
    configuration.write_text((SERVER + SERVICE).format(zone=zone, folder=tmp_path, domain=DOMAIN, client=client, port=25))
    hook = subprocess.run([HOOKS / kind.hook_name], env={"PATH": path_of_hook}, capture_output=True, text=True)
    assert hook.returncode == 66 and str(client.chain) in hook.stderr


LEGO_5 = """#!/bin/sh
# lego 5, as its migration guide and hooks page describe it: no global options, no renew, one hook.
[ "$1" = run ] || { echo "lego: unknown command $1" >&2; exit 1; }
shift
while [ $# -gt 0 ]; do
    case $1 in
        --path) path=$2; shift ;;
        -d) domain=$2; shift ;;
        --deploy-hook) hook=$2; shift ;;
        *) echo "lego: unknown option $1" >&2; exit 1 ;;
    esac
    shift
done
mkdir -p "$path/certificates"
cp "$ISSUED" "$path/certificates/$domain.crt"
exec env LEGO_HOOK_CERT_NAME="$domain" LEGO_HOOK_CERT_NAME_SANITIZED="$domain" LEGO_HOOK_CERT_DOMAINS="$domain" \\
    LEGO_HOOK_CERT_PATH="$path/certificates/$domain.crt" LEGO_HOOK_CERT_KEY_PATH="$path/certificates/$domain.key" \\
    LEGO_HOOK_ACCOUNT_ID=1 LEGO_HOOK_ACCOUNT_SERVER=https://localhost/dir $hook
"""


def commands_of_the_hook(version):
    """The lego commands that the first lines of the hook give for a version of lego, with the three dots left out."""
    text = (HOOKS / "lego").read_text().replace(" ... ", " ")
    told = re.search(rf"lego {version}:\n((?:#   lego .*\n)+)", text)[1]
    return [line.removeprefix("#   ").split() for line in told.splitlines()]


def test_lego_5_publishes_by_the_command_that_the_hook_gives(bind, certificate, closed, path_of_hook, configuration, tmp_path):
    stub = tmp_path / "bin" / "lego"
    stub.write_text(LEGO_5)
    stub.chmod(0o755)
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    client = Lego(tmp_path / "client", None, path_of_hook)
    configuration.write_text((SERVER + SERVICE).format(zone=zone, folder=tmp_path, domain=DOMAIN, client=client, port=closed))
    issued = certificate()
    (command,) = commands_of_the_hook(5)
    here = {"/var/lib/lego": str(client.folder), "mail.example.com": DOMAIN,
            "/usr/share/tlsa-update/hooks/lego": str(HOOKS / "lego")}

    for _ in ("first issue", "renewal"):
        lego = subprocess.run([here.get(word, word) for word in command], capture_output=True, text=True,
                              env={"PATH": path_of_hook, "ISSUED": str(issued.path)})
        assert lego.returncode == 0, lego.stderr
        assert zone.tlsa(f"_{closed}._tcp.mail").records == {issued.tlsa()}


def test_lego_4_has_the_options_that_the_hook_gives():
    for command in commands_of_the_hook(4):
        verb = next(word for word in command if word in ("run", "renew"))
        hook = next(word for word in command if word.endswith("-hook"))
        said = subprocess.run(["lego", verb, "--help"], capture_output=True, text=True).stdout
        assert f"{hook} value" in said


def test_readme_names_the_options_of_both_legos():
    told = re.search(r"^\| lego \|.*", (ROOT / "README.md").read_text(), re.M)[0]
    hooks = {word for version in (4, 5) for command in commands_of_the_hook(version) for word in command if word.endswith("-hook")}
    assert hooks == set(re.findall(r"--[a-z-]+-hook", told)) == {"--deploy-hook", "--run-hook", "--renew-hook"}
