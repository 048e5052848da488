"""What changed from one portfolio to the next: a large fleet's whole body is a megabyte, each second."""

from typing import Any


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """From which, with `before`, exactly `after` follows; both are bodies of `GET /portfolio`.

    Of the portfolio the fields that differ, whole; in `bots`, of each bot that differs its `id` and the fields that
    do, of a new one all; and where bots came, went or changed places, `order`: the ids of all bots there are now.
    """
    known = {bot["id"]: bot for bot in before["bots"]}
    body = {key: value for key, value in after.items() if key != "bots" and before.get(key) != value}
    order = [bot["id"] for bot in after["bots"]]
    if order != [bot["id"] for bot in before["bots"]]:
        body["order"] = order
    body["bots"] = [
        {"id": bot["id"], **differing}
        for bot in after["bots"]
        if (differing := _differing(known.get(bot["id"], {}), bot))
    ]
    return body


def _differing(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in after.items() if key not in before or before[key] != value}
