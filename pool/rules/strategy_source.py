"""What can be said of a strategy by reading it, without running a line: it parses, imports what a pool has, and defines
a class with what FreqTrade needs. Pure: the control plane answers with it at once, a pool's check begins with it.

It is hygiene: whoever wants to gets around it, and stands before the bot's walls then.
"""

import ast
import json
import re
import warnings
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pool.contract.checks import FINDINGS_LIMIT, MESSAGE_LENGTH, Finding, Severity
from pool.rules.lookahead import look_ahead

INTERFACE = "IStrategy"
SOURCE_BYTES = 262_144
_MOST_CLASSES = 200
_MOST_OF_A_KIND = 1000
_CLASS_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
"""As `pool.contract.slots.StrategySource` has it."""
_MOST_NODES = 100_000
"""Of the syntax tree: what people write in `SOURCE_BYTES` has fewer."""

_STANDARD = frozenset(
    {
        "__future__", "abc", "array", "base64", "bisect", "calendar", "cmath", "collections", "contextlib", "copy",
        "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq",
        "itertools", "json", "keyword", "locale", "logging", "math", "numbers", "operator", "pprint", "queue", "random",
        "re", "statistics", "string", "struct", "textwrap", "time", "timeit", "traceback", "types", "typing",
        "unittest", "uuid", "warnings", "weakref", "zlib", "zoneinfo",
    }
)  # fmt: skip
_INSTALLED = frozenset(
    {"dateutil", "freqtrade", "numpy", "pandas", "pandas_ta", "pytz", "scipy", "talib", "technical",
     "typing_extensions"}
)  # fmt: skip
ALLOWED_MODULES = _STANDARD | _INSTALLED
"""By their first name."""

_REFUSED_CALLS = frozenset({"__import__", "breakpoint", "compile", "eval", "exec", "exit", "input", "open", "quit"})
_REFUSED_NAMES = frozenset(
    {"__builtins__", "__code__", "__globals__", "__loader__", "__mro__", "__subclasses__", "__closure__"}
)
_NEEDED_METHODS = (
    ("populate_indicators",),
    ("populate_entry_trend", "populate_buy_trend"),
    ("populate_exit_trend", "populate_sell_trend"),
)
_NEEDED_VALUES = (("timeframe", "the length of its candles, such as timeframe = '5m'"),
                  ("stoploss", "the loss at which a trade is closed, such as stoploss = -0.10"))  # fmt: skip
_RETIRED_VALUES = {"ticker_interval": "timeframe"}


@dataclass(frozen=True, slots=True)
class SourceReport:
    """`class_name` is None where it cannot be told which class is meant."""

    findings: list[Finding]
    class_name: str | None = None

    @property
    def passed(self) -> bool:
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def inspect(source: str, class_name: str | None = None) -> SourceReport:
    """What is found in `source`, by line. `class_name` may be left out where one class alone is a strategy. Never
    raises, whatever the text."""
    tree = _parsed(source)
    if isinstance(tree, Finding):
        return SourceReport([tree], class_name)
    if next(islice(ast.walk(tree), _MOST_NODES, None), None) is not None:
        return SourceReport([error("size", "The file holds too much to be read; make it shorter.")], class_name)
    if sum(isinstance(node, ast.ClassDef) for node in tree.body) > _MOST_CLASSES:
        return SourceReport([error("size", f"The file has more than {_MOST_CLASSES} classes.")], class_name)
    strategies = _strategies(tree)
    chosen, unclear = _chosen(strategies, class_name)
    if chosen is not None and _CLASS_NAME.fullmatch(chosen) is None:
        told = f"The class {chosen[:100]} needs another name: at most 100 of A-Z, a-z, 0-9 and underscore."
        unclear = error("class", told, strategies[chosen][0])
        chosen = None
    found = [] if unclear is None else [unclear]
    if chosen is not None:
        found += _shape(strategies, chosen)
    for looking in (_imports(tree), _reaching_out(tree), look_ahead(tree)):
        found += islice(looking, _MOST_OF_A_KIND)
    found.sort(key=lambda one: (one.line or 0, one.column or 0, one.severity is not Severity.ERROR))
    return SourceReport(_bounded(found), chosen)


def error(code: str, message: str, node: ast.AST | None = None) -> Finding:
    """A finding at the place of `node`."""
    line, column = getattr(node, "lineno", None), getattr(node, "col_offset", None)
    return Finding(
        code=code,
        severity=Severity.ERROR,
        message=message[:MESSAGE_LENGTH],
        line=line,
        column=None if column is None else column + 1,
    )


def _bounded(found: list[Finding]) -> list[Finding]:
    """Errors before warnings, where there are too many."""
    if len(found) <= FINDINGS_LIMIT:
        return found
    errors = [one for one in found if one.severity is Severity.ERROR]
    others = [one for one in found if one.severity is not Severity.ERROR]
    return (errors + others)[:FINDINGS_LIMIT]


