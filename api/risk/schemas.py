"""Bodies of the routes about risk."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.deps import Text
from orchestrator.risk.models import HaltModel, RiskReadingModel
from orchestrator.risk.modes import Order
from orchestrator.risk.service import Done, Standing
from pool.contract.model import Money
from pool.contract.policy import refused
from pool.contract.risk import BOUND, Mode

Scope = Literal["bot", "user", "fleet"]
CURRENT_SECONDS = 60.0
"""A reading is written every 30 s at least."""


class Target(BaseModel):
    """Whom it is about."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(description="`bot`, `user` for all bots of one, or `fleet` for everything.", examples=["user"])
    bot_id: str | None = Field(
        default=None, max_length=64, pattern=Text, description="For `bot`.", examples=["bot-k3v2q7d5mwxz4tha"]
    )
    user: str | None = Field(
        default=None,
        max_length=64,
        pattern=Text,
        description="For `user`: id or name of another user, for administrators.",
        examples=["ann"],
    )
    reason: str = Field(
        default="", max_length=500, pattern=Text, description="Why; kept and shown.", examples=["News at eight."]
    )

    @model_validator(mode="after")
    def _fits(self) -> "Target":
        if (self.scope == "bot") != (self.bot_id is not None):
            raise refused("bot_id", "give bot_id with the scope bot, and only there")
        if self.user is not None and self.scope != "user":
            raise refused("user", "user belongs to the scope user")
        return self


class HaltRequest(Target):
    """Halts: no new risk, resting entries cancelled, the strategies' own exits off; universal stops run."""

    flatten: bool = Field(default=False, description="Also close everything, until it is flat.", examples=[True])


class ReduceRequest(Target):
    """Reduces: exits, stops and cancels only."""

    fraction: Decimal | None = Field(
        default=None,
        gt=0,
        le=1,
        decimal_places=18,
        description="Also close so much of each open trade, once.",
        examples=["0.5"],
    )


class ReleaseRequest(Target):
    """Releases what was halted or reduced with the same scope."""

    confirmation: str | None = Field(
        default=None,
        max_length=64,
        pattern=Text,
        description="The code from the 409 that the first call answers; it holds for 60 s.",
        examples=["691f4a2c-0f3c1d2e4b5a6978"],
    )


class HaltResponse(BaseModel):
    """What binds."""

    id: str = Field(description="Identity.", examples=["halt-k3v2q7d5mwxz4tha"])
    scope: str = Field(description="`bot`, `user` or `fleet`.", examples=["user"])
    subject: str = Field(description="Id of the bot or user; empty for the fleet.", examples=["user-k3v2q7d5mwxz4tha"])
    trading: str | None = Field(description="`dry` or `live` where it binds those alone.", examples=[None])
    mode: str = Field(description="`reducing` or `halted`.", examples=["halted"])
    flatten: bool = Field(description="Whether everything is closed.", examples=[False])
    reduce_fraction: Money | None = Field(description="So much of each trade is closed, once.", examples=[None])
    source: str = Field(description="`manual`, `loss_limit` or `emergency`.", examples=["manual"])
    rule: str = Field(description="Of a loss limit, `<scope>.<window>.<response>`.", examples=[""])
    why: str = Field(description="Why.", examples=["News at eight."])
    by: str = Field(description="Who: a user's id, or `system`.", examples=["user-k3v2q7d5mwxz4tha"])
    at: datetime = Field(description="Since when.", examples=["2026-11-21T12:00:00Z"])
    release_at: datetime | None = Field(description="When it ends by itself; null for by hand.", examples=[None])
    released_at: datetime | None = Field(description="When it ended; null while it binds.", examples=[None])


