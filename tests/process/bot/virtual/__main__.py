"""`python -m tests.process.bot.virtual plain|ours|awake JOBS DIRECTORY`: trades each job of a list, in its own fork.

Results lie in DIRECTORY as `<name>.json`, logs as `<name>.log`.
"""

import gc
import json
import logging
import os
import sys
import traceback
from pathlib import Path

from tests.process.bot.virtual.clock import install, install_dates

install()

from tests.process.bot.virtual import bots  # noqa: E402 (time is replaced before anything keeps it)


def main() -> None:
    side, jobs, directory = sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
    trade = {"plain": bots.trade_plain, "ours": bots.trade_ours, "awake": bots.trade_awake}[side]
    install_dates()
    gc.freeze()
    for told in jobs:
        job = bots.Job(**told)
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            continue
        place = directory / job.name
        place.mkdir(parents=True)
        logging.basicConfig(filename=directory / f"{job.name}.log", level=logging.INFO)
        try:
            result = trade(job, place)
        except BaseException:  # the boundary of a fork: how it ended is told
            result = {"failed": traceback.format_exc()}
        (directory / f"{job.name}.json").write_text(json.dumps(result))
        logging.shutdown()
        os._exit(0)


if __name__ == "__main__":
    main()
