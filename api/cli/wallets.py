"""`flotilla wallets …`: your money, what bots have of it, and how well it did."""

import uuid
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from flotilla_client.api import wallets as calls
from flotilla_client.api.bots import list_bots
from flotilla_client.models import (
    AllocationResponse,
    BotResponse,
    CapitalMove,
    EntryKind,
    MoneyMove,
    TransactionResponse,
    WalletCreate,
    WalletRename,
    WalletResponse,
)
from flotilla_client.models.entry_kind import ENTRY_KIND_VALUES, check_entry_kind
from flotilla_client.models.wallet_create_kind import WalletCreateKind
from flotilla_client.models.wallet_create_market import WalletCreateMarket

from api.cli import bots, output
from api.cli.client import Answer, ApiClient
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Url, Yes, confirm, connect, given

app = typer.Typer(no_args_is_help=True, help="Wallets: paper money, exchange accounts, and what bots have of them.")

Wallet = Annotated[str, typer.Argument(metavar="WALLET", help="Name or id of a wallet.")]
Bot = Annotated[str, typer.Argument(metavar="BOT", help="Name or id of a bot.")]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="How much.")]
Currency = Annotated[str, typer.Argument(metavar="CURRENCY", help="Such as USDT.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept in the statement.")]


@app.command(name="list")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Those out of use, too.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """List your wallets with what is in them."""
    with connect(url) as client:
        found = client.every(calls.list_wallets, client=client.api, archived=archived)
    _print(found.body, as_json, found.json)


