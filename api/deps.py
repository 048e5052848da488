"""What endpoints are given: the services behind the edge, pages, entity tags.

`Services` is put on `app.state` by `create_app`; nothing in `api` reaches for a global. What FastAPI is to call is a
coroutine function: plain ones it sends to threads, for which a request would wait.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Header, Path, Query
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import HTTPConnection

from api.settings import ApiSettings
from api.turns import Turns
from orchestrator.actions.tally import Tally
from orchestrator.db import tenancy
from orchestrator.db.engine import Database
from orchestrator.errors import NotFound, PreconditionFailed
from orchestrator.events.bus import Bus
from orchestrator.exchange_keys.desk import KeyDesk
from orchestrator.exchanges.traffic import Traffic
from orchestrator.market.service import MarketData
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.disks import Disks
from orchestrator.pools.policy import PoolPolicy
from orchestrator.portfolio.service import PortfolioService
from orchestrator.push.places import PushWays
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotSpec


class Reaching(Protocol):
    """Somebody who calls: `api.auth.subject.Subject`."""

    @property
    def reach(self) -> tenancy.Reach:
        """Which rows he gets to see."""


class Secrets(Protocol):
    """Keys of this installation, from `secrets.json`."""

    @property
    def token_signing_key(self) -> str:
        """Signs access tokens; at least 32 characters."""


class Markets(Protocol):
    """What exchanges trade."""

    async def check_pairs(self, spec: BotSpec) -> None:
        """Raises InvalidSpec for a pair that the exchange lacks; passes where the exchange cannot be asked."""

    async def pairs(self, exchange: str, trading_mode: str) -> frozenset[str] | None:
        """Those that are traded now; None where the exchange cannot be asked."""

    def lists(self, exchange: str) -> bool:
        """Whether it is one that can be asked at all."""


Readiness = Callable[[], Awaitable[Mapping[str, str | None]]]
"""Checks by name: None where all is well, else the reason in a sentence."""

Gauges = Callable[[], Mapping[str, float]]
"""Readings for /metrics by name, for example `{"reconcile_lag_seconds": 0.2}`."""


def _no_gauges() -> Mapping[str, float]:
    return {}


ImageCheck = Callable[[str], Awaitable[None]]
"""Raises InvalidSpec (field `image`) where no pool can be made of it; passes where nobody can tell."""


async def _any_image(_: str) -> None:
    pass


PoolDisks = Callable[[], Awaitable[Disks]]
"""What pools keep, removed ones included. Raises DisksUnknown where nobody can tell."""


async def _no_disks() -> Disks:
    return {}


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the edge, built by the composition root."""

    database: Database
    bus: Bus
    agents: AgentDirectory
    catalogue: Catalogue
    markets: Markets
    secrets: Secrets
    readiness: Readiness
    portfolio: PortfolioService
    gauges: Gauges = _no_gauges
    tally: Tally = field(default_factory=Tally)
    """What rules did, for /metrics."""
    check_image: ImageCheck = _any_image
    pool_disks: PoolDisks = _no_disks
    pool_policy: PoolPolicy = field(default_factory=PoolPolicy)
    """How pools are made and filled, as the settings say."""
    keys: KeyDesk | None = None
    """Exchange keys; None where none are kept."""
    push: PushWays = field(default_factory=PushWays)
    """Where pushes may go."""
    traffic: Traffic = field(default_factory=lambda: Traffic(None))
    """What the market-data gateway tells of its exchanges."""
    market: MarketData | None = None
    """Candles and prices; None where there is no gateway that could be asked."""
    turns: Turns = field(default_factory=Turns)
    """Whose strategy is read next."""

    @asynccontextmanager
    async def reading(self, caller: Reaching) -> AsyncIterator[AsyncSession]:
        """`Database.read` within the caller's reach: the rows of others are not there."""
        async with self.database.read() as session:
            tenancy.bind(session, caller.reach)
            yield session

    @asynccontextmanager
    async def writing(self, caller: Reaching) -> AsyncIterator[AsyncSession]:
        """`Database.unit_of_work` within the caller's reach."""
        async with self.database.unit_of_work() as session:
            tenancy.bind(session, caller.reach)
            yield session


def get_services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


def get_settings(connection: HTTPConnection) -> ApiSettings:
    settings: ApiSettings = connection.app.state.settings
    return settings


async def _services(connection: HTTPConnection) -> Services:
    return get_services(connection)


async def _settings(connection: HTTPConnection) -> ApiSettings:
    return get_settings(connection)


