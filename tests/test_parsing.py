"""Sources are parsed from several threads at once: those who serve an answer from each."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench import registry
from genbench.parsing import parsed

ROOT = Path(registry.ROOT)


@pytest.fixture
def interrupted():
    """Threads that hand over to each other in the middle of what they make, whenever garbage is collected."""

    def hand_over(phase, info):
        time.sleep(0)

    before = gc.get_threshold()
    gc.callbacks.append(hand_over)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(hand_over)


def test_threads_that_parse_at_once_all_get_their_tree(interrupted):
    text = (ROOT / "bench" / "registry.py").read_text(encoding="utf-8")
    with ThreadPoolExecutor(4) as threads:
        trees = list(threads.map(lambda _: parsed(text), range(24)))
    assert {len(tree.body) for tree in trees} == {len(parsed(text).body)}


def test_nothing_of_the_project_parses_beside_it():
    folders = ("bench", "genbench", "metrics", "reference_models")
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    assert [path.name for path in files if "ast.parse(" in path.read_text(encoding="utf-8")] == ["parsing.py"]
