"""`flotilla templates …`: what bots are made of."""

from typing import Annotated, Any

import typer
from flotilla_client.api import templates

from api.cli import output
from api.cli.options import AsJson, Url, connect

templates_app = typer.Typer(no_args_is_help=True, help="Templates: list, show with parameters.")


@templates_app.command("list")
def list_templates(as_json: AsJson = False, url: Url = None) -> None:
    """List templates."""
    with connect(url) as client:
        found = client.every(templates.list_templates, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [(output.text(one.name), output.text(one.title), output.text(one.description)) for one in found.body]
    output.print_table(("NAME", "TITLE", "DESCRIPTION"), rows, "No templates.")


@templates_app.command("show")
def show_template(
    name: Annotated[str, typer.Argument(metavar="TEMPLATE", help="Name of the template.")],
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show a template: what it does, its parameters, its defaults."""
    with connect(url) as client:
        found = client.ask(templates.get_template, name, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    template = found.body
    output.print_docs(template.docs)
    output.show("")
    properties: dict[str, Any] = template.parameters["properties"]
    columns = ("PARAMETER", ">DEFAULT", ">LEAST", ">MOST", "WHAT")
    rows = [
        (
            output.text(key),
            output.text(entry["default"]),
            output.text(entry.get("minimum")),
            output.text(entry.get("maximum")),
            output.text(entry["description"]),
        )
        for key, entry in properties.items()
    ]
    output.print_table(columns, rows, "No parameters.")
    output.show("")
    defaults = template.defaults.to_dict()
    output.print_fields(
        {key: output.text(" ".join(value) if isinstance(value, list) else value) for key, value in defaults.items()}
    )
