"""The definitions of contrib/monitoring, in the monitoring programs of Debian."""

import os
import pathlib
import shutil
import subprocess

import pytest

from support.server import OpenServer

MONITORING = pathlib.Path(__file__).parents[2] / "contrib" / "monitoring"
NAGIOS = """\
cfg_file={folder}/base.cfg
cfg_file={folder}/tlsa.cfg
log_file={folder}/nagios.log
object_cache_file={folder}/objects.cache
precached_object_file={folder}/objects.precache
status_file={folder}/status.dat
status_update_interval=1
temp_path={folder}
temp_file={folder}/temp
check_result_path={folder}/results
lock_file={folder}/lock
command_file={folder}/commands
check_external_commands=0
nagios_user={user}
nagios_group={user}
service_inter_check_delay_method=n
max_service_check_spread=1
illegal_macro_output_chars=`~$&|'"<>
"""
BASE = """\
define timeperiod {
    timeperiod_name always
    alias always
    sunday 00:00-24:00
    monday 00:00-24:00
    tuesday 00:00-24:00
    wednesday 00:00-24:00
    thursday 00:00-24:00
    friday 00:00-24:00
    saturday 00:00-24:00
}
define command {
    command_name nothing
    command_line /bin/true
}
define contact {
    contact_name admin
    service_notification_commands nothing
    host_notification_commands nothing
    service_notification_period always
    host_notification_period always
}
define host {
    host_name mail
    address 127.0.0.1
    check_period always
    max_check_attempts 3
    contacts admin
}
define service {
    name generic-service
    check_period always
    max_check_attempts 1
    check_interval 5
    retry_interval 1
    contacts admin
    notification_period always
    register 0
}
"""


class Nagios(OpenServer):
    """With one service: that of contrib/monitoring."""

    def __init__(self, folder, definition):
        super().__init__(folder)
        self.definition = definition

    def configure(self):
        (self.folder / "results").mkdir(exist_ok=True)
        user = "root" if os.geteuid() == 0 else str(os.geteuid())
        (self.folder / "nagios.cfg").write_text(NAGIOS.format(folder=self.folder, user=user))
        (self.folder / "base.cfg").write_text(BASE)
        (self.folder / "tlsa.cfg").write_text(self.definition)

    def command(self):
        return [shutil.which("nagios4", path="/usr/sbin:/usr/bin"), str(self.folder / "nagios.cfg")]

    def is_ready(self):
        return self.status() is not None

    def status(self):
        """Its state and the line that it shows of the check, once that was made."""
        file = self.folder / "status.dat"
        text = file.read_text() if file.exists() else ""
        _, _, service = text.partition("servicestatus {")
        fields = dict(line.strip().split("=", 1) for line in service.splitlines() if "=" in line)
        made = int(fields.get("last_check", 0))
        return (int(fields["current_state"]), fields["plugin_output"]) if made else None


@pytest.fixture
def words(bind, certificate, presents, tlsa_update):
    """What comes after `verify --monitor` for a service that is well, and the service."""
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    mail = certificate("mail.example.test")
    service = presents(mail)
    name = f"mail.example.test:{service.port}"
    tlsa_update("publish", zone, name, cert=mail)
    return f"--server {bind.at} --nameserver {bind.at} --resolver {bind.at} --address 127.0.0.1 {name}", service


def test_nagios_shows_the_line_and_takes_the_state(words, servers, certificate, tlsa_update):
    usual, service = words
    service.present(certificate("mail.example.test"))
    definition = (MONITORING / "nagios.cfg").read_text()
    for old, new in (("/usr/bin/tlsa-update", tlsa_update.path), ("check_tlsa!mail.example.com:25", "check_tlsa!" + usual)):
        assert old in definition
        definition = definition.replace(old, new)
    nagios = servers(Nagios, definition=definition)

    nagios.start()
    state, line = nagios.status()

    assert state == 2 and line.startswith("TLSA CRITICAL - ") and "matches no published record" in line


def test_icinga_takes_the_definitions(tmp_path):
    server = OpenServer(tmp_path / "icinga")  # icinga2 changes to a user of its own
    folder = server.folder
    folder.chmod(0o777)
    places = [word for place in ("Data", "Log", "Cache", "Spool", "InitRun") for word in ("-D", f"{place}Dir={folder}")]
    shutil.copy(MONITORING / "icinga2.conf", folder / "tlsa.conf")
    (folder / "icinga2.conf").write_text(
        'include "tlsa.conf"\n'
        'object Host "mail" {\n  check_command = "tlsa"\n  vars.tlsa_names = [ "mail.example.com:25" ]\n}\n'
    )

    run = subprocess.run(["/usr/sbin/icinga2", "daemon", "--validate", "--config", folder / "icinga2.conf", *places],
                         capture_output=True, text=True, timeout=60)  # fmt: skip

    assert run.returncode == 0 and "Instantiated 1 Service" in run.stdout, run.stdout + run.stderr
