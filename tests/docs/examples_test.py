"""The examples are accepted by the servers that they are for."""

import pathlib
import re
import subprocess

import pytest

from support.mail import dovecot_version, is_dovecot_2_3

CONTRIB = pathlib.Path(__file__).parents[2] / "contrib"
EXAMPLES = CONTRIB / "examples"


@pytest.mark.parametrize("example", ["named.conf", "several-mail-servers.conf"])
def test_bind_accepts_its_examples(example):
    assert subprocess.run(["named-checkconf", str(EXAMPLES / example)]).returncode == 0


def test_they_say_that_the_file_of_the_zone_is_no_longer_the_only_source():
    bind, knot = ((EXAMPLES / name).read_text() for name in ("named.conf", "knot.conf"))
    assert "rndc freeze example.com" in bind and "rndc thaw example.com" in bind and "not the only source" in knot
    assert "rndc freeze" in (CONTRIB.parent / "man" / "tlsa-update.1").read_text()


def test_knot_accepts_its_example():
    assert subprocess.run(["knotc", "-c", str(EXAMPLES / "knot.conf"), "conf-check"]).returncode == 0


def test_postfix_knows_every_parameter_of_its_example(tmp_path):
    (tmp_path / "main.cf").write_text((EXAMPLES / "postfix-main.cf").read_text())
    (tmp_path / "master.cf").touch()
    said = subprocess.run(["postconf", "-c", str(tmp_path), "-n"], capture_output=True, text=True)
    assert "unused parameter" not in said.stderr and "smtpd_tls_chain_files" in said.stdout


def test_the_example_configuration_is_understood_with_every_line_switched_on(tlsa_update, bind, tmp_path):
    bind.zone("example.com", "@ MX 10 mail", "mail A 127.0.0.1")
    text = (EXAMPLES / "tlsa-update.conf").read_text()
    (tmp_path / "all.conf").write_text(re.sub(r"^#(?=[a-z\[])", "", text, flags=re.M))
    assert "/etc/letsencrypt" in tlsa_update(
        "status", config=tmp_path / "all.conf", resolver=bind.at, exits=66).err


def test_the_alert_rules_use_metrics_that_there_are():
    rules = (CONTRIB / "monitoring" / "prometheus.rules.yml").read_text()
    source = (CONTRIB.parent / "src" / "report" / "metrics.cpp").read_text()
    metrics = set(re.findall(r"\btlsa_[a-z_]+", rules))
    assert len(metrics) == 8 and all(f'"{metric}"' in source for metric in metrics)


@pytest.mark.parametrize("file", ["icinga2.conf", "nagios.cfg", "prometheus.cron"])
def test_the_monitoring_definitions_use_options_that_there_are(tlsa_update, file):
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", (CONTRIB / "monitoring" / file).read_text()))
    assert used and used <= set(re.findall(r"--[a-z][a-z-]+", tlsa_update("verify", "--help").out))


def test_dovecot_reads_the_copies_that_its_example_names(certificate, tmp_path):
    mail = certificate()
    (tmp_path / "fullchain.pem").write_text(mail.path.read_text())
    (tmp_path / "privkey.pem").write_text(mail.key_path.read_text())
    versions = "".join(f"dovecot_{what}_version = {dovecot_version()}\n" for what in ("config", "storage"))
    file, head = ("dovecot-2.3.conf", "") if is_dovecot_2_3() else ("dovecot.conf", versions)
    text = (EXAMPLES / file).read_text().replace("/etc/dovecot/tls", str(tmp_path))
    (tmp_path / "dovecot.conf").write_text(head + text)

    def read():
        return subprocess.run(["doveconf", "-x", "-n", "-c", tmp_path / "dovecot.conf"], capture_output=True, text=True)

    said = read()
    assert said.returncode == 0 and "ssl = required" in said.stdout, said.stderr
    (tmp_path / "privkey.pem").rename(tmp_path / "elsewhere.pem")
    said = read()
    assert said.returncode != 0 and f"{tmp_path}/privkey.pem" in said.stderr


@pytest.mark.parametrize("hook", sorted((CONTRIB / "hooks").iterdir()), ids=lambda hook: hook.name)
def test_a_hook_is_a_sound_shell_script_that_may_be_run(hook):
    assert hook.stat().st_mode & 0o111 == 0o111
    shell = hook.read_text().splitlines()[0].removeprefix("#!")
    assert shell in ("/bin/sh", "/bin/bash") and subprocess.run([shell, "-n", str(hook)]).returncode == 0
