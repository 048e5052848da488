"""The slots of a pool as its agent lists them each second."""

from typing import Any

from pool.contract.model import Wire
from pool.contract.slots import Slot


class _Listed(Wire):
    items: list[dict[str, Any]]


class Listing:
    """Most of what is listed was listed the last time, too: that is not validated again, and is the same object."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict[str, Any], Slot]] = {}

    def read(self, content: bytes) -> list[Slot]:
        """Raises ValueError for what no agent would say."""
        told = [self._slot(one) for one in _Listed.model_validate_json(content).items]
        self._known = {slot.bot_id: (raw, slot) for raw, slot in told}
        return [slot for _, slot in told]

    def _slot(self, raw: dict[str, Any]) -> tuple[dict[str, Any], Slot]:
        known = self._known.get(str(raw.get("bot_id")))
        return known if known is not None and known[0] == raw else (raw, Slot.model_validate(raw))
