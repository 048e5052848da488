"""The kill switch without a control plane, a database or a bus: flag files that agents and bots read by themselves.

They go into the pools' directories of this home; where it has none, into the pools that Docker has here.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from api.cli import containers, output
from api.cli.exits import CliError, ExitCode
from api.cli.options import told
from api.cli.settings import CliSettings
from pool.contract.risk import HALT_FLAG, Flag


def halt(bot_id: str | None, installation: str | None, *, flatten: bool, reason: str, as_json: bool) -> None:
    """Writes a flag into every pool's and bot's directory, or into one bot's. Raises CliError."""
    flag = Flag(flatten=flatten, why=reason or "Halted by hand, offline.", at=datetime.now(UTC))
    pools, bots = _places(bot_id, installation)
    if not pools and not bots:
        _halt_containers(flag, bot_id, installation, as_json)
        return
    failed = [place for place in (*pools, *bots) if not _write(place, flag)]
    _tell("halted", pools, bots, failed, as_json)
    if failed:
        raise CliError(
            f"{output.count(len(failed), 'flag')} could not be written, such as {failed[0]}.", ExitCode.ERROR
        )
    if pools:
        _name_others()


def release(bot_id: str | None, installation: str | None, *, as_json: bool) -> None:
    """Takes the flags away that are there; what the control plane ordered stays. Raises CliError."""
    pools, bots = _places(bot_id, installation)
    if not pools and not bots:
        _release_containers(bot_id, installation, as_json)
        return
    pools, bots = [[one for one in places if (one / HALT_FLAG).exists()] for places in (pools, bots)]
    failed = []
    for place in (*pools, *bots):
        try:
            (place / HALT_FLAG).unlink(missing_ok=True)
        except OSError:
            failed.append(place)
    _tell("released", pools, bots, failed, as_json)
    if failed:
        raise CliError(
            f"{output.count(len(failed), 'flag')} could not be removed, such as {failed[0]}.", ExitCode.ERROR
        )


def _places(bot_id: str | None, installation: str | None) -> tuple[list[Path], list[Path]]:
    """Directories of pools and of bots; of one bot its own alone. None where the home has no pools, or an installation
    of Docker's is meant, or only there a bot may be."""
    if installation is not None:
        return [], []
    try:
        home = CliSettings().home.expanduser()
    except (ValidationError, SettingsError) as error:
        raise CliError(told(error)) from None
    pools = sorted(path for path in (home / "pools").glob("*") if path.is_dir())
    if not pools:
        return [], []
    bots = sorted(path for pool in pools for path in (pool / "bots").glob("*") if path.is_dir())
    if bot_id is None:
        return pools, bots
    own = [path for path in bots if path.name == bot_id]
    if not own and containers.all_known():
        return [], []
    if not own:
        raise CliError(
            f"No bot {bot_id} has a directory here; offline, name it by its id (there are: "
            f"{', '.join(path.name for path in bots[:20]) or 'none'}).",
            ExitCode.NOT_FOUND,
        )
    return [], own


def _name_others() -> None:
    """Who halts a whole home must not believe that pools that are containers are halted with it. Raises CliError."""
    others = containers.all_known()
    if others:
        installations = " or ".join(sorted({f"--installation {pool.installation}" for pool in others}))
        names = ", ".join(pool.name for pool in others[:20])
        raise CliError(f"Not halted are pools that are containers: {names}. Say it to them with {installations}.")


def _halt_containers(flag: Flag, bot_id: str | None, installation: str | None, as_json: bool) -> None:
    pools = _containers(installation)
    done = containers.each(pools, lambda pool: pool.put(flag, bot_id))
    failed = [pool.name for pool, put in zip(pools, done, strict=True) if not put]
    if bot_id is not None and not any(done):
        raise CliError(f"None of {output.count(len(pools), 'pool')} took a flag for {bot_id}.", ExitCode.NOT_FOUND)
    if bot_id is not None:
        _say("halted", 0, 1, 0, as_json)
        return
    _say("halted", len(pools) - len(failed), 0, len(failed), as_json)
    if failed:
        raise CliError(f"No flag could be put into {', '.join(failed)}. {containers.BY_HAND}", ExitCode.ERROR)


def _release_containers(bot_id: str | None, installation: str | None, as_json: bool) -> None:
    pools = _containers(installation)
    taken = containers.each(pools, lambda pool: pool.take(bot_id))
    failed = [pool.name for pool, count in zip(pools, taken, strict=True) if count is None]
    released = sum(1 for count in taken if count)
    if bot_id is not None:
        _say("released", 0, released, 0, as_json)
        return
    _say("released", released, 0, len(failed), as_json)
    if failed:
        raise CliError(
            f"Flags could not be removed from {', '.join(failed)}; a pool that does not run must be started first.",
            ExitCode.ERROR,
        )


def _containers(installation: str | None) -> list[containers.Container]:
    pools = containers.found(installation)
    if not pools:
        raise CliError("There are no pools: none in FLOTILLA_HOME, and Docker has none here.", ExitCode.NOT_FOUND)
    return pools


def _write(directory: Path, flag: Flag) -> bool:
    """Whole or not at all, as the directory's owner. A flag that is half written would halt as well. In its directory a
    bot may put what it likes: no link of its is followed, least of all by root."""
    beside = directory / f".{HALT_FLAG}.new"
    try:
        owner = directory.stat()
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, 0o644)
            if os.geteuid() == 0 and owner.st_uid != 0:
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            stream.write(flag.to_json())
        beside.replace(directory / HALT_FLAG)
    except OSError:
        return False
    return True


def _tell(done: str, pools: list[Path], bots: list[Path], failed: list[Path], as_json: bool) -> None:
    _say(done, len(set(pools) - set(failed)), len(set(bots) - set(failed)), len(failed), as_json)


def _say(done: str, pools: int, bots: int, failed: int, as_json: bool) -> None:
    counts = {"pools": pools, "bots": bots, "failed": failed}
    if as_json:
        output.print_json({"done": done, **counts})
        return
    told = [output.count(counts[name], name.removesuffix("s")) for name in ("pools", "bots") if counts[name]]
    if told:
        are = "is" if counts["pools"] + counts["bots"] == 1 else "are"
        output.show(f"{' and '.join(told)} {are} {done} by flag files.")
    elif not failed:
        output.show("There are no flag files here.")
    if done == "halted":
        output.show(
            "Release them with `flotilla release`, or without a control plane with `flotilla release --offline`."
        )
