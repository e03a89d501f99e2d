"""The manual tells of every option, of no other, and its examples do what it says."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.bind import Bind
from support.dns import TsigKey

ROOT = pathlib.Path(__file__).parents[2]
MANUAL = ROOT / "man" / "tlsa-update.1"
CONFIGURATION = ROOT / "man" / "tlsa-update.conf.5"
PAGES = sorted((ROOT / "man").glob("*.[1-8]"))
COMMANDS = ["generate", "status", "publish", "ready", "deploy", "prune", "run", "verify", "list", "doctor"]


def displays(page, mark):
    """The displays of a page behind a comment `mark`, each with the rest of the comment."""
    source = page.read_text()
    for match in re.finditer(rf'^\.\\" {mark}(.*)\n\.Bd .*\n((?s:.*?))\n\.Ed$', source, re.M):
        yield match[1].strip(), match[2].replace(r"\-", "-").replace(r"\e", "\\")


def options_of(tlsa_update, command):
    return set(re.findall(r"^  .{4}--([a-z0-9-]+)", tlsa_update(command, "--help").out, re.M))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_finds_nothing_to_say(page):
    lint = subprocess.run(["mandoc", "-Tlint", "-W", "warning", str(page)], capture_output=True, text=True)
    assert (lint.returncode, lint.stdout) == (0, "")


def test_the_copies_that_a_forge_shows_are_current(tmp_path):
    subprocess.run([ROOT / "contrib/render-manuals", tmp_path], check=True)
    rendered, committed = ({page.name: page.read_text() for page in folder.glob("*.md")} for folder in (tmp_path, ROOT / "man"))
    assert sorted(rendered) == [f"{page.name}.md" for page in PAGES]
    assert committed == rendered, "run contrib/render-manuals"
    links = re.findall(r"\]\(([^)]+)\)", "".join(committed.values()))
    assert set(links) == set(rendered)  # each page leads to the others


def test_every_option_is_in_the_manual_and_the_other_way_round(tlsa_update):
    offered = set().union(*(options_of(tlsa_update, command) for command in COMMANDS))
    told = {option for line in MANUAL.read_text().splitlines() if line.startswith(".It Fl ")
            for option in re.findall(r"-([a-z]{2}[a-z0-9-]*)", line)}
    assert told == offered


def test_every_command_is_in_the_manual_and_the_other_way_round(tlsa_update):
    offered = re.findall(r"^  ([a-z]+)  ", tlsa_update("--help").out, re.M)
    told = re.findall(r"^\.It Cm ([a-z]+)$", MANUAL.read_text(), re.M)
    assert told == offered == COMMANDS


def test_every_exit_status_of_the_manual_is_one_of_the_program_and_the_other_way_round():
    told = re.search(r"^\.Sh EXIT STATUS\n(.*?)\n\.Sh", MANUAL.read_text(), re.M | re.S)[1]
    source = (ROOT / "src" / "core" / "error.cpp").read_text()
    assert set(re.findall(r"^\.It (\d+)$", told, re.M)) == {"0", *re.findall(r"^      return (\d+);$", source, re.M)}


def section_of(page, title):
    return re.search(rf"^\.Ss {title}\n(.*?\n)\.S[sh] ", page.read_text(), re.M | re.S)[1]


def keys_told(text):
    """What a page marks as a variable, paths taken apart."""
    marked = re.findall(r"^\.(?:It )?Va ([a-z_.]+)", text, re.M)
    return {word for path in marked for word in path.split(".") if word}


def keys_of_json(value):
    if isinstance(value, list):
        return set().union(*map(keys_of_json, value))
    return set(value).union(*map(keys_of_json, value.values())) if isinstance(value, dict) else set()


def test_every_key_of_the_json_is_in_the_manual_and_the_other_way_round(tlsa_update, bind, certificate, presents):
    zone = bind.zone("example.test", "mail A 127.0.0.1", "* A 127.0.0.1")
    mail = certificate("mail.example.test")
    name = f"mail.example.test:{presents(mail).port}"
    lab = {"nameserver": bind.at, "resolver": bind.at, "format": "json", "timeout": 1, "retries": 0}
    runs = [
        tlsa_update("generate", name, cert=mail, format="json"),
        tlsa_update("publish", zone, name, cert=mail, format="json"),
        tlsa_update("status", zone, name, cert=mail, exits=75, **lab),
        tlsa_update("status", zone, name, cert=mail, exits=1, **lab | {"nameserver": f"127.0.0.9@{bind.port}"}),
        tlsa_update("publish", zone, "wild.example.test:25", cert=mail, format="json", exits=2),
        tlsa_update("verify", zone, name, address="127.0.0.9", exits=69, **lab),
        tlsa_update("list", zone, "example.test", format="json"),
        tlsa_update("doctor", zone, name, exits=1, **lab),
    ]
    printed = set().union(*(keys_of_json(run.json) for run in runs))
    assert keys_told(section_of(MANUAL, "JSON")) == printed


def words_of_the_program():
    """The fixed words, by the name of their table in core/report.cpp, which text(...) reads."""
    source = (ROOT / "src" / "core" / "report.cpp").read_text()
    tables = re.findall(r"^constexpr auto (\w+) = std::to_array<Entry<\w+>>\(\{\n(.*?)\n\}\);$", source, re.M | re.S)
    return {name: [word for word in re.findall(r'\{\w+::\w+, "([^"]*)"', rows) if word] for name, rows in tables}


def test_every_fixed_word_is_in_the_manual_and_the_other_way_round():
    lists = re.findall(r"^\.Bl .*\n((?s:.*?))^\.El$", section_of(MANUAL, "Fixed words"), re.M)
    told = [re.findall(r"^\.It Sy ([a-z-]+)$", one, re.M) for one in lists]
    tables = words_of_the_program()
    tables["states"].append("unknown")  # of a ledger that may not be read
    assert told == [tables[name] for name in ("states", "actions", "reasons", "ends", "danes", "dnssec_words")]
    assert len(tables) == len(told) and "combination-would-break" in tables["reasons"]


def test_every_check_of_doctor_is_in_the_manual_and_the_other_way_round():
    sources = "".join(file.read_text() for file in [*(ROOT / "src" / "doctor").glob("*.cpp"), ROOT / "src/cli/commands/doctor.cpp"])
    words = set(re.findall(r'(?:pass|fail|failed_check)\(\s*"([a-z-]+)"', sources))
    subject_of = re.search(r"subject_of\(const Error& error\) \{\n(.*?)\n\}", sources, re.S)[1]
    words |= set(re.findall(r'(?:return|\?|:) "([a-z-]+)"', subject_of)) | set(re.findall(r'check = "([a-z-]+)"', sources))
    told = re.search(r"^\.It Va checks\n(.*?)\n\.It ", MANUAL.read_text(), re.M | re.S)[1]
    assert set(re.findall(r"^\.Cm ([a-z-]+)", told, re.M)) - {"doctor"} == words


def test_every_metric_is_in_the_manual_and_the_other_way_round():
    source = (ROOT / "src" / "report" / "metrics.cpp").read_text()
    lines = re.findall(r"^\.It Cm (tlsa_.*)$", MANUAL.read_text(), re.M)
    assert {word for line in lines for word in line.split(" , ")} == set(re.findall(r'"(tlsa_[a-z_]+)"', source))


def test_every_finding_and_fault_is_in_the_manual_and_the_other_way_round():
    told = re.search(r"^\.Sh MONITORING\n(.*?)\n\.Sh", MANUAL.read_text(), re.M | re.S)[1]
    source = (ROOT / "src" / "report" / "health_remark.cpp").read_text()
    words = re.findall(r'return "([a-z-]+)";', source.partition("text(Matter matter)")[2])
    assert sorted(re.findall(r"^\.It Sy ([a-z-]+)$", told, re.M)) == sorted(words)
    faults = re.findall(r'return "([a-z-]+)";', (ROOT / "src" / "core" / "server_fault.cpp").read_text())
    assert len(faults) == 6 and all(re.search(rf"\b{fault}\b", told) for fault in faults)


def test_every_example_is_run_or_says_why_not():
    examples = MANUAL.read_text().split(".Sh EXAMPLES")[1].split(".Sh ")[0]
    assert examples.count(".Bd ") == len(list(displays(MANUAL, "RUN"))) + len(list(displays(MANUAL, "NOT RUN: ")))


def test_the_examples_do_what_the_manual_says(bind, certificate, tmp_path):
    zone = bind.zone("example.com", "mail A 127.0.0.1", key=bind.key("tsig"))
    current, following = certificate("mail.example.com"), certificate("mail.example.com")
    for source, name in ((current, "fullchain.pem"), (current.key_path, "privkey.pem"),
                         (following.key_path, "privkey.roll.pem"), (zone.key.path, "tsig.key")):
        shutil.copy(str(source), tmp_path / name)
    (tmp_path / "lab.conf").write_text(f"nameserver = {bind.at}\nresolver = {bind.at}\n")
    lab = tmp_path / "bin"
    lab.mkdir()
    (lab / "tlsa-update").write_text('#!/bin/sh\ncommand=$1\nshift\n'
                                     f'exec "{os.environ["TLSA_UPDATE"]}" "$command" --config lab.conf "$@"\n')
    (lab / "tlsa-update").chmod(0o755)
    environment = {"PATH": f"{lab}:{os.environ['PATH']}", "STATE_DIRECTORY": str(tmp_path / "state")}
    for status, example in displays(MANUAL, "RUN"):
        ran = subprocess.run(["sh", "-c", example.replace("ns0.example.net", bind.at)], cwd=tmp_path, env=environment,
                             capture_output=True, text=True, timeout=60)
        assert ran.returncode == int(status), f"{example}\n--- stdout\n{ran.stdout}--- stderr\n{ran.stderr}"
    assert zone.tlsa("_25._tcp.mail").records == {current.tlsa(), following.tlsa()}


@pytest.mark.parametrize("example", [text for _, text in displays(CONFIGURATION, "CONFIG")], ids=["certbot", "dehydrated"])
def test_the_example_configurations_are_understood(tlsa_update, bind, tmp_path, example):
    bind.zone("example.com", "@ MX 10 mail", "mail A 127.0.0.1")
    bind.zone("example.org", "_xmpp-server._tcp SRV 0 0 5269 xmpp", "xmpp A 127.0.0.1")
    path = tmp_path / "tlsa-update.conf"
    path.write_text(example)
    run = tlsa_update("status", config=path, resolver=bind.at, exits=66)  # understood, so that now the certificates are missing
    assert "/etc/letsencrypt" in run.err or "/var/lib/dehydrated" in run.err


def keys_of_section(title):
    section = re.search(rf"^\.Ss {title}\n(.*?)\n\.(?:Ss|Sh) ", CONFIGURATION.read_text(), re.M | re.S)[1]
    listed = re.findall(r"^\.It Cm ([a-z0-9, -]+?)(?: No .*)?$", section, re.M) or re.findall(r"^\.Cm ([a-z0-9-]+)", section, re.M)
    return [key for keys in listed for key in keys.split(" , ")]


@pytest.mark.parametrize("section, title", [("", "Top of the file"), ("[zone.example.com]", r"\[zone.NAME\]"),
                                            ("[service.mail]", r"\[service.NAME\]")])
def test_each_key_may_stand_where_the_manual_says(tlsa_update, tmp_path, section, title):
    path = tmp_path / "tlsa-update.conf"
    keys = keys_of_section(title)
    assert len(keys) >= 11
    for key in keys:
        path.write_text(f"{section}\n{key} = \nno-such-key = 1\n")
        complaint = tlsa_update("status", config=path, exits=78).err
        assert " stands " not in complaint and f'"{key}"' not in complaint and "only" not in complaint


def words_of(source):
    """The text of the program's sources, with literals that are split over lines joined."""
    return re.sub(r'"\s*\n?\s*"', "", source)


