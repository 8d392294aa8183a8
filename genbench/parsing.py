"""Python source as a tree, from any thread.

CPython 3.11 counts the depth of a tree that it makes in one place for all threads. Two that are made at a time can end
with "SystemError: AST constructor recursion depth mismatch", so here they wait for each other.
"""

import ast
import threading

_ONE_AT_A_TIME = threading.Lock()


def parsed(text: str) -> ast.Module:
    """The tree of a source text; SyntaxError where it is none."""
    with _ONE_AT_A_TIME:
        return ast.parse(text)
