"""Who may import whom, and what never loads torch."""

import ast
import graphlib
import json
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bench", "metrics", "reference_models", "genbench")
MODULES = {path.relative_to(ROOT): ast.parse(path.read_text()) for p in PACKAGES for path in (ROOT / p).rglob("*.py")}
METRIC_LIBRARIES = {"numpy", "scipy", "metrics", "genbench"}
NETWORK = {"socket", "urllib.request", "http.client", "requests", "ftplib"}
MAY_USE_NETWORK = {Path("bench/storage/download.py")}
ROOMS = (  # of bench, from the ground up; rooms of one line may use each other
    ("registry", "protocol", "names", "options", "settings", "storage"),
    ("sources", "datasets", "weights"),
    ("measuring",),
    ("tables",),
    ("second_opinions",),
    ("runs",),
    ("leaderboard",),
    ("submissions",),
    ("exploring", "reporting", "reproducing", "site", "sanity_checks"),
    ("explaining",),
    ("api", "accumulator"),
    ("cli", "__main__"),
)


def test_every_package_of_the_tree_is_installed():
    """An installation that is no editable one has only what pyproject.toml finds."""
    from setuptools import find_namespace_packages

    include = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    found = set(find_namespace_packages(str(ROOT), include=include))
    there = {path.parent.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert {".".join(folder.parts) for folder in there} <= found
    assert {name.partition(".")[0] for name in found} == set(PACKAGES)


@cache  # of trees that are read once: most tests ask for the same
def imported(tree, everywhere=True):
    """The dotted names that a module imports, at its top level or everywhere; not those for type checkers only."""
    names = []
    nodes = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        elif everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            nodes += ast.iter_child_nodes(node)
    return names


def assigned(tree):
    """The names that a module gives values at its top level."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def of_package(package):
    return {path: tree for path, tree in MODULES.items() if path.parts[0] == package}


def top(name):
    return name.partition(".")[0]


@pytest.mark.parametrize("package", ["metrics", "reference_models"])
def test_metrics_and_models_import_neither_each_other_nor_bench(package):
    others = set(PACKAGES) - {package, "genbench"}
    for path, tree in of_package(package).items():
        assert not {top(name) for name in imported(tree)} & others, path


def test_the_ground_floor_imports_none_of_the_other_packages():
    for path, tree in of_package("genbench").items():
        libraries = {"genbench", "jaxtyping", "platformdirs", "numpy"} | sys.stdlib_module_names
        assert {top(name) for name in imported(tree, everywhere=False)} <= libraries, path
        assert {top(name) for name in imported(tree)} <= libraries | {"torch"}, path


def test_metric_modules_load_numpy_and_scipy_only():
    for path, tree in MODULES.items():
        if path.parent == Path("metrics"):
            loaded = {top(name) for name in imported(tree, everywhere=False)}
            assert loaded <= METRIC_LIBRARIES | sys.stdlib_module_names, path


def test_extractor_modules_do_not_load_torch_until_they_are_built():
    for path, tree in MODULES.items():
        if path.parent == Path("metrics/extractors") and "EXTRACTOR" in assigned(tree):
            assert "torch" not in {top(name) for name in imported(tree, everywhere=False)}, path


def test_no_module_of_bench_loads_torch_or_plotting_at_its_top_level():
    heavy = {"torch", "torchvision", "onnx", "onnxruntime", "matplotlib", "pandas", "sklearn", "skimage", "rich"}
    for path, tree in of_package("bench").items():
        assert not {top(name) for name in imported(tree, everywhere=False)} & heavy, path


def test_only_the_command_line_imports_click_or_prints():
    for path, tree in MODULES.items():
        if path.parts[:2] == ("bench", "cli"):
            continue
        assert "click" not in {top(name) for name in imported(tree)}, path
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        assert "print" not in {getattr(function, "id", "") for function in calls}, path


def test_nothing_but_the_entry_point_imports_the_command_line():
    for path, tree in MODULES.items():
        if path.parts[:2] != ("bench", "cli") and path != Path("bench/__main__.py"):
            assert not [name for name in imported(tree) if name.startswith("bench.cli")], path


def test_only_downloads_open_the_network():
    for path, tree in MODULES.items():
        names = imported(tree)
        opened = {name for name in NETWORK if any(n == name or n.startswith(name + ".") for n in names)}
        assert not opened or path in MAY_USE_NETWORK, path


def test_each_room_uses_only_those_below_it():
    floor = {name: number for number, names in enumerate(ROOMS) for name in names}
    for path, tree in of_package("bench").items():
        room = path.with_suffix("").parts[1]
        if room != "__init__":  # of the package: its public functions, from anywhere
            used = {name.split(".")[1] for name in imported(tree) if name.startswith("bench.")} & set(floor)
            assert not {name for name in used if floor[name] > floor[room]}, path


def test_what_another_package_imports_has_no_underscore():
    for path, tree in MODULES.items():
        for name in filter(lambda one: top(one) in PACKAGES, imported(tree)):
            parts = name.split(".")
            hidden = next((place for place, part in enumerate(parts) if part[0] == "_" and part[1] != "_"), len(parts))
            own = list(path.parts[: hidden if hidden < len(parts) else 0])
            assert hidden == len(parts) or own == parts[:hidden], f"{path}: {name}"


def test_modules_import_each_other_in_one_direction():
    graph = {}
    for path, tree in MODULES.items():
        own = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        names = {name for found in imported(tree, everywhere=False) for name in (found, found.rpartition(".")[0])}
        graph[own] = names & {".".join(p.with_suffix("").parts) for p in MODULES}
    graphlib.TopologicalSorter(graph).prepare()  # CycleError names the circle


def modules_after(*arguments):
    """What is loaded after a command has run in a process of its own."""
    code = (
        "import json, sys\n"
        "from bench.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0, end.code\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("list",), ("list", "models", "--json"), ("--version",)])
def test_help_and_list_load_no_library_of_numbers(arguments):
    assert not {"torch", "numpy", "scipy", "pandas", "PIL", "rich"} & modules_after(*arguments)


def test_a_fid_answered_from_the_cache_loads_neither_engine_nor_scipy(tmp_path):
    from bench.storage.cache import open_cache

    command = ("fid", "digits:real-1", "digits:real-2", "--extractor", "digits-cnn", "--limit", "80", "--json")
    filled = CliRunner().invoke(main, command)
    assert filled.exit_code == 0, filled.output
    assert open_cache().entries()
    assert not {"torch", "onnxruntime", "onnx", "scipy"} & modules_after(*command)


def test_listing_tracks_loads_no_torch():
    assert "torch" not in modules_after("tracks")