class BotRiskResponse(BaseModel):
    """What one bot may do."""

    bot_id: str = Field(description="Identity of the bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    name: str = Field(description="Its name.", examples=["trend-1"])
    trading: str = Field(description="`dry` or `live`.", examples=["dry"])
    ordered: str | None = Field(
        description="The mode that it is ordered; null before the first order.", examples=["active"]
    )
    in_force: str | None = Field(
        description="The mode that it told last; null while it tells none. More bound than ordered: no lease, or a "
        "flag file.",
        examples=["active"],
    )
    flatten: bool = Field(description="Whether it closes everything.", examples=[False])
    why: str = Field(description="Why it is bound; empty while it is not.", examples=[""])
    number: int | None = Field(description="Number of its last order.", examples=[3])
    number_taken: int | None = Field(description="The one that its pool took.", examples=[3])
    leased: bool = Field(description="Whether it had a lease when its pool answered last.", examples=[True])
    problem: str | None = Field(description="Why its pool takes no orders.", examples=[None])
    blocked: str | None = Field(
        description="Why it opens nothing whatever its mode: its exchange account and the books differ (`findings`), "
        "or it is live and its owner has no leave any more.",
        examples=[None],
    )


class ReservationResponse(BaseModel):
    """Room that is kept for an order."""

    bot_id: str = Field(description="Which bot's.", examples=["bot-k3v2q7d5mwxz4tha"])
    request_id: str = Field(description="Identity within the bot.", examples=["6f1c2f0e"])
    pair: str = Field(description="Pair.", examples=["BTC/USDT"])
    is_short: bool = Field(description="Direction.", examples=[False])
    state: str = Field(description="`granted`, `sent` or `filled`.", examples=["sent"])
    exposure: Money = Field(description="In `currency`.", examples=["100"])
    currency: str = Field(description="Stake currency.", examples=["USDT"])
    at: datetime = Field(description="When the bot asked, by its clock.", examples=["2026-11-21T12:00:00Z"])


class UseResponse(BaseModel):
    """How far a limit is used."""

    limit: str = Field(description="Path in the policy.", examples=["limits.asset_exposure"])
    trading: str = Field(description="Of `dry` or of `live` bots.", examples=["dry"])
    subject: str = Field(description="Asset, assets of a group, bot or user; empty for all.", examples=["BTC"])
    used: Money | None = Field(description="Number, or ratio of equity; null while unknown.", examples=["0.1250"])
    allowed: Money = Field(description="The limit.", examples=["0.25"])


class RiskResponse(BaseModel):
    """Modes, leases, limits and reservations of all bots of a user."""

    mode: str = Field(description="The most bound mode that any of the bots is ordered.", examples=["active"])
    current: bool = Field(
        description="Whether the leading control plane told uses, leases and reservations lately.", examples=[True]
    )
    as_of: datetime | None = Field(
        description="When it told them last, at a change or every 30 s.", examples=["2026-11-21T12:00:00Z"]
    )
    warming: bool = Field(
        description="It began a few seconds ago and grants nothing until all bots have reported.", examples=[False]
    )
    halts: list[HaltResponse] = Field(description="What binds, oldest first.")
    bots: list[BotRiskResponse] = Field(description="Every bot.")
    uses: list[UseResponse] = Field(description="Every limit that is set.")
    reservations: list[ReservationResponse] = Field(description="Room kept for orders under way.")


class ActResponse(BaseModel):
    """What was done."""

    halts: list[HaltResponse] = Field(description="What binds from now on, or bound until now.")
    bots: list[str] = Field(description="Bots that it concerns.", examples=[["bot-k3v2q7d5mwxz4tha"]])


def halt_body(row: HaltModel) -> HaltResponse:
    return HaltResponse.model_validate({name: getattr(row, name) for name in HaltResponse.model_fields})


def act_body(done: Done) -> ActResponse:
    return ActResponse(halts=[halt_body(row) for row in done.halts], bots=[bot.bot_id for bot in done.bots])


def risk_body(found: Standing, reading: RiskReadingModel | None, now: datetime) -> RiskResponse:
    """Rows are current; what only the leader knows is as old as its reading."""
    body: dict[str, Any] = reading.body if reading is not None else {}
    told: dict[str, dict[str, Any]] = body.get("bots", {})
    bots = [_bot(found, bot.bot_id, told.get(bot.bot_id, {})) for bot in found.bots]
    modes = [Mode(bot.ordered) for bot in bots if bot.ordered is not None]
    return RiskResponse(
        mode=max(modes, key=list(Mode).index, default=Mode.ACTIVE).value,
        current=reading is not None and (now - reading.at).total_seconds() <= CURRENT_SECONDS,
        as_of=reading.at if reading is not None else None,
        warming=bool(body.get("warming", False)),
        halts=[halt_body(row) for row in found.halts],
        bots=bots,
        uses=[UseResponse.model_validate(use) for use in body.get("uses", [])],
        reservations=[ReservationResponse.model_validate(one) for one in body.get("reservations", [])],
    )


def _bot(found: Standing, bot_id: str, told: dict[str, Any]) -> BotRiskResponse:
    row = next(bot for bot in found.bots if bot.bot_id == bot_id)
    order = found.orders.get(bot_id)
    return BotRiskResponse(
        bot_id=bot_id,
        name=row.name,
        trading="live" if row.live else "dry",
        ordered=order.mode.value if order is not None else None,
        in_force=found.seen.get(bot_id),
        flatten=order is not None and order.flatten,
        why=_why(order, found.seen.get(bot_id)),
        number=order.number if order is not None else None,
        number_taken=told.get("number_taken"),
        leased=bool(told.get("leased", False)),
        problem=told.get("problem"),
        blocked=told.get("blocked"),
    )


def _why(order: Order | None, in_force: str | None) -> str:
    if order is None:
        return ""
    if in_force is not None and BOUND[Mode(in_force)] > BOUND[order.mode]:
        return f"It is {in_force}, more bound than ordered: by a flag file, or for want of a lease. {order.why}".strip()
    return order.why
