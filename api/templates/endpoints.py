"""Templates: what bots can be made of."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth.access import OwnBotsReader
from api.deps import PageDep, ServicesDep
from api.errors import problems
from api.templates.schemas import TemplatePage, TemplateResponse
from orchestrator.errors import ErrorCode
from orchestrator.templates.catalogue import Template

router = APIRouter(prefix="/templates", tags=["templates"])
TemplateName = Annotated[str, Path(description="Name of the template.", examples=["trend"])]


@router.get("", operation_id="listTemplates", summary="List templates", responses=problems(ErrorCode.UNAUTHENTICATED))
async def list_templates(caller: OwnBotsReader, services: ServicesDep, page: PageDep) -> TemplatePage:
    """With the JSON schema of their parameters. `next` continues the list where it is not null."""
    found = services.catalogue.page(page.limit, page.after)
    return TemplatePage(items=[_body(template) for template in found.items], next=found.next)


@router.get(
    "/{name}",
    operation_id="getTemplate",
    summary="One template",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND),
)
async def get_template(name: TemplateName, caller: OwnBotsReader, services: ServicesDep) -> TemplateResponse:
    """Its documentation, defaults, and the JSON schema of its parameters."""
    return _body(services.catalogue.get(name))


def _body(template: Template) -> TemplateResponse:
    return TemplateResponse.model_validate(template, from_attributes=True)
