from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.log_page import LogPage
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    bot_id: str,
    *,
    tail: int | Unset = 200,
    follow: bool | Unset = False,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["tail"] = tail

    params["follow"] = follow

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/bots/{bot_id}/logs".format(
            bot_id=quote(str(bot_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> LogPage | Problem | None:
    if response.status_code == 200:
        response_200 = LogPage.from_dict(response.json())

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

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[LogPage | Problem]:
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
    tail: int | Unset = 200,
    follow: bool | Unset = False,
) -> Response[LogPage | Problem]:
    """A bot's log

     The last lines, oldest first. With `follow=true` a stream: these, then new ones until either side
    goes; comments
    come when no line does, and an `error` event tells why it ended early.

    Args:
        bot_id (str): Identity of the bot.
        tail (int | Unset): Lines to begin with. Default: 200.
        follow (bool | Unset): Go on with new lines as they come. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[LogPage | Problem]
    """

    kwargs = _get_kwargs(
        bot_id=bot_id,
        tail=tail,
        follow=follow,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    tail: int | Unset = 200,
    follow: bool | Unset = False,
) -> LogPage | Problem | None:
    """A bot's log

     The last lines, oldest first. With `follow=true` a stream: these, then new ones until either side
    goes; comments
    come when no line does, and an `error` event tells why it ended early.

    Args:
        bot_id (str): Identity of the bot.
        tail (int | Unset): Lines to begin with. Default: 200.
        follow (bool | Unset): Go on with new lines as they come. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        LogPage | Problem
    """

    return sync_detailed(
        bot_id=bot_id,
        client=client,
        tail=tail,
        follow=follow,
    ).parsed


async def asyncio_detailed(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    tail: int | Unset = 200,
    follow: bool | Unset = False,
) -> Response[LogPage | Problem]:
    """A bot's log

     The last lines, oldest first. With `follow=true` a stream: these, then new ones until either side
    goes; comments
    come when no line does, and an `error` event tells why it ended early.

    Args:
        bot_id (str): Identity of the bot.
        tail (int | Unset): Lines to begin with. Default: 200.
        follow (bool | Unset): Go on with new lines as they come. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[LogPage | Problem]
    """

    kwargs = _get_kwargs(
        bot_id=bot_id,
        tail=tail,
        follow=follow,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bot_id: str,
    *,
    client: AuthenticatedClient,
    tail: int | Unset = 200,
    follow: bool | Unset = False,
) -> LogPage | Problem | None:
    """A bot's log

     The last lines, oldest first. With `follow=true` a stream: these, then new ones until either side
    goes; comments
    come when no line does, and an `error` event tells why it ended early.

    Args:
        bot_id (str): Identity of the bot.
        tail (int | Unset): Lines to begin with. Default: 200.
        follow (bool | Unset): Go on with new lines as they come. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        LogPage | Problem
    """

    return (
        await asyncio_detailed(
            bot_id=bot_id,
            client=client,
            tail=tail,
            follow=follow,
        )
    ).parsed
