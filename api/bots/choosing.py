"""What a new bot is made of: a template, or a strategy of the caller's own. `bots.service.create` looks again, in the
transaction that makes it."""

from api.auth.subject import Subject
from api.bots.schemas import BotCreate, StrategyChoice
from api.deps import Services
from orchestrator.bots import versions
from orchestrator.errors import InvalidSpec, NotFound
from orchestrator.strategies import pinning
from orchestrator.strategies.pinning import Pin
from orchestrator.templates.catalogue import Template
from orchestrator.templates.own import OWN
from orchestrator.templates.spec import SPOT, BotRequest


async def made_of(services: Services, caller: Subject, body: BotCreate) -> tuple[Template, BotRequest]:
    """The template, and what is asked of it. Raises InvalidSpec (fields `template`, `strategy`, `trading_mode`),
    StrategyNotReady."""
    asked = {name: value for name, value in body.model_dump().items() if name in BotRequest.model_fields}
    if body.strategy is None:
        if body.template is None:
            raise InvalidSpec("Name a template, or a strategy of your own.", field="template")
        template = template_of(services, body.template)
        return template, BotRequest.model_validate({**asked, "template": template.name})
    if body.template is not None:
        raise InvalidSpec("A template has its own strategy: name a template or a strategy.", field="strategy")
    pin = await _pinned(services, caller, body.strategy)
    pinning.check_mode(pin.facts, body.trading_mode or SPOT, "trading_mode")
    own = {
        "template": OWN.name,
        "strategy_id": pin.strategy_id,
        "strategy_version_id": pin.version_id,
        "timeframe": body.timeframe or pin.facts.timeframe,
    }
    return OWN, BotRequest.model_validate({**asked, **own})


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
