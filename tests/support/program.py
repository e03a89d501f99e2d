"""Runs the built tlsa-update as a user would, and watches that it never prints a secret."""

import json
import os
import subprocess

from support import confidential


# Names of the tests had no records before, unless a test says so: else each of them would be waited for for two days.
WATCHERS = {"status", "publish", "ready", "deploy", "prune", "run"}

# With a deadline of its own for what looks at services; a test that is in a hurry with servers is so with them, too.
PROBERS = WATCHERS | {"verify", "doctor", "generate"}

# Root may read and write everywhere, unless it has left that at home: for `through`.
AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


class MovingClock:
    """A clock that a test sets forward while a program runs that has `environment`: its time of day, and its time since
    the machine was booted."""

    def __init__(self, folder):
        self._offset = folder / "clock"
        self.set_forward(0)
        words = ["faketime", "-f", "+0s", "env"]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
        (library,) = (line.partition("=")[2] for line in told if line.startswith("LD_PRELOAD="))
        self.environment = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(self._offset), "FAKETIME_NO_CACHE": "1"}

    def set_forward(self, seconds):
        self._offset.write_text(f"+{seconds}s")


class Run:
    """What one run said and how it ended."""

    def __init__(self, arguments, completed):
        self.arguments = arguments
        self.status = completed.returncode
        self.out = completed.stdout.decode()
        self.err = completed.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def blockers(self):
        """Those of the JSON, by their reason."""
        return {one["reason"]: one for one in self.json["blockers"]}

    def __str__(self):
        return (
            f"tlsa-update {' '.join(self.arguments)}\nexit status {self.status}\n"
            f"--- stdout\n{self.out}--- stderr\n{self.err}"
        )


class Program:
    """Calls are commands: `tlsa_update("publish", zone, "mail.example.test:25", cert=mail, dry_run=True)`.

    Arguments with `options` (a Zone, a TsigKey) stand for what is needed to reach them. Keywords are options;
    a list repeats one, and None leaves out what is the default here. `exits` is the exit status that must come (None: any), `clock` an offset of the program's
    clock in seconds, `through` a command that runs it, as prlimit does.
    """

    def __init__(self, folder):
        self.path = os.environ["TLSA_UPDATE"]
        self.folder = folder

    def __call__(self, *arguments, exits=0, clock=0, stdin="", environment=None, through=(), **options):
        arguments = [word for argument in arguments for word in getattr(argument, "options", [str(argument)])]
        if arguments[:1] and arguments[0] in WATCHERS and "--config" not in arguments and "config" not in options:
            options = {"longest_ttl": 0} | options
        if "timeout" in options and arguments[:1] and arguments[0] in PROBERS:
            options = {"probe_timeout": options["timeout"]} | options
        arguments += [word for name, value in options.items() for word in _option(name, value)]
        skewed = ["faketime", "--exclude-monotonic", "-f", f"{clock:+d}s"] if clock else []
        run = Run(
            arguments,
            subprocess.run(
                [*through, *skewed, self.path, *arguments],
                input=stdin.encode(),
                capture_output=True,
                timeout=90,
                cwd=self.folder,
                env=self.environment() | (environment or {}),
            ),
        )
        assert exits is None or run.status == exits, f"expected exit status {exits}:\n{run}"
        confidential.assert_unspoken(str(run))
        return run

    def environment(self):
        """No user's settings; state that is this test's own."""
        sanitizers = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        # AddressSanitizer wants to be loaded first, which is where faketime puts itself.
        sanitizers["ASAN_OPTIONS"] = sanitizers.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "STATE_DIRECTORY": str(self.folder / "state"),
            **sanitizers,
        }


def _option(name, value):
    option = "--" + name.replace("_", "-")
    if value is None:
        return []
    if value is True:
        return [option]
    values = value if isinstance(value, (list, tuple)) else [value]
    return [word for one in values for word in (option, str(one))]
