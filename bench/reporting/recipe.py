"""The settings of a run with the place that each comes from: the recipe's own comment, or the user's `--set`.

Every recipe says beside a setting where it is from, so the source of the model is read; a package without its source
has no such words.
"""

import ast
import inspect
import io
import sys
import tokenize
from dataclasses import MISSING, fields
from typing import Any

from bench.reporting.given import Given
from bench.storage.records import setting_text
from bench.tables.table import Cell, Column, Table
from genbench.parsing import parsed

COLUMNS = (Column("setting", "Setting"), Column("value", "Value"), Column("source", "Where it is from"))


def settings_table(run: Given) -> Table:
    """Each setting of a run, its value and where it is from."""
    said, recipe = _comments(run)
    own = run.spec.recipe(run.recipe_name)
    rows = []
    for field in fields(run.config):
        value, usual = getattr(run.config, field.name), getattr(own, field.name, field.default)  # an average: no field
        of_class = None if field.default is MISSING else field.default
        if value != usual:
            source = f"set here; the recipe has {setting_text(usual)}"
        elif field.default is not MISSING and value != of_class:
            whose = run.recipe_name if _has_own(run) else "other data sets"
            source = f"recipe for {whose}" + (f" ({recipe})" if recipe else "")
        else:
            source = said.get(field.name, "") or "the model's default"
        rows.append((Cell(field.name), Cell(setting_text(value)), Cell(source)))
    return Table("settings", f"Settings of {run.title}", COLUMNS, tuple(rows))


def _has_own(run: Given) -> bool:
    """Whether the model has a recipe for this data set."""
    return run.recipe_name in run.spec.recipes


def _comments(run: Given) -> tuple[dict[str, str], str]:
    """What stands beside each field of the settings, and beside the recipe of the data set."""
    module = sys.modules[type(run.config).__module__]
    try:
        text = inspect.getsource(module)
    except (OSError, TypeError):
        return {}, ""
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    tree = parsed(text)
    (kind,) = (one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == type(run.config).__name__)
    file = f"{module.__name__.replace('.', '/')}.py"
    said = {
        one.target.id: _beside(one, comments).replace("see above", f"see the first lines of {file}")
        for one in kind.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    return said, _of_recipe(tree, run.recipe_name if _has_own(run) else "default", comments)


def _of_recipe(tree: ast.Module, wanted: str, comments: dict[int, str]) -> str:
    """What stands beside the recipe of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == wanted and isinstance(value, ast.Call | ast.Name):
                    return _beside(value, comments)
    return ""


def _beside(node: Any, comments: dict[int, str]) -> str:
    return " ".join(comments[line] for line in range(node.lineno, node.end_lineno + 1) if line in comments)
