"""The slots of a pool as its agent lists them each second."""

from typing import Any

from pydantic import TypeAdapter

from pool.contract.model import Instant, Wire
from pool.contract.slots import Slot

_INSTANT: TypeAdapter[Instant] = TypeAdapter(Instant)


class _Listed(Wire):
    items: list[dict[str, Any]]


class Listing:
    """Most of what is listed was listed the last time, too: that is not validated again, and is the same object. Of a
    bot that did nothing but report again, only when it did is."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict[str, Any], Slot]] = {}

    def read(self, content: bytes) -> list[Slot]:
        """Raises ValueError for what no agent would say."""
        told = [self._slot(one) for one in _Listed.model_validate_json(content).items]
        self._known = {slot.bot_id: (raw, slot) for raw, slot in told}
        return [slot for _, slot in told]

    def _slot(self, raw: dict[str, Any]) -> tuple[dict[str, Any], Slot]:
        known = self._known.get(str(raw.get("bot_id")))
        if known is None:
            return raw, Slot.model_validate(raw)
        told, slot = known
        if told == raw:
            return known
        reported_at = raw.get("last_report_at")
        if reported_at is None or told | {"last_report_at": reported_at} != raw:
            return raw, Slot.model_validate(raw)
        return raw, slot.model_copy(update={"last_report_at": _INSTANT.validate_python(reported_at)})
