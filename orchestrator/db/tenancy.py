"""Whose rows a session may touch: one place for all queries.

A session that was opened for somebody carries his `Reach`. Every SELECT, UPDATE and DELETE that it sends through the
ORM then gets, for each table that is registered here, the criteria of that reach added by SQLAlchemy itself
(`with_loader_criteria`): another tenant's row is simply not there, whichever service asks and whatever it forgot.
Sessions without a reach are the control plane's own, and see everything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, event, false
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

Level = Literal["view", "operate", "own"]
"""What somebody may do with a thing: look, steer, or all that its owner may. Each contains those before it."""

_REACH = "reach"


@dataclass(frozen=True, slots=True)
class Reach:
    """Somebody's reach, at the level that he asks for."""

    user_id: str
    level: Level = "own"
    everybody: bool = False
    """Of everybody's things, but for private ones: an administrator."""
    bot_ids: frozenset[str] | None = None
    """Only of these bots and nothing else: a token for single bots. None: no such bound."""


Criteria = Callable[[Reach], ColumnElement[bool] | None]
"""What rows of a table must satisfy; None: nothing."""

_criteria: dict[type[SQLModel], Criteria] = {}


def register(model: type[SQLModel], criteria: Criteria) -> None:
    """Has the model's rows bound by `criteria` in every session that carries a reach."""
    _criteria[model] = criteria
    _options.cache_clear()


def by_owner(model: type[SQLModel], *, private: bool = False) -> None:
    """The same for a model whose column `owner_id` says whose a row is. `private` ones are not even an
    administrator's."""

    def criteria(reach: Reach) -> ColumnElement[bool] | None:
        if reach.bot_ids is not None:
            return false()
        if reach.everybody and not private:
            return None
        owner: ColumnElement[bool] = col(model.owner_id) == reach.user_id  # type: ignore[attr-defined]
        return owner

    register(model, criteria)


def bind(session: AsyncSession, reach: Reach) -> None:
    """From here on the session has this reach."""
    session.info[_REACH] = reach


def registered() -> frozenset[type[SQLModel]]:
    """Every model that is bound."""
    return frozenset(_criteria)


@event.listens_for(Session, "do_orm_execute")
def _add_criteria(state: ORMExecuteState) -> None:
    reach: Reach | None = state.session.info.get(_REACH)
    if reach is None or not (state.is_select or state.is_update or state.is_delete):
        return
    options = _options(reach)
    if options:
        state.statement = state.statement.options(*options)


@lru_cache(maxsize=4096)
def _options(reach: Reach) -> tuple[Any, ...]:
    """Making them takes longer than most queries, and they are the same for the same reach."""
    made = ((model, criteria(reach)) for model, criteria in _criteria.items())
    return tuple(with_loader_criteria(model, found, include_aliases=True) for model, found in made if found is not None)
