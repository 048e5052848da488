from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_trades_state import ListTradesState
from ...models.problem import Problem
from ...models.trade_page import TradePage
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    state: ListTradesState | Unset = "open",
    bot_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_state: str | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state

    params["state"] = json_state

    json_bot_id: None | str | Unset
    if isinstance(bot_id, Unset):
        json_bot_id = UNSET
    else:
        json_bot_id = bot_id
    params["bot_id"] = json_bot_id

    params["limit"] = limit

    json_after: None | str | Unset
    if isinstance(after, Unset):
        json_after = UNSET
    else:
        json_after = after
    params["after"] = json_after

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/trades",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | TradePage | None:
    if response.status_code == 200:
        response_200 = TradePage.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | TradePage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    state: ListTradesState | Unset = "open",
    bot_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[Problem | TradePage]:
    """List trades

     Of your bots and of those shared with you, or of one. Open trades are those of each bot's last
    report, a second
    or so old, with every level that is in force: read them anew when the stream tells of the bot.
    Closed trades are
    those whose last exit the bot told, as long as events are kept; all that FreqTrade itself knows,
    before that and
    where a bot could not tell, its own API has: `/api/v1/bots/{bot_id}/freqtrade/api/v1/trades`. A
    portfolio tells how
    many a bot has closed.

    Args:
        state (ListTradesState | Unset): Which trades. Default: 'open'.
        bot_id (None | str | Unset): Only of this bot.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TradePage]
    """

    kwargs = _get_kwargs(
        state=state,
        bot_id=bot_id,
        limit=limit,
        after=after,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    state: ListTradesState | Unset = "open",
    bot_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Problem | TradePage | None:
    """List trades

     Of your bots and of those shared with you, or of one. Open trades are those of each bot's last
    report, a second
    or so old, with every level that is in force: read them anew when the stream tells of the bot.
    Closed trades are
    those whose last exit the bot told, as long as events are kept; all that FreqTrade itself knows,
    before that and
    where a bot could not tell, its own API has: `/api/v1/bots/{bot_id}/freqtrade/api/v1/trades`. A
    portfolio tells how
    many a bot has closed.

    Args:
        state (ListTradesState | Unset): Which trades. Default: 'open'.
        bot_id (None | str | Unset): Only of this bot.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TradePage
    """

    return sync_detailed(
        client=client,
        state=state,
        bot_id=bot_id,
        limit=limit,
        after=after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    state: ListTradesState | Unset = "open",
    bot_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[Problem | TradePage]:
    """List trades

     Of your bots and of those shared with you, or of one. Open trades are those of each bot's last
    report, a second
    or so old, with every level that is in force: read them anew when the stream tells of the bot.
    Closed trades are
    those whose last exit the bot told, as long as events are kept; all that FreqTrade itself knows,
    before that and
    where a bot could not tell, its own API has: `/api/v1/bots/{bot_id}/freqtrade/api/v1/trades`. A
    portfolio tells how
    many a bot has closed.

    Args:
        state (ListTradesState | Unset): Which trades. Default: 'open'.
        bot_id (None | str | Unset): Only of this bot.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TradePage]
    """

    kwargs = _get_kwargs(
        state=state,
        bot_id=bot_id,
        limit=limit,
        after=after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    state: ListTradesState | Unset = "open",
    bot_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Problem | TradePage | None:
    """List trades

     Of your bots and of those shared with you, or of one. Open trades are those of each bot's last
    report, a second
    or so old, with every level that is in force: read them anew when the stream tells of the bot.
    Closed trades are
    those whose last exit the bot told, as long as events are kept; all that FreqTrade itself knows,
    before that and
    where a bot could not tell, its own API has: `/api/v1/bots/{bot_id}/freqtrade/api/v1/trades`. A
    portfolio tells how
    many a bot has closed.

    Args:
        state (ListTradesState | Unset): Which trades. Default: 'open'.
        bot_id (None | str | Unset): Only of this bot.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TradePage
    """

    return (
        await asyncio_detailed(
            client=client,
            state=state,
            bot_id=bot_id,
            limit=limit,
            after=after,
        )
    ).parsed
