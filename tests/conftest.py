"""Shapes in annotations are checked while the tests run; every test gets cache and data folders of its own."""

import gc
import os

import pytest
from jaxtyping import config, install_import_hook

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small problems: more threads only wait for each other
install_import_hook("metrics", "beartype.beartype")


def pytest_collection_finish():
    """Eight thousand collected tests need not be looked through at every collection of garbage."""
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
    imported = vars(request.module).values()
    modules = {str(getattr(value, "__module__", None) or getattr(value, "__name__", "")) for value in imported}
    computing = {
        name for name in modules if name.startswith("metrics.") and name not in ("metrics.errors", "metrics.types")
    }
    config.update("jaxtyping_disable", not computing or any(name.startswith(whole) for name in modules))


@pytest.fixture
def without_checks_of_shapes(monkeypatch):
    """For simulations: thousands of calls with the same shapes."""
    monkeypatch.setattr(config, "jaxtyping_disable", True)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("BENCH_CACHE", str(home / "cache"))
    monkeypatch.setenv("BENCH_DATA", str(home / "data"))
    monkeypatch.delenv("BENCH_WEIGHTS", raising=False)
    monkeypatch.setenv("BENCH_OFFLINE", "1")
