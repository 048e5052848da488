"""The steps of `flotilla init` that are of the person: password, time zone, currency, exchange, rules."""

import os
from collections.abc import Callable, Sequence
from typing import Literal, cast

from flotilla_client.api import auth, exchange_keys, policies
from flotilla_client.models import (
    DialRequest,
    KeyCreate,
    MeResponse,
    PolicyDocument,
    PresetResponse,
    ProfileChange,
)
from rich.console import Console

from api.cli import keys, output
from api.cli.account import change_password, refuse_token
from api.cli.client import ApiClient
from api.cli.exits import CliError, ExitCode, Refused
from api.cli.init_asking import NONE, Run, ask, ask_hidden, confirm, say

Exchange = Literal["paper", "binance", "bybit", "okx"]
_EXCHANGES = ("paper", "binance", "bybit", "okx")
_USUAL_PRESET = "conservative"
"""Its losses are small: who wants more says so."""
_ZONES = "/zoneinfo/"


class Steps:
    """One after another."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._client = run.client
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
        elif self._run.asks and (must or self._known.password_generated):
            self._ask_for_password(must)
        self._me = client.ask(auth.get_me, client=client.api).body

    def goes_on(self) -> bool:
        """Whether to go through all of it; asks who did so before."""
        return not self._run.asks or self._known.set_up_at is None or confirm("You are set up already. Again?", False)

    def settle(self, name: str, question: str, said: str | None, usual: Callable[[], str | None] | None = None) -> None:
        """A field of the profile: as an option says, or as it is answered. Raises CliError."""
        told = getattr(self._known, name)
        if self._known.set_up_at is None and usual is not None:
            told = usual() or told
        while said is not None or self._run.asks:
            value = said if said is not None else ask(question, told)
            try:
                body = ProfileChange.from_dict({name: value})
                self._client.ask(auth.update_me, client=self._client.api, body=body)
                return
            except Refused as refusal:
                self._run.again(refusal)
                said = None

    def exchange(self, said: Exchange | None, key: str | None) -> str:
        """Where the first bots trade, with a key of it where one is wanted. Raises CliError."""
        if said is None and self._run.asks:
            say("The paper exchange is a simulated one. Bots of a real one trade dry, too, at its prices.")
        where: str = said or (ask("Exchange", "paper", _EXCHANGES) if self._run.asks else "paper")
        if where == "paper":
            return where
        if key is not None:
            self._enter(where, key)
            return where
        question = f"Enter a key of your account at {where}, for live bots later?"
        while self._run.asks and confirm(question, False):
            try:
                self._enter(where, ask("What to call it", where))
                break
            except Refused as refusal:
                self._run.again(refusal)
        return where

    def knows(self, said: str | None) -> None:
        """Whether there is a preset of that name, before anything is taken away. Raises CliError."""
        names = [one.name for one in self._presets] if said not in (None, NONE) else []
        if names and said not in names:
            raise CliError(f"There is no preset {said!r}; it is one of {', '.join(names)}.", ExitCode.NOT_FOUND)

    def rules(self, said: str | None) -> None:
        """A preset over all bots, one that `knows` let pass, unless just that is in force. Raises CliError."""
        if said is None and not self._run.asks:
            return
        preset = self._chosen_preset(self._presets) if said is None else said
        if preset == NONE:
            return
        body = DialRequest(preset=preset, time_zone=self._settled.time_zone)
        dialled = self._client.ask(policies.dial_policy, client=self._client.api, body=body).body
        if dialled.changes and not self._put(cast(PolicyDocument, dialled.document)):
            return
        self._run.done.rules = preset

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
        usual = _USUAL_PRESET if _USUAL_PRESET in names and not written else NONE
        stays = "keeps those in force" if written else "lets strategies alone decide"
        return ask(f"Preset of the rules over all your bots; `{NONE}` {stays}", usual, [*names, NONE])

    def _put(self, document: PolicyDocument) -> bool:
        """Whether it is in force now: who is asked may not want trades closed. Raises CliError."""
        put = policies.put_default_policy
        try:
            self._client.ask(put, client=self._client.api, body=document)
        except Refused as refusal:
            if not self._run.asks or refusal.params.get("field") != "confirm":
                raise
            say(output.text(refusal.message))
            if not confirm("Put these rules in force and have those trades closed?", False):
                return False
            self._client.ask(put, client=self._client.api, body=document, confirm=True)
        return True

    def _ask_for_password(self, must: bool) -> None:
        """Until one is taken; Enter alone keeps the old one, unless it must be changed."""
        kept = "" if must else ", or Enter to keep the one of the first start"
        while True:
            new = ask_hidden(f"Your new password{kept}")
            if not new and not must:
                return
            if ask_hidden("Once more") != new:
                say("These are two different ones; try again.")
                continue
            try:
                self._change(new)
                return
            except Refused as refusal:
                self._run.again(refusal)

    def _change(self, new: str) -> None:
        file = change_password(self._client, new)
        self._run.done.password_changed = True
        where = "" if file is None else f" {output.text(file)} has it now, for this command; you may remove that file."
        say(f"Your password is changed.{where}")

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
        self._run.done.exchange_key = same.id


def _with_either(client: ApiClient, new: str) -> None:
    """With the new password, which an earlier run may have set; else as usual. Raises CliError."""
    try:
        client.sign_in(new)
    except Refused as refusal:
        if refusal.status != 401:
            raise
        client.sign_in()


def zone_here() -> str | None:
    """This machine's time zone, as far as it tells."""
    _, _, zone = os.path.realpath("/etc/localtime").rpartition(_ZONES)
    return os.environ.get("TZ") or zone or None
