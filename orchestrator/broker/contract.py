"""What the broker is asked over its Unix socket: HTTP with JSON bodies, under `/v1`. Pure models.

| call | answer |
|---|---|
| `POST /v1/terms` | `BrokerTerm` of who leads from here on: what carries another one is refused |
| `GET /v1/node` | `Node`; 503 `Refusal` `docker_unreachable` |
| `GET /v1/pools` | `{"items": [PoolContainer]}`: all of this installation, volumes without container too |
| `GET /v1/pools/{pool_id}` | `PoolContainer`, 404 |
| `PUT /v1/pools/{pool_id}` `PoolSpec` | `PoolContainer`: all is there and runs; one that differs is left alone |
| `POST /v1/pools/{pool_id}/stop?seconds=N` | 204 once it has ended, within N seconds or killed |
| `POST /v1/pools/{pool_id}/mend` | `PoolContainer`: what was changed on a living container by hand is set right |
| `DELETE /v1/pools/{pool_id}` | 204: the container is gone, its volume stays; 409 while it runs |
| `GET /v1/volumes` | `{"items": [PoolVolume]}`: what pools keep, also those that are gone |
| `DELETE /v1/volumes/{pool_id}?confirm={pool_id}` | 204: the volume and its trades are gone; 409 while in use |
| `GET /v1/pools/{pool_id}/logs?tail=N` | text/plain |
| `GET /v1/images?reference=R` | `PoolImage`, or the 409 that a pool of this image would get |
| `GET /v1/paper-exchange` | `CompanionContainer`, 404 |
| `PUT /v1/paper-exchange` `PaperSpec` | `CompanionContainer`: one per node, in all tenants' networks |
| `DELETE /v1/paper-exchange` | 204 |
| `GET`, `PUT`, `DELETE /v1/gateway` | the same of the gateway, `GatewaySpec`; one that differs is made anew |
| `GET /v1/events` | NDJSON of `ContainerEvent` until the client goes; hints only, `GET /v1/pools` is the truth |

Calls that act carry the header `Flotilla-Term`, all but `mend`: what is right for a pool that lives is not its caller's
decision. Without the last term they are a 409 `deposed`, also where they had to wait; a broker that was started anew
knows none.

Errors have status 400, 403, 404, 409, 502 or 503 and a `Refusal`. An empty line on the event stream is a sign of life.
Tokens travel in clear over the Unix socket (`BrokerModel.to_json(reveal_secrets=True)`), are masked elsewhere.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pool.contract.market import SETTINGS_PREFIX
from pool.contract.model import REVEAL_SECRETS, Secret

BROKER_PROTOCOL = 4
TERM_HEADER = "Flotilla-Term"
PAPER_ALIAS = "paper-exchange"
PAPER_PORT = 9000
PAPER_URL = f"http://{PAPER_ALIAS}:{PAPER_PORT}"
"""Where pools find the paper exchange: by name in their tenant's network, the same at every start."""
GATEWAY_ALIAS = "gateway"
GATEWAY_PORT = 9100
GATEWAY_URL = f"http://{GATEWAY_ALIAS}:{GATEWAY_PORT}"
"""The same of the market-data gateway."""
POOL_ID_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,39}$"


class BrokerModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def to_json(self, *, reveal_secrets: bool = False) -> bytes:
        """The wire form. `reveal_secrets` only for the broker's socket."""
        return self.model_dump_json(context={REVEAL_SECRETS: reveal_secrets}).encode()


class RefusalCode(StrEnum):
    DOCKER_UNREACHABLE = "docker_unreachable"
    IMAGE_MISSING = "image_missing"
    IMAGE_NOT_ALLOWED = "image_not_allowed"
    PROTOCOL_MISMATCH = "protocol_mismatch"
    """The image speaks another version of `pool.contract` than this control plane."""
    NAME_TAKEN = "name_taken"
    """A container, network or volume of that name exists and is not ours."""
    VOLUME_GONE = "volume_gone"
    """The pool had one, which nobody can replace: it is not started on an empty one."""
    IN_USE = "in_use"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    DEPOSED = "deposed"
    """Who asks does not lead, as far as the broker was told, or leads no more."""
    NOT_ALLOWED = "not_allowed"
    """This user may not speak to the broker."""
    OTHER_DOCKER = "other_docker"
    """Told by the client: the pools are of another daemon or installation."""
    DISK_FULL = "disk_full"
    NO_ADDRESS_SPACE = "no_address_space"
    """No subnet is left for another tenant's network."""
    NO_USER_IDS = "no_user_ids"
    """No range of user ids is left for another pool's bots."""
    BROKER_UNREACHABLE = "broker_unreachable"
    """Told by the client: nobody answers on the socket."""
    DOCKER_FAILED = "docker_failed"


