"""What commands print: tables for people, JSON for scripts. Money and ratios are decimal strings, and stay exact."""

import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

_WIDE = 500

STATE_STYLES = {
    "running": "green",
    "paused": "yellow",
    "starting": "cyan",
    "pending": "cyan",
    "stopping": "cyan",
    "stopped": "dim",
    "failed": "bold red",
    "quarantined": "bold red",
    "unknown": "magenta",
    "ready": "green",
    "degraded": "yellow",
    "unreachable": "bold red",
}


def print_json(body: Any) -> None:
    sys.stdout.write(json.dumps(body, indent=2, ensure_ascii=False) + "\n")


def console() -> Console:
    """On standard output."""
    return Console(highlight=False)


def show(renderable: RenderableType) -> None:
    """Prints it; where standard output is no terminal, as wide as it takes and without blanks at the ends of lines."""
    terminal = console()
    if terminal.is_terminal:
        terminal.print(renderable)
        return
    wide = Console(highlight=False, width=_WIDE, file=io.StringIO())
    with wide.capture() as captured:
        wide.print(renderable)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Columns whose name begins with `>` are aligned to the right. Cells are rich markup: escape what users wrote."""
    rows = list(rows)
    if not rows:
        show(empty)
        return
    show(make_table(columns, rows))


def make_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        table.add_row(*row)
    return table


def print_fields(fields: Mapping[str, str]) -> None:
    """One thing, a line per field."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(name, value)
    show(table)


def print_docs(markdown: str) -> None:
    """Laid out on a terminal; as it is written elsewhere."""
    if console().is_terminal:
        from rich.markdown import Markdown  # with its parser, which `up` and `serve` do without

        console().print(Markdown(markdown))
    else:
        sys.stdout.write(markdown)


def text(value: Any) -> str:
    """Anything, safe to print; of an instant, which the API tells in UTC, no parts of a second."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return "-" if value is None or value == "" else escape(str(value))


def count(number: int, noun: str) -> str:
    """`1 bot`, `2 bots`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def image(reference: str | None) -> str:
    """An image's name; of an id as much as Docker shows."""
    return text(reference[:19] if reference is not None and reference.startswith("sha256:") else reference)


def state(observed: str, desired: str | None = None) -> str:
    """`running`, or `starting → running` while they differ."""
    style = STATE_STYLES.get(observed, "")
    shown = f"[{style}]{escape(observed)}[/]" if style else escape(observed)
    if desired is None or desired == observed:
        return shown
    return f"{shown} → {escape(desired)}"


def trading(how: str) -> str:
    """Real money stands out."""
    return {"dry_run": "dry run", "paper_live": "[bold yellow]LIVE on paper[/]"}.get(how, "[bold red]LIVE[/]")


def money(value: Any, places: int = 2) -> str:
    """`1,234.50`; `-` for nothing."""
    amount = _decimal(value)
    return "-" if amount is None else f"{amount:,.{places}f}"


def gain(value: Any, places: int = 2) -> str:
    """With sign and colour."""
    amount = _decimal(value)
    if amount is None:
        return "-"
    shown = f"{amount:+,.{places}f}"
    return shown if amount == 0 else f"[{'green' if amount > 0 else 'red'}]{shown}[/]"


def percent(value: Any) -> str:
    """A ratio as percentage with sign."""
    ratio = _decimal(value)
    return "-" if ratio is None else f"{ratio * 100:+.2f} %"


def share(value: Any) -> str:
    """A ratio as percentage without sign."""
    ratio = _decimal(value)
    return "-" if ratio is None else f"{ratio * 100:.2f} %"


def megabytes(value: Any) -> str:
    return "-" if value is None else f"{int(value) / 1_000_000:.1f} MB"


def instant(at: datetime | None) -> str:
    """For a column that says that it is in UTC."""
    return "-" if at is None else f"{at:%Y-%m-%dT%H:%M:%S}"


def age(instant: Any, now: datetime | None = None) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d` since an ISO 8601 time."""
    if not instant:
        return "-"
    try:
        then = datetime.fromisoformat(str(instant))
    except ValueError:
        return text(instant)
    return duration(((now or datetime.now(UTC)) - then).total_seconds())


def duration(seconds: float | None) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d`; `-` for nothing."""
    if seconds is None:
        return "-"
    seconds = max(0, int(seconds))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _decimal(value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
