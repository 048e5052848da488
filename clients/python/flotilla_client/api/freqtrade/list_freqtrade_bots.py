from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.freqtrade_bot_list import FreqtradeBotList
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    shared: bool | Unset = False,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["shared"] = shared

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/freqtrade/bots",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> FreqtradeBotList | Problem | None:
    if response.status_code == 200:
        response_200 = FreqtradeBotList.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

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
) -> Response[FreqtradeBotList | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    shared: bool | Unset = False,
) -> Response[FreqtradeBotList | Problem]:
    """List bots for FreqTrade's clients

     Addresses of your bots' own FreqTrade APIs. HTTP Basic with an API token works here, too.

    Args:
        shared (bool | Unset): Also bots that others share with you. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FreqtradeBotList | Problem]
    """

    kwargs = _get_kwargs(
        shared=shared,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    shared: bool | Unset = False,
) -> FreqtradeBotList | Problem | None:
    """List bots for FreqTrade's clients

     Addresses of your bots' own FreqTrade APIs. HTTP Basic with an API token works here, too.

    Args:
        shared (bool | Unset): Also bots that others share with you. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FreqtradeBotList | Problem
    """

    return sync_detailed(
        client=client,
        shared=shared,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    shared: bool | Unset = False,
) -> Response[FreqtradeBotList | Problem]:
    """List bots for FreqTrade's clients

     Addresses of your bots' own FreqTrade APIs. HTTP Basic with an API token works here, too.

    Args:
        shared (bool | Unset): Also bots that others share with you. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FreqtradeBotList | Problem]
    """

    kwargs = _get_kwargs(
        shared=shared,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    shared: bool | Unset = False,
) -> FreqtradeBotList | Problem | None:
    """List bots for FreqTrade's clients

     Addresses of your bots' own FreqTrade APIs. HTTP Basic with an API token works here, too.

    Args:
        shared (bool | Unset): Also bots that others share with you. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FreqtradeBotList | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            shared=shared,
        )
    ).parsed
