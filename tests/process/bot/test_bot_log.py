"""Standard output and error follow the log when it rotates."""

import subprocess
import sys
from pathlib import Path

from tests.process.bot.harness import ROOT

SCRIPT = """
import logging, os, sys
from pathlib import Path
from pool.bot import log

log._MAX_BYTES = 200
file = Path(sys.argv[1])
log.start_log(file)
os.write(2, b"early\\n")
for number in range(20):
    logging.info("line %s of something long enough", number)
os.write(1, b"out\\n")
os.write(2, b"err\\n")
"""


def test_stdio_goes_along_to_the_new_file(tmp_path: Path) -> None:
    file = tmp_path / "bot.log"
    with file.open("w") as stdio:
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(file)], cwd=ROOT, stdout=stdio, stderr=stdio, check=True, timeout=200
        )

    assert file.read_text().endswith("out\nerr\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bot.log", "bot.log.1", "bot.log.2"]
