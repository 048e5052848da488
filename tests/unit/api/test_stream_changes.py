"""What changed in a portfolio, as it is told to a stream."""

import json

from api.stream.changes import changes
from api.stream.encoding import Encoder
from orchestrator.events.bus import Message


def test_only_what_differs_is_told() -> None:
    one, two, three = ({"id": name, "equity": "1", "name": "x"} for name in ("a", "b", "c"))
    before = {"as_of": "1", "equity": "5", "bots": [one, two]}
    after = {"as_of": "2", "equity": "5", "bots": [{**one, "equity": "2"}, three]}
    assert changes(before, after) == {
        "as_of": "2",
        "order": ["a", "c"],
        "bots": [{"id": "a", "equity": "2"}, three],
    }
    assert changes(after, after) == {"bots": []}


def test_a_change_fits_what_was_told_though_that_came_with_the_same_id() -> None:
    """A stream that opens is told what is so now, with the id of what was published last, which older ones have."""
    encoder = Encoder()
    published = {"as_of": "1", "equity": "5", "bots": []}
    opened_with = {"as_of": "2", "equity": "7", "bots": []}
    message = Message("x-6", "portfolio", {"as_of": "3", "equity": "7", "bots": []})
    for before, told in ((opened_with, {"as_of"}), (published, {"as_of", "equity"})):
        text = encoder.change("user.a", "x-5", before, message).decode()
        data = json.loads(next(line for line in text.splitlines() if line.startswith("data: "))[6:])
        assert data.keys() == {"since", "bots", *told}
