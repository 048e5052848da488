"""What bots, agents and the control plane say to the market-data gateway of their node, and what it answers.

A request for an exchange goes to `<gateway>/x/<exchange>/<scheme>/<authority>/<path>?<query>`: the URL that ccxt made,
behind the gateway's own. `exchange` is a slot's (`paper`, `binance`, …); only authorities that ccxt's tables name for
it are forwarded to. Headers of this module never reach the exchange.
"""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from pool.contract.model import BotId, Instant, Money, Wire

FORWARD_PREFIX = "/x/"
SETTINGS_PREFIX = "FLOTILLA_GATEWAY_"
"""Of the gateway's settings in the environment of whoever starts it."""

BOT_HEADER = "X-Flotilla-Bot"
"""The asking bot, in requests."""
TENANT_HEADER = "X-Flotilla-Tenant"
"""Its pool, in requests: shares of a budget are fair between these (and between peers' addresses, which cannot lie)."""
KIND_HEADER = "X-Flotilla-Kind"
"""`Kind.header()`, in requests: how fresh the answer must be for the one who asks. A wrong one harms nobody else."""
PRIORITY_HEADER = "X-Flotilla-Priority"
"""A `Priority`, in requests; without it, `data`."""

INCARNATION_HEADER = "X-Flotilla-Gateway"
"""In every answer of the gateway; an answer without it comes from somebody else."""
CACHE_HEADER = "X-Flotilla-Cache"
"""`hit`, `joined` (another's request that was under way), `miss` or `pass` (never kept), in answers of the exchange."""
AGE_HEADER = "X-Flotilla-Age"
"""Milliseconds since the exchange was asked for what this answer holds."""
REFUSED_HEADER = "X-Flotilla-Refused"
"""In answers that the gateway gives instead of the exchange: a `Refusal`; with `Retry-After` where it can tell."""
SHARE_HEADER = "X-Flotilla-Share"
"""In answers of the exchange to a bot: so many of ccxt's cost units a second would be its own of what the exchange
bears, if all bots of the node had to ask it themselves."""
UNSENT_HEADER = "X-Flotilla-Unsent"
"""In answers that are the gateway's own failure: the exchange has surely not been asked, nor will be."""

CLIENT_HEADERS = frozenset(
    {
        "apca-partner-id", "cb-version", "hibachi-client", "open-api-partner", "partner-id", "x-bitopro-api",
        "x-fb-client", "x-fb-client-version", "x-gate-channel-id",
    }
)  # fmt: skip
"""Names of the client's kind and of the API's version that ccxt sends to some exchanges without any account, in small
letters: they make no request private."""

Priority = Literal["exit", "cancel", "urgent", "entry", "order", "price", "data"]
"""What goes first where a budget is short: exits and cancels before the prices of trades whose stop was crossed
(`urgent`), those before entries, these before the prices that other exits of open trades are decided on (`price`: books
and tickers), these before other signed requests (`order`: looks at orders and balances), these before data. Who says
more than is true gains little: tenants take turns within a class, what is public is never more than `urgent`, and that
only so often."""

Refusal = Literal["budget", "banned", "open", "unreachable", "host"]
"""`budget` (429) too much is asked; `banned` (429) the exchange said so; `open` (503) its circuit breaker is;
`unreachable` (502, 504) the exchange did not answer; `host` (403) not an address of that exchange."""

KindName = Literal["candles", "book", "ticker", "trades", "funding", "markets", "time", "other"]


def settings_in(environment: Mapping[str, str]) -> dict[str, str]:
    """The gateway's own; where services are linked, others that are named after it tell of addresses."""
    own = f"{SETTINGS_PREFIX}CANDLES_", f"{SETTINGS_PREFIX}WEBSOCKETS", f"{SETTINGS_PREFIX}MAPPED"
    return {name: value for name, value in environment.items() if name.startswith(own)}


class Kind(Wire):
    """What ccxt's method asks for, which its URL does not tell for every exchange."""

    name: KindName
    timeframe: int | None = None
    """Of candles, in seconds."""
    since: int | None = None
    """Of candles: the first one's opening, Unix milliseconds; None for the latest."""
    limit: int | None = None
    """Of candles: at most so many."""
    within_ms: int | None = None
    """The answer must not be older than that, where the kind allows for more; not less than 100."""
    waited_ms: int | None = None
    """So long the asker has been waiting for just this: what did for him then does now. Not more than 10,000."""
    at_close: bool | None = None
    """Of candles: the asker was due a second after a close, as FreqTrade asks, and asks later because bots are spread.
    What the exchange was asked for since that second does for him for ten more, if it holds the candle that closed and
    the current one."""

    def header(self) -> str:
        """`candles;timeframe=60;limit=300`."""
        told = self.model_dump(exclude={"name"}, exclude_none=True)
        return ";".join([self.name, *(f"{name}={value}" for name, value in told.items())])

    @classmethod
    def of(cls, header: str | None) -> "Kind":
        """What a header says; `other` for none, and for one that is not understood."""
        name, *rest = (header or "").split(";")
        told = dict(part.partition("=")[::2] for part in rest)
        try:
            return cls.model_validate({"name": name, **told})
        except ValueError:
            return cls(name="other")


