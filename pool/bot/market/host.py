"""The way to the exchange of one bot process, put together."""

import logging
from collections.abc import Callable
from pathlib import Path

from pool.bot.market.clients import install
from pool.bot.market.fallback import Fallback
from pool.bot.market.mapped import Mapped
from pool.bot.market.routing import Router
from pool.bot.outbox import Outbox
from pool.contract.frames import ConditionFrame
from pool.contract.slots import ConditionType
from pool.settings import PoolSettings

logger = logging.getLogger(__name__)


class Market:
    def __init__(
        self,
        bot_id: str,
        settings: PoolSettings,
        outbox: Outbox,
        *,
        exchange: Callable[[], str],
        building: Callable[[], bool],
        pool_directory: Path,
        took_candles: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._away = False
        self._router: Router | None = None
        if settings.gateway_url is not None:
            self._router = Router(
                settings.gateway_url,
                Fallback(bot_id, self._tell),
                bot_id=bot_id,
                tenant=settings.pool_id,
                exchange=exchange,
                signed_through=settings.signed_requests == "gateway",
                building=building,
                mapped=Mapped(pool_directory, exchange, took=took_candles),
            )

    def route(self) -> None:
        """Before FreqTrade is built; nothing where there is no gateway. For the rest of the process."""
        if self._router is not None:
            install(self._router)

    def _tell(self, reason: str | None) -> None:
        if reason is None:
            logger.info("The market-data gateway answers again")
        elif not self._away:
            logger.warning("The market-data gateway does not answer (%s): the exchange itself is asked", reason)
        self._away = reason is not None
        message = (
            "" if reason is None else f"asks its exchange itself, the market-data gateway does not answer: {reason}"
        )
        self._outbox.add(ConditionFrame(type=ConditionType.GATEWAY_UNREACHABLE.value, message=message))
