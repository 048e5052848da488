from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bot_response import BotResponse
from ...models.delete_bot_open_trades_type_0 import (
    DeleteBotOpenTradesType0,
)
from ...models.problem import Problem
from ...models.stop_request import StopRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    bot_id: str,
    *,
    body: StopRequest | Unset = UNSET,
    open_trades: DeleteBotOpenTradesType0 | None | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["if-match"] = if_match

    params: dict[str, Any] = {}

    json_open_trades: None | str | Unset
    if isinstance(open_trades, Unset):
        json_open_trades = UNSET
    elif isinstance(open_trades, str):
        json_open_trades = open_trades
    else:
        json_open_trades = open_trades
    params["open_trades"] = json_open_trades

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/api/v1/bots/{bot_id}".format(
            bot_id=quote(str(bot_id), safe=""),
        ),
        "params": params,
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> BotResponse | Problem | None:
    if response.status_code == 202:
        response_202 = BotResponse.from_dict(response.json())

        return response_202

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 408:
        response_408 = Problem.from_dict(response.json())

        return response_408

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 412:
        response_412 = Problem.from_dict(response.json())

        return response_412

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

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


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[BotResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    body: StopRequest | Unset = UNSET,
    open_trades: DeleteBotOpenTradesType0 | None | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[BotResponse | Problem]:
    """Delete a bot

     Stops the bot and takes it away. Its directory with the trades is archived in its pool; its name
    becomes free.
    `open_trades` may stand in the query or in the body; the query wins.

    Args:
        bot_id (str): Identity of the bot.
        open_trades (DeleteBotOpenTradesType0 | None | Unset): `keep` leaves open trades
            unmanaged, `flatten` closes them first.
        if_match (str | Unset):
        body (StopRequest | Unset): How to stop.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BotResponse | Problem]
    """

    kwargs = _get_kwargs(
        bot_id=bot_id,
        body=body,
        open_trades=open_trades,
        if_match=if_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    body: StopRequest | Unset = UNSET,
    open_trades: DeleteBotOpenTradesType0 | None | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> BotResponse | Problem | None:
    """Delete a bot

     Stops the bot and takes it away. Its directory with the trades is archived in its pool; its name
    becomes free.
    `open_trades` may stand in the query or in the body; the query wins.

    Args:
        bot_id (str): Identity of the bot.
        open_trades (DeleteBotOpenTradesType0 | None | Unset): `keep` leaves open trades
            unmanaged, `flatten` closes them first.
        if_match (str | Unset):
        body (StopRequest | Unset): How to stop.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BotResponse | Problem
    """

    return sync_detailed(
        bot_id=bot_id,
        client=client,
        body=body,
        open_trades=open_trades,
        if_match=if_match,
    ).parsed


async def asyncio_detailed(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    body: StopRequest | Unset = UNSET,
    open_trades: DeleteBotOpenTradesType0 | None | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[BotResponse | Problem]:
    """Delete a bot

     Stops the bot and takes it away. Its directory with the trades is archived in its pool; its name
    becomes free.
    `open_trades` may stand in the query or in the body; the query wins.

    Args:
        bot_id (str): Identity of the bot.
        open_trades (DeleteBotOpenTradesType0 | None | Unset): `keep` leaves open trades
            unmanaged, `flatten` closes them first.
        if_match (str | Unset):
        body (StopRequest | Unset): How to stop.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BotResponse | Problem]
    """

    kwargs = _get_kwargs(
        bot_id=bot_id,
        body=body,
        open_trades=open_trades,
        if_match=if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    body: StopRequest | Unset = UNSET,
    open_trades: DeleteBotOpenTradesType0 | None | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> BotResponse | Problem | None:
    """Delete a bot

     Stops the bot and takes it away. Its directory with the trades is archived in its pool; its name
    becomes free.
    `open_trades` may stand in the query or in the body; the query wins.

    Args:
        bot_id (str): Identity of the bot.
        open_trades (DeleteBotOpenTradesType0 | None | Unset): `keep` leaves open trades
            unmanaged, `flatten` closes them first.
        if_match (str | Unset):
        body (StopRequest | Unset): How to stop.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BotResponse | Problem
    """

    return (
        await asyncio_detailed(
            bot_id=bot_id,
            client=client,
            body=body,
            open_trades=open_trades,
            if_match=if_match,
        )
    ).parsed
