"""Nothing that the document names is without an example, what it takes from the wire contract included."""

from types import SimpleNamespace
from typing import Any, cast

from api.app import create_app
from api.deps import Services
from api.settings import ApiSettings

DOCUMENT: dict[str, Any] = create_app(cast(Services, SimpleNamespace(database=None)), ApiSettings()).openapi()


def test_every_schema_has_examples_for_all_that_is_in_it() -> None:
    lacking = [
        f"{name}.{field}"
        for name, schema in DOCUMENT["components"]["schemas"].items()
        if "examples" not in schema
        for field, entry in schema.get("properties", {}).items()
        if not (entry.get("examples") or "enum" in entry or "const" in entry or "$ref" in str(entry))
    ]
    assert lacking == []


def test_every_answer_and_every_parameter_has_an_example() -> None:
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                assert status in ("204", "303") or answer["content"], (path, status)
                for media in answer.get("content", {}).values():
                    assert "example" in media or "examples" in media or "$ref" in media["schema"], (path, status)
            for parameter in operation.get("parameters", []):
                known = parameter.get("examples") or parameter.get("example") or parameter["schema"].get("examples")
                assert known or "enum" in str(parameter["schema"]), (path, parameter["name"])
                assert parameter["description"], (path, parameter["name"])


def test_operation_ids_stay_what_clients_were_made_for() -> None:
    ids = {operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()}
    assert ids >= {
        "getHealth", "getReadiness", "getMetrics", "login", "refresh", "logout", "getMe", "createTicket",
        "listTemplates", "getTemplate", "createBot", "listBots", "getBot", "updateBot", "deleteBot", "listBotEvents",
        "startBot", "resumeBot", "pauseBot", "stopBot", "restartBot", "getBotLogs", "relayGet", "relayPost",
        "relayDelete", "listPools", "getPool", "getPortfolio", "getPortfolioHistory", "streamPortfolio",
    }  # fmt: skip
