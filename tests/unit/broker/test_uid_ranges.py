"""Which user ids the bots of a pool get, and that no two pools ever have one in common."""

import threading
from contextlib import suppress
from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.broker.contract import RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.settings import BrokerSettings
from orchestrator.broker.uid_ranges import UidRanges, choose, label, overlap, parse

ALL = range(20_000, 20_100)


class Daemon:
    """What Docker would list."""

    def __init__(self) -> None:
        self.made: list[dict[str, str]] = []
        self.kept: list[dict[str, str]] = []

    def containers(self, filters: dict[str, list[str]], **_: Any) -> list[dict[str, Any]]:
        return [{"Labels": labels} for labels in self.made if _carries(labels, filters)]

    def volumes(self, filters: dict[str, list[str]]) -> dict[str, Any]:
        return {"Volumes": [{"Labels": labels} for labels in self.kept if _carries(labels, filters)] or None}


def _carries(labels: dict[str, str], filters: dict[str, list[str]]) -> bool:
    return all(told in (f"{name}={value}" for name, value in labels.items()) for told in filters["label"])


def labels_of(pool_id: str, ids: range | None) -> dict[str, str]:
    plain = {"flotilla.installation": "default", "flotilla.role": "pool", "flotilla.pool": pool_id}
    return plain | ({} if ids is None else label(ids))


def ranges(daemon: Daemon, **changed: Any) -> UidRanges:
    api = cast(DockerApi, SimpleNamespace(client=daemon))
    return UidRanges(api, BrokerSettings(**{"uid_first": ALL.start, "uid_last": ALL.stop - 1, **changed}))


def given_to(ids: UidRanges, pool_id: str, slots: int) -> range:
    with ids.of(pool_id, slots) as chosen:
        return chosen


def test_the_lowest_range_that_has_room() -> None:
    taken = [range(20_010, 20_020), range(20_024, 20_030)]
    assert choose(ALL, 4, [], []) == range(20_000, 20_004)
    assert choose(ALL, 10, [], taken) == range(20_000, 20_010)
    assert choose(ALL, 4, [], [range(20_000, 20_010), *taken]) == range(20_020, 20_024)
    assert choose(ALL, 11, [], taken) == range(20_030, 20_041)
    assert choose(ALL, 71, [], taken) is None


def test_a_pool_keeps_its_range_and_gets_a_wholly_other_one_where_it_cannot() -> None:
    own, behind = range(20_040, 20_050), range(20_060, 20_070)
    assert choose(ALL, 10, [own], [behind]) == own
    assert choose(ALL, 20, [own], [behind]) == range(20_040, 20_060), "it grows where it is"
    assert choose(ALL, 24, [own], [behind]) == range(20_000, 20_024)
    assert choose(ALL, 45, [own], []) == range(20_040, 20_085)
    assert choose(ALL, 45, [own], [behind]) is None, "not even overlapping its own"
    assert choose(ALL, 10, [range(30_000, 30_010)], []) == range(20_000, 20_010), "settings have changed"


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 12), st.booleans()), max_size=20))
def test_pools_that_come_grow_and_lose_their_containers_never_overlap(steps: list[tuple[str, int, bool]]) -> None:
    daemon = Daemon()
    for pool_id, slots, container_is_lost in steps:
        with suppress(Refused):  # no room: nothing is made
            chosen = given_to(ranges(daemon), pool_id, slots)
            assert len(chosen) == 2 * slots
            daemon.made = [labels for labels in daemon.made if labels["flotilla.pool"] != pool_id]
            if not container_is_lost:
                daemon.made.append(labels_of(pool_id, chosen))
            if not any(labels["flotilla.pool"] == pool_id for labels in daemon.kept):
                daemon.kept.append(labels_of(pool_id, chosen))
        held = [(one["flotilla.pool"], parse(one)) for one in daemon.made + daemon.kept]
        for (name, ids), (other, others_ids) in combinations(held, 2):
            assert ids is not None
            assert others_ids is not None
            assert name == other or not overlap(ids, others_ids)


def test_pools_that_are_made_at_once_have_different_ones() -> None:
    ids, together, found = ranges(Daemon()), threading.Barrier(8, timeout=60), list[range]()

    def make(pool_id: str) -> None:
        with ids.of(pool_id, 5) as chosen:
            together.wait()  # none has made a thing yet
            found.append(chosen)

    threads = [threading.Thread(target=make, args=(f"pool-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(one.start for one in found) == list(range(20_000, 20_080, 10))


def test_what_was_promised_and_not_made_is_free_again() -> None:
    ids = ranges(Daemon())
    with pytest.raises(RuntimeError), ids.of("pool-a", 5):
        raise RuntimeError
    assert given_to(ids, "pool-b", 5) == range(20_000, 20_010)


def test_who_counts() -> None:
    daemon = Daemon()
    foreign = labels_of("pool-x", range(20_000, 20_050))
    del foreign["flotilla.installation"]
    files = labels_of("pool-y", range(20_000, 20_050)) | {"flotilla.role": "files"}
    daemon.made = [foreign, files]
    daemon.kept = [labels_of("pool-old", None), labels_of("pool-odd", None) | {"flotilla.bot-uids": "9-3"}]
    assert given_to(ranges(daemon), "pool-a", 5).start == 20_000
    daemon.made.append(labels_of("pool-old", None))
    assert given_to(ranges(daemon, uid_last=30_000), "pool-a", 5).start == 22_000, "before there was a label"


def test_other_installations_on_the_daemon_are_avoided_as_long_as_there_is_room() -> None:
    daemon = Daemon()
    theirs = {"flotilla.installation": "other"}
    daemon.made = [labels_of("pool-a", range(20_000, 20_010)) | theirs]
    daemon.kept = [labels_of("pool-b", range(20_010, 20_020)) | theirs, labels_of("pool-b", range(20_020, 20_030))]
    assert given_to(ranges(daemon), "pool-a", 5) == range(20_030, 20_040), "that of the same name is not this pool"
    daemon.made.append(labels_of("pool-c", range(20_004, 20_014)))
    assert given_to(ranges(daemon), "pool-c", 5) == range(20_030, 20_040), "both had chosen at once"
    assert given_to(ranges(daemon, uid_last=20_029), "pool-c", 5) == range(20_004, 20_014), "better than no pool"
    daemon.made[-1] = labels_of("pool-d", range(20_000, 20_020))
    with pytest.raises(Refused):
        given_to(ranges(daemon, uid_last=20_029), "pool-a", 5)


def test_none_left_is_a_refusal_that_says_what_to_do() -> None:
    with pytest.raises(Refused, match="FLOTILLA_BROKER_UID_LAST") as told:
        given_to(ranges(Daemon()), "pool-a", 51)
    assert told.value.refusal.code is RefusalCode.NO_USER_IDS


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UID_FIRST", "UID_LAST", "INSTALLATION"):
        monkeypatch.delenv(f"FLOTILLA_BROKER_{name}", raising=False)


def test_settings_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValidationError, match="less than uid_first"):
        BrokerSettings(uid_first=30_000, uid_last=29_999)
