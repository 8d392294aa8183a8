"""Small faults that a hurried hand could make, found in the source of a module (for mutate.py).

A comparison turned or moved by one; arithmetic swapped; `and` for `or`, or one side of it gone; `not` or a minus sign
gone; a number one more, one less, zero or doubled; True for False; min for max, any for all; a condition always or
never true; a named argument forgotten; a tag with other letters; a statement left out; None returned. Docstrings,
annotations, `__all__`, texts and whatever stands inside an f-string are left alone, and so are `encoding` and `strict`,
whose absence shows on another system or beside another fault only.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARED: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
COUNTED: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any", "ceil": "floor", "floor": "ceil", "sorted": "list"}


@dataclass(frozen=True)
class Mutation:
    """`before`, at these bytes of the file, becomes `after`."""

    path: str
    line: int
    start: int
    stop: int
    before: str
    after: str
    kind: str
    statement: int  # the first line of the statement that it is in
    function: int  # the first line of the innermost function around it; 0 where it runs while the module is imported

    def __str__(self) -> str:
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"{self.path}:{self.line}  {self.kind}: {before[:90]}  ->  {after[:90]}"

    def applied(self, source: str) -> str:
        raw = source.encode()
        return (raw[: self.start] + self.after.encode() + raw[self.stop :]).decode()


def mutations_of(path: str, source: str) -> list[Mutation]:
    """Every mutation of a module, in the order of the file."""
    starts = [0]
    for text in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(text))
    found = []
    for node, statement, function, renewed in _visited(ast.parse(source), 0, 0, set()):
        for kind, place, after in _changed(node, renewed):
            if kind == "argument gone" and not function:
                continue  # mostly a plug-in without its title, which does not even load
            start = starts[place.lineno - 1] + place.col_offset
            stop = starts[place.end_lineno - 1] + place.end_col_offset
            before = source.encode()[start:stop].decode()
            if after != before:
                found.append(Mutation(path, place.lineno, start, stop, before, after, kind, statement, function))
    return found


def _visited(node: ast.AST, statement: int, function: int, names: set[str]) -> Iterator[tuple[ast.AST, int, int, bool]]:
    """The nodes that may change: each with the lines of its statement and function, and whether it renews a name.

    `names` are those that the function knows by then.
    """
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom) or _is_all_or_text(node):
        return
    statement = node.lineno if isinstance(node, ast.stmt) else statement
    stored = {target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)}
    yield node, statement, function, bool(stored) and stored <= names
    names |= stored
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for value in filter(None, (*node.args.defaults, *node.args.kw_defaults, *node.decorator_list)):
            yield from _visited(value, statement, function, names)
        own = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        for inner in node.body:
            yield from _visited(inner, statement, node.lineno, own)
        return
    children = filter(None, [node.value]) if isinstance(node, ast.AnnAssign) else ast.iter_child_nodes(node)
    for child in children:
        yield from _visited(child, statement, function, names)


def _is_all_or_text(node: ast.AST) -> bool:
    """A docstring or another lone string, `__all__`, an import that is for type checkers only."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _changed(node: ast.AST, renewed: bool) -> Iterator[tuple[str, ast.expr | ast.stmt, str]]:
    """(kind, what is replaced, new text) of each small fault in this node itself."""
    conditions = [node.test] if isinstance(node, ast.If | ast.While) else getattr(node, "ifs", [])
    for condition in conditions:
        yield "condition", condition, "True"
        yield "condition", condition, "False"
    if isinstance(node, ast.stmt):
        for kind, text in _changed_statement(node, renewed):
            yield kind, node, text
    elif isinstance(node, ast.expr):
        for kind, new in _changed_expression(node):
            text = ast.unparse(new)
            yield kind, node, text if isinstance(new, ast.Constant | ast.Name | ast.Call) else f"({text})"


def _of_text(node: ast.BinOp) -> bool:
    """A text or a path put together, where other arithmetic does not even run."""
    sides = [node.left, node.right]
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        or (isinstance(side, ast.BinOp) and _of_text(side))
        for side in sides
    )


def _with(node: ast.expr, **parts) -> ast.expr:
    changed = copy.copy(node)
    for name, part in parts.items():
        setattr(changed, name, part)
    return changed


def _changed_expression(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Compare):
        for number, op in enumerate(node.ops):
            for other in COMPARED.get(type(op), ()):
                yield "comparison", _with(node, ops=[*node.ops[:number], other(), *node.ops[number + 1 :]])
        for number, side in enumerate(node.comparators):
            if isinstance(side, ast.Constant) and isinstance(side.value, str) and side.value:
                tag = ast.Constant(side.value + "_")
                yield "tag", _with(node, comparators=[*node.comparators[:number], tag, *node.comparators[number + 1 :]])
    elif isinstance(node, ast.BinOp) and type(node.op) in COUNTED and not _of_text(node):
        yield "arithmetic", _with(node, op=COUNTED[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield "and/or", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for number in range(len(node.values)):
            rest = [*node.values[:number], *node.values[number + 1 :]]
            yield "side gone", _with(node, values=rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield "not/minus gone", node.operand
    elif isinstance(node, ast.IfExp):
        yield "condition", node.body
        yield "condition", node.orelse
    elif isinstance(node, ast.Constant):
        for value in _other_values(node.value):
            yield "constant", ast.Constant(value)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in TWINS:
            yield "twin", _with(node, func=ast.Name(TWINS[node.func.id]))
        for number, keyword in enumerate(node.keywords):
            if keyword.arg not in (None, "encoding", "strict"):
                yield "argument gone", _with(node, keywords=[*node.keywords[:number], *node.keywords[number + 1 :]])


def _other_values(value: object) -> list:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return sorted({value + 1, value - 1, 0} - {value})
    if isinstance(value, float):
        return [value * 2, 0.0] if value else [1.0]
    return []


def _changed_statement(node: ast.stmt, renewed: bool) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield "returned", "return None"
        if isinstance(node.value, ast.List | ast.ListComp):
            yield "returned", "return []"
    elif (
        renewed
        or isinstance(node, ast.AugAssign | ast.Raise | ast.Continue | ast.Break)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript))
    ):
        yield "left out", "pass"
