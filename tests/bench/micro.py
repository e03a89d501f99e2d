"""The hot paths alone, by Google Benchmark; the planner has a limit."""

import json
import subprocess

from race import Figure

TARGETS = ["bench_cli", "bench_core", "bench_dns"]
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}
PLANNED = 100_000  # services


def run(track):
    """Nothing where Google Benchmark was not built."""
    if not all((track.bench / target).exists() for target in TARGETS):
        track.say("micro: not built (TLSA_UPDATE_BENCH)")
        return
    figures = {}
    for target in TARGETS:
        for benchmark in repetitions(track, target):
            took = benchmark["cpu_time"] * SECONDS[benchmark["time_unit"]]
            figures.setdefault(benchmark["run_name"], []).append(Figure(took, took, 0))
    for name, runs in sorted(figures.items()):
        if name.startswith("plan") and name.endswith(f"/{PLANNED}"):
            track.bound(name, "cpu", runs, 1)
        else:
            track.note(name, "cpu", runs)


def repetitions(track, target):
    said = subprocess.run(
        [
            str(track.bench / target),
            "--benchmark_format=json",
            f"--benchmark_repetitions={track.runs}",
            "--benchmark_min_time=0.05",
            "--benchmark_filter=" + (".*" if track.scale >= 1 else f"-/{PLANNED}$|decode"),
        ],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    found = json.loads(said.stdout)["benchmarks"]
    return [benchmark for benchmark in found if benchmark["run_type"] == "iteration"]
