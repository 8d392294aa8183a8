"""Running tests in a copy of the tree, and which of them reach which line (for mutate.py)."""

import contextlib
import hashlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("bench", "genbench", "metrics", "reference_models")
HEAVY = (  # imported once, so that every forked run of pytest starts with them
    "beartype", "coverage", "numpy", "scipy.linalg", "scipy.stats", "torch", "torchvision",
    "onnx", "onnxscript", "onnxruntime", "PIL.Image", "sklearn.manifold", "sklearn.datasets",
    "matplotlib.pyplot", "pandas", "jinja2", "rich.table", "click.testing", "torch_fidelity",
)  # fmt: skip
FILE_SECONDS = 1_800


def import_heavy() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def copied_tree(to: Path) -> Path:
    """The files that git knows or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to.resolve()


def forked(action: Callable[[], int], seconds: float, output: Path) -> int | None:
    """The exit code of `action` in a process of its own, killed with its children at the end; None after `seconds`."""
    child = os.fork()
    if not child:
        code = 70
        try:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where this script runs in the background
            with output.open("w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            code = int(action())
        except BaseException:  # noqa: BLE001, the child must end here
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + seconds
    done, status = 0, 0
    while not done and time.monotonic() < end:
        time.sleep(0.05)
        done, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return None
    return os.waitstatus_to_exitcode(status)


def run_pytest(tree: Path, arguments: list[str], plugins: tuple = (), *, compiled: bool = False) -> int:
    """pytest on `tree`, in this process, which must end afterwards; `compiled` keeps what Python and pytest compile."""
    os.chdir(tree)
    os.environ.update(PYTHONPATH=str(tree), PYTHONDONTWRITEBYTECODE="" if compiled else "1")
    sys.dont_write_bytecode = not compiled
    own = (ROOT, ROOT / "scripts")
    sys.path[:] = [str(tree), *(place for place in sys.path if Path(place).resolve() not in own)]
    return pytest.main(["-q", "-p", "no:cacheprovider", *arguments], plugins=list(plugins))


class FirstFailure:
    """A pytest plugin: the name of the first test that fails goes to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report):
        if report.failed and not self.path.exists():
            self.path.write_text(report.nodeid)


class Recorder:
    """A pytest plugin: every test is a context of coverage.py, and so is every fixture that tests share."""

    def __init__(self, tracer) -> None:
        self.tracer, self.context = tracer, ""
        self.seconds: dict[str, float] = {}  # of processors, however busy the machine is
        self.not_passed: set[str] = set()
        self.contexts: dict[str, list[str]] = {}

    @contextlib.contextmanager
    def _inside(self, context: str) -> Iterator[None]:
        before, self.context = self.context, context
        self.tracer.switch_context(context)
        try:
            yield
        finally:
            self.context = before
            self.tracer.switch_context(before)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.contexts[item.nodeid] = [item.nodeid, *(f"fixture {name}" for name in item.fixturenames)]
        before = _spent()
        with self._inside(item.nodeid):
            done = yield
        self.seconds[item.nodeid] = _spent() - before
        return done

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        with self._inside(self.context if fixturedef.scope == "function" else f"fixture {fixturedef.argname}"):
            return (yield)

    def pytest_runtest_logreport(self, report):
        if not report.passed:
            self.not_passed.add(report.nodeid)


def _spent() -> float:
    """Seconds of processors so far, with those of processes that have ended."""
    return sum(os.times()[:4])


def _record(tree: Path, test_file: str, target: Path) -> int:
    """Writes to `target` which test of a file reaches which lines, in this process or in one that it starts."""
    import coverage

    with tempfile.TemporaryDirectory() as data:
        settings = Path(data) / "rc"
        folders = "".join(f"\n    {tree / name}" for name in SOURCES)
        settings.write_text(
            f"[run]\nparallel = true\ndata_file = {data}/hits\nsource ={folders}\n"
            "context = ${PYTEST_CURRENT_TEST-}\n"  # a process that a test starts bears the test's name
        )
        tracer = coverage.Coverage(config_file=str(settings))
        os.environ["COVERAGE_PROCESS_START"] = str(settings)
        recorder = Recorder(tracer)
        tracer.start()
        code = run_pytest(tree, [test_file], (recorder,), compiled=True)
        tracer.stop()
        tracer.save()
        tracer.combine()
        hits = tracer.get_data()
        reached: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        for path in hits.measured_files():
            for line, contexts in hits.contexts_by_lineno(path).items():
                for context in contexts:
                    test = context.removesuffix(" (setup)").removesuffix(" (call)")
                    reached[test][Path(path).relative_to(tree).as_posix()].add(line)
    tests = {}
    for name in sorted(recorder.seconds.keys() - recorder.not_passed):
        lines: dict[str, set[int]] = defaultdict(set)
        for context in recorder.contexts[name]:
            for path, found in reached[context].items():
                lines[path] |= found
        tests[name] = {"seconds": recorder.seconds[name], "lines": {path: sorted(lines[path]) for path in lines}}
    imported = sorted({path for found in reached.values() for path in found if path.endswith(".py")})  # and no template
    target.write_text(json.dumps({"tests": tests, "imported": imported, "not_passed": sorted(recorder.not_passed)}))
    return code


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def record_map(folder: Path, only: list[str]) -> None:
    """Runs the test files (only some, where they are named) that were changed since they were recorded in `folder`."""
    import_heavy()
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        tree = copied_tree(Path(place) / "tree")
        sources = {}
        for path in sorted(path for name in SOURCES for path in (tree / name).rglob("*.py")):
            text = path.read_text()
            sources[path.relative_to(tree).as_posix()] = _sha(text)
            (folder / "sources" / _sha(text)).write_text(text)
        for path in sorted((tree / "tests").glob("test_*.py")):
            target = folder / f"{path.stem}.json"
            test_sha = _sha(path.read_text())
            if only and path.name not in {Path(one).name for one in only}:
                continue
            if target.exists() and json.loads(target.read_text())["test_sha"] == test_sha:
                continue
            written, output = Path(place) / "written.json", folder / f"{path.stem}.txt"
            written.unlink(missing_ok=True)
            test_file = path.relative_to(tree).as_posix()
            started = time.monotonic()
            code = forked(lambda: _record(tree, test_file, written), FILE_SECONDS, output)  # noqa: B023
            print(f"{test_file}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
            if written.exists():
                content = json.loads(written.read_text()) | {"test_sha": test_sha, "sources": sources}
                target.write_text(json.dumps(content))
