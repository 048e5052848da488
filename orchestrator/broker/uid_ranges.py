"""Which user ids the bots of a pool get. No two pools of an installation have one in common: the kernel counts threads
per user id across containers, and an id of one's own is a wall by itself.

Nothing is written down but in labels: a volume has the range that its pool was made with, a container the one that it
runs with, and both are taken as long as they are there. A pool keeps its range, also when it grows and what follows is
free; otherwise it gets one that has nothing of its old one, so that no bot owns what another one left.

What other installations on the same daemon have is left to them as long as there is anything else; a pool that got the
same as another installation's (both chose at once) gets another one at its next start. Blocking.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from loguru import logger

from orchestrator.broker.contract import RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import BOT_UIDS, INSTALLATION, POOL, ROLE, Names
from orchestrator.broker.refusals import translated
from orchestrator.broker.settings import BrokerSettings

_UNLABELLED = range(20_000, 22_000)
"""Of containers from before there was a label."""
_FORM = re.compile(r"([1-9][0-9]{0,9})-([1-9][0-9]{0,9})")


class UidRanges:
    def __init__(self, docker: DockerApi, settings: BrokerSettings) -> None:
        self._docker = docker
        self._names = Names(settings.installation)
        self._all = range(settings.uid_first, settings.uid_last + 1)
        self._lock = threading.Lock()
        self._promised: dict[str, range] = {}

    @contextmanager
    def of(self, pool_id: str, slots_total: int) -> Iterator[range]:
        """Two ids per slot, the pool's alone; promised to it until what carries the label was made. Raises Refused."""
        with self._lock:
            own, others, foreign = self._taken(pool_id)
            others += [promised for other, promised in self._promised.items() if other != pool_id]
            chosen = choose(self._all, 2 * slots_total, own, others + foreign)
            if chosen is None and (chosen := choose(self._all, 2 * slots_total, own, others)) is not None:
                logger.warning("pool {} has user ids that another installation's has: no others are left", pool_id)
            if chosen is None:
                raise Refused(
                    RefusalCode.NO_USER_IDS,
                    f"No {2 * slots_total} user ids in a row are left for the bots of pool {pool_id}: purge what "
                    "removed pools left and nobody needs (flotilla pools disks), make pools with fewer slots, or raise "
                    "FLOTILLA_BROKER_UID_LAST.",
                )
            self._promised[pool_id] = chosen
        try:
            yield chosen
        finally:
            with self._lock:
                self._promised.pop(pool_id, None)

    def _taken(self, pool_id: str) -> tuple[list[range], list[range], list[range]]:
        """The pool's own, the container's before the volume's; those of all others; those of other installations."""
        label = {"label": [f"{ROLE}=pool"]}
        with translated("look which user ids are taken"):
            containers = self._docker.client.containers(all=True, filters=label)
            volumes = self._docker.client.volumes(filters=label).get("Volumes") or []
        own: list[range] = []
        others: list[range] = []
        foreign: list[range] = []
        for labels, unlabelled in (
            *((one.get("Labels") or {}, _UNLABELLED) for one in containers),
            *((one.get("Labels") or {}, None) for one in volumes),
        ):
            found = parse(labels) or unlabelled
            if labels.get(ROLE) != "pool" or INSTALLATION not in labels or found is None:
                continue
            if not self._names.is_ours(labels):
                foreign.append(found)
            else:
                (own if labels.get(POOL) == pool_id else others).append(found)
        return own, others, foreign


def choose(among: range, count: int, own: Iterable[range], others: Iterable[range]) -> range | None:
    """The range of `count` ids for a pool that had `own`, the latest first; None where there is no room. Pure."""
    had, taken = list(own), list(others)
    for first in (one.start for one in had):
        kept = range(first, first + count)
        if _within(kept, among) and not any(overlap(kept, other) for other in taken):
            return kept
    first = among.start
    for other in sorted([*had, *taken], key=lambda one: one.start):
        if first + count <= other.start:
            break
        first = max(first, other.stop)
    found = range(first, first + count)
    return found if _within(found, among) else None


def overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def label(ids: range) -> dict[str, str]:
    return {BOT_UIDS: f"{ids.start}-{ids.stop - 1}"}


def parse(labels: Mapping[str, Any]) -> range | None:
    """None where the label is absent, or nothing that `label` writes."""
    told = _FORM.fullmatch(str(labels.get(BOT_UIDS, "")))
    return None if told is None or int(told[1]) > int(told[2]) else range(int(told[1]), int(told[2]) + 1)


def _within(ids: range, among: range) -> bool:
    return among.start <= ids.start and ids.stop <= among.stop
