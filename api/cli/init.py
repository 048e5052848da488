"""`flotilla init`: the guided set-up in the terminal, and without one by options alone.

What an option says is not asked for. Every step looks at what is so already: done twice, it does nothing twice. What
is asked for is sent at once, so that a refusal is told where it can be mended. Passwords and secrets are asked for, or
read from files and standard input: a command line is seen by every user of the machine.
"""

import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from flotilla_client.api import auth, bots, exchange_keys, policies, templates
from flotilla_client.models import (
    BotCreate,
    BotResponse,
    DialRequest,
    KeyCreate,
    MeResponse,
    PolicyDocument,
    PresetResponse,
    ProfileChange,
    TemplateResponse,
)
from rich.console import Console

from api.cli import bot_view, keys, output
from api.cli.account import change_password, refuse_token
from api.cli.bots import SETTLED_BADLY
from api.cli.client import Answer, ApiClient
from api.cli.credentials import read_secret
from api.cli.exits import CliError, ExitCode, Refused
from api.cli.options import AsJson, Url, Yes, connect, given
from api.cli.settings import demo_name

Exchange = Literal["paper", "binance", "bybit", "okx"]
_EXCHANGES = ("paper", "binance", "bybit", "okx")
_NONE = "none"
_USUAL_PRESET = "conservative"
"""Its losses are small: who wants more says so."""
_POLL_SECONDS = 0.5
_ZONES = "/zoneinfo/"


@dataclass(frozen=True, slots=True)
class First:
    """A bot that there shall be."""

    name: str
    template: str
    capital: str | None
    """None: as much as its template says."""


