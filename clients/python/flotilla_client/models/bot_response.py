from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.bot_response_access import BotResponseAccess, check_bot_response_access
from ..models.bot_response_open_trades import (
    BotResponseOpenTrades,
    check_bot_response_open_trades,
)
from ..models.bot_response_trading import BotResponseTrading, check_bot_response_trading

if TYPE_CHECKING:
    from ..models.bot_policy_response import BotPolicyResponse
    from ..models.bot_response_parameters import BotResponseParameters
    from ..models.bot_strategy_response import BotStrategyResponse
    from ..models.condition_response import ConditionResponse
    from ..models.exit_response import ExitResponse
    from ..models.memory_response import MemoryResponse
    from ..models.waking_response import WakingResponse


T = TypeVar("T", bound="BotResponse")


@_attrs_define
class BotResponse:
    """A bot: what you want of it, and what it does.

    Attributes:
        id (str): Identity of the bot.
        name (str): Unique among its owner's bots.
        owner (str): Name of the user whose it is.
        access (BotResponseAccess): What you may do with it: all, as its owner or an administrator; steer it; or look at
            it.
        template (str): What it is made of; `own` with a strategy of one's own.
        strategy (BotStrategyResponse | None): The strategy of one's own that it runs; null where it runs the
            template's.
        parameters (BotResponseParameters): All parameters of the template.
        exchange (str): `paper`, or an id of ccxt.
        trading_mode (str): `spot`, or `futures` with isolated margin.
        dry_run (bool): True where no real money is at stake.
        trading (BotResponseTrading): `dry_run`, `paper_live` (orders on the paper exchange) or `live` (real money), for
            good.
        pairs (list[str]): Pairs that it trades.
        timeframe (str): Length of a candle.
        stake_currency (str): Currency of stakes.
        stake_amount (str): Stake of one trade.
        max_open_trades (int): Trades open at once, at most.
        starting_balance (str): Capital: given by its wallet less taken back.
        wake_on_need (bool): Whether it looks only when something is due; false: every few seconds, as FreqTrade does.
        waking (None | WakingResponse): When it looks now, and why; null while no process says so.
        wallet (None | str): Where its capital is from; null of bots deleted long ago.
        desired_state (str): `running`, `paused`, `stopped` or `deleted`.
        open_trades (BotResponseOpenTrades): What a stop does with open trades.
        observed_state (str): `pending`, `starting`, `running`, `paused`, `stopping`, `stopped`, `failed`, `quarantined`
            or `unknown`.
        conditions (list[ConditionResponse]): What holds now; empty where all is well.
        trader_state (None | str): FreqTrade's own state.
        pool (None | str): Pool it is assigned to.
        generation (int): Counts your changes; also the ETag.
        observed_generation (int): The generation that is in force.
        restarts (int): Restarts of its process since it got its slot.
        memory (MemoryResponse | None): Null while no process runs.
        last_exit (ExitResponse | None): Null where it never ended.
        last_seen_at (datetime.datetime | None): Last report of it.
        policy (BotPolicyResponse | None): Null where nobody wrote a policy that concerns it; see
            `/policies/bots/{id}/effective`.
        created_at (datetime.datetime): When it was created.
        updated_at (datetime.datetime): Your last change.
    """

    id: str
    name: str
    owner: str
    access: BotResponseAccess
    template: str
    strategy: BotStrategyResponse | None
    parameters: BotResponseParameters
    exchange: str
    trading_mode: str
    dry_run: bool
    trading: BotResponseTrading
    pairs: list[str]
    timeframe: str
    stake_currency: str
    stake_amount: str
    max_open_trades: int
    starting_balance: str
    wake_on_need: bool
    waking: None | WakingResponse
    wallet: None | str
    desired_state: str
    open_trades: BotResponseOpenTrades
    observed_state: str
    conditions: list[ConditionResponse]
    trader_state: None | str
    pool: None | str
    generation: int
    observed_generation: int
    restarts: int
    memory: MemoryResponse | None
    last_exit: ExitResponse | None
    last_seen_at: datetime.datetime | None
    policy: BotPolicyResponse | None
    created_at: datetime.datetime
    updated_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        from ..models.bot_policy_response import BotPolicyResponse  # noqa: PLC0415
        from ..models.bot_strategy_response import BotStrategyResponse  # noqa: PLC0415
        from ..models.exit_response import ExitResponse  # noqa: PLC0415
        from ..models.memory_response import MemoryResponse  # noqa: PLC0415
        from ..models.waking_response import WakingResponse  # noqa: PLC0415

        id = self.id

        name = self.name

        owner = self.owner

        access: str = self.access

        template = self.template

        strategy: dict[str, Any] | None
        if isinstance(self.strategy, BotStrategyResponse):
            strategy = self.strategy.to_dict()
        else:
            strategy = self.strategy

        parameters = self.parameters.to_dict()

        exchange = self.exchange

        trading_mode = self.trading_mode

        dry_run = self.dry_run

        trading: str = self.trading

        pairs = self.pairs

        timeframe = self.timeframe

        stake_currency = self.stake_currency

        stake_amount = self.stake_amount

        max_open_trades = self.max_open_trades

        starting_balance = self.starting_balance

        wake_on_need = self.wake_on_need

        waking: dict[str, Any] | None
        if isinstance(self.waking, WakingResponse):
            waking = self.waking.to_dict()
        else:
            waking = self.waking

        wallet: None | str
        wallet = self.wallet

        desired_state = self.desired_state

        open_trades: str = self.open_trades

        observed_state = self.observed_state

        conditions = []
        for conditions_item_data in self.conditions:
            conditions_item = conditions_item_data.to_dict()
            conditions.append(conditions_item)

        trader_state: None | str
        trader_state = self.trader_state

        pool: None | str
        pool = self.pool

        generation = self.generation

        observed_generation = self.observed_generation

        restarts = self.restarts

        memory: dict[str, Any] | None
        if isinstance(self.memory, MemoryResponse):
            memory = self.memory.to_dict()
        else:
            memory = self.memory

        last_exit: dict[str, Any] | None
        if isinstance(self.last_exit, ExitResponse):
            last_exit = self.last_exit.to_dict()
        else:
            last_exit = self.last_exit

        last_seen_at: None | str
        if isinstance(self.last_seen_at, datetime.datetime):
            last_seen_at = self.last_seen_at.isoformat()
        else:
            last_seen_at = self.last_seen_at

        policy: dict[str, Any] | None
        if isinstance(self.policy, BotPolicyResponse):
            policy = self.policy.to_dict()
        else:
            policy = self.policy

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "name": name,
                "owner": owner,
                "access": access,
                "template": template,
                "strategy": strategy,
                "parameters": parameters,
                "exchange": exchange,
                "trading_mode": trading_mode,
                "dry_run": dry_run,
                "trading": trading,
                "pairs": pairs,
                "timeframe": timeframe,
                "stake_currency": stake_currency,
                "stake_amount": stake_amount,
                "max_open_trades": max_open_trades,
                "starting_balance": starting_balance,
                "wake_on_need": wake_on_need,
                "waking": waking,
                "wallet": wallet,
                "desired_state": desired_state,
                "open_trades": open_trades,
                "observed_state": observed_state,
                "conditions": conditions,
                "trader_state": trader_state,
                "pool": pool,
                "generation": generation,
                "observed_generation": observed_generation,
                "restarts": restarts,
                "memory": memory,
                "last_exit": last_exit,
                "last_seen_at": last_seen_at,
                "policy": policy,
                "created_at": created_at,
                "updated_at": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_policy_response import BotPolicyResponse  # noqa: PLC0415
        from ..models.bot_response_parameters import BotResponseParameters  # noqa: PLC0415
        from ..models.bot_strategy_response import BotStrategyResponse  # noqa: PLC0415
        from ..models.condition_response import ConditionResponse  # noqa: PLC0415
        from ..models.exit_response import ExitResponse  # noqa: PLC0415
        from ..models.memory_response import MemoryResponse  # noqa: PLC0415
        from ..models.waking_response import WakingResponse  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        owner = d.pop("owner")

        access = check_bot_response_access(d.pop("access"))

        template = d.pop("template")

        def _parse_strategy(data: object) -> BotStrategyResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                strategy_type_0 = BotStrategyResponse.from_dict(data)

                return strategy_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BotStrategyResponse | None, data)

        strategy = _parse_strategy(d.pop("strategy"))

        parameters = BotResponseParameters.from_dict(d.pop("parameters"))

        exchange = d.pop("exchange")

        trading_mode = d.pop("trading_mode")

        dry_run = d.pop("dry_run")

        trading = check_bot_response_trading(d.pop("trading"))

        pairs = cast(list[str], d.pop("pairs"))

        timeframe = d.pop("timeframe")

        stake_currency = d.pop("stake_currency")

        stake_amount = d.pop("stake_amount")

        max_open_trades = d.pop("max_open_trades")

        starting_balance = d.pop("starting_balance")

        wake_on_need = d.pop("wake_on_need")

        def _parse_waking(data: object) -> None | WakingResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                waking_type_0 = WakingResponse.from_dict(data)

                return waking_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | WakingResponse, data)

        waking = _parse_waking(d.pop("waking"))

        def _parse_wallet(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        wallet = _parse_wallet(d.pop("wallet"))

        desired_state = d.pop("desired_state")

        open_trades = check_bot_response_open_trades(d.pop("open_trades"))

        observed_state = d.pop("observed_state")

        conditions = []
        _conditions = d.pop("conditions")
        for conditions_item_data in _conditions:
            conditions_item = ConditionResponse.from_dict(conditions_item_data)

            conditions.append(conditions_item)

        def _parse_trader_state(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        trader_state = _parse_trader_state(d.pop("trader_state"))

        def _parse_pool(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        pool = _parse_pool(d.pop("pool"))

        generation = d.pop("generation")

        observed_generation = d.pop("observed_generation")

        restarts = d.pop("restarts")

        def _parse_memory(data: object) -> MemoryResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                memory_type_0 = MemoryResponse.from_dict(data)

                return memory_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MemoryResponse | None, data)

        memory = _parse_memory(d.pop("memory"))

        def _parse_last_exit(data: object) -> ExitResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                last_exit_type_0 = ExitResponse.from_dict(data)

                return last_exit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ExitResponse | None, data)

        last_exit = _parse_last_exit(d.pop("last_exit"))

        def _parse_last_seen_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_seen_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_seen_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_seen_at = _parse_last_seen_at(d.pop("last_seen_at"))

        def _parse_policy(data: object) -> BotPolicyResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                policy_type_0 = BotPolicyResponse.from_dict(data)

                return policy_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BotPolicyResponse | None, data)

        policy = _parse_policy(d.pop("policy"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        bot_response = cls(
            id=id,
            name=name,
            owner=owner,
            access=access,
            template=template,
            strategy=strategy,
            parameters=parameters,
            exchange=exchange,
            trading_mode=trading_mode,
            dry_run=dry_run,
            trading=trading,
            pairs=pairs,
            timeframe=timeframe,
            stake_currency=stake_currency,
            stake_amount=stake_amount,
            max_open_trades=max_open_trades,
            starting_balance=starting_balance,
            wake_on_need=wake_on_need,
            waking=waking,
            wallet=wallet,
            desired_state=desired_state,
            open_trades=open_trades,
            observed_state=observed_state,
            conditions=conditions,
            trader_state=trader_state,
            pool=pool,
            generation=generation,
            observed_generation=observed_generation,
            restarts=restarts,
            memory=memory,
            last_exit=last_exit,
            last_seen_at=last_seen_at,
            policy=policy,
            created_at=created_at,
            updated_at=updated_at,
        )

        return bot_response
