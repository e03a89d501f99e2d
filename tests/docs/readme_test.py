"""What README.md and SECURITY.md speak of is there."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SECURITY = (ROOT / "SECURITY.md").read_text()


def words_of(source):
    """The text of the program's sources, with literals that are split over lines joined."""
    return re.sub(r'"\s*\n?\s*"', "", source)


SOURCES = "\n".join(words_of(file.read_text()) for file in sorted((ROOT / "src").rglob("*.cpp")))


def test_set_up_is_two_commands():
    setup = README.split("## Set-up")[1].split("\n## ")[0]
    commands = re.findall(r"```sh\n(.*?)\n```", setup, re.S)
    assert commands == ["contrib/try-it", "tests/run"]
    assert all((ROOT / command).stat().st_mode & 0o111 for command in commands)


def test_every_command_and_option_exists(tlsa_update):
    commands = set(re.findall(r"^  ([a-z]+)  ", tlsa_update("--help").out, re.M))
    assert set(re.findall(r"tlsa-update ([a-z]+)\b(?! --)", " ".join(re.findall(r"`(?:\$ )?(tlsa-update [^`]*)`", README)))) <= commands
    options = set().union(*(re.findall(r"^  .{4}(--[a-z0-9-]+)", tlsa_update(command, "--help").out, re.M) for command in commands))
    theirs = {"--reloadcmd", "--deploy-hook", "--run-hook", "--renew-hook", "--config"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", README + SECURITY)) <= options | theirs


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\((?!https:)([^)]+)\)", README + SECURITY)
    assert len(links) > 8
    assert all((ROOT / link).exists() for link in links)


@pytest.mark.parametrize("text", re.findall(r"^\| `([^`]+)` \|", README.split("## Trouble")[1], re.M))
def test_the_program_really_says_what_the_troubleshooting_table_explains(text):
    pieces = [piece.strip() for piece in re.split(r"\.\.\.", re.sub(r"^[A-Z]+(?=:| \.)", "", text)) if len(piece.strip()) > 3]
    assert pieces
    for piece in pieces:
        assert piece.removeprefix(":").strip() in SOURCES, piece


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+|[A-Z]\w+\.\w+)`", SECURITY.split("## Promises")[1]))))
def test_every_promise_is_held_by_a_test_that_exists(name):
    if name.startswith("test_"):
        found = any(f"def {name}(" in file.read_text() for file in (ROOT / "tests").rglob("*_test.py"))
    else:
        suite, case = name.split(".")
        pattern = re.compile(rf"(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*{suite},\s*{case}\b")
        found = any(pattern.search(file.read_text()) for file in (ROOT / "tests").rglob("*_test.cpp"))
    assert found
