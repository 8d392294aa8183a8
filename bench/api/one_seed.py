"""Seeds, of one model or of several, that are trained side by side, each by this module in a process of its own.

The process is given its seed as JSON on stdin and answers with what went wrong, and what was warned of, on stdout. It
is no child of multiprocessing: that would run the script again that called `bench.run`.
"""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from bench.options import Progress
from metrics.errors import InputError

CODE = "from bench.api.one_seed import answer; answer()"
LOOK_SECONDS = 0.1


class TimeIsUp(InputError):
    """The minutes of all were over before a seed was trained; its checkpoint is in its folder."""


@dataclass(frozen=True)
class Seed:
    """One seed of `bench.run`, with its keywords."""

    model: str
    dataset: str
    seed: int
    how: dict[str, Any]

    def to_json(self) -> str:
        plain = {name: str(one) if isinstance(one, Path) else one for name, one in self.how.items()}
        settings = {**plain, "seed": self.seed, "progress": None}
        return json.dumps({"model": self.model, "dataset": self.dataset, **settings})


@dataclass(frozen=True)
class Limits:
    """Minutes until those that train are stopped, and threads of each; None for no end, and for its share of all."""

    minutes: float | None = None
    threads: int | None = None


NO_LIMITS = Limits()


def side_by_side(
    todo: Sequence[Seed], jobs: int, report: Progress | None, limits: Limits = NO_LIMITS
) -> dict[int, Exception]:
    """Train these seeds, at most `jobs` at a time; by its place, the error of each that failed or found no time.
    `report` counts those that ended.

    KeyboardInterrupt is handed on to all, which write their checkpoints first, and raised then; so is the end of the
    minutes, and nothing is raised.
    """
    waiting, running = list(enumerate(todo)), dict[int, subprocess.Popen[str]]()
    failed: dict[int, Exception] = {}
    end = time.monotonic() + limits.minutes * 60 if limits.minutes else inf
    try:
        while waiting or running:
            if time.monotonic() >= end:
                return failed | dict.fromkeys(
                    [*running, *dict(waiting)], TimeIsUp("the minutes are over; the same command goes on")
                )
            while waiting and len(running) < jobs:
                place, seed = waiting.pop(0)
                running[place] = _start(seed, jobs, limits.threads)
            time.sleep(LOOK_SECONDS)
            for number in [number for number, process in running.items() if process.poll() is not None]:
                error = _error(running.pop(number))
                failed |= {number: error} if error else {}
                if report:
                    report("seeds", len(todo) - len(waiting) - len(running), len(todo))
    except KeyboardInterrupt as error:
        named = ", ".join(f"{todo[place].model} seed {todo[place].seed}" for place in running)
        error.add_note(f"the checkpoints of {named} are in their folders")
        raise
    finally:
        for process in running.values():
            process.send_signal(signal.SIGINT) if os.name == "posix" else process.terminate()
        for process in running.values():
            _said(process)
    return failed


def _start(seed: Seed, jobs: int, threads: int | None) -> subprocess.Popen[str]:
    """The process of a seed. It has its share of the processors, or what OMP_NUM_THREADS says, or `threads`."""
    share = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // jobs)), **os.environ}
    asked = {"OMP_NUM_THREADS": str(threads)} if threads else {}
    found = os.pathsep.join(filter(None, sys.path))
    process = subprocess.Popen(
        [sys.executable, "-c", CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**share, **asked, "PYTHONPATH": found},
        start_new_session=True,  # Ctrl-C comes to this process alone, which hands it on once
    )
    assert process.stdin is not None
    process.stdin.write(seed.to_json())
    process.stdin.close()
    return process


def _error(process: "subprocess.Popen[str]") -> Exception | None:
    """What a process that has ended failed with; its warnings become warnings of this one."""
    try:
        answered = json.loads(_said(process))
    except ValueError:
        code = process.returncode
        return InputError(f"its process ended with code {code} and no answer, as it does where memory gives out")
    for line in answered["warnings"]:
        warnings.warn(line, stacklevel=2)
    return InputError(answered["error"]) if answered["error"] else None


def _said(process: "subprocess.Popen[str]") -> str:
    """What a process has said when it has ended."""
    assert process.stdout is not None
    with process, process.stdout as stream:
        return stream.read()


def answer() -> None:
    """What the process does: `bench.run` of what stands on stdin."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it is ignored, as behind `&` in a script
    asked, error = json.load(sys.stdin), ""
    stdout, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer
    from bench.api.runs import run
    from bench.runs.run import error_line
    from bench.runs.seeds import FAILURES

    with warnings.catch_warnings(record=True) as caught:
        try:
            run(asked.pop("model"), asked.pop("dataset"), **asked)
        except KeyboardInterrupt:
            sys.exit(130)
        except FAILURES as raised:
            error = error_line(raised)
    said = dict.fromkeys(" ".join(str(one.message).split()) for one in caught)
    stdout.write(json.dumps({"error": error, "warnings": list(said)}))
