from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.strategy_page import StrategyPage
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    archived: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["archived"] = archived

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
        "url": "/api/v1/strategies",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | StrategyPage | None:
    if response.status_code == 200:
        response_200 = StrategyPage.from_dict(response.json())

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
) -> Response[Problem | StrategyPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    archived: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[Problem | StrategyPage]:
    """List strategies

     Yours, and those that others share with you.

    Args:
        archived (bool | Unset): Those that you archived, too. Default: False.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StrategyPage]
    """

    kwargs = _get_kwargs(
        archived=archived,
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
    archived: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Problem | StrategyPage | None:
    """List strategies

     Yours, and those that others share with you.

    Args:
        archived (bool | Unset): Those that you archived, too. Default: False.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StrategyPage
    """

    return sync_detailed(
        client=client,
        archived=archived,
        limit=limit,
        after=after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    archived: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[Problem | StrategyPage]:
    """List strategies

     Yours, and those that others share with you.

    Args:
        archived (bool | Unset): Those that you archived, too. Default: False.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StrategyPage]
    """

    kwargs = _get_kwargs(
        archived=archived,
        limit=limit,
        after=after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    archived: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Problem | StrategyPage | None:
    """List strategies

     Yours, and those that others share with you.

    Args:
        archived (bool | Unset): Those that you archived, too. Default: False.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StrategyPage
    """

    return (
        await asyncio_detailed(
            client=client,
            archived=archived,
            limit=limit,
            after=after,
        )
    ).parsed
