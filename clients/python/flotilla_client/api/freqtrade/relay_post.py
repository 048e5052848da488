from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    bot_id: str,
    path: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/bots/{bot_id}/freqtrade/api/v1/{path}".format(
            bot_id=quote(str(bot_id), safe=""),
            path=quote(str(path), safe=""),
        ),
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | Problem | None:
    if response.status_code == 200:
        response_200 = response.json()
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

    if response.status_code == 405:
        response_405 = Problem.from_dict(response.json())

        return response_405

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

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

    if response.status_code == 504:
        response_504 = Problem.from_dict(response.json())

        return response_504

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    bot_id: str,
    path: str,
    *,
    client: AuthenticatedClient,
) -> Response[Any | Problem]:
    """POST of the bot's own API

     FreqTrade's own API of the bot, route by route as FreqTrade documents it; `path` is one of its
    routes. What reads
    is passed on for who may see the bot, what acts for who may operate it, and the bot's answer comes
    back unchanged;
    its REST API is started when it is first needed. Start, stop, pause and reload become what the bot
    shall do from now
    on. What only FreqTrade's webserver mode has is refused with the reason.

    Args:
        bot_id (str): Identity of the bot.
        path (str): What follows `/api/v1/` in FreqTrade's own API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        bot_id=bot_id,
        path=path,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bot_id: str,
    path: str,
    *,
    client: AuthenticatedClient,
) -> Any | Problem | None:
    """POST of the bot's own API

     FreqTrade's own API of the bot, route by route as FreqTrade documents it; `path` is one of its
    routes. What reads
    is passed on for who may see the bot, what acts for who may operate it, and the bot's answer comes
    back unchanged;
    its REST API is started when it is first needed. Start, stop, pause and reload become what the bot
    shall do from now
    on. What only FreqTrade's webserver mode has is refused with the reason.

    Args:
        bot_id (str): Identity of the bot.
        path (str): What follows `/api/v1/` in FreqTrade's own API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return sync_detailed(
        bot_id=bot_id,
        path=path,
        client=client,
    ).parsed


async def asyncio_detailed(
    bot_id: str,
    path: str,
    *,
    client: AuthenticatedClient,
) -> Response[Any | Problem]:
    """POST of the bot's own API

     FreqTrade's own API of the bot, route by route as FreqTrade documents it; `path` is one of its
    routes. What reads
    is passed on for who may see the bot, what acts for who may operate it, and the bot's answer comes
    back unchanged;
    its REST API is started when it is first needed. Start, stop, pause and reload become what the bot
    shall do from now
    on. What only FreqTrade's webserver mode has is refused with the reason.

    Args:
        bot_id (str): Identity of the bot.
        path (str): What follows `/api/v1/` in FreqTrade's own API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        bot_id=bot_id,
        path=path,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bot_id: str,
    path: str,
    *,
    client: AuthenticatedClient,
) -> Any | Problem | None:
    """POST of the bot's own API

     FreqTrade's own API of the bot, route by route as FreqTrade documents it; `path` is one of its
    routes. What reads
    is passed on for who may see the bot, what acts for who may operate it, and the bot's answer comes
    back unchanged;
    its REST API is started when it is first needed. Start, stop, pause and reload become what the bot
    shall do from now
    on. What only FreqTrade's webserver mode has is refused with the reason.

    Args:
        bot_id (str): Identity of the bot.
        path (str): What follows `/api/v1/` in FreqTrade's own API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return (
        await asyncio_detailed(
            bot_id=bot_id,
            path=path,
            client=client,
        )
    ).parsed
