from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.get_portfolio_history_range import (
    GetPortfolioHistoryRange,
)
from ...models.history import History
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    range_: GetPortfolioHistoryRange | Unset = "24h",
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
        "url": "/api/v1/portfolio/history",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> History | Problem | None:
    if response.status_code == 200:
        response_200 = History.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[History | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    range_: GetPortfolioHistoryRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> Response[History | Problem]:
    """Equity over time

     Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), each with the
    lowest and
    highest equity within it. Times in which nothing was measured have no point; `stale` marks points
    without any
    reporting bot. After a change of the reporting currency, history begins anew in it.

    Args:
        range_ (GetPortfolioHistoryRange | Unset): How far back. Default: '24h'.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[History | Problem]
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
    range_: GetPortfolioHistoryRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> History | Problem | None:
    """Equity over time

     Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), each with the
    lowest and
    highest equity within it. Times in which nothing was measured have no point; `stale` marks points
    without any
    reporting bot. After a change of the reporting currency, history begins anew in it.

    Args:
        range_ (GetPortfolioHistoryRange | Unset): How far back. Default: '24h'.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        History | Problem
    """

    return sync_detailed(
        client=client,
        range_=range_,
        user=user,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    range_: GetPortfolioHistoryRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> Response[History | Problem]:
    """Equity over time

     Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), each with the
    lowest and
    highest equity within it. Times in which nothing was measured have no point; `stale` marks points
    without any
    reporting bot. After a change of the reporting currency, history begins anew in it.

    Args:
        range_ (GetPortfolioHistoryRange | Unset): How far back. Default: '24h'.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[History | Problem]
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
    range_: GetPortfolioHistoryRange | Unset = "24h",
    user: None | str | Unset = UNSET,
) -> History | Problem | None:
    """Equity over time

     Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), each with the
    lowest and
    highest equity within it. Times in which nothing was measured have no point; `stale` marks points
    without any
    reporting bot. After a change of the reporting currency, history begins anew in it.

    Args:
        range_ (GetPortfolioHistoryRange | Unset): How far back. Default: '24h'.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        History | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            range_=range_,
            user=user,
        )
    ).parsed
