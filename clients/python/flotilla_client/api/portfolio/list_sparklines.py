from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_sparklines_range import (
    ListSparklinesRange,
)
from ...models.problem import Problem
from ...models.sparklines import Sparklines
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    range_: ListSparklinesRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_range_: str | Unset = UNSET
    if not isinstance(range_, Unset):
        json_range_ = range_

    params["range"] = json_range_

    json_user: None | str | Unset
    if isinstance(user, Unset):
        json_user = UNSET
    else:
        json_user = user
    params["user"] = json_user

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/portfolio/sparklines",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Sparklines | None:
    if response.status_code == 200:
        response_200 = Sparklines.from_dict(response.json())

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
) -> Response[Problem | Sparklines]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    range_: ListSparklinesRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> Response[Problem | Sparklines]:
    """A short series of every bot

     Profit of every bot of the portfolio at some 30 times, the same for all, each in its bot's stake
    currency; for a
    table of many bots. `/bots/{bot_id}/history` has all of one bot.

    Args:
        range_ (ListSparklinesRange | Unset): How far back. Default: '24h'.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Sparklines]
    """

    kwargs = _get_kwargs(
        range_=range_,
        user=user,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    range_: ListSparklinesRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> Problem | Sparklines | None:
    """A short series of every bot

     Profit of every bot of the portfolio at some 30 times, the same for all, each in its bot's stake
    currency; for a
    table of many bots. `/bots/{bot_id}/history` has all of one bot.

    Args:
        range_ (ListSparklinesRange | Unset): How far back. Default: '24h'.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Sparklines
    """

    return sync_detailed(
        client=client,
        range_=range_,
        user=user,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    range_: ListSparklinesRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> Response[Problem | Sparklines]:
    """A short series of every bot

     Profit of every bot of the portfolio at some 30 times, the same for all, each in its bot's stake
    currency; for a
    table of many bots. `/bots/{bot_id}/history` has all of one bot.

    Args:
        range_ (ListSparklinesRange | Unset): How far back. Default: '24h'.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Sparklines]
    """

    kwargs = _get_kwargs(
        range_=range_,
        user=user,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    range_: ListSparklinesRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> Problem | Sparklines | None:
    """A short series of every bot

     Profit of every bot of the portfolio at some 30 times, the same for all, each in its bot's stake
    currency; for a
    table of many bots. `/bots/{bot_id}/history` has all of one bot.

    Args:
        range_ (ListSparklinesRange | Unset): How far back. Default: '24h'.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Sparklines
    """

    return (
        await asyncio_detailed(
            client=client,
            range_=range_,
            user=user,
        )
    ).parsed