def _parsed(source: str) -> ast.Module | Finding:
    try:
        size = len(source.encode())
    except UnicodeEncodeError:
        return error("syntax", "The file holds characters that are no text; save it as UTF-8.")
    if size > SOURCE_BYTES:
        return error("size", f"The file has {size} bytes; at most {SOURCE_BYTES} are allowed.")
    sent = len(json.dumps(source, ensure_ascii=False).encode())
    if sent > 2 * SOURCE_BYTES + 2:  # no text is so much longer: a line break has two bytes on its way, a control six
        return error("size", "The file holds so many control characters that no pool could be sent it; remove them.")
    if "\0" in source:
        return error("syntax", "The file holds a NUL; save it as text.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as problem:
        return Finding(
            code="syntax",
            severity=Severity.ERROR,
            message=f"This is no valid Python: {problem.msg.rstrip('.')}."[:MESSAGE_LENGTH],
            line=problem.lineno if problem.lineno and problem.lineno > 0 else None,
            column=problem.offset if problem.offset and problem.offset > 0 else None,
        )
    except (ValueError, RecursionError, MemoryError):
        return error("syntax", "Python cannot read this: it is nested too deep, or holds a number too long.")


# ---- the class


def _strategies(tree: ast.Module) -> dict[str, list[ast.ClassDef]]:
    """Classes of the file that derive from FreqTrade's interface, each with its ancestors in the file, itself first."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    bases = {name: dict.fromkeys(_bases(node)) for name, node in classes.items()}
    found: dict[str, list[ast.ClassDef]] = {}
    for name in classes:
        seen, todo = {name}, deque([name])
        line, is_strategy = list[ast.ClassDef](), False
        while todo:
            one = todo.popleft()
            line.append(classes[one])
            is_strategy = is_strategy or INTERFACE in bases[one]
            new = [base for base in bases[one] if base in classes and base != INTERFACE and base not in seen]
            seen.update(new)
            todo.extend(new)
        if is_strategy:
            found[name] = line
    return found


def _bases(node: ast.ClassDef) -> Iterator[str]:
    for base in node.bases:
        if isinstance(base, ast.Name):
            yield base.id
        elif isinstance(base, ast.Attribute):
            yield base.attr


def _chosen(strategies: dict[str, list[ast.ClassDef]], wanted: str | None) -> tuple[str | None, Finding | None]:
    if wanted is not None:
        if wanted in strategies:
            return wanted, None
        known = ", ".join(list(strategies)[:10]) or "none"
        return None, error("class", f"There is no strategy class {wanted[:100]} here; the file has: {known}.")
    if not strategies:
        return None, error("class", f"The file has no class that derives from {INTERFACE}.")
    ancestors = {one.name for line in strategies.values() for one in line[1:]}
    last = [name for name in strategies if name not in ancestors]
    if len(last) == 1:
        return last[0], None
    return None, error("class", f"The file has several strategies: {', '.join(last[:10])}. Name the one that is meant.")


def _shape(strategies: dict[str, list[ast.ClassDef]], chosen: str) -> Iterator[Finding]:
    """What FreqTrade needs. A class with ancestors from elsewhere may have it from there: loading it will tell."""
    line = strategies[chosen]
    known = {one.name for one in line} | {INTERFACE}
    if any(base not in known for one in line for base in _bases(one)):
        return
    methods, values = _defined(line)
    for names in _NEEDED_METHODS:
        if not methods & set(names):
            yield error("interface", f"{chosen} lacks {names[0]}, which FreqTrade calls.", line[0])
    for name, what in _NEEDED_VALUES:
        if name not in values and name not in methods:
            retired = next((old for old, new in _RETIRED_VALUES.items() if new == name and old in values), None)
            told = f"; {retired} is its name of long ago" if retired else ""
            yield error("interface", f"{chosen} does not say {what}{told}.", line[0])


def _defined(line: list[ast.ClassDef]) -> tuple[set[str], set[str]]:
    methods, values = set[str](), set[str]()
    for one in line:
        for node in one.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                methods.add(node.name)
            elif isinstance(node, ast.Assign):
                values |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
                values.add(node.target.id)
    return methods, values


# ---- what it imports and reaches for


def _imports(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield error("import", "A strategy is one file: it cannot import from its own folder.", node)
        elif isinstance(node, ast.ImportFrom):
            yield from _import(node.module or "", node)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _import(alias.name, node)


def _import(name: str, node: ast.AST) -> Iterator[Finding]:
    if name.split(".")[0] not in ALLOWED_MODULES:
        installed = ", ".join(sorted(_INSTALLED))
        yield error(
            "import",
            f"The module {name[:80]} is not for strategies here. There are: {installed}, and what of Python's own "
            "library computes. Files, processes and networks are not for strategies.",
            node,
        )


def _reaching_out(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _REFUSED_CALLS:
            yield error("call", f"{node.func.id}() is not for strategies: leave it out.", node)
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in _REFUSED_NAMES:
            yield error("call", f"{name} reaches into the interpreter: leave it out.", node)
