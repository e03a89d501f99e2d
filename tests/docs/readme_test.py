"""What README.md and SECURITY.md speak of is there."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SECURITY = (ROOT / "SECURITY.md").read_text()


def test_set_up_is_two_commands():
    setup = README.split("## Set-up")[1].split("\n## ")[0]
    commands = re.findall(r"```sh\n(.*?)\n```", setup, re.S)
    assert commands == ["contrib/try-it", "tests/run"]
    assert all((ROOT / command).stat().st_mode & 0o111 for command in commands)


def test_the_first_screen_has_commands_that_need_no_key_and_no_configuration(tlsa_update, bind, certificate, presents):
    """As they stand there, against a service of this test."""
    first = re.search(r"```sh\n(.*?)\n```", README, re.S)[1].splitlines()
    mail = certificate()
    bind.zone("example.test", "mail A 127.0.0.1")
    name = f"mail.example.test:{presents(mail).port}"
    lab = {"resolver": bind.at, "address": "127.0.0.1", "starttls": "none"}
    verify, generate = ([word.replace("mail.example.com:25", name) for word in line.split()[1:]] for line in first)
    assert mail.tlsa() in tlsa_update(*generate, **lab).out.lower()
    assert "127.0.0.1" in tlsa_update(*verify, server=bind.at, nameserver=bind.at, exits=None, **lab).out


def test_every_command_and_option_exists(tlsa_update):
    commands = set(re.findall(r"^  ([a-z]+)  ", tlsa_update("--help").out, re.M))
    assert set(re.findall(r"tlsa-update ([a-z]+)\b(?! --)", " ".join(re.findall(r"`(?:\$ )?(tlsa-update [^`]*)`", README)))) <= commands
    options = set().union(*(re.findall(r"^  .{4}(--[a-z0-9-]+)", tlsa_update(command, "--help").out, re.M) for command in commands))
    theirs = {"--reloadcmd", "--deploy-hook", "--run-hook", "--renew-hook", "--config", "--reuse-key"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", README + SECURITY)) <= options | theirs


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\((?!https:)([^)]+)\)", README + SECURITY)
    assert len(links) > 8
    assert all((ROOT / link).exists() for link in links)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+|[A-Z]\w+\.\w+)`", SECURITY.split("## Promises")[1] + README))))
def test_every_promise_is_held_by_a_test_that_exists(name):
    if name.startswith("test_"):
        found = any(f"def {name}(" in file.read_text() for file in (ROOT / "tests").rglob("*_test.py"))
    else:
        suite, case = name.split(".")
        pattern = re.compile(rf"(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*{suite},\s*{case}\b")
        found = any(pattern.search(file.read_text()) for file in (ROOT / "tests").rglob("*_test.cpp"))
    assert found
