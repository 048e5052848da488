"""Bodies of the routes about pushes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.deps import Text
from orchestrator.push.kinds import PushKind
from orchestrator.push.models import PushSubscriptionModel
from orchestrator.push.places import LONGEST
from orchestrator.push.service import Browser

_KINDS = (
    "What is pushed: `alerts` (of accounts, findings, keys, and whatever is none of the others), `halts` (modes and "
    "emergencies), `entries_refused`, `trades_closed`, `bot_failed`."
)
_ENDPOINT = "https://push.example.com/send/c1KrmpTuRm"
_P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Clock = Annotated[str, Field(pattern=_CLOCK)]


class QuietHours(BaseModel):
    """Hours in which nothing is pushed but halts; what happens then is not pushed later either."""

    model_config = ConfigDict(extra="forbid")

    start: Clock = Field(description="From then on.", examples=["22:00"])
    end: Clock = Field(description="Until then; before `start`: on the next day.", examples=["07:00"])
    time_zone: str = Field(
        min_length=1, max_length=64, pattern=Text, description="Whose clock.", examples=["Europe/Berlin"]
    )


class PushKeys(BaseModel):
    """The browser's keys, in base64url."""

    model_config = ConfigDict(extra="forbid")

    p256dh: str = Field(min_length=1, max_length=100, pattern=Text, description="Public key.", examples=[_P256DH])
    auth: str = Field(
        min_length=1, max_length=32, pattern=Text, description="Shared secret.", examples=["BTBZMqHH6r4Tts7J_aSIgg"]
    )


class SubscriptionCreate(BaseModel):
    """What `PushSubscription.toJSON()` says in the browser, and what it wants."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    endpoint: str = Field(
        min_length=1, max_length=LONGEST, pattern=Text, description="URL at its push service.", examples=[_ENDPOINT]
    )
    keys: PushKeys = Field(description="What pushes are encrypted with.")
    expiration_time: float | None = Field(
        default=None, alias="expirationTime", description="As the browser says it; not needed.", examples=[None]
    )
    kinds: list[PushKind] = Field(
        default_factory=lambda: list(PushKind), max_length=20, description=_KINDS, examples=[["halts", "bot_failed"]]
    )
    name: str = Field(
        default="", max_length=100, pattern=Text, description="What to call the browser.", examples=["Firefox, phone"]
    )
    quiet: QuietHours | None = Field(default=None, description="Quiet hours; null: none.")

    def browser(self) -> Browser:
        quiet = None if self.quiet is None else self.quiet.model_dump()
        kinds = [str(kind) for kind in self.kinds]
        return Browser(self.endpoint, self.keys.p256dh, self.keys.auth, kinds, self.name, quiet)


class SubscriptionResponse(BaseModel):
    """A browser that gets pushes, without its endpoint, by which anybody could push."""

    id: str = Field(description="Identity.", examples=["push-k3v2q7d5mwxz4tha"])
    endpoint_hash: str = Field(
        description="SHA-256 of the endpoint in hexadecimal, by which a browser finds its own.",
        examples=["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"],
    )
    name: str = Field(description="What to call the browser.", examples=["Firefox, phone"])
    kinds: list[str] = Field(description=_KINDS, examples=[["halts", "bot_failed"]])
    quiet: QuietHours | None = Field(description="Quiet hours; null: none.")
    created_at: datetime = Field(description="Since when.", examples=["2026-11-22T07:00:00Z"])
    sent_at: datetime | None = Field(
        description="When its push service took something last.", examples=["2026-11-22T07:05:00Z"]
    )
    problem: str | None = Field(description="Why the last one did not get there; null where it did.", examples=[None])


class SubscriptionList(BaseModel):
    """Your browsers that get pushes."""

    items: list[SubscriptionResponse] = Field(description="Oldest first.")
    next: str | None = Field(description="Always null: they come whole.", examples=[None])


class PushKeyResponse(BaseModel):
    """What a browser needs to subscribe."""

    key: str = Field(
        description="The `applicationServerKey`: uncompressed point on P-256, base64url.", examples=[_P256DH]
    )
    kinds: list[Literal["alerts", "halts", "entries_refused", "trades_closed", "bot_failed"]] = Field(
        description=_KINDS, examples=[[str(kind) for kind in PushKind]]
    )
    contact: str = Field(description="What push services are told of who pushes.", examples=["mailto:me@example.com"])


class PushTest(BaseModel):
    """Which browsers to try."""

    model_config = ConfigDict(extra="forbid")

    subscription_id: str | None = Field(
        default=None,
        max_length=64,
        pattern=Text,
        description="That one; null: all of yours.",
        examples=["push-k3v2q7d5mwxz4tha"],
    )


class PushTestResponse(BaseModel):
    """What is under way."""

    queued: int = Field(description="To how many browsers.", examples=[1])


def subscription_body(row: PushSubscriptionModel) -> SubscriptionResponse:
    told: dict[str, Any] = {name: getattr(row, name) for name in SubscriptionResponse.model_fields}
    return SubscriptionResponse.model_validate(told)
