"""What a pool is told of a bot, from its row and its template; rendered once per generation and owner's currency."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.spec import spec_of
from orchestrator.errors import NotFound, TemplateBroken
from orchestrator.reconcile.actions import Put
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.render import RenderedBot, render
from pool.contract.slots import DesiredState, OpenTrades, SlotSpec, StrategySource

_PLACEHOLDER = StrategySource(class_name="Unavailable", source="")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A bot's rendering, or why there is none."""

    bot: RenderedBot | None
    problem: str | None
    content: str
    """Hash over all of it."""


class Renderer:
    """Remembers renderings of bots that still exist."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, tuple[tuple[Any, ...], Rendered]] = {}

    async def render(self, rows: list[DesiredRow]) -> dict[str, Rendered]:
        """By bot. What is not known yet is rendered in a thread, since checking a schema takes its time."""
        stale = [row for row in rows if self._known.get(row.bot.id, (None,))[0] != self._key(row)]
        if stale:
            fresh = await asyncio.to_thread(lambda: [self._render(row) for row in stale])
            for row, rendered in zip(stale, fresh, strict=True):
                self._known[row.bot.id] = (self._key(row), rendered)
        self._known = {row.bot.id: self._known[row.bot.id] for row in rows}
        return {bot_id: rendered for bot_id, (_, rendered) in self._known.items()}

    def _key(self, row: DesiredRow) -> tuple[Any, ...]:
        return (row.bot.generation, row.bot.template, row.reporting_currency)

    def _render(self, row: DesiredRow) -> Rendered:
        try:
            template = self._catalogue.get(row.bot.template)
            bot = render(template, spec_of(row.bot))
        except (NotFound, TemplateBroken, ValueError, KeyError) as error:
            # A row that an older Flotilla wrote may not suit the templates of this one.
            return Rendered(None, f"The bot cannot be rendered: {getattr(error, 'message', error)}", "")
        text = json.dumps(
            [bot.config, bot.strategy.model_dump(), row.bot.exchange, row.reporting_currency], sort_keys=True
        )
        return Rendered(bot, None, hashlib.sha256(text.encode()).hexdigest())


def slot_spec(row: DesiredRow, rendered: Rendered, put: Put) -> SlotSpec:
    """The body of a PUT. A bot that cannot be rendered can still be stopped, under a placeholder."""
    bot = rendered.bot or RenderedBot(config={}, strategy=_PLACEHOLDER)
    return SlotSpec(
        epoch=put.epoch,
        generation=put.generation,
        desired=DesiredState(put.desired),
        open_trades=OpenTrades(put.open_trades),
        exchange=row.bot.exchange,
        config=bot.config,
        strategy=bot.strategy,
        reporting_currency=row.reporting_currency,
    )
