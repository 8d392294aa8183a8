"""How many small faults the tests notice: random mutations of the code, each run through the tests that reach its line.

    pip install coverage
    python scripts/mutate.py map MAP
    python scripts/mutate.py run MAP --seed 1 --each 50 --log seed1.jsonl

`map` runs every test file once with coverage.py and writes one JSON file for each below MAP: which test reaches which
line, in its own process or in one that it starts, and how long it takes. Run it again after a change: only test files
that are new or changed run, and lines that have moved since are found again by their text.

`run` draws mutations from every group, from each kind (_mutations.py) as many as from any other. One is made at a
time, in a temporary copy of the tree and never in the checkout. The tests that reach its line run, fast and specific
ones first, until one fails that passes without it: then it is noticed. Tests that hang are stopped, which is noticed
too; what no test reaches has survived. A line that runs while its module is imported is reached by every test that
runs anything of it, and `ALWAYS` are the tests that look at defaults from outside. A log is continued where it ends.
Figures and survivors of the groups come last.

A survivor is one of three things: a test is missing (write it for the kind, then draw with a fresh seed), nothing that
can be seen has changed (say why), or the line is not needed (remove it). 200 mutations take about an hour on two cores;
this is no part of `.ci/run`.

Why not a kept tool: cosmic-ray runs the whole suite for each mutation, hours of work for 200 of them. mutmut wraps
every function, which the checks of shapes and whatever reads signatures would see, and it draws no sample.
"""

import argparse
import difflib
import json
import os
import random
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import _running_tests as running
from _mutations import Mutation, mutations_of
from _running_tests import ROOT

GROUPS = {
    "metrics": ("metrics/**/*.py",),
    "core": (
        "bench/*.py",
        "genbench/*.py",
        *(f"bench/{room}/*.py" for room in ("leaderboard", "measuring", "runs", "storage", "tables")),
    ),
    "submissions and sources": ("bench/submissions/*.py", "bench/sources/*.py"),
    "models and training": ("reference_models/**/*.py",),
}
ALWAYS = ("tests/test_defaults.py",)
APART = {  # what runs in a process of its own that coverage.py cannot follow, and the tests that start it
    "bench/submissions/_generator_process.py": ("tests/test_generators.py", "tests/test_isolation.py"),
    "bench/submissions/_isolation.py": ("tests/test_isolation.py",),
}
SLOW = 5  # seconds: such tests come after all others
MOST_SECONDS = 120  # of processors, of the tests for one mutation: what they have not noticed has survived


def drawn(group: str, seed: int, count: int) -> list[Mutation]:
    """`count` mutations of a group, no two at one place; the first ones stay the same when more are asked for."""
    paths = sorted({path for pattern in GROUPS[group] for path in ROOT.glob(pattern)})
    found = [one for path in paths for one in mutations_of(path.relative_to(ROOT).as_posix(), path.read_text())]
    shuffled = random.Random(f"{seed} {group}").sample(found, len(found))
    kinds: dict[str, list[Mutation]] = defaultdict(list)
    for one in shuffled:
        kinds[one.kind].append(one)
    turns = [one for turn in range(count) for ones in kinds.values() for one in ones[turn : turn + 1]]
    return list({(one.path, one.start): one for one in reversed(turns[: 2 * count])}.values())[::-1][:count]


@dataclass(frozen=True)
class Reached:
    """A test, how long it takes, how many files it reaches, and which lines of one, whose text had this hash then."""

    test: str
    seconds: float
    breadth: int
    lines: frozenset[int]
    sha: str


