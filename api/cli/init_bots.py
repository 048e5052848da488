"""The bots of `flotilla init`: which there shall be, making them, and waiting until they trade."""

import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from flotilla_client.api import bots, templates
from flotilla_client.models import BotCreate, BotResponse, TemplateResponse
from rich.console import Console

from api.cli import bot_view, output
from api.cli.bots import SETTLED_BADLY
from api.cli.client import Answer, ApiClient
from api.cli.exits import CliError, ExitCode
from api.cli.init_asking import NONE, Run, ask, confirm, say
from api.cli.options import given
from api.cli.settings import demo_name

_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class First:
    """A bot that there shall be."""

    name: str
    template: str
    capital: str | None
    """None: as much as its template says."""


class FirstBots:
    """Those of the first start, and those that are made."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._client = run.client

    def demo(self, keep: bool | None) -> list[str]:
        """Ids of the bots that the first start made, where they stay. Raises CliError."""
        found = [one for one in self._bots() if one.name == demo_name(one.template)]
        if keep is None:
            named = ", ".join(output.text(one.name) for one in found)
            keep = not (found and self._run.asks) or confirm(f"Keep the demo bots ({named})?", True)
        if keep:
            return [one.id for one in found]
        for one in found:
            self._client.ask(bots.delete_bot, one.id, client=self._client.api, open_trades="keep")
            self._run.done.removed.append(one.name)
        return []

    def first_bots(self, wanted: Sequence[First] | None, exchange: str) -> list[str]:
        """Ids of those that are wanted, made where they are not there yet. Raises CliError."""
        known = {one.name: one for one in self._client.every(templates.list_templates, client=self._client.api).body}
        present = {one.name: one for one in self._bots()}
        if wanted is None:
            names = self._chosen(known, present) if self._run.asks else []
            return [self._made_by_answers(known[name], exchange) for name in names]
        for one in wanted:  # all of them, before any is made
            _check(one, known, present)
        return [present[one.name].id if one.name in present else self._make(one, exchange) for one in wanted]

    def _chosen(self, known: Mapping[str, TemplateResponse], present: Collection[str]) -> list[str]:
        rows = [(one.name, output.text(one.title), output.text(one.description)) for one in known.values()]
        Console(stderr=True, highlight=False).print(output.make_table(("TEMPLATE", "TITLE", "WHAT IT DOES"), rows))
        while True:
            usual = NONE if present else next(iter(known), NONE)
            answer = ask(f"Templates of your first bots, by commas; `{NONE}` for no bots", usual)
            names = [name.strip() for name in answer.split(",") if name.strip() and name.strip() != NONE]
            unknown = [name for name in names if name not in known]
            if not unknown:
                return names
            say(f"There is no template {unknown[0]}.")

    def _made_by_answers(self, template: TemplateResponse, exchange: str) -> str:
        while True:
            present = {one.name: one for one in self._bots()}
            name = ask(f"Name of the bot of {template.title}", _free(_usual_name(template.name), present))
            currency = template.defaults.stake_currency
            capital = ask(f"Its capital in {currency}", bot_view.plain(template.defaults.starting_balance))
            try:
                one = First(name, template.name, capital)
                _check(one, {template.name: template}, present)
                return present[name].id if name in present else self._make(one, exchange)
            except CliError as refusal:
                self._run.again(refusal)

    def _make(self, one: First, exchange: str) -> str:
        body = BotCreate(
            name=one.name,
            template=one.template,
            exchange=given(None if exchange == "paper" else exchange),
            starting_balance=given(one.capital),
        )
        made = self._client.ask(bots.create_bot, client=self._client.api, body=body, idempotency_key=str(uuid.uuid4()))
        self._run.done.created.append(one.name)
        return made.body.id

    def _bots(self) -> list[BotResponse]:
        found = self._client.every(bots.list_bots, client=self._client.api).body
        return [one for one in found if one.desired_state != "deleted"]


def firsts_of(written: Iterable[str]) -> list[First]:
    """Of options. Raises CliError."""
    found: list[First] = []
    many: Counter[str] = Counter()
    for one in written:
        template, _, rest = one.partition("=")
        name, _, capital = rest.partition(":")
        many[template] += 1
        usual = _usual_name(template) if many[template] == 1 else f"{_usual_name(template)}-{many[template]}"
        found.append(First(name or usual, template, capital or None))
    twice = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    if twice:
        raise CliError(f"Two bots are named {twice[0]}: --template TEMPLATE=NAME names them.", ExitCode.USAGE)
    return found


def _check(one: First, known: Collection[str], present: Mapping[str, BotResponse]) -> None:
    """Raises CliError."""
    if one.template not in known:
        raise CliError(f"There is no template {one.template!r}; see `flotilla templates list`.", ExitCode.NOT_FOUND)
    if one.name in present and present[one.name].template != one.template:
        raise CliError(
            f"There is a bot {one.name} already, of {present[one.name].template}; choose another name.",
            ExitCode.CONFLICT,
        )
    try:
        fits = one.capital is None or Decimal(one.capital) > 0
    except InvalidOperation:
        fits = False
    if not fits:
        raise CliError(f"{one.capital} is no capital; write a number, such as 1000.", ExitCode.INVALID)


def _usual_name(template: str) -> str:
    return template.replace("_", "-")


def _free(name: str, taken: Collection[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def await_trading(client: ApiClient, wanted: Collection[str], timeout: float) -> Answer[list[BotResponse]]:
    """Those that shall run, once they do and FreqTrade trades in each. Raises CliError where one fails, or where it
    takes too long."""
    console = Console(stderr=True, highlight=False)
    deadline = time.monotonic() + timeout
    told: set[str] = set()
    with console.status("Waiting for bots …") if console.is_terminal else nullcontext() as status:
        while True:
            listed = client.every(bots.list_bots, client=client.api)
            pairs = zip(listed.body, listed.json["items"], strict=True)
            both = [(one, json) for one, json in pairs if one.id in wanted and one.desired_state == "running"]
            found = Answer([one for one, _ in both], [json for _, json in both])
            late = [one for one in found.body if not _trades(one)]
            for one in found.body:
                if one.observed_state in SETTLED_BADLY:
                    raise CliError(f"Bot {one.name} is {one.observed_state}: {bot_view.reason(one)}")
                if one not in late and one.name not in told:
                    console.print(f"{output.text(one.name)} trades.")
                    told.add(one.name)
            if not late:
                return found
            if time.monotonic() >= deadline:
                raise CliError(
                    f"You are set up, but after {timeout:g} s {output.count(len(late), 'bot')} did not trade yet: "
                    f"{late[0].name} is {late[0].observed_state}: {bot_view.reason(late[0])}"
                )
            if status is not None:
                done = f"{len(found.body) - len(late)} of {output.count(len(found.body), 'bot')} trading"
                status.update(f"{done} · {output.text(late[0].name)}: {output.state(late[0].observed_state)}")
            time.sleep(_POLL_SECONDS)


def _trades(bot: BotResponse) -> bool:
    seen = (bot.observed_state, bot.trader_state) == ("running", "running")
    return seen and bot.observed_generation >= bot.generation
