"""Shapes in annotations are checked while the tests run; every test gets cache and data folders of its own."""

import gc
import os
from itertools import count

import pytest
from chromium import chromium as chromium
from jaxtyping import config, install_import_hook

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small problems: more threads only wait for each other
install_import_hook("metrics", "beartype.beartype")
os.fsync = lambda descriptor: None  # no test cuts the power, and on slow disks each takes ten milliseconds
gc.disable()  # while tests are collected: a quarter of that time, and what they import stays anyway


def pytest_collection_finish():
    """Eight thousand collected tests need not be looked through at every collection of garbage."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """A cache that several tests fill and use: a network is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True, scope="module")
def _shapes_are_checked_where_metrics_are_tested(request):
    """Checks take two fifths of the time of a command, and it hands the metrics what their own tests hand them."""
    whole = ("click.testing", "bench.cli", "bench.runs", "bench.submissions")
    computing = _imports(request.module, "metrics.") - {"metrics.errors", "metrics.types"}
    config.update("jaxtyping_disable", not computing or bool(_imports(request.module, *whole)))


def _imports(module, *beginnings):
    """The modules whose names begin so, from which a test file has something."""
    of = {str(getattr(value, "__module__", None) or getattr(value, "__name__", "")) for value in vars(module).values()}
    return {name for name in of if name.startswith(beginnings)}


@pytest.fixture
def without_checks_of_shapes(monkeypatch):
    """For simulations: thousands of calls with the same shapes."""
    monkeypatch.setattr(config, "jaxtyping_disable", True)


COMPILED: dict[str, bytes] = {}


@pytest.fixture(autouse=True)
def _networks_are_compiled_once(request, monkeypatch):
    """Every test has a cache of its own, and a network takes half a second to compile: each process does it once. The
    tests of that do it themselves."""
    from metrics.extractors import _engine

    if _imports(request.module, "metrics.extractors._engine"):
        return
    compile_one = _engine._kept_or_exported

    def kept(make, name, input_shape, outputs):
        if name not in COMPILED:
            COMPILED[name] = compile_one(make, name, input_shape, outputs)
        return COMPILED[name]

    monkeypatch.setattr(_engine, "_kept_or_exported", kept)


@pytest.fixture(scope="session")
def _homes(tmp_path_factory):
    """Names for folders that nobody has made yet: mktemp reads all that there are for each new one."""
    homes = tmp_path_factory.mktemp("homes")
    return (homes / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_folders(_homes, monkeypatch):
    home = next(_homes)
    monkeypatch.setenv("BENCH_CACHE", str(home / "cache"))
    monkeypatch.setenv("BENCH_DATA", str(home / "data"))
    monkeypatch.delenv("BENCH_WEIGHTS", raising=False)
    monkeypatch.setenv("BENCH_OFFLINE", "1")
