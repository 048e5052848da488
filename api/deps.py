"""What endpoints are given: the services behind the edge, pages, entity tags.

`Services` is put on `app.state` by `create_app`; nothing in `api` reaches for a global.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Header, Path, Query
from starlette.requests import HTTPConnection

from api.settings import ApiSettings
from orchestrator.db.engine import Database
from orchestrator.errors import NotFound, PreconditionFailed
from orchestrator.events.bus import Bus
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.policy import PoolPolicy
from orchestrator.portfolio.service import PortfolioService
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotSpec


class Secrets(Protocol):
    """Keys of this installation, from `secrets.json`."""

    @property
    def token_signing_key(self) -> str:
        """Signs access tokens; at least 32 characters."""


class Markets(Protocol):
    """What exchanges trade."""

    async def check_pairs(self, spec: BotSpec) -> None:
        """Raises InvalidSpec for a pair that the exchange lacks; passes where the exchange cannot be asked."""


Readiness = Callable[[], Awaitable[Mapping[str, str | None]]]
"""Checks by name: None where all is well, else the reason in a sentence."""

Gauges = Callable[[], Mapping[str, float]]
"""Readings for /metrics by name, for example `{"reconcile_lag_seconds": 0.2}`."""


def _no_gauges() -> Mapping[str, float]:
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
    pool_policy: PoolPolicy = field(default_factory=PoolPolicy)
    """How pools are made and filled, as the settings say."""


def get_services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


def get_settings(connection: HTTPConnection) -> ApiSettings:
    settings: ApiSettings = connection.app.state.settings
    return settings


ServicesDep = Annotated[Services, Depends(get_services)]
SettingsDep = Annotated[ApiSettings, Depends(get_settings)]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list."""

    limit: int
    after: str | None


def page_request(
    limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.", examples=[50])] = 50,
    after: Annotated[
        str | None,
        Query(max_length=500, description="The `next` of the page before.", examples=["WyJib3QtMSJd"]),
    ] = None,
) -> PageRequest:
    return PageRequest(limit, after)


PageDep = Annotated[PageRequest, Depends(page_request)]

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def known_bot_id(
    bot_id: Annotated[str, Path(description="Identity of the bot.", examples=["bot-k3v2q7d5mwxz4tha"])],
) -> str:
    """An id that could be one. Raises NotFound for anything else, before the database sees it."""
    return _checked_id(bot_id, "bot")


def known_pool_id(pool_id: Annotated[str, Path(description="Identity of the pool.", examples=["pool-local"])]) -> str:
    """The same for pools."""
    return _checked_id(pool_id, "pool")


def known_rollout_id(
    rollout_id: Annotated[str, Path(description="Identity of the roll-out.", examples=["rollout-k3v2q7d5mwxz4tha"])],
) -> str:
    """The same for roll-outs."""
    return _checked_id(rollout_id, "rollout")


def _checked_id(value: str, kind: str) -> str:
    if _ID.fullmatch(value) is None:
        raise NotFound(f"There is no such {kind}; list the {kind}s to see which there are.", field=f"{kind}_id")
    return value


BotId = Annotated[str, Depends(known_bot_id)]
PoolId = Annotated[str, Depends(known_pool_id)]
RolloutId = Annotated[str, Depends(known_rollout_id)]

Text = r"^[^\x00]*$"
"""Pattern of text that every database takes."""

_ETAG = re.compile(r'"(0|[1-9][0-9]{0,17})"')


def etag(generation: int) -> str:
    """The entity tag of a bot: its generation. Conditions and states change under it; what a user set does not."""
    return f'"{generation}"'


def expected_version(
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
            'If-Match must be one ETag as it was read, quotes included, such as "3"; read the bot again.',
            field="If-Match",
        )
    return int(match[1])


ExpectedVersion = Annotated[int | None, Depends(expected_version)]
