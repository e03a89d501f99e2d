"""The unit is as confined as it can be, and the files around it belong together."""

import pathlib
import re
import shutil
import subprocess

import pytest

UNITS = pathlib.Path(__file__).parents[2] / "contrib" / "systemd"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@needs_systemd
def test_the_service_is_exposed_to_2_0_at_most():
    said = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=20",
                           str(UNITS / "tlsa-update.service")], capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    assert re.search(r"Overall exposure level for tlsa-update.service: [012]\.\d", said.stdout)


@needs_systemd
def test_so_is_the_variant_of_the_manual_that_runs_as_root(tmp_path):
    manual = (UNITS.parents[1] / "man" / "tlsa-update.conf.5").read_text()
    drop_in = re.search(r"\[Service\]\n(User=root\n.*?)\.Ed", manual, re.S)[1].replace(r"\-", "-")
    overridden = re.sub(rf"^(?:{'|'.join(re.findall('^(.*?)=', drop_in, re.M))})=.*\n", "",
                        (UNITS / "tlsa-update.service").read_text(), flags=re.M)
    (tmp_path / "tlsa-update.service").write_text(overridden + drop_in)
    said = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=30",
                           str(tmp_path / "tlsa-update.service")], capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


@needs_systemd
@pytest.mark.parametrize("unit", ["tlsa-update.service", "tlsa-update.timer", "tlsa-update-reload@.path"])
def test_systemd_understands_every_line(unit, tmp_path):
    for file in UNITS.iterdir():
        text = file.read_text().replace("/usr/bin/tlsa-update", "/bin/true").replace("/usr/bin/systemctl", "/bin/true")
        (tmp_path / file.name).write_text(re.sub("^Documentation=.*\n", "", text, flags=re.M))
    said = subprocess.run(["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", str(tmp_path / unit)],
                          capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")


def test_waiting_is_no_failure_and_the_key_is_a_credential():
    service = (UNITS / "tlsa-update.service").read_text()
    assert "\nSuccessExitStatus=75\n" in service
    assert "\nLoadCredential=tsig.key:/etc/tlsa-update/tsig.key\n" in service
    assert "\nUser=tlsa-update\n" in service and "\nu tlsa-update " in "\n" + (UNITS / "tlsa-update.sysusers").read_text()


def failed_unit():
    manual = (UNITS.parents[1] / "man" / "tlsa-update.conf.5").read_text()
    text = re.search(r'\n\.\\" FAILED UNIT\n\.Bd [^\n]*\n(.*?)\n\.Ed', manual, re.S)[1]
    return text.replace(r"\-", "-").replace(r"\e", "\\") + "\n"


@needs_systemd
def test_systemd_understands_the_unit_of_the_manual_that_mails_about_a_failed_run(tmp_path):
    (tmp_path / "tlsa-update-failed.service").write_text(failed_unit())
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", str(tmp_path / "tlsa-update-failed.service")],
                          capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")


def test_a_failed_run_reaches_the_mailbox_of_root(tmp_path):
    """systemd joins continued lines and unquotes what stands in single quotes; journal and sendmail are noted down."""
    line = re.search(r"^ExecStart=/bin/sh -c '(.*)'$", failed_unit().replace("\\\n", " "), re.M)[1]
    for name, body in (("journalctl", 'echo "CRITICAL: $*"'), ("sendmail", f'echo "to $1" >{tmp_path}/mail; cat >>{tmp_path}/mail')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)

    ran = subprocess.run(["/bin/sh", "-c", line.replace("/usr/sbin/sendmail", str(tmp_path / "sendmail"))],
                         env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "mail").read_text() == ("to root\nSubject: tlsa-update failed\n\n"
                                               "CRITICAL: -n 50 -u tlsa-update --no-pager\n")
