"""Between a bot's row and the spec that its template made: which columns carry the spec."""

from typing import Any

from orchestrator.bots.models import BotModel
from orchestrator.templates.spec import BotSpec

_COLUMNS = tuple(BotSpec.model_fields)


def columns_of(spec: BotSpec) -> dict[str, Any]:
    """The columns of `bots` that a spec fills."""
    return {name: getattr(spec, name) for name in _COLUMNS}


def spec_of(bot: BotModel) -> BotSpec:
    """The spec that a row carries. Its name is the user's own as long as the bot is not deleted."""
    return BotSpec.model_validate({name: getattr(bot, name) for name in _COLUMNS})
