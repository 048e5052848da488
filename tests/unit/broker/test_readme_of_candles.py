"""The command that the README has for candles in a container is one for the container that the broker makes."""

import re
import shlex
from pathlib import Path

from orchestrator.broker.gateway import GATEWAY
from orchestrator.broker.names import Names
from orchestrator.broker.volumes import MOUNTED_AT
from pool.exchange.gateway.candles import moving

ROOT = Path(__file__).parents[3]


def test_it_names_the_gateways_container_user_directory_and_a_module_that_understands_it() -> None:
    found = re.search(
        r"^gateway=(?P<name>\S+)\n(?P<run>docker run .*?)^```", (ROOT / "README.md").read_text(), re.M | re.S
    )
    assert found is not None
    assert found["name"].replace("<installation>", "here") == Names("here").companion(GATEWAY.role)
    words = shlex.split(found["run"].replace("\\\n", " "))
    assert words[words.index("--user") + 1] == f"{GATEWAY.uid}:{GATEWAY.uid}"
    assert words[words.index("--volumes-from") + 1] == "$gateway"
    start = words.index("-m")
    assert words[start + 1] == moving.__name__
    options = moving._parser().parse_args(words[start + 2 :])
    assert (str(options.directory), options.what, str(options.source)) == (MOUNTED_AT, "import", "/from")
    assert any(word.endswith(":/from:ro") for word in words)
