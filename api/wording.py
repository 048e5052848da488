"""What is wrong with a request, in words: the path of each bad field as its sender knows it, and the remedy. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pool.contract.policy import PAIR_PATTERN

_PLACES = {"body", "query", "path", "header", "cookie"}
_LONGEST_PART = 64
_SENTENCES = {
    "missing": "is required; add it",
    "extra_forbidden": "is not known here; remove it",
    "model_attributes_type": "must be a JSON object, sent as application/json",
    "model_type": "must be a JSON object",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "too_short": "must have {min_length} or more entries",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must be of the form {pattern}",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "decimal_type": "must be a decimal",
    "decimal_max_places": "must have at most {decimal_places} decimal places",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "union_tag_not_found": "is required; add it",
    "union_tag_invalid": "must be one of {expected_tags}",
}
"""By pydantic's type of error, with the fields of its context; others are told in pydantic's words."""
_FORMS = {
    r"^[^\x00]*$": "must not hold the character NUL",
    PAIR_PATTERN: "must be a pair such as BTC/USDT, or BTC/USDT:USDT of a perpetual",
}
"""Patterns in words."""


def told(errors: Sequence[Mapping[str, Any]], body: Any) -> list[dict[str, str]]:
    """Pydantic's errors as `field` and `message`. A list that is empty only because its entries are bad is not told."""
    paths = [_path(entry, body) for entry in errors]
    return [
        {"field": ".".join(path) or "body", "message": _sentence(entry)}
        for entry, path in zip(errors, paths, strict=True)
        if not (entry["type"] == "too_short" and any(other[: len(path)] == path != other for other in paths))
    ]


def _path(entry: Mapping[str, Any], body: Any) -> list[str]:
    """`("body", "pairs", 0)` → `pairs`, `0`; a header or query parameter by its name. What a validator says of one
    value has that value's path in its context as `at`."""
    location, context = entry["loc"], entry.get("ctx", {})
    parts = [*(location[1:] if location and location[0] in _PLACES else location)]
    if "at" in context:
        parts += str(context["at"]).split(".")
    if location and location[0] == "body":
        parts = _without_tags(parts, body)
    if entry["type"].startswith("union_tag_"):
        parts.append(str(context["discriminator"]).strip("'"))
    return [str(part)[:_LONGEST_PART] for part in parts]


def _without_tags(parts: Sequence[Any], body: Any) -> list[Any]:
    """Pydantic names the chosen kind of a union in the path; in the body there is no such place."""
    kept = []
    for place, part in enumerate(parts):
        if isinstance(body, Mapping) and part not in body and place < len(parts) - 1:
            continue
        kept.append(part)
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int) and part < len(body):
            body = body[part]
        else:
            body = None
    return kept


def _sentence(entry: Mapping[str, Any]) -> str:
    """As the middle of a sentence."""
    form = _FORMS.get(entry.get("ctx", {}).get("pattern", ""))
    if form is not None:
        return form
    known = _SENTENCES.get(entry["type"])
    if known is not None:
        return known.format_map(entry.get("ctx", {}))
    message = str(entry["msg"]).removeprefix("Value error, ").rstrip(".")
    return message.replace("Input should", "must", 1).replace("must be a valid", "must be a", 1)
