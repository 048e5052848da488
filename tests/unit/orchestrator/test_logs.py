"""Levels of the log: by module, changed while it runs, and never of libraries."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from api.cli.log import log_to_file
from orchestrator.kit import logs
from orchestrator.kit.logs import Levels

SECRET = "bearer-9f31c2"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logs.restart()


def of(module: str, level: str, text: str) -> None:
    logger.patch(lambda record: dict.update(record, name=module)).log(level, text)


def test_what_is_told_changes_while_it_runs_by_module(tmp_path: Path) -> None:
    path = log_to_file(tmp_path)
    of("orchestrator.intake.store", "DEBUG", "before")
    assert logs.take(Levels("WARNING", {"orchestrator.intake": "DEBUG", "orchestrator.intake.batch": "ERROR"}))
    assert not logs.take(logs.current())
    of("orchestrator.intake.store", "DEBUG", "below a module")
    of("orchestrator.intakes", "INFO", "of another of a like name")
    of("orchestrator.intake.batch", "WARNING", "of a longer name")
    of("orchestrator.risk", "INFO", "of none")
    of("orchestrator.risk", "WARNING", "loud enough")
    logs.take(Levels())
    of("orchestrator.intake.store", "DEBUG", "after")
    of("orchestrator.risk", "INFO", "again")
    told = [line.rpartition(" - ")[2] for line in path.read_text().splitlines()]
    assert told == ["below a module", "loud enough", "again"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_lowest_level_tells_no_more_of_libraries(tmp_path: Path) -> None:
    path = log_to_file(tmp_path)
    logs.take(Levels("TRACE"))
    for name in ("httpx", "httpcore.http11", "sqlalchemy.engine.Engine", "aiosqlite", "webpush", "uvicorn.access"):
        logging.getLogger(name).debug("Authorization: %s", SECRET)
    for name in ("httpx", "httpcore", "sqlalchemy.engine", "aiosqlite"):
        logging.getLogger(name).info("statement of %s", SECRET)
    logging.getLogger("uvicorn.error").info("connection of /message/ws?token=%s", SECRET)
    of("orchestrator.x", "TRACE", "ours")
    told = path.read_text()
    assert SECRET not in told
    assert "ours" in told
    assert "token=***" in told


def test_libraries_are_silenced_with_all_else(tmp_path: Path) -> None:
    path = log_to_file(tmp_path)
    logs.take(Levels("ERROR"))
    logging.getLogger("uvicorn.error").warning("not told")
    logging.getLogger("uvicorn.error").error("told")
    assert "not told" not in path.read_text()
    assert "told" in path.read_text()


def test_values_of_variables_are_not_told_at_any_level(tmp_path: Path) -> None:
    path = log_to_file(tmp_path)
    logs.take(Levels("TRACE"))
    password = SECRET
    try:
        raise ValueError(len(password))
    except ValueError:
        logger.exception("it broke")
    assert "it broke" in path.read_text()
    assert SECRET not in path.read_text()


def test_where_the_file_cannot_be_opened_anew_the_log_goes_on(tmp_path: Path) -> None:
    path = log_to_file(tmp_path)
    target = tmp_path / "logs" / "away"
    logs.add(target, delay=False)
    target.unlink()
    target.mkdir()
    with pytest.raises(OSError, match="away"):
        logs.take(Levels("DEBUG"))
    assert logs.current() == Levels()
    of("orchestrator.x", "INFO", "goes on")
    of("orchestrator.x", "DEBUG", "as before")
    assert path.read_text().splitlines()[-1].endswith("goes on")
