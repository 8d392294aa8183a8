"""Shapes in annotations are checked while the tests run; every test gets cache and data folders of its own."""

import os

import pytest
from jaxtyping import install_import_hook

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small problems: more threads only wait for each other
install_import_hook("metrics", "beartype.beartype")


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """A cache that several tests fill and use: a network is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("BENCH_CACHE", str(home / "cache"))
    monkeypatch.setenv("BENCH_DATA", str(home / "data"))
    monkeypatch.delenv("BENCH_WEIGHTS", raising=False)
    monkeypatch.setenv("BENCH_OFFLINE", "1")
