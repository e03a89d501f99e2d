"""Each shell's completion offers every command, and every option of each command, and nothing else."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

COMPLETIONS = pathlib.Path(__file__).parents[2] / "contrib" / "completions"
COMMANDS = ["generate", "publish", "prune", "run", "verify", "doctor"]

BASH = """
source {file}
COMP_WORDS=({words} {word}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_tlsa_update
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# What zsh's own functions are given is what it offers.
ZSH = """
_describe() {{ print -l -- $subcommands }}
_arguments() {{ print -l -- $@ }}
words=({words} {word}); CURRENT=$#words
offer() {{ source {file} }}; offer
"""


def offered(tlsa_update, command):
    return set(re.findall(r"^  .{4}(--[a-z0-9-]+)", tlsa_update(command, "--help").out, re.M))


@pytest.fixture
def on_path(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tlsa-update").symlink_to(os.environ["TLSA_UPDATE"])
    return {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": str(tmp_path), "TERM": "dumb"}


def bash(on_path, words, word):
    script = BASH.format(file=COMPLETIONS / "tlsa-update.bash", words=words, word=word or "''")
    return set(subprocess.run(["bash", "-c", script], env=on_path, capture_output=True, text=True, check=True).stdout.split())


def fish(on_path, words, word):
    script = f"source {COMPLETIONS / 'tlsa-update.fish'}; complete --do-complete '{words} {word}'"
    said = subprocess.run(["fish", "--no-config", "-c", script], env=on_path, capture_output=True, text=True, check=True)
    return {line.split("\t")[0] for line in said.stdout.splitlines()}


def zsh(on_path, words, word):
    script = ZSH.format(file=COMPLETIONS / "_tlsa-update", words=words, word=word or "''")
    said = subprocess.run(["zsh", "-f", "-c", script], env=on_path, capture_output=True, text=True, check=True).stdout
    return {option or command for option, command in re.findall(r"^\*?(--[a-z0-9-]+)\[|^([a-z]+):", said, re.M)}


@pytest.fixture(params=[bash, zsh, fish], ids=lambda shell: shell.__name__)
def shell(request):
    if not shutil.which(request.param.__name__):
        pytest.skip(f"{request.param.__name__} is not installed")
    return request.param


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_offered(shell, tlsa_update, on_path, command):
    assert shell(on_path, f"tlsa-update {command}", "--") == offered(tlsa_update, command)


def test_every_command_is_offered(shell, tlsa_update, on_path):
    commands = set(re.findall(r"^  ([a-z]+)  ", tlsa_update("--help").out, re.M))
    assert shell(on_path, "tlsa-update", "") - {"--help", "--version"} == commands


def test_options_may_stand_before_the_command(shell, tlsa_update, on_path):
    commands = set(re.findall(r"^  ([a-z]+)  ", tlsa_update("--help").out, re.M))
    assert shell(on_path, "tlsa-update --quiet", "") - {"--help", "--version"} == commands
    assert shell(on_path, "tlsa-update --quiet", "--") == offered(tlsa_update, "run")
    assert shell(on_path, "tlsa-update --quiet verify", "--") == offered(tlsa_update, "verify")


def test_bash_offers_files_where_an_option_takes_one(on_path, tmp_path):
    (tmp_path / "chain.pem").touch()
    assert bash(on_path, "tlsa-update run --cert", str(tmp_path / "cha")) == {str(tmp_path / "chain.pem")}