@dataclass(slots=True)
class Done:
    """What this run did."""

    password_changed: bool = False
    exchange_key: str | None = None
    rules: str | None = None
    created: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def init(
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="Has your new password, alone.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin.")] = None,
    currency: Annotated[str | None, typer.Option(help="What the portfolio is told in, such as USDT or EUR.")] = None,
    exchange: Annotated[
        Exchange | None, typer.Option(help="Where the first bots trade dry; `paper` is an exchange of our own.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="NAME", help="Also enter a key of that exchange, read as by `keys add`."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option("--template", "-t", metavar="TEMPLATE[=NAME[:CAPITAL]]", help="A first bot; repeatable."),
    ] = None,
    keep_demo: Annotated[
        bool | None, typer.Option("--keep-demo/--no-demo", help="Whether the bots of the first start stay.")
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option("--rules", metavar="PRESET", help="One of `policies presets`, put in force over all your bots."),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait for bots at most.")] = 600,
    yes: Yes = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Set up: password, time zone, currency, exchange, rules, first bots; ends when they trade.

    With --yes nothing is asked, and what no option says stays as it is. Doing it again does no harm."""
    if not yes and not sys.stdin.isatty():
        raise CliError("This asks questions: run it in a terminal, or say all by options, with --yes.", ExitCode.USAGE)
    if key is not None and exchange in (None, "paper"):
        raise CliError("--key is of an exchange: name it with --exchange.", ExitCode.USAGE)
    new = None if password_file is None else read_secret(password_file, "--password-file")
    wanted = None if template is None else _firsts(template)
    with connect(url) as client:
        guide = _Guide(client, asks=not yes)
        guide.sign_in(new)
        if not guide.goes_on():
            return
        guide.settle("time_zone", "Time zone", time_zone, _zone_here)
        guide.settle("reporting_currency", "Currency that your portfolio is told in", currency)
        where = guide.exchange(exchange, key)
        guide.knows(rules)
        kept = guide.demo(keep_demo)
        guide.rules(rules)
        made = guide.first_bots(wanted, where)
        me = client.ask(auth.update_me, client=client.api, body=ProfileChange(set_up=True))
        trading = _await_trading(client, {*kept, *made}, timeout)
    _tell(me, guide.done, trading, as_json)


class _Guide:
    """The steps, one after another."""

    def __init__(self, client: ApiClient, *, asks: bool) -> None:
        self.done = Done()
        self._client = client
        self._asks = asks
        self._me: MeResponse | None = None

    def sign_in(self, new: str | None) -> None:
        """With the password of the first start, or of an earlier run; then changes it. Raises CliError."""
        client = self._client
        refuse_token(client)
        if new is None or client.methods().first_run:
            client.sign_in()
        else:
            _with_either(client, new)
        must = False
        try:
            self._me = client.ask(auth.get_me, client=client.api).body
        except Refused as refusal:
            if refusal.code != "password_change_required":
                raise
            must = True
        if new is not None:
            if client.password != new:
                self._change(new)
        elif self._asks and (must or self._known.password_generated):
            self._ask_for_password(must)
        self._me = client.ask(auth.get_me, client=client.api).body

    def goes_on(self) -> bool:
        """Whether to go through all of it; asks who did so before."""
        return not self._asks or self._known.set_up_at is None or _confirm("You are set up already. Again?", False)

    def settle(self, name: str, question: str, said: str | None, usual: Callable[[], str | None] | None = None) -> None:
        """A field of the profile: as an option says, or as it is answered. Raises CliError."""
        told = getattr(self._known, name)
        if self._known.set_up_at is None and usual is not None:
            told = usual() or told
        while said is not None or self._asks:
            value = said if said is not None else _ask(question, told)
            try:
                body = ProfileChange.from_dict({name: value})
                self._client.ask(auth.update_me, client=self._client.api, body=body)
                return
            except Refused as refusal:
                self._again(refusal)
                said = None

    def exchange(self, said: Exchange | None, key: str | None) -> str:
        """Where the first bots trade, with a key of it where one is wanted. Raises CliError."""
        if said is None and self._asks:
            _say("The paper exchange is a simulated one. Bots of a real one trade dry, too, at its prices.")
        where: str = said or (_ask("Exchange", "paper", _EXCHANGES) if self._asks else "paper")
        if where == "paper":
            return where
        if key is not None:
            self._enter(where, key)
            return where
        question = f"Enter a key of your account at {where}, for live bots later?"
        while self._asks and _confirm(question, False):
            try:
                self._enter(where, _ask("What to call it", where))
                break
            except Refused as refusal:
                self._again(refusal)
        return where

    def demo(self, keep: bool | None) -> list[str]:
        """Ids of the bots that the first start made, where they stay. Raises CliError."""
        found = [one for one in self._bots() if one.name == demo_name(one.template)]
        if keep is None:
            named = ", ".join(output.text(one.name) for one in found)
            keep = not (found and self._asks) or _confirm(f"Keep the demo bots ({named})?", True)
        if keep:
            return [one.id for one in found]
        for one in found:
            self._client.ask(bots.delete_bot, one.id, client=self._client.api, open_trades="keep")
            self.done.removed.append(one.name)
        return []

    def knows(self, said: str | None) -> None:
        """Whether there is a preset of that name, before anything is taken away. Raises CliError."""
        names = [one.name for one in self._presets] if said not in (None, _NONE) else []
        if names and said not in names:
            raise CliError(f"There is no preset {said!r}; it is one of {', '.join(names)}.", ExitCode.NOT_FOUND)

    def rules(self, said: str | None) -> None:
        """A preset over all bots, one that `knows` let pass, unless just that is in force. Raises CliError."""
        if said is None and not self._asks:
            return
        preset = self._chosen_preset(self._presets) if said is None else said
        if preset == _NONE:
            return
        body = DialRequest(preset=preset, time_zone=self._settled.time_zone)
        dialled = self._client.ask(policies.dial_policy, client=self._client.api, body=body).body
        if dialled.changes and not self._put(cast(PolicyDocument, dialled.document)):
            return
        self.done.rules = preset

    def first_bots(self, wanted: Sequence[First] | None, exchange: str) -> list[str]:
        """Ids of those that are wanted, made where they are not there yet. Raises CliError."""
        known = {one.name: one for one in self._client.every(templates.list_templates, client=self._client.api).body}
        present = {one.name: one for one in self._bots()}
        if wanted is None:
            names = self._chosen(known, present) if self._asks else []
            return [self._made_by_answers(known[name], exchange) for name in names]
        for one in wanted:  # all of them, before any is made
            _check(one, known, present)
        return [present[one.name].id if one.name in present else self._make(one, exchange) for one in wanted]

    @property
    def _known(self) -> MeResponse:
        assert self._me is not None
        return self._me

    @property
    def _presets(self) -> Sequence[PresetResponse]:
        return self._client.ask(policies.list_policy_presets, client=self._client.api).body.items

    @property
    def _settled(self) -> MeResponse:
        return self._client.ask(auth.get_me, client=self._client.api).body

    def _chosen_preset(self, presets: Sequence[PresetResponse]) -> str:
        rows = [(one.name, output.text(one.description)) for one in presets]
        Console(stderr=True, highlight=False).print(output.make_table(("PRESET", "WHAT IT DOES"), rows))
        written = self._client.ask(policies.get_default_policy, client=self._client.api).body.version > 0
        names = [one.name for one in presets]
        usual = _USUAL_PRESET if _USUAL_PRESET in names and not written else _NONE
        stays = "keeps those in force" if written else "lets strategies alone decide"
        return _ask(f"Preset of the rules over all your bots; `{_NONE}` {stays}", usual, [*names, _NONE])

    def _put(self, document: PolicyDocument) -> bool:
        """Whether it is in force now: who is asked may not want trades closed. Raises CliError."""
        put = policies.put_default_policy
        try:
            self._client.ask(put, client=self._client.api, body=document)
        except Refused as refusal:
            if not self._asks or refusal.params.get("field") != "confirm":
                raise
            _say(output.text(refusal.message))
            if not _confirm("Put these rules in force and have those trades closed?", False):
                return False
            self._client.ask(put, client=self._client.api, body=document, confirm=True)
        return True

    def _ask_for_password(self, must: bool) -> None:
        """Until one is taken; Enter alone keeps the old one, unless it must be changed."""
        kept = "" if must else ", or Enter to keep the one of the first start"
        while True:
            new = _ask_hidden(f"Your new password{kept}")
            if not new and not must:
                return
            if _ask_hidden("Once more") != new:
                _say("These are two different ones; try again.")
                continue
            try:
                self._change(new)
                return
            except Refused as refusal:
                self._again(refusal)

    def _change(self, new: str) -> None:
        file = change_password(self._client, new)
        self.done.password_changed = True
        where = "" if file is None else f" {output.text(file)} has it now, for this command; you may remove that file."
        _say(f"Your password is changed.{where}")

    def _enter(self, exchange: str, name: str) -> None:
        """A key that is there already is not asked for."""
        present = self._client.ask(exchange_keys.list_exchange_keys, client=self._client.api).body.items
        same = next((one for one in present if one.name == name), None)
        if same is not None and same.exchange != exchange:
            raise CliError(f"The key {name} is of {same.exchange}; choose another name.", ExitCode.CONFLICT)
        if same is None:
            secrets = keys.read_secrets(exchange)
            body = KeyCreate(
                name=name, exchange=exchange, key=secrets.key, secret=secrets.secret, password=secrets.password
            )
            same = self._client.ask(exchange_keys.create_exchange_key, client=self._client.api, body=body).body
        self.done.exchange_key = same.id

    def _chosen(self, known: Mapping[str, TemplateResponse], present: Collection[str]) -> list[str]:
        rows = [(one.name, output.text(one.title), output.text(one.description)) for one in known.values()]
        Console(stderr=True, highlight=False).print(output.make_table(("TEMPLATE", "TITLE", "WHAT IT DOES"), rows))
        while True:
            usual = _NONE if present else next(iter(known), _NONE)
            answer = _ask(f"Templates of your first bots, by commas; `{_NONE}` for no bots", usual)
            names = [name.strip() for name in answer.split(",") if name.strip() and name.strip() != _NONE]
            unknown = [name for name in names if name not in known]
            if not unknown:
                return names
            _say(f"There is no template {unknown[0]}.")

    def _made_by_answers(self, template: TemplateResponse, exchange: str) -> str:
        while True:
            present = {one.name: one for one in self._bots()}
            name = _ask(f"Name of the bot of {template.title}", _free(_usual_name(template.name), present))
            currency = template.defaults.stake_currency
            capital = _ask(f"Its capital in {currency}", bot_view.plain(template.defaults.starting_balance))
            try:
                one = First(name, template.name, capital)
                _check(one, {template.name: template}, present)
                return present[name].id if name in present else self._make(one, exchange)
            except CliError as refusal:
                self._again(refusal)

    def _make(self, one: First, exchange: str) -> str:
        body = BotCreate(
            name=one.name,
            template=one.template,
            exchange=given(None if exchange == "paper" else exchange),
            starting_balance=given(one.capital),
        )
        made = self._client.ask(bots.create_bot, client=self._client.api, body=body, idempotency_key=str(uuid.uuid4()))
        self.done.created.append(one.name)
        return made.body.id

    def _bots(self) -> list[BotResponse]:
        found = self._client.every(bots.list_bots, client=self._client.api).body
        return [one for one in found if one.desired_state != "deleted"]

    def _again(self, refusal: CliError) -> None:
        """Tells it to who can answer otherwise. Raises it where nobody is asked, or another answer would not help."""
        if not self._asks or refusal.exit_code not in (ExitCode.INVALID, ExitCode.CONFLICT):
            raise refusal
        _say(output.text(refusal.message))


def _with_either(client: ApiClient, new: str) -> None:
    """With the new password, which an earlier run may have set; else as usual. Raises CliError."""
    try:
        client.sign_in(new)
    except Refused as refusal:
        if refusal.status != 401:
            raise
        client.sign_in()


def _firsts(written: Iterable[str]) -> list[First]:
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


def _zone_here() -> str | None:
    """This machine's time zone, as far as it tells."""
    _, _, zone = os.path.realpath("/etc/localtime").rpartition(_ZONES)
    return os.environ.get("TZ") or zone or None


def _await_trading(client: ApiClient, wanted: Collection[str], timeout: float) -> Answer[list[BotResponse]]:
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


def _tell(me: Answer[MeResponse], done: Done, trading: Answer[list[BotResponse]], as_json: bool) -> None:
    if as_json:
        output.print_json(
            {
                "user": me.json,
                "password_changed": done.password_changed,
                "exchange_key": done.exchange_key,
                "rules": done.rules,
                "created": done.created,
                "removed": done.removed,
                "bots": trading.json,
            }
        )
        return
    if trading.body:
        named = ", ".join(output.text(one.name) for one in trading.body)
        verb = "trades" if len(trading.body) == 1 else "trade"
        output.show(f"You are set up; {output.count(len(trading.body), 'bot')} {verb}, dry: {named}.")
        output.show("Look at them with `flotilla bots list`; halt all of them with `flotilla halt`.")
    else:
        output.show("You are set up. Create bots with `flotilla bots create`.")


def _ask(question: str, usual: str, among: Sequence[str] | None = None) -> str:
    answer: str = typer.prompt(question, default=usual, err=True)
    while among is not None and answer not in among:
        _say(f"It is one of {', '.join(among)}.")
        answer = typer.prompt(question, default=usual, err=True)
    return answer.strip()


def _ask_hidden(question: str) -> str:
    answer: str = typer.prompt(question, default="", show_default=False, hide_input=True, err=True)
    return answer


def _confirm(question: str, usual: bool) -> bool:
    return typer.confirm(question, default=usual, err=True)


def _say(line: str) -> None:
    """On standard error, so that standard output has the outcome alone."""
    Console(stderr=True, highlight=False).print(line, soft_wrap=True)
