"""What a new bot is made of: a template, or a strategy of the caller's own. `bots.service.create` looks again, in the
transaction that makes it."""

from dataclasses import dataclass

from api.auth.subject import Subject
from api.bots.schemas import BotCreate, StrategyChoice
from api.deps import Services
from orchestrator.bots import versions
from orchestrator.errors import InvalidSpec, NotFound, RequestError, StrategyNotReady
from orchestrator.strategies import pinning
from orchestrator.strategies.pinning import Pin
from orchestrator.templates.catalogue import Template
from orchestrator.templates.own import OWN
from orchestrator.templates.spec import SPOT, BotRequest


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request for a bot names, as far as it can be found."""

    problems: tuple[RequestError, ...]
    """InvalidSpec (fields `template`, `strategy`, `trading_mode`), StrategyNotReady."""
    made_of: tuple[Template, BotRequest] | None = None
    """The template, and what is asked of it; without the strategy where that is among the problems."""
    of_strategy: frozenset[str] = frozenset()
    """Fields that the request leaves to the strategy."""


async def made_of(services: Services, caller: Subject, body: BotCreate) -> tuple[Template, BotRequest]:
    """The template, and what is asked of it. Raises what is among a choice's problems."""
    choice = await choose(services, caller, body)
    if choice.problems or choice.made_of is None:
        raise choice.problems[0]
    return choice.made_of


async def choose(services: Services, caller: Subject, body: BotCreate) -> Choice:
    """The same with all problems at once."""
    asked = {name: value for name, value in body.model_dump().items() if name in BotRequest.model_fields}
    try:
        if body.strategy is None:
            if body.template is None:
                raise InvalidSpec("Name a template, or a strategy of your own.", field="template")
            template = template_of(services, body.template)
            return Choice((), (template, BotRequest.model_validate({**asked, "template": template.name})))
        if body.template is not None:
            raise InvalidSpec("A template has its own strategy: name a template or a strategy.", field="strategy")
    except InvalidSpec as problem:
        return Choice((problem,))
    try:
        pin = await _pinned(services, caller, body.strategy)
    except (InvalidSpec, StrategyNotReady) as problem:
        return Choice((problem,), (OWN, BotRequest.model_validate({**asked, "template": OWN.name})))
    own = {
        "template": OWN.name,
        "strategy_id": pin.strategy_id,
        "strategy_version_id": pin.version_id,
        "timeframe": body.timeframe or pin.facts.timeframe,
    }
    problems: tuple[RequestError, ...] = ()
    try:
        pinning.check_mode(pin.facts, body.trading_mode or SPOT, "trading_mode")
    except InvalidSpec as problem:
        problems = (problem,)
    says = {"timeframe"} if not body.timeframe and pin.facts.timeframe else ()
    return Choice(problems, (OWN, BotRequest.model_validate({**asked, **own})), frozenset(says))


def template_of(services: Services, name: str) -> Template:
    """Raises InvalidSpec: here the name is a field of the body, not a path."""
    try:
        return services.catalogue.get(name)
    except NotFound as error:
        raise InvalidSpec(error.message[:500], **error.params) from None


async def _pinned(services: Services, caller: Subject, choice: StrategyChoice) -> Pin:
    """At the level that running a shared one takes."""
    try:
        async with services.reading(caller.at("operate")) as session:
            return await pinning.pin(session, choice.id, choice.version)
    except NotFound as error:
        raise versions.not_there(error) from None
