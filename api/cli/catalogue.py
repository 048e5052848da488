"""`flotilla templates …`: what bots are made of."""

import typer

from api.cli import output
from api.cli.client import path_of
from api.cli.options import AsJson, Url, connect

templates_app = typer.Typer(no_args_is_help=True, help="Templates: list, show with parameters.")


@templates_app.command("list")
def list_templates(as_json: AsJson = False, url: Url = None) -> None:
    """List templates."""
    with connect(url) as client:
        templates = list(client.items("/api/v1/templates"))
    if as_json:
        output.print_json({"items": templates, "next": None})
        return
    rows = [
        (output.text(item["name"]), output.text(item["title"]), output.text(item["description"])) for item in templates
    ]
    output.print_table(("NAME", "TITLE", "DESCRIPTION"), rows, "No templates.")


@templates_app.command("show")
def show_template(name: str, as_json: AsJson = False, url: Url = None) -> None:
    """Show a template: what it does, its parameters, its defaults."""
    with connect(url) as client:
        template = client.get(path_of("templates", name))
    if as_json:
        output.print_json(template)
        return
    output.print_docs(template["docs"])
    output.show("")
    properties = template["parameters"]["properties"]
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
    defaults = template["defaults"]
    output.print_fields(
        {key: output.text(" ".join(value) if isinstance(value, list) else value) for key, value in defaults.items()}
    )
