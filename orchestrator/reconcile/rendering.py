"""What a pool is told of a bot, from its row and its template; rendered once per generation and owner's currency."""

import asyncio
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.bots.live import KeyOfBot
from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.spec import spec_of
from orchestrator.errors import NotFound, TemplateBroken
from orchestrator.reconcile.actions import Put
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.render import RenderedBot, render
from orchestrator.templates.spec import trading_of
from pool.contract.policy import PolicyInForce
from pool.contract.slots import DesiredState, ExchangeCredentials, OpenTrades, SlotSpec, StrategySource

_PLACEHOLDER = StrategySource(class_name="Unavailable", source="")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A bot's rendering, or why there is none."""

    bot: RenderedBot | None
    problem: str | None
    content: str
    """Hash over all of it but the policy, which `reconcile.policies` brings to the bot by another way."""
    policy: PolicyInForce | None = None
    """What it starts with."""
    key: KeyOfBot | None = None
    """The exchange key of a live bot, by its name: its secrets are added to the one request that needs them."""


class Renderer:
    """Remembers renderings of bots that still exist."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, tuple[tuple[Any, ...], Rendered]] = {}

    async def render(
        self,
        rows: list[DesiredRow],
        policies: Mapping[str, PolicyInForce],
        sources: Mapping[str, StrategySource] | None = None,
    ) -> dict[str, Rendered]:
        """By bot; `sources` are the versions of users' own strategies that they run. What is not known yet is rendered
        in a thread, since checking a schema takes its time."""
        stale = [row for row in rows if self._known.get(row.bot.id, (None,))[0] != self._key(row)]
        if stale:
            fresh = await asyncio.to_thread(lambda: [self._render(row, sources or {}) for row in stale])
            for row, rendered in zip(stale, fresh, strict=True):
                self._known[row.bot.id] = (self._key(row), rendered)
        self._known = {row.bot.id: self._known[row.bot.id] for row in rows}
        return {bot_id: replace(rendered, policy=policies.get(bot_id)) for bot_id, (_, rendered) in self._known.items()}

    def _key(self, row: DesiredRow) -> tuple[Any, ...]:
        return (row.bot.generation, row.bot.template, row.bot.strategy_version_id, row.reporting_currency)

    def _render(self, row: DesiredRow, sources: Mapping[str, StrategySource]) -> Rendered:
        try:
            template = self._catalogue.get(row.bot.template)
            bot = render(template, spec_of(row.bot), sources.get(row.bot.strategy_version_id or ""))
        except (NotFound, TemplateBroken, ValueError, KeyError) as error:
            # A row that an older Flotilla wrote may not suit the templates of this one.
            return Rendered(None, f"The bot cannot be rendered: {getattr(error, 'message', error)}", "")
        text = json.dumps(
            [bot.config, bot.strategy.model_dump(), row.bot.exchange, row.reporting_currency, row.bot.wake_on_need],
            sort_keys=True,
        )
        return Rendered(bot, None, hashlib.sha256(text.encode()).hexdigest())


def with_keys(
    rendered: Mapping[str, Rendered], keys: Mapping[str, KeyOfBot], keyless: Collection[str]
) -> dict[str, Rendered]:
    """The same with the names of live bots' exchange keys: another key, or one that can be used again (`keyless` are
    bots whose key cannot), is other content."""
    return {
        bot_id: one if bot_id not in keys else _with_key(one, keys[bot_id], bot_id in keyless)
        for bot_id, one in rendered.items()
    }


def _with_key(rendered: Rendered, key: KeyOfBot, keyless: bool) -> Rendered:
    told = json.dumps([rendered.content, key.id, key.version, keyless])
    return replace(rendered, key=key, content=hashlib.sha256(told.encode()).hexdigest())


def slot_spec(
    row: DesiredRow, rendered: Rendered, put: Put, credentials: ExchangeCredentials | None = None
) -> SlotSpec:
    """The body of a PUT. A bot that cannot be rendered can still be stopped, under a placeholder."""
    bot = rendered.bot or RenderedBot(config={}, strategy=_PLACEHOLDER)
    return SlotSpec(
        epoch=put.epoch,
        generation=put.generation,
        desired=DesiredState(put.desired),
        open_trades=OpenTrades(put.open_trades),
        exchange=row.bot.exchange,
        trading=trading_of(row.bot.exchange, row.bot.dry_run),
        config=bot.config,
        strategy=bot.strategy,
        reporting_currency=row.reporting_currency,
        governed=True,
        policy=rendered.policy,
        waking="on_need" if row.bot.wake_on_need else "loop",
        credentials=credentials,
    )
