from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.portfolio import Portfolio
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    user: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_user: None | str | Unset
    if isinstance(user, Unset):
        json_user = UNSET
    else:
        json_user = user
    params["user"] = json_user

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/portfolio",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Portfolio | Problem | None:
    if response.status_code == 200:
        response_200 = Portfolio.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Portfolio | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    user: None | str | Unset = UNSET,
) -> Response[Portfolio | Problem]:
    """All bots as one portfolio

     Every bot with its last reading, and totals in the reporting currency: of all bots, and of dry and
    live ones
    apart. A bot that should report and does not is `stale` and keeps its last values; a bot whose stake
    currency has no
    known rate is listed in `unconverted` and left out of the totals. The stream's `portfolio` event has
    this body.

    Args:
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Portfolio | Problem]
    """

    kwargs = _get_kwargs(
        user=user,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    user: None | str | Unset = UNSET,
) -> Portfolio | Problem | None:
    """All bots as one portfolio

     Every bot with its last reading, and totals in the reporting currency: of all bots, and of dry and
    live ones
    apart. A bot that should report and does not is `stale` and keeps its last values; a bot whose stake
    currency has no
    known rate is listed in `unconverted` and left out of the totals. The stream's `portfolio` event has
    this body.

    Args:
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Portfolio | Problem
    """

    return sync_detailed(
        client=client,
        user=user,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    user: None | str | Unset = UNSET,
) -> Response[Portfolio | Problem]:
    """All bots as one portfolio

     Every bot with its last reading, and totals in the reporting currency: of all bots, and of dry and
    live ones
    apart. A bot that should report and does not is `stale` and keeps its last values; a bot whose stake
    currency has no
    known rate is listed in `unconverted` and left out of the totals. The stream's `portfolio` event has
    this body.

    Args:
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Portfolio | Problem]
    """

    kwargs = _get_kwargs(
        user=user,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    user: None | str | Unset = UNSET,
) -> Portfolio | Problem | None:
    """All bots as one portfolio

     Every bot with its last reading, and totals in the reporting currency: of all bots, and of dry and
    live ones
    apart. A bot that should report and does not is `stale` and keeps its last values; a bot whose stake
    currency has no
    known rate is listed in `unconverted` and left out of the totals. The stream's `portfolio` event has
    this body.

    Args:
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Portfolio | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            user=user,
        )
    ).parsed
