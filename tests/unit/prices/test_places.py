"""Places in a feed are dealt in turns, so that who asks for much takes what others leave."""

from pool.exchange.gateway.prices.places import MOST_SYMBOLS, MOST_TENANTS, Wanted, dealt


def test_each_asker_gets_one_in_turn_and_who_wants_few_has_all_of_them() -> None:
    wanted = {("a", ""): [f"A{number}" for number in range(9)], ("b", ""): ["B0", "B1"], ("c", ""): ["C0"]}
    assert dealt(wanted, 7) == ["A0", "B0", "C0", "A1", "B1", "A2", "A3"]


def test_tenants_of_one_peer_share_its_turns() -> None:
    """Whoever has one address may call himself by many names."""
    names = {("a", f"name-{number:02}"): [f"A{number:02}"] for number in range(20)}
    assert set(dealt(names | {("b", "x"): ["B0"], ("b", "y"): ["C0"]}, 4)) == {"A00", "A01", "B0", "C0"}


def test_what_several_want_has_one_place() -> None:
    wanted = {("a", ""): ["S0", "S1", "S2"], ("b", ""): ["S0", "S1", "S2"]}
    assert sorted(dealt(wanted, 3)) == ["S0", "S1", "S2"]
    assert dealt(wanted, 10) == ["S0", "S1", "S2"]


def test_fewer_are_among_those_that_are_more() -> None:
    wanted = Wanted()
    for peer in "abc":
        wanted.want((peer, ""), [f"{peer}{number}" for number in range(ord(peer))], until=10)
    assert set(wanted.placed(0, 50)) < set(wanted.placed(0, 150)) < set(wanted.placed(0))


def test_what_is_no_longer_waited_for_leaves_its_place() -> None:
    wanted = Wanted()
    wanted.want(("a", ""), ["A", "B"], until=10)
    wanted.want(("a", ""), ["B"], until=20)
    wanted.want(("b", ""), ["C"], until=5)
    assert (wanted.placed(9), wanted.total()) == (["A", "B"], 2)
    assert wanted.placed(10) == ["B"]
    assert wanted.placed(20) == []


def test_who_asks_for_ever_others_keeps_the_newest() -> None:
    wanted = Wanted()
    for number in range(3):
        wanted.want(("a", ""), [f"{number}-{one}" for one in range(MOST_SYMBOLS)], until=10)
    assert wanted.total() == MOST_SYMBOLS
    assert all(one.startswith("2-") for one in wanted.placed(0))


def test_names_without_end_are_one() -> None:
    wanted = Wanted()
    for number in range(10 * MOST_TENANTS):
        wanted.want(("a", f"name-{number}"), [f"A{number}-{one}" for one in range(MOST_SYMBOLS // 10)], until=10)
    assert wanted.total() <= (MOST_TENANTS + 1) * MOST_SYMBOLS // 10 + MOST_SYMBOLS