class Map:
    """Which tests reach a line, from what `map` has written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reached: dict[str, list[Reached]] = defaultdict(list)
        self.of_file: dict[str, list[str]] = {}
        for path in sorted(folder.glob("test_*.json")):
            content = json.loads(path.read_text())
            self.of_file[f"tests/{path.stem}.py"] = list(content["tests"])
            for name, test in content["tests"].items():
                for file in content["imported"]:
                    lines, breadth = frozenset(test["lines"].get(file, ())), len(test["lines"])
                    self.reached[file].append(Reached(name, test["seconds"], breadth, lines, content["sources"][file]))

    def tests_of(self, one: Mutation) -> list[str]:
        """The tests that reach a mutation: file by file, because fixtures are shared there, the most specific first."""
        files: dict[str, list[Reached]] = defaultdict(list)
        for each in self.reached[one.path]:
            always = not one.function and each.test.startswith(ALWAYS)
            if always or (self._lines_then(one, each.sha) & each.lines if one.function else each.lines):
                files[each.test.partition("::")[0]].append(each)
        if not one.function and not files:  # nothing of the module runs but its import
            for each in self.reached[one.path]:
                files[each.test.partition("::")[0]].append(each)
        ordered = [
            each
            for tests in sorted(files.values(), key=lambda tests: min(each.breadth for each in tests))
            for each in sorted(tests, key=lambda each: each.seconds)
        ]
        names, spent = [], 0.0
        for each in sorted(ordered, key=lambda each: each.seconds > SLOW and not each.test.startswith(ALWAYS)):
            spent += each.seconds
            if not names or spent <= MOST_SECONDS or each.test.startswith(ALWAYS):
                names.append(each.test)
        return names or [test for file in APART.get(one.path, ()) for test in self.of_file[file]]

    def _lines_then(self, one: Mutation, sha: str) -> set[int]:
        """The lines of the statement up to the mutation, as they were numbered in the text of this hash."""
        now_to_then = _moved(ROOT / one.path, self.folder / "sources" / sha)
        found = {now_to_then[line] for line in range(one.statement, one.line + 1) if line in now_to_then}
        if found:
            return found
        before = (now_to_then.get(line) for line in range(one.statement, one.function, -1))
        return {next((line for line in before if line), 0)}


@cache
def _moved(now: Path, then: Path) -> dict[int, int]:
    """The number that a line of one text had in another, from 1."""
    texts = [path.read_text().splitlines() for path in (now, then)]
    blocks = difflib.SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks()
    return {block.a + step + 1: block.b + step + 1 for block in blocks for step in range(block.size)}


class Bench:
    """A copy of the tree, in which one mutation at a time is tried."""

    def __init__(self, place: Path) -> None:
        self.tree = running.copied_tree(place / "tree")
        self.output, self.first_failure = place / "output", place / "failure"
        self.passes = cache(lambda test: self._run([test]) == 0)
        collect = ["--collect-only", "tests"]
        running.forked(lambda: running.run_pytest(self.tree, collect, compiled=True), 600, self.output)
        self.there = set(self.output.read_text().splitlines())

    def _run(self, tests: list[str]) -> int | None:
        self.first_failure.unlink(missing_ok=True)
        plugin = running.FirstFailure(self.first_failure)
        seconds = 120 + 6 * MOST_SECONDS
        return running.forked(lambda: running.run_pytest(self.tree, ["-x", *tests], (plugin,)), seconds, self.output)

    def fate(self, one: Mutation, tests: list[str]) -> str:
        """What became of a mutation; a test that fails without it too does not count."""
        place, tests = self.tree / one.path, [test for test in tests if test in self.there]
        written = place.stat().st_mtime_ns
        while tests:
            kept = place.read_text()
            place.write_text(one.applied(kept))
            code = self._run(tests)
            place.write_text(kept)
            os.utime(place, ns=(written, written))  # so that what is compiled of it counts again
            if code == 0:
                return f"survived: {len(tests)} tests"
            if code is None:
                return "noticed: stopped"
            if not self.first_failure.exists():
                return "noticed: it does not load"
            failed = self.first_failure.read_text()
            if self.passes(failed):
                return f"noticed: {failed}"
            tests.remove(failed)
        return "survived: no test reaches it"


def run(folder: Path, seed: int, each: int, log: Path, groups: list[str]) -> None:
    written = log.read_text().splitlines() if log.exists() else []
    known = {(line["group"], line["mutation"]): line for line in map(json.loads, written)}
    tests = Map(folder)
    running.import_heavy()
    with tempfile.TemporaryDirectory() as place, log.open("a") as file:
        bench = Bench(Path(place))
        for group in groups:
            for one in drawn(group, seed, each):
                if (group, str(one)) in known:
                    continue
                started = time.monotonic()
                became = bench.fate(one, tests.tests_of(one))
                line = {"group": group, "mutation": str(one), "fate": became, "seconds": time.monotonic() - started}
                known[group, str(one)] = line
                file.write(json.dumps(line) + "\n")
                file.flush()
    print_summary(list(known.values()))


def print_summary(lines: list[dict]) -> None:
    for group in GROUPS:
        fates = [line["fate"].startswith("noticed") for line in lines if line["group"] == group]
        if fates:
            print(f"{group}: {sum(fates)} of {len(fates)} noticed ({sum(fates) / len(fates):.0%})")
    for line in lines:
        if line["fate"].startswith("survived"):
            print(f"{line['mutation']}   [{line['fate']}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("map", "run"):
        commands.add_parser(name).add_argument("map", type=Path)
    commands.choices["map"].add_argument("tests", nargs="*", help="these test files only")
    options = commands.choices["run"]
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--each", type=int, default=50, help="mutations of each group")
    options.add_argument("--log", type=Path, required=True)
    options.add_argument("--group", choices=GROUPS, action="append", help="this group only")
    given = parser.parse_args()
    if given.command == "map":
        running.record_map(given.map, given.tests)
    else:
        run(given.map, given.seed, given.each, given.log, given.group or list(GROUPS))


if __name__ == "__main__":
    main()