class Refusal(BrokerModel):
    code: RefusalCode
    message: str
    """A sentence for people that says what to do."""


class Refused(Exception):
    """An operation was refused or failed; `refusal` says why and what to do."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(code=code, message=message)


class BrokerTerm(BrokerModel):
    term: str
    """Names one time of leading; the broker's choice, no secret."""


class PoolSpec(BrokerModel):
    """A pool as a container. `settings` is the content of its `pool.json`; the broker adds what belongs to the
    image (addresses, user ids, required isolation)."""

    tenant_id: str | None = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    image: str
    """What a new pool is made of: a reference of the allow-list, or the id of an image that a pool here was made of. A
    pool stays with what that was, whatever the reference means later."""
    slots_total: int = Field(ge=1, le=1000)
    memory_limit_bytes: int | None = Field(default=None, ge=256 * 2**20)
    cpu_limit: float | None = Field(default=None, gt=0)
    """In cores."""
    settings: dict[str, Any]
    expect_volume: bool = False
    """The pool ran before: without its volume it is refused, not begun anew."""
    agent_token: Secret
    """For a file in the pool's volume that only its agent can read, unless that has one: a volume keeps its token as
    long as it lives. Sent in clear over the Unix socket."""


class PoolContainer(BrokerModel):
    pool_id: str
    container_id: str | None
    """None where only the pool's volume is left, state `removed`."""
    tenant_id: str | None
    image: str | None
    """As it was asked for."""
    image_id: str | None
    state: str
    """Docker's: `created`, `running`, `restarting`, `paused`, `exited`, `dead`; or `removed`."""
    exit_code: int | None
    oom_killed: bool
    health: str | None
    started_at: datetime | None
    address: str | None
    """IP address in the tenant's network; None while it does not run."""
    agent_port: int
    memory_bytes: int | None
    """By its cgroup, some seconds ago; None while it does not run or was not looked at yet."""
    memory_limit_bytes: int | None
    cpu_percent: float | None
    """Of one core."""
    protocol: int | None
    freqtrade: str | None
    problem: str | None
    """What its last words were where it ended by itself."""
    labelled: bool = True
    """False for a container that has the pool's name and volume but lost our labels: `PUT` replaces it."""
    drift: list[str] = []
    """What was changed by hand on a living container, in sentences; `mend` sets it right."""
    agent_token: Secret | None = None
    """Read from its volume; None where there is no container or no token yet."""


class PoolVolume(BrokerModel):
    """What a pool keeps, as its labels tell."""

    pool_id: str
    tenant_id: str | None
    image_id: str | None
    """What the pool was made of first, and stays with."""
    in_use: bool
    """A living container mounts it, whosever."""


class PoolImage(BrokerModel):
    """An image that pools can be made of."""

    reference: str
    image_id: str
    freqtrade: str | None


class PaperSpec(BrokerModel):
    image: str
    symbols: int = Field(ge=20, le=1500)
    control_token: Secret | None = None
    """None lets the exchange make its own, in its volume."""


SettingName = Annotated[str, StringConstraints(pattern=rf"^{SETTINGS_PREFIX}[A-Z_]{{1,40}}$")]
SettingValue = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[ -~]*$")]


class GatewaySpec(BrokerModel):
    image: str
    paper: bool
    """Whether there is a paper exchange, which it forwards to, too."""
    settings: dict[SettingName, SettingValue] = Field(default_factory=dict, max_length=20)
    """Its environment."""


class CompanionContainer(BrokerModel):
    """The paper exchange, or the gateway."""

    url: str
    """For pools, by name."""
    address: str | None
    """IP address and port for the control plane, `host:port`."""
    running: bool


class Node(BrokerModel):
    """The machine that Docker runs on."""

    protocol: int
    name: str
    place: str | None
    """`<installation>@<id of the daemon>`: whose pools are where; None where the daemon has no id."""
    docker: str
    """Version of the daemon."""
    cores: int
    memory_bytes: int
    memory_available_bytes: int | None
    disk_free_bytes: int | None
    """Of Docker's data directory; None where the broker cannot see it."""
    cgroup: str
    conditions: list[str] = []
    """What this machine lacks, in sentences: no seccomp, no memory limits."""


class ContainerEvent(BrokerModel):
    pool_id: str
    action: str
    """Docker's: `start`, `die`, `oom`, `destroy`, `health_status: unhealthy`, …; `resync` after the stream was cut."""
    at: datetime
