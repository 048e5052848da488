"""How policies, their changes and previews are shown."""

import sys
from typing import Any

import yaml
from flotilla_client.models import ChangeResponse, PolicyResponse, PolicyResponseDocumentType0, TradePreviewResponse

from api.cli import output
from api.cli.client import Answer


def print_policy(found: Answer[PolicyResponse], as_json: bool) -> None:
    """The document to standard output, which version it is to standard error."""
    if as_json:
        output.print_json(found.json)
        return
    policy = found.body
    if policy.document:
        sys.stdout.write(yaml.safe_dump(found.json["document"], sort_keys=False, allow_unicode=True))
    else:
        output.show("Nothing: the default holds." if policy.kind == "override" else "Nothing.")
    why = f": {policy.reason}" if policy.reason else ""
    who = policy.by_name or policy.by
    by = f" by {who}" if who else ""
    sys.stderr.write(f"version {policy.version}{by}{why}\n")


def print_changes(changes: list[ChangeResponse]) -> None:
    """What differs, by field."""
    rows = [(output.text(one.path), output.text(short(one.before)), output.text(short(one.after))) for one in changes]
    output.print_table(("FIELD", ">BEFORE", ">AFTER"), rows, "Both say the same.")


def sentences(changes: list[ChangeResponse]) -> list[str]:
    """What differs, in words. An empty list that gave way to entries is told by these."""
    paths = [one.path for one in changes]
    grown = [path for path in paths if any(other.startswith(f"{path}.") for other in paths)]
    return [_sentence(one) for one in changes if one.path not in grown]


def trade_row(trade: TradePreviewResponse) -> tuple[str, ...]:
    """What a preview tells of one trade."""
    close, level = trade.closes_at_once, trade.next_after
    closes = "-" if close is None else f"[bold red]{output.text(close.rule)}[/]: {close.amount or 'all'}"
    return (
        output.text(trade.bot),
        output.text(trade.pair + (" short" if trade.is_short else "")),
        output.text(trade.rate),
        output.text(trade.stop_before.rate),
        output.text(trade.stop_after.rate),
        "-" if level is None else f"{level.rate} ({output.percent(level.profit_ratio)})",
        closes,
    )


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Fields by path, as the API names their sources."""
    if isinstance(value, dict) and value:
        parts = [(f"{path}.{name}" if path else name, one) for name, one in value.items()]
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        parts = [(f"{path}.{number}", one) for number, one in enumerate(value)]
    else:
        return [(path, value)]
    return [leaf for name, one in parts for leaf in leaves(one, name)]


def what(document: PolicyResponseDocumentType0 | None) -> str:
    """Which sections it has."""
    if document is None:
        return "nothing: the default holds"
    return ", ".join(name for name in document.to_dict() if name != "schema_version")


def short(value: Any) -> str:
    """A value on a line."""
    if isinstance(value, list):
        return " ".join(map(str, value)) or "empty"
    return "-" if value is None else str(value)


def _sentence(change: ChangeResponse) -> str:
    path, before, after = change.path, change.before, change.after
    was = "" if before is None else f"; it was {short(before)}"
    return f"{path} is taken out{was}" if after is None else f"{path} is set to {short(after)}{was}"
