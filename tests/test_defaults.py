"""What holds where nobody says otherwise stands in defaults.txt: recipes, options, keywords, numbers behind results.

A change there is a change of published numbers or of somebody's command, and is read as a diff. To renew the file:

    python tests/test_defaults.py
"""

import contextlib
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from unittest.mock import patch

import click

import bench
import genbench
import metrics
import reference_models
from bench import registry
from bench.cli import main
from reference_models.errors import ModelError
from reference_models.types import ImageShape

FILE = Path(__file__).with_name("defaults.txt")
PLAIN = (bool, int, float, str, type(None))
WORDS = {"title", "source", "licence", "url", "howto", "compute", "build", "load", "fetch", "recipes", "labelled"}
SIDES = (4, 7, 8, 12, 14, 15, 16, 17, 18, 20, 24, 28, 30, 32, 36, 40, 48, 64)
SIZES = [(side, side) for side in SIDES] + [(16, 32), (32, 16), (32, 64), (64, 32), (32, 40), (40, 32), (28, 30)]
LONGEST = 50  # letters of a word; what is longer is a text
LOOKS = ("bench.cli", "bench.site", "bench.exploring", "bench.tables.plots", "reference_models.loop.plots")


def plain(value):
    """Whether a value says everything about itself."""
    if isinstance(value, tuple | list | frozenset | set):
        return all(map(plain, value))
    if isinstance(value, Mapping):
        return all(plain(one) for pair in value.items() for one in pair)
    return isinstance(value, PLAIN) or (is_dataclass(value) and not isinstance(value, type))


def shown(value):
    """A value in one line, without words that only describe it."""
    if is_dataclass(value) and not isinstance(value, type):
        own = {one.name: getattr(value, one.name) for one in fields(value) if one.name not in WORDS}
        return "(" + ", ".join(f"{name}={shown(one)}" for name, one in own.items() if plain(one)) + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{shown(key)}: {shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, frozenset | set):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(shown, value)) + ")"
    text = isinstance(value, str) and (len(value) > LONGEST or "://" in value)
    return repr(value) if isinstance(value, PLAIN) and not text else "..."


def recipes():
    for name in registry.names("models"):
        spec = registry.load("models", name)
        kind = type(spec.recipes["default"])
        own = {one.name: one.default for one in fields(kind)}
        required = [field for field, value in own.items() if value is MISSING]
        yield f"{name}: {', '.join(f'{field}={shown(value)}' for field, value in own.items() if field not in required)}"
        for data_set, recipe in sorted(spec.recipes.items()):
            other = {field: getattr(recipe, field) for field in own if getattr(recipe, field) != own[field]}
            yield f"{name} {data_set}: {', '.join(f'{field}={shown(value)}' for field, value in other.items())}"


def sizes():
    """Which images a model takes, heights and widths in pixels."""
    for name in registry.names("models"):
        spec, accepted = registry.load("models", name), []
        for height, width in SIZES:
            with contextlib.suppress(ModelError), patch("torch.nn.init.orthogonal_"):  # slow, and no size hangs on it
                spec.build(spec.recipes["tiny"], ImageShape(3, height, width), 3)
                accepted.append(f"{height}x{width}")
        yield f"{name}: {' '.join(accepted)}"


def plug_ins():
    for kind in registry.KINDS:
        for name in registry.names(kind):
            yield f"{kind} {name}: {shown(registry.load(kind, name))}"


def kind_of(kind):
    if isinstance(kind, click.Path):
        asks = [name for name in ("exists", "file_okay", "dir_okay", "writable", "readable") if getattr(kind, name)]
        return f"path ({', '.join(asks)})"
    return str(kind)


def options(command=main, path="bench"):
    context = click.Context(command)
    known = [one for one in command.get_params(context) if "--help" not in one.opts]
    for parameter in sorted(known, key=lambda one: one.name):
        told = parameter.default is not False and plain(parameter.default)  # of a flag, versions of click differ
        words = [shown(parameter.default) if told else "None", *["required"] * parameter.required]
        names = "/".join([*parameter.opts, *parameter.secondary_opts])
        yield f"{path} {names}: {kind_of(parameter.type)}, {', '.join(words)}"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from options(command.get_command(context, name), f"{path} {name}")


def modules():
    for package in (bench, genbench, metrics, reference_models):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and not found.name.startswith(LOOKS):
                yield importlib.import_module(found.name)


def own_functions(module):
    """Functions and methods that this module defines, by their name."""
    for name, value in sorted(vars(module).items()):
        if getattr(value, "__module__", None) == module.__name__:
            if inspect.isfunction(value):
                yield name, value
            elif inspect.isclass(value) and not issubclass(value, tuple):
                yield from (
                    (f"{name}.{one}", method)
                    for one, method in sorted(vars(value).items())
                    if inspect.isfunction(method)
                )


def keywords():
    for module in modules():
        for name, function in own_functions(module):
            found = {one.name: one.default for one in inspect.signature(function).parameters.values()}
            given = ", ".join(
                f"{key}={shown(value)}" for key, value in found.items() if value is not inspect.Parameter.empty
            )
            if given:
                yield f"{module.__name__}.{name}: {given}"


def constants():
    for module in modules():
        for name, value in vars(module).items():
            own = name.isupper() and f"\n{name} = " in inspect.getsource(module)
            if (
                own
                and plain(value)
                and not isinstance(value, str)
                and name not in ("METRIC", "EXTRACTOR", "MODEL", "DATASET")
            ):
                yield f"{module.__name__}.{name} = {shown(value)}"


def classes():
    """What a dataclass does that is not said by its fields."""
    for module in modules():
        for name, kind in sorted(vars(module).items()):
            if inspect.isclass(kind) and kind.__module__ == module.__name__ and is_dataclass(kind):
                asked = [one for one in ("frozen", "eq", "order") if getattr(kind.__dataclass_params__, one)]
                yield f"{module.__name__}.{name}: {', '.join(asked)}"


def written():
    parts = {
        "Recipes: the defaults of a configuration, and what each data set has instead": recipes,
        "Sizes of images that a model takes": sizes,
        "Plug-ins": plug_ins,
        "Options": options,
        "Keywords": keywords,
        "Numbers": constants,
        "Dataclasses": classes,
    }
    return "\n".join(f"# {title}\n" + "".join(f"{line.rstrip()}\n" for line in part()) for title, part in parts.items())


def test_defaults_and_recipes_are_those_that_were_reviewed():
    found, expected = written().splitlines(), FILE.read_text(encoding="utf-8").splitlines()
    new, gone = [line for line in found if line not in expected], [line for line in expected if line not in found]
    assert (new, gone) == ([], []), "if this is meant, renew the file: python tests/test_defaults.py"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