SOURCES = "\n".join(words_of(file.read_text()) for file in sorted((ROOT / "src").rglob("*.cpp")))
DIAGNOSTICS = re.search(r"^\.Sh DIAGNOSTICS\n(.*?)^\.Sh ", MANUAL.read_text(), re.M | re.S)[1]


@pytest.mark.parametrize("text", re.findall(r'^\.It Li "(.+)"$', DIAGNOSTICS, re.M))
def test_the_program_really_says_what_the_diagnostics_explain(text):
    pieces = [piece.strip() for piece in re.split(r"\.\.\.", re.sub(r"^[A-Z]+(?=:| \.)", "", text)) if len(piece.strip()) > 3]
    assert pieces
    for piece in pieces:
        assert piece.removeprefix(":").strip() in SOURCES, piece


# Translated English, by the house's rules for prose: who acts is named, "if" for a condition, nothing is "said" or "told".
AWKWARD = [r"\b[Mm]end\b", r"\bis (?:said|told|asked back)\b", r"\btells how\b", r"\b(?:your|the|a) word (?:for|of|in|instead)\b", r"\bas it stands\b",
           r"\bis meant\b", r"\bhas to be let\b", r"\b[Oo]nly where\b", r"\bto him\b", r"\bholds? up nothing\b", r"\bhold .* against\b"]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "SECURITY.md"], ids=lambda page: page.name)
def test_it_is_plain_english(page):
    assert re.findall("|".join(AWKWARD), page.read_text()) == []


def test_no_reload_command_is_recommended_that_the_unit_may_not_run():
    """postfix reload wants more than the unit may do, as either user (seen: getifaddrs, then setgid)."""
    for page in [*PAGES, ROOT / "README.md", *(ROOT / "contrib/examples").iterdir()]:
        assert not re.search(r"reload *= *postfix reload", page.read_text()), page