ServicesDep = Annotated[Services, Depends(_services)]
SettingsDep = Annotated[ApiSettings, Depends(_settings)]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list."""

    limit: int
    after: str | None


async def page_request(
    limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.", examples=[50])] = 50,
    after: Annotated[
        str | None,
        Query(max_length=500, description="The `next` of the page before.", examples=["WyJib3QtMSJd"]),
    ] = None,
) -> PageRequest:
    return PageRequest(limit, after)


PageDep = Annotated[PageRequest, Depends(page_request)]

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


async def known_bot_id(
    bot_id: Annotated[str, Path(description="Identity of the bot.", examples=["bot-k3v2q7d5mwxz4tha"])],
) -> str:
    """An id that could be one. Raises NotFound for anything else, before the database sees it."""
    return checked_bot_id(bot_id)


def checked_bot_id(bot_id: str) -> str:
    """The same for one that FastAPI has not read."""
    return _checked_id(bot_id, "bot")


async def known_pool_id(
    pool_id: Annotated[str, Path(description="Identity of the pool.", examples=["pool-local"])],
) -> str:
    """The same for pools."""
    return _checked_id(pool_id, "pool")


async def known_rollout_id(
    rollout_id: Annotated[str, Path(description="Identity of the roll-out.", examples=["rollout-k3v2q7d5mwxz4tha"])],
) -> str:
    """The same for roll-outs."""
    return _checked_id(rollout_id, "rollout")


async def known_invitation_id(
    invitation_id: Annotated[
        str, Path(description="Identity of the invitation.", examples=["invitation-k3v2q7d5mwxz4tha"])
    ],
) -> str:
    """The same for invitations."""
    return _checked_id(invitation_id, "invitation")


async def known_share_id(
    share_id: Annotated[str, Path(description="Identity of the share.", examples=["share-k3v2q7d5mwxz4tha"])],
) -> str:
    """The same for shares."""
    return _checked_id(share_id, "share")


async def known_session_id(
    session_id: Annotated[str, Path(description="Identity of the session.", examples=["session-k3v2q7d5mwxz4tha"])],
) -> str:
    """The same for sessions."""
    return _checked_id(session_id, "session")


async def known_token_id(
    token_id: Annotated[str, Path(description="Identity of the API token.", examples=["apitoken-k3v2q7d5mwxz4tha"])],
) -> str:
    """The same for API tokens."""
    return _checked_id(token_id, "token")


async def known_passkey_id(
    passkey_id: Annotated[str, Path(description="Identity of the passkey.", examples=["passkey-k3v2q7d5mwxz4tha"])],
) -> str:
    """The same for passkeys."""
    return _checked_id(passkey_id, "passkey")


async def known_identity_id(
    identity_id: Annotated[str, Path(description="Identity of the link.", examples=["identity-k3v2q7d5mwxz4tha"])],
) -> str:
    """The same for accounts at providers."""
    return _checked_id(identity_id, "identity")


async def known_strategy_id(
    strategy_id: Annotated[str, Path(description="Identity of the strategy.", examples=["strategy-k3v2q7d5mwxz4tha"])],
) -> str:
    """The same for strategies."""
    return _checked_id(strategy_id, "strategy", "strategies")


def _checked_id(value: str, kind: str, kinds: str | None = None) -> str:
    if _ID.fullmatch(value) is None:
        listed = kinds or f"{kind}s"
        raise NotFound(f"There is no such {kind}; list the {listed} to see which there are.", field=f"{kind}_id")
    return value


BotId = Annotated[str, Depends(known_bot_id)]
PoolId = Annotated[str, Depends(known_pool_id)]
PasskeyId = Annotated[str, Depends(known_passkey_id)]
IdentityId = Annotated[str, Depends(known_identity_id)]
RolloutId = Annotated[str, Depends(known_rollout_id)]
StrategyId = Annotated[str, Depends(known_strategy_id)]
InvitationId = Annotated[str, Depends(known_invitation_id)]
ShareId = Annotated[str, Depends(known_share_id)]
SessionId = Annotated[str, Depends(known_session_id)]
TokenId = Annotated[str, Depends(known_token_id)]

Text = r"^[^\x00]*$"
"""Pattern of text that every database takes."""

UserId = Annotated[
    str, Path(max_length=64, pattern=Text, description="Identity of the user, or his name.", examples=["ann"])
]

_ETAG = re.compile(r'"(0|[1-9][0-9]{0,17})"')


def etag(generation: int) -> str:
    """The entity tag of a bot: its generation. Conditions and states change under it; what a user set does not."""
    return f'"{generation}"'


async def expected_version(
    if_match: Annotated[
        str | None,
        Header(description="ETag that you read; the change is refused with 412 if it moved on.", examples=['"3"']),
    ] = None,
) -> int | None:
    """The generation that If-Match names; None without the header or with `*`. Raises PreconditionFailed for a tag that
    this API cannot have given out."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise PreconditionFailed(
            'If-Match must be one ETag as it was read, quotes included, such as "3"; read it again.',
            field="If-Match",
        )
    return int(match[1])


ExpectedVersion = Annotated[int | None, Depends(expected_version)]
