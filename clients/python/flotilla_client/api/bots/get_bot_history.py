from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bot_history import BotHistory
from ...models.get_bot_history_range import (
    GetBotHistoryRange,
)
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    bot_id: str,
    *,
    range_: GetBotHistoryRange | Unset = "24h",
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_range_: str | Unset = UNSET
    if not isinstance(range_, Unset):
        json_range_ = range_

    params["range"] = json_range_

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/bots/{bot_id}/history".format(
            bot_id=quote(str(bot_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> BotHistory | Problem | None:
    if response.status_code == 200:
        response_200 = BotHistory.from_dict(response.json())

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


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[BotHistory | Problem]:
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
    range_: GetBotHistoryRange | Unset = "24h",
) -> Response[BotHistory | Problem]:
    """A bot's equity over time

     Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), in the bot's
    stake currency.
    Times without any report have no point; after a change of the stake currency history begins anew in
    it.

    Args:
        bot_id (str): Identity of the bot.
        range_ (GetBotHistoryRange | Unset): How far back. Default: '24h'.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BotHistory | Problem]
    """

    kwargs = _get_kwargs(
        bot_id=bot_id,
        range_=range_,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    range_: GetBotHistoryRange | Unset = "24h",
) -> BotHistory | Problem | None:
    """A bot's equity over time

     Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), in the bot's
    stake currency.
    Times without any report have no point; after a change of the stake currency history begins anew in
    it.

    Args:
        bot_id (str): Identity of the bot.
        range_ (GetBotHistoryRange | Unset): How far back. Default: '24h'.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BotHistory | Problem
    """

    return sync_detailed(
        bot_id=bot_id,
        client=client,
        range_=range_,
    ).parsed


async def asyncio_detailed(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    range_: GetBotHistoryRange | Unset = "24h",
) -> Response[BotHistory | Problem]:
    """A bot's equity over time

     Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), in the bot's
    stake currency.
    Times without any report have no point; after a change of the stake currency history begins anew in
    it.

    Args:
        bot_id (str): Identity of the bot.
        range_ (GetBotHistoryRange | Unset): How far back. Default: '24h'.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BotHistory | Problem]
    """

    kwargs = _get_kwargs(
        bot_id=bot_id,
        range_=range_,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    range_: GetBotHistoryRange | Unset = "24h",
) -> BotHistory | Problem | None:
    """A bot's equity over time

     Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), in the bot's
    stake currency.
    Times without any report have no point; after a change of the stake currency history begins anew in
    it.

    Args:
        bot_id (str): Identity of the bot.
        range_ (GetBotHistoryRange | Unset): How far back. Default: '24h'.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BotHistory | Problem
    """

    return (
        await asyncio_detailed(
            bot_id=bot_id,
            client=client,
            range_=range_,
        )
    ).parsed