class PermitRequest(Wire):
    """Body of `POST /v1/permits`: a bot that asks the exchange itself asks for leave first. 204 grants it; 429 with
    `Retry-After` does not. No credential is ever part of it."""

    exchange: str
    url: str = Field(max_length=2000)
    """Without its query."""
    method: str = Field(max_length=10)
    bot: BotId | None = None
    tenant: str | None = None
    priority: Priority = "data"


BreakerState = Literal["closed", "half_open", "open", "banned"]


class BudgetState(Wire):
    """Of one authority of an exchange, as it counts for this machine's address."""

    authority: str
    used: float
    """Of the window, in the exchange's own units (weights, requests)."""
    limit: float
    window_seconds: float
    refused: int
    """Requests that were not let through, since the start, of data and others."""
    waiting: int


class ExchangeState(Wire):
    exchange: str
    breaker: BreakerState
    reason: str | None = None
    """Why it is not closed, in a sentence."""
    retry_at: Instant | None = None
    clock_skew_ms: int | None = None
    """The exchange's clock minus ours; None where it was never told."""
    requests: int
    """Asked of the gateway since its start, and taken by bots from mapped candles."""
    hits: int
    """Of `requests`: answered from memory, or taken so."""
    joined: int
    upstream: int
    """Asked of the exchange."""
    failures: int
    """Of `upstream`: no answer, or 5xx."""
    refused_upstream: int
    """Of `upstream`: 429 and 418."""
    budgets: list[BudgetState] = []


class LevelState(Wire):
    """How often candles were looked for at one level of the gateway's store, since it started."""

    level: Literal["l1", "l3"]
    """Its memory; its disk, where they were not in memory."""
    hits: int
    misses: int


class PricesRequest(Wire):
    """Body of `POST /v1/prices`: an agent asks for the best prices that exits wait for."""

    exchange: str = Field(max_length=40, pattern="^[a-z0-9_]+$")
    market: Literal["spot", "linear"]
    symbols: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=2000)
    """The exchange's own ids of markets."""
    after: int = 0
    """The `Prices.number` that the asker knows: the answer is another one, where there is one in time."""
    wait_ms: int = Field(default=0, ge=0, le=2_000)


class Price(Wire):
    """Best bid and ask of the book of one market."""

    bid: Money
    ask: Money
    last: Money | None = None
    exchange_ms: int | None = None
    """When that was so, as the exchange says, where it does."""


class Prices(Wire):
    """What is known of what was asked for. Without any there are none (yet): `problem` may say why."""

    number: int
    """Counts up with each look at the exchange."""
    age_ms: int | None = None
    """Of all of them, when this answer was made: since the exchange was asked."""
    waited_ms: int = 0
    """So long this answer was waited for, in the gateway."""
    prices: dict[str, Price] = {}
    problem: str | None = None
    usable: bool = True
    """False where no prices of that exchange ever come: `problem` says why."""


class FeedState(Wire):
    """Prices of one exchange and kind of market, as they are followed for agents."""

    exchange: str
    market: Literal["spot", "linear"]
    way: Literal["polling", "websocket"]
    """How they come now."""
    symbols: int
    """Waited for."""
    told: int
    """Of these, with a price."""
    age_ms: int | None
    problem: str | None = None


class GatewayState(Wire):
    """Body of `GET /v1/state`."""

    incarnation: str
    started_at: Instant
    memory_bytes: int
    cached_bytes: int
    cached_answers: int
    problems: list[str] = []
    """What is not as it should be (a disk that is full), in sentences."""
    exchanges: list[ExchangeState] = []
    levels: list[LevelState] = []
    feeds: list[FeedState] = []


def behind(gateway: str, exchange: str, url: str) -> str:
    """`url` of an exchange behind the gateway at `gateway` (`http://127.0.0.1:9100`)."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{gateway.rstrip('/')}{FORWARD_PREFIX}{exchange}/{parts.scheme}/{parts.netloc}{parts.path}{query}"
