from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.close_request import CloseRequest
from ...models.problem import Problem
from ...models.trades_close_response import TradesCloseResponse
from ...types import Response


def _get_kwargs(
    *,
    body: CloseRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/trades/close",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | TradesCloseResponse | None:
    if response.status_code == 200:
        response_200 = TradesCloseResponse.from_dict(response.json())

        return response_200

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
) -> Response[Problem | TradesCloseResponse]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: CloseRequest,
) -> Response[Problem | TradesCloseResponse]:
    """Close many trades

     Closes all winners, all losers, one asset, one bot or everything of yours, by each bot's own forced
    exit, and
    tells of every trade what became of it. With `dry_run` it only lists them. Bots may enter again
    afterwards: halt
    them first where they shall not.

    Args:
        body (CloseRequest): Which trades to close; what is left out narrows nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TradesCloseResponse]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: CloseRequest,
) -> Problem | TradesCloseResponse | None:
    """Close many trades

     Closes all winners, all losers, one asset, one bot or everything of yours, by each bot's own forced
    exit, and
    tells of every trade what became of it. With `dry_run` it only lists them. Bots may enter again
    afterwards: halt
    them first where they shall not.

    Args:
        body (CloseRequest): Which trades to close; what is left out narrows nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TradesCloseResponse
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: CloseRequest,
) -> Response[Problem | TradesCloseResponse]:
    """Close many trades

     Closes all winners, all losers, one asset, one bot or everything of yours, by each bot's own forced
    exit, and
    tells of every trade what became of it. With `dry_run` it only lists them. Bots may enter again
    afterwards: halt
    them first where they shall not.

    Args:
        body (CloseRequest): Which trades to close; what is left out narrows nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TradesCloseResponse]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: CloseRequest,
) -> Problem | TradesCloseResponse | None:
    """Close many trades

     Closes all winners, all losers, one asset, one bot or everything of yours, by each bot's own forced
    exit, and
    tells of every trade what became of it. With `dry_run` it only lists them. Bots may enter again
    afterwards: halt
    them first where they shall not.

    Args:
        body (CloseRequest): Which trades to close; what is left out narrows nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TradesCloseResponse
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
