"""One bridge network per tenant. Pools of one tenant may talk to each other, to the paper exchange and to the gateway,
which are in all of them; from one network to another Docker lets nothing through. Those two have one of their own each,
where the control plane finds them, and where the gateway finds the paper exchange before there is any tenant. Each
network gets a small subnet of the settings' ranges. Blocking; call from worker threads."""

import threading
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import islice
from typing import Any

from docker.types import IPAMConfig, IPAMPool
from loguru import logger

from orchestrator.broker import subnets
from orchestrator.broker.contract import GATEWAY_ALIAS, PAPER_ALIAS, RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import COMPANIONS, Names
from orchestrator.broker.refusals import no_address_space, translated
from orchestrator.broker.settings import BrokerSettings

_LONGEST_SEARCH = 50
"""Subnets that are tried for one network."""


class Networks:
    def __init__(self, docker: DockerApi, settings: BrokerSettings) -> None:
        self._docker = docker
        self._settings = settings
        self._names = Names(settings.installation)
        self._lock = threading.RLock()

    def ensure(self, name: str, *, internal: bool | None = None) -> str:
        """Its id; makes it, and connects who belongs there beside pools where they are not. Raises Refused."""
        with self._lock:
            details = self._find(name)
            if details is None:
                details = self._create(name, not self._settings.egress if internal is None else internal)
            if not self._names.is_ours(details.get("Labels")):
                raise Refused(
                    RefusalCode.NAME_TAKEN,
                    f"A network {name} exists that is not this installation's: rename or remove it, or choose another "
                    "FLOTILLA_BROKER_INSTALLATION.",
                )
            self._connect_guests(details)
            return str(details["Id"])

    def ours(self) -> list[str]:
        """Names of all networks of this installation."""
        with translated("list networks"):
            found = self._docker.client.networks(filters={"label": self._labels()})
        return sorted(str(network["Name"]) for network in found if self._names.is_ours(network.get("Labels")))

    def of_guest(self, container: str) -> list[str]:
        """Names of those networks that a companion or the control plane's container is to be in beside its own."""
        return [name for name in self.ours() if name != container and container in self._guests(name)]

    def connect(self, container: str, network: str, aliases: list[str] | None = None) -> None:
        with translated(f"connect a container to the network {network}"):
            self._docker.client.connect_container_to_network(container, network, aliases=aliases)

    def disconnect(self, container: str, network: str) -> None:
        with translated(f"disconnect a container from the network {network}"):
            self._docker.client.disconnect_container_from_network(container, network, force=True)

    def remove_if_unused(self, name: str) -> None:
        """Gives its subnet back once no pool, running or not, is made for it."""
        with self._lock:
            details = self._find(name)
            if details is None or not self._names.is_ours(details.get("Labels")):
                return
            with translated(f"look who uses the network {name}"):
                users = self._docker.client.containers(all=True, filters={"network": name})
            guests = self._guests(name).keys()
            if any(not guests & {told.lstrip("/") for told in user["Names"]} for user in users):
                return
            try:
                for user in users:
                    self.disconnect(user["Id"], name)
                with translated(f"remove the network {name}"):
                    self._docker.client.remove_network(details["Id"])
            except Refused as refused:  # somebody just came in; it goes with the next pool
                logger.info("{}", refused.refusal.message)

    def _connect_guests(self, details: Mapping[str, Any]) -> None:
        inside = {str(told.get("Name")) for told in (details.get("Containers") or {}).values()}
        for guest, aliases in self._guests(details["Name"]).items():
            if guest in inside or not self._is_running(guest, details["Name"]):
                continue
            try:
                self.connect(guest, details["Id"], aliases)
            except Refused as refused:
                logger.warning("{} is not in the network {}: {}", guest, details["Name"], refused.refusal.message)

    def _guests(self, network: str) -> dict[str, list[str] | None]:
        """Names of containers in it that are no pools, with what they are called there: the control plane's, and
        companions, in whose own networks is no other one but the gateway in the paper exchange's."""
        guests: dict[str, list[str] | None] = {}
        for role in COMPANIONS:
            own = self._names.companion(role) == network
            asks = role == GATEWAY_ALIAS and network == self._names.companion(PAPER_ALIAS)
            if own or asks or not self._names.is_companion(network):
                guests[self._names.companion(role)] = [role]
        if self._settings.control_plane_container is not None:
            guests[self._settings.control_plane_container] = None
        return guests

    def _is_running(self, container: str, network: str) -> bool:
        """And not in that network yet."""
        try:
            with translated(f"look at the container {container}"):
                told = self._docker.client.inspect_container(container)
        except Refused as refused:
            if refused.refusal.code is RefusalCode.NOT_FOUND:
                return False
            raise
        return bool(told["State"].get("Running")) and network not in (told["NetworkSettings"].get("Networks") or {})

    def _find(self, name: str) -> dict[str, Any] | None:
        """The filter finds parts of names, too."""
        with translated(f"look for the network {name}"):
            found = [told for told in self._docker.client.networks(names=[name]) if told["Name"] == name]
            if not found:
                return None
            return dict(self._docker.client.inspect_network(found[0]["Id"]))

    def _create(self, name: str, internal: bool) -> dict[str, Any]:
        if not self._settings.subnets:
            return self._create_in(name, internal, None)
        for subnet in self._free_subnets():
            try:
                return self._create_in(name, internal, subnet)
            except Refused as refused:  # somebody else was quicker, or something is there that only Docker sees
                if refused.refusal.code is not RefusalCode.NO_ADDRESS_SPACE:
                    raise
        raise no_address_space(f"make the network {name}")

    def _free_subnets(self) -> Iterator[IPv4Network]:
        with translated("list networks"):
            taken = subnets.of_networks(self._docker.client.networks())
        ranges = self._settings.subnets
        free = subnets.free(ranges, self._settings.subnet_prefix, [*taken, *subnets.of_routes(ranges)])
        return islice(free, _LONGEST_SEARCH)

    def _create_in(self, name: str, internal: bool, subnet: IPv4Network | None) -> dict[str, Any]:
        chosen = None if subnet is None else IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet))])
        with translated(f"make the network {name}"):
            made = self._docker.client.create_network(
                name,
                driver="bridge",
                ipam=chosen,
                internal=internal,
                labels=self._names.labels("network"),
                check_duplicate=True,
                options={"com.docker.network.bridge.enable_icc": "true"},
            )
            logger.info("made the network {} {}", name, subnet or "")
            return dict(self._docker.client.inspect_network(made["Id"]))

    def _labels(self) -> list[str]:
        return [f"{label}={value}" for label, value in self._names.labels("network").items()]