@app.command()
def show(wallet: Wallet, as_json: AsJson = False, url: Url = None) -> None:
    """Show a wallet, and what each bot has of it."""
    with connect(url) as client:
        found = _find(client, wallet)
        names = {bot.id: bot.name for bot in client.every(list_bots, client=client.api).body}
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (output.text(one.currency), output.text(names.get(bot_id, bot_id)), _exact(amount))
        for one in found.body.balances
        for bot_id, amount in [("(free)", one.free), *((share.bot_id, share.amount) for share in one.bots)]
    ]
    output.print_table(("CURRENCY", "WITH", ">AMOUNT"), rows, "There is nothing in this wallet.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the new wallet.")],
    key: Annotated[
        str | None, typer.Option("--key", help="Id of an exchange key: the wallet is that of its account.")
    ] = None,
    market: Annotated[
        WalletCreateMarket | None, typer.Option(help="Of an account: which of its money, spot (without it) or futures.")
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Create a paper wallet, or that of an exchange account."""
    kind: WalletCreateKind = "paper" if key is None else "exchange"
    body = WalletCreate(name=name, kind=kind, exchange_key_id=given(key), market=given(market))
    with connect(url) as client:
        made = client.ask(calls.create_wallet, client=client.api, body=body)
    _print([made.body], as_json, made.json)


@app.command()
def rename(wallet: Wallet, name: Annotated[str, typer.Argument(help="The new name.")], url: Url = None) -> None:
    """Give a wallet another name."""
    with connect(url) as client:
        found = _find(client, wallet).body
        client.ask(calls.rename_wallet, found.id, client=client.api, body=WalletRename(name))


@app.command()
def archive(wallet: Wallet, yes: Yes = False, url: Url = None) -> None:
    """Take an empty wallet out of use; its statement stays."""
    with connect(url) as client:
        found = _find(client, wallet).body
        confirm(yes, f"Take the wallet {found.name} out of use?")
        client.ask(calls.archive_wallet, found.id, client=client.api)


@app.command()
def deposit(
    wallet: Wallet, amount: Amount, currency: Currency, note: Note = "", as_json: AsJson = False, url: Url = None
) -> None:
    """Put paper money into a wallet."""
    body = MoneyMove(amount=amount, currency=currency, note=note)
    key = str(uuid.uuid4())
    with connect(url) as client:
        wallet_id = _find(client, wallet).body.id
        after = client.ask(calls.deposit_money, wallet_id, client=client.api, body=body, idempotency_key=key)
    _print([after.body], as_json, after.json)


@app.command()
def withdraw(
    wallet: Wallet, amount: Amount, currency: Currency, note: Note = "", as_json: AsJson = False, url: Url = None
) -> None:
    """Take paper money that no bot has out of a wallet."""
    body = MoneyMove(amount=amount, currency=currency, note=note)
    key = str(uuid.uuid4())
    with connect(url) as client:
        wallet_id = _find(client, wallet).body.id
        after = client.ask(calls.withdraw_money, wallet_id, client=client.api, body=body, idempotency_key=key)
    _print([after.body], as_json, after.json)


@app.command()
def allocate(bot: Bot, amount: Amount, as_json: AsJson = False, url: Url = None) -> None:
    """Give a bot more capital from its wallet, running or not."""
    with connect(url) as client:
        found = bots.find(client, bot).body
        body = CapitalMove(bot_id=found.id, amount=amount)
        version = f'"{found.generation}"'  # sent twice it moves once
        after = client.ask(calls.allocate_capital, str(found.wallet), client=client.api, body=body, if_match=version)
    _print_capital(found, after, as_json)


@app.command(name="take-back")
def take_back(bot: Bot, amount: Amount, as_json: AsJson = False, url: Url = None) -> None:
    """Take capital back from a bot that is paused or stopped: what is in no trade."""
    with connect(url) as client:
        found = bots.find(client, bot).body
        body = CapitalMove(bot_id=found.id, amount=amount)
        version = f'"{found.generation}"'  # sent twice it moves once
        after = client.ask(calls.take_back_capital, str(found.wallet), client=client.api, body=body, if_match=version)
    _print_capital(found, after, as_json)


@app.command()
def statement(
    wallet: Wallet,
    bot: Annotated[str | None, typer.Option("--bot", help="Only of this bot, by name or id.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only of this kind; repeatable.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show what moved."""
    with connect(url) as client:
        page = client.ask(
            calls.get_statement,
            _find(client, wallet).body.id,
            client=client.api,
            bot_id=None if bot is None else bots.id_of(client, bot),
            kind=[_kind(one) for one in kind or []],
            limit=limit,
        )
    if as_json:
        output.print_json(page.json)
        return
    columns = ("AT (UTC)", "WHAT", "ABOUT", "FROM", "TO", ">AMOUNT", "NOTE")
    rows = [row for one in page.body.items for row in _rows(one)]
    output.print_table(columns, rows, "Nothing has moved yet.")


@app.command()
def check(wallet: Wallet, as_json: AsJson = False, url: Url = None) -> None:
    """Add up every posting of a wallet; ends with 1 where something is wrong."""
    with connect(url) as client:
        found = client.ask(calls.check_wallet, _find(client, wallet).body.id, client=client.api)
    if as_json:
        output.print_json(found.json)
    else:
        rows = [(output.text(one.kind), output.text(one.message)) for one in found.body.flaws]
        output.print_table(("WHAT", "WHY"), rows, "The ledger is whole.")
    if not found.body.whole:
        raise typer.Exit(ExitCode.ERROR)


@app.command()
def performance(
    wallet: Annotated[str | None, typer.Argument(metavar="[WALLET]", help="Left out: all of yours.")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show returns, weighted by money and by time, dry and live apart."""
    with connect(url) as client:
        if wallet is None:
            found = client.ask(calls.get_performance, client=client.api)
        else:
            found = client.ask(calls.get_wallet_performance, _find(client, wallet).body.id, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    columns = ("MODE", "CURRENCY", ">INVESTED", ">WORTH", ">PROFIT", ">BY MONEY", ">BY TIME", ">A YEAR")
    rows = [
        (
            output.text(one.mode),
            output.text(one.currency),
            output.money(one.invested),
            output.money(one.value),
            output.gain(one.profit),
            output.percent(one.money_weighted),
            output.percent(one.time_weighted),
            output.percent(one.time_weighted_yearly),
        )
        for one in found.body.items
    ]
    output.print_table(columns, rows, "No bot has had capital yet.")


def _print_capital(bot: BotResponse, after: Answer[AllocationResponse], as_json: bool) -> None:
    if as_json:
        output.print_json(after.json)
        return
    capital = f"{_exact(after.body.starting_balance)} {output.text(bot.stake_currency)}"
    output.print_fields(
        {"bot": output.text(bot.name), "capital": capital, "wallet": output.text(after.body.wallet.name)}
    )


def _find(client: ApiClient, name_or_id: str) -> Answer[WalletResponse]:
    for found in client.each(calls.list_wallets, client=client.api, archived=True):
        wallet = found.body
        if name_or_id == wallet.id or (name_or_id == wallet.name and wallet.archived_at is None):
            return found
    raise CliError(f"There is no wallet {name_or_id!r}; see `flotilla wallets list`.", ExitCode.NOT_FOUND)


def _kind(written: str) -> EntryKind:
    try:
        return check_entry_kind(written)
    except TypeError:
        known = ", ".join(sorted(ENTRY_KIND_VALUES))
        raise typer.BadParameter(f"{written} is none of {known}.", param_hint="--kind") from None


def _print(wallets: Iterable[WalletResponse], as_json: bool, body: Any) -> None:
    if as_json:
        output.print_json(body)
        return
    rows: list[tuple[str, ...]] = []
    for wallet in wallets:
        first = (output.text(wallet.name), output.text(wallet.id), output.text(_kind_of(wallet)))
        held = [
            (output.text(one.currency), _exact(one.free), str(len(one.bots)), _exact(one.total))
            for one in wallet.balances
        ]
        for number, cells in enumerate(held or [("-", "-", "0", "-")]):
            rows.append((*(first if number == 0 else ("", "", "")), *cells))
    columns = ("NAME", "ID", "KIND", "CURRENCY", ">FREE", ">BOTS", ">TOTAL")
    output.print_table(columns, rows, "No wallets yet; the first dry bot makes one.")


def _kind_of(wallet: WalletResponse) -> str:
    """An account of the paper exchange is one, although what is on it is play money, too."""
    if wallet.exchange is None:
        return "paper money"
    return f"{wallet.market} account, {'paper exchange' if wallet.exchange == 'paper' else wallet.exchange}"


def _rows(one: TransactionResponse) -> Iterable[tuple[str, ...]]:
    """A line for each currency that moved."""
    first = True
    for currency in dict.fromkeys(posting.currency for posting in one.postings):
        moved = [posting for posting in one.postings if posting.currency == currency]
        sources = [posting for posting in moved if posting.amount.startswith("-")]
        targets = [posting for posting in moved if not posting.amount.startswith("-")]
        about = one.data.to_dict().get("pair") or one.bot_id
        head = (output.instant(one.at), output.text(one.kind), output.text(about)) if first else ("",) * 3
        yield (
            *head,
            output.text(", ".join(posting.place for posting in sources)),
            output.text(", ".join(posting.place for posting in targets)),
            f"{_exact(sources[0].amount.removeprefix('-'))} {output.text(currency)}",
            output.text(one.note) if first else "",
        )
        first = False


def _exact(amount: str | None) -> str:
    return "-" if amount is None else output.text(amount)
