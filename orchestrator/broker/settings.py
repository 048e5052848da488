"""Settings of the broker, `FLOTILLA_BROKER_*`. None of them is secret."""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BrokerSettings(BaseSettings):
    """Raises pydantic.ValidationError naming the bad variable."""

    model_config = SettingsConfigDict(env_prefix="FLOTILLA_BROKER_", frozen=True, extra="forbid")

    docker_host: str = "unix:///var/run/docker.sock"
    """Where Docker listens."""
    socket: Path = Path("/run/flotilla/broker.sock")
    """Unix socket that the broker listens on."""
    socket_mode: int = Field(default=0o660, ge=0, le=0o777)
    """Its permission bits, as a decimal number (432 is 0660)."""
    socket_gid: int | None = Field(default=None, ge=0)
    """Group that may open it; None leaves the broker's own."""
    allowed_uids: list[int] = Field(default_factory=list)
    """User ids that may speak to the broker; empty for everyone who may open the socket."""
    installation: str = Field(default="default", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    """Names and labels of everything that the broker makes have it; what lacks it is never touched."""
    allowed_images: list[str] = Field(default_factory=lambda: ["flotilla-pool:*"])
    """Images that pools may be made of: exact references, or `name:*` for every tag of a name."""
    node_name: str = Field(default="docker", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")
    """Name of this machine in listings."""
    egress: bool = True
    """Whether pools reach other networks, as real exchanges need; False makes tenants' networks internal."""
    subnets: list[IPv4Network] = Field(default_factory=lambda: [IPv4Network("10.213.0.0/16")])
    """Where the networks of tenants get their subnets from; empty leaves the choice to Docker, which has few."""
    subnet_prefix: int = Field(default=26, ge=16, le=28)
    """Size of each: 26 gives 61 addresses for containers, and 1024 networks in a /16."""
    control_plane_container: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")
    """Container of the control plane, which is connected to every tenant's network; None where it runs on the host."""
    agent_port: int = Field(default=8700, ge=1024, le=65_535)
    """Where agents listen inside their containers; never published."""
    default_memory_bytes: int = Field(default=4 * 2**30, ge=256 * 2**20)
    """Memory limit of a pool whose specification has none."""
    default_cpus: float | None = Field(default=None, gt=0)
    """CPU limit, in cores, of a pool whose specification has none."""
    uid_first: int = Field(default=20_000, ge=11_000, le=2**31)
    """User ids for bots, two per slot, each pool its own: from this one …"""
    uid_last: int = Field(default=59_999, ge=11_000, le=2**31)
    """… to this one; no user of the machine may have one of them. Installations on one daemon avoid each other's."""
    pids_base: int = Field(default=256, ge=32)
    """Processes and threads that a pool may have beside those of its bots …"""
    pids_per_slot: int = Field(default=64, ge=8)
    """… and for each slot."""
    tmp_bytes: int = Field(default=64 * 2**20, ge=2**20)
    """Size of a pool's /tmp, in memory."""
    stop_seconds: int = Field(default=60, ge=1, le=600)
    """How long a container that has to be replaced gets for stopping its bots in good order."""
    call_seconds: float = Field(default=60, gt=0)
    """Deadline of one call to Docker."""
    seccomp_profile: Path = Path(__file__).with_name("seccomp.json")
    """System calls that pools may make, in Docker's format."""

    @field_validator("allowed_images")
    @classmethod
    def _named(cls, images: list[str]) -> list[str]:
        for image in images:
            if not image or image.startswith("*") or ("*" in image and (image.count("*") > 1 or image[-2:] != ":*")):
                raise ValueError(f"{image!r} is neither an image nor name:*")
        return images

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        for whole in self.subnets:
            if whole.prefixlen > self.subnet_prefix:
                raise ValueError(f"{whole} has no room for a network of the prefix length {self.subnet_prefix}")
        return self

    @model_validator(mode="after")
    def _ids_in_order(self) -> Self:
        if self.uid_last < self.uid_first:
            raise ValueError("uid_last is less than uid_first")
        return self

    def allows(self, image: str) -> bool:
        """Whether pools may be made of it."""
        name = image.partition("@")[0].rpartition(":")[0] or image
        return any(
            image == allowed or (allowed.endswith(":*") and "@" not in image and name == allowed[:-2])
            for allowed in self.allowed_images
        )
