"""Which code a model is trained by, as a short hash: where it is another one, a published number may be another too.

It is over the model's module and the modules of `reference_models` that it imports, also through others, without
comments, docstrings and layout. The training loop and the values that describe models are not in it: tests hold these
to what they compute, and a change of theirs would make every published run look old.
"""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.registry import ROOT
from genbench.parsing import parsed

PACKAGE = "reference_models"
SHARED = (f"{PACKAGE}.loop", f"{PACKAGE}.types", f"{PACKAGE}.errors")
LENGTH = 12
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
BEFORE_DOCSTRING = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}


@cache
def code_of(model: str, root: Path = ROOT) -> str:
    """The hash of the code of a model, by its name; "" where its module is not below `root`, as that of another
    package."""
    first = f"{PACKAGE}.{model.replace('-', '_')}"
    if not _file(first, root):
        return ""
    found: dict[str, str] = {}
    waiting = [first]
    while waiting:
        module = waiting.pop()
        path = _file(module, root)
        if path is None or module in found or module.startswith(SHARED):
            continue
        text = path.read_text(encoding="utf-8")
        found[module] = _plain(text)
        waiting += _imported(text)
    listed = "\n".join(f"{module} {text}" for module, text in sorted(found.items()))
    return hashlib.sha256(listed.encode()).hexdigest()[:LENGTH]


def _file(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    return path if path.is_file() else None


def _imported(text: str) -> Iterator[str]:
    """The modules of the package that a module imports; a package imported as a whole may be named for one of them."""
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            yield str(node.module)
            yield from (f"{node.module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith(PACKAGE))


def _plain(text: str) -> str:
    """The tokens of a module that are no layout, comment or docstring."""
    kept, before = [], tokenize.ENCODING
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        docstring = token.type == tokenize.STRING and before in BEFORE_DOCSTRING
        if token.type not in LAYOUT and not docstring:
            kept.append(token.string)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.type
    return " ".join(kept)
