"""`flotilla bots pack`: the bots of this home, with their trades, for another one. Needs no control plane.

Of pools the upper floors see the contract alone, and their directories are the pool's own matter: `pool.packing` does
the work, as a process of its own.
"""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import SettingsError

from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, told
from api.cli.output import count, megabytes, print_json, print_table, show, text
from api.cli.troubles import explain
from orchestrator import home as homes
from orchestrator.errors import Conflict
from orchestrator.settings import OrchestratorSettings
from pool.contract.transfer import ParcelHeader

_PACKED: TypeAdapter[list[ParcelHeader]] = TypeAdapter(list[ParcelHeader])


def pack(directory: Path, as_json: AsJson = False) -> None:
    """Pack every bot of this home, with its trades, for another one.

    Each becomes a file in a new DIRECTORY, mode 0600. Stop Flotilla and its pools first: afterwards no bot runs
    here any more. Put the files into `arrivals` of the home where a backup (`flotilla db backup`) is restored."""
    home = _home()
    pools = sorted(path.parent for path in (home / "pools").glob("*/pool.json"))
    if not pools:
        raise CliError(
            f"There are no pools in {home}. Bots in containers are in Docker's volumes: save those.",
            ExitCode.NOT_FOUND,
        )
    with ExitStack() as held:
        try:
            held.callback(os.close, homes.lock(home))
        except Conflict as error:
            raise CliError(error.message, ExitCode.CONFLICT) from None
        except OSError as error:
            raise CliError(explain(error, home) or str(error)) from None
        packed = _pack(pools, directory.absolute())
    if as_json:
        print_json({"items": [parcel.model_dump(mode="json") for parcel in packed]})
        return
    rows = [(text(parcel.bot_id), str(parcel.files), megabytes(parcel.size_bytes)) for parcel in packed]
    print_table(("BOT", ">FILES", ">SIZE"), rows, "No bots.")
    packed_bots = f"{count(len(packed), 'bot')} {'is' if len(packed) == 1 else 'are'}"
    show(
        f"{packed_bots} in [bold]{text(directory)}[/] and cannot be run by this home any more. Put the "
        "parcels into `arrivals` of the new home before its first start; see the README."
    )


def _home() -> Path:
    try:
        return OrchestratorSettings().home.expanduser().resolve()
    except (ValidationError, SettingsError) as error:
        raise CliError(told(error)) from None


def _pack(pools: list[Path], target: Path) -> list[ParcelHeader]:
    command = [sys.executable, "-m", "pool.packing", "--to", str(target), *map(str, pools)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["Packing ended without a word."]
        raise CliError(lines[-1], ExitCode.CONFLICT)
    return _PACKED.validate_json(done.stdout)
