"""Who does the same work how fast: runs programs turn by turn, and compares the medians of what they took."""

import dataclasses
import os
import statistics
import subprocess
import sys


@dataclasses.dataclass
class Figure:
    """What one run took."""

    wall: float  # seconds
    cpu: float  # seconds, user and system, of the program and all that it waited for
    memory: float  # MiB, the largest resident set

    def __getitem__(self, quantity):
        return getattr(self, quantity)


class Track:
    """Where races are run: the programs, a folder for what they need, how often, and how large."""

    def __init__(self, folder, built, runs, scale):
        self.folder = folder
        self.built = built
        self.program = str(built / "src" / "cli" / "tlsa-update")
        self.bench = built / "tests" / "bench"
        self.runs = runs
        self.scale = scale
        self.results = []

    def size(self, whole):
        return max(2, round(whole * self.scale))

    def say(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def write(self, name, content):
        """A file of that name and content; its path."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def time(self, command, exits=0, stdin=None, folder=None):
        """Runs it once. Its exit status must be `exits`; what it writes is shown only when it is not."""
        took = self.folder / "took"
        done = subprocess.run(
            [str(self.bench / "stopwatch"), str(took), *map(str, command)],
            stdin=open(stdin, "rb") if stdin else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"},
            cwd=folder or self.folder,
        )
        assert done.returncode == exits, f"{command}: exit status {done.returncode}\n{done.stderr.decode()}"
        wall, user, system, kilobytes = map(float, took.read_text().split())
        return Figure(wall, user + system, kilobytes / 1024)

    def tlsa_update(self, command, *words, exits=0, **files):
        """One run of the program from nothing: no configuration, no state."""
        state = self.folder / f"state-{len(list(self.folder.glob('state-*')))}"
        options = [] if command == "generate" else ["--state-directory", state]
        return self.time([self.program, command, *options, *words], exits=exits, **files)

    def race(self, **contestants):
        """Each contestant is a function of the number of the round. All run once a round, so that whatever
        disturbs the machine disturbs all of them; the first round only warms up. {name: [Figure]}"""
        figures = {name: [] for name in contestants}
        for number in range(self.runs + 1):
            for name, run in contestants.items():
                figure = run(number)
                if number > 0:
                    figures[name].append(figure)
        return figures

    def compare(self, what, quantity, ours, against, theirs, limit=None):
        """Our median may be at most `limit` times theirs; None: that is told, and nothing is expected."""
        other = statistics.median(figure[quantity] for figure in theirs)
        self._add(what, quantity, ours, against, other, limit, theirs)

    def bound(self, what, quantity, ours, limit):
        """Our median may be at most `limit`."""
        self._add(what, quantity, ours, "limit", limit, 1, [])

    def note(self, what, quantity, ours):
        """What is measured for its own sake."""
        self._add(what, quantity, ours, "", None, None, [])

    def _add(self, what, quantity, ours, against, other, limit, theirs):
        mine = statistics.median(figure[quantity] for figure in ours)
        ratio = None if other is None else mine / other
        is_judged = limit is not None and self.scale >= 1
        self.results.append(
            {
                "what": what,
                "quantity": quantity,
                "median": mine,
                "against": against,
                "against_median": other,
                "ratio": ratio,
                "limit": limit,
                "met": ratio <= limit if is_judged else None,
                "runs": [dataclasses.asdict(figure) for figure in ours],
                "against_runs": [dataclasses.asdict(figure) for figure in theirs],
            }
        )
