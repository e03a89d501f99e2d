"""The bench itself, on a small scale: everybody does the work, and what was measured is told."""

import json
import os
import pathlib
import subprocess

RUN = pathlib.Path(__file__).with_name("run")


def test_every_bench_ends_with_a_table_and_all_figures_in_json(tmp_path):
    report = tmp_path / "report.json"

    done = subprocess.run(
        [
            RUN,
            "--built",
            os.environ["TLSA_UPDATE_BUILD"],
            "--runs",
            "2",
            "--scale",
            "0.001",
            "--json",
            report,
        ],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(report.read_text())
    assert {result["what"] for result in told["results"]} >= {
        "cold publish",
        "generate",
        "2 new names, bind",
        "2 new names, knot",
        "AXFR and diff of 1000 records",
        "10 owners by query, 20 ms away",
        "generate for 100 names",
    }
    for result in told["results"]:
        assert len(result["runs"]) == 2
        assert result["met"] is None, "only a whole run can tell"
        assert result["what"] in done.stdout


def test_an_unknown_bench_is_a_usage_error():
    done = subprocess.run([RUN, "marathon"], capture_output=True, text=True)

    assert done.returncode == 2
    assert "no such bench: marathon" in done.stderr
