"""Patterns of strategies that see the future in a backtest, and do nothing of the kind when they trade. Pure.

FreqTrade computes a strategy's columns over the whole frame at once (its documentation, "Common mistakes when
developing strategies"): in a backtest the last row is the end of time, and each row may read what lies ahead of it. So
these are suspicious: shifts backwards, filling backwards, windows around a row, the last row by its number, and a
number that is made of a whole column. Each is a warning: a number may well be meant as one.
"""

import ast
from collections import deque
from collections.abc import Iterator

from pool.contract.checks import MESSAGE_LENGTH, Finding, Severity

_WHOLE = frozenset({"max", "mean", "median", "min", "quantile", "std", "sum", "var", "idxmax", "idxmin", "rank"})
_FRAMES = frozenset({"dataframe", "df"})


def look_ahead(tree: ast.Module) -> Iterator[Finding]:
    """Warnings by place; whole columns and last rows only in functions named `populate_…`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _backwards(node, node.func)
    for node in _populating(tree):
        yield from _whole(node)


def _populating(tree: ast.Module) -> Iterator[ast.AST]:
    """What is in functions named `populate_…`, once each, however they are nested."""
    todo: deque[tuple[ast.AST, bool]] = deque([(tree, False)])
    while todo:
        node, inside = todo.popleft()
        if inside:
            yield node
        inside = inside or (isinstance(node, ast.FunctionDef) and node.name.startswith("populate_"))
        todo.extend((child, inside) for child in ast.iter_child_nodes(node))


def _backwards(call: ast.Call, function: ast.Attribute) -> Iterator[Finding]:
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    first = call.args[0] if call.args else options.get("periods")
    if function.attr in ("shift", "diff", "pct_change") and _is_negative(first):
        yield _warning(call, f"{function.attr} by a negative number reads later candles, which do not exist yet.")
    elif function.attr in ("bfill", "backfill"):
        yield _warning(call, f"{function.attr} fills with what comes later; use ffill.")
    elif function.attr == "fillna" and _constant(options.get("method")) in ("bfill", "backfill"):
        yield _warning(call, "fillna fills with what comes later; use ffill.")
    elif function.attr == "rolling" and _constant(options.get("center")) is True:
        yield _warning(call, "A centred window reads later candles; leave center out.")


def _whole(node: ast.AST) -> Iterator[Finding]:
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr in ("iloc", "iat"):
        row = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        if _is_negative(row):
            yield _warning(
                node, "The last row is the end of the whole backtest here; use shift() or a rolling window instead."
            )
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_made_of_column(node, node.func):
        yield _warning(node, f"{node.func.attr}() of a whole column sees later candles, too; use a rolling window.")


def _is_made_of_column(call: ast.Call, function: ast.Attribute) -> bool:
    by_row = any(keyword.arg == "axis" for keyword in call.keywords)
    return function.attr in _WHOLE and _is_column(function.value) and not by_row


def _is_column(node: ast.expr) -> bool:
    """`dataframe`, `dataframe["x"]` or `dataframe.x`."""
    if isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in _FRAMES


def _is_negative(node: ast.expr | None) -> bool:
    return (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and isinstance(node.operand.value, int | float)
        and node.operand.value != 0
    )


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _warning(node: ast.expr, message: str) -> Finding:
    return Finding(
        code="lookahead",
        severity=Severity.WARNING,
        message=message[:MESSAGE_LENGTH],
        line=node.lineno,
        column=node.col_offset + 1,
    )
