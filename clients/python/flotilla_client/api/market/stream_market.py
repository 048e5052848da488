from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.stream_market_type import StreamMarketType
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    exchange: str,
    pair: list[str],
    type_: StreamMarketType | Unset = "spot",
    ticket: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["exchange"] = exchange

    json_pair = pair

    params["pair"] = json_pair

    json_type_: str | Unset = UNSET
    if not isinstance(type_, Unset):
        json_type_ = type_

    params["type"] = json_type_

    json_ticket: None | str | Unset
    if isinstance(ticket, Unset):
        json_ticket = UNSET
    else:
        json_ticket = ticket
    params["ticket"] = json_ticket

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/market/stream",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | str | None:
    if response.status_code == 200:
        response_200 = response.text
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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    exchange: str,
    pair: list[str],
    type_: StreamMarketType | Unset = "spot",
    ticket: None | str | Unset = UNSET,
) -> Response[Problem | str]:
    """Live prices (Server-Sent Events, or a WebSocket)

     Sends `ticker` for each pair at connect and when its price changed, at most once a second; `trouble`
    with a
    `detail` when the exchange cannot be asked, after which prices go on by themselves; comments when
    nothing else
    comes. Ends with the sign-in. Browsers open it with `?ticket=` from `POST /api/v1/auth/tickets`.

    The same address is a WebSocket: each message is `{"event": "ticker", …}`, with `ping` for comments.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        pair (list[str]): Repeated.
        type_ (StreamMarketType | Unset): Of which market. Default: 'spot'.
        ticket (None | str | Unset): Single-use ticket for `market`, instead of the Authorization
            header.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        exchange=exchange,
        pair=pair,
        type_=type_,
        ticket=ticket,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    exchange: str,
    pair: list[str],
    type_: StreamMarketType | Unset = "spot",
    ticket: None | str | Unset = UNSET,
) -> Problem | str | None:
    """Live prices (Server-Sent Events, or a WebSocket)

     Sends `ticker` for each pair at connect and when its price changed, at most once a second; `trouble`
    with a
    `detail` when the exchange cannot be asked, after which prices go on by themselves; comments when
    nothing else
    comes. Ends with the sign-in. Browsers open it with `?ticket=` from `POST /api/v1/auth/tickets`.

    The same address is a WebSocket: each message is `{"event": "ticker", …}`, with `ping` for comments.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        pair (list[str]): Repeated.
        type_ (StreamMarketType | Unset): Of which market. Default: 'spot'.
        ticket (None | str | Unset): Single-use ticket for `market`, instead of the Authorization
            header.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return sync_detailed(
        client=client,
        exchange=exchange,
        pair=pair,
        type_=type_,
        ticket=ticket,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    exchange: str,
    pair: list[str],
    type_: StreamMarketType | Unset = "spot",
    ticket: None | str | Unset = UNSET,
) -> Response[Problem | str]:
    """Live prices (Server-Sent Events, or a WebSocket)

     Sends `ticker` for each pair at connect and when its price changed, at most once a second; `trouble`
    with a
    `detail` when the exchange cannot be asked, after which prices go on by themselves; comments when
    nothing else
    comes. Ends with the sign-in. Browsers open it with `?ticket=` from `POST /api/v1/auth/tickets`.

    The same address is a WebSocket: each message is `{"event": "ticker", …}`, with `ping` for comments.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        pair (list[str]): Repeated.
        type_ (StreamMarketType | Unset): Of which market. Default: 'spot'.
        ticket (None | str | Unset): Single-use ticket for `market`, instead of the Authorization
            header.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        exchange=exchange,
        pair=pair,
        type_=type_,
        ticket=ticket,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    exchange: str,
    pair: list[str],
    type_: StreamMarketType | Unset = "spot",
    ticket: None | str | Unset = UNSET,
) -> Problem | str | None:
    """Live prices (Server-Sent Events, or a WebSocket)

     Sends `ticker` for each pair at connect and when its price changed, at most once a second; `trouble`
    with a
    `detail` when the exchange cannot be asked, after which prices go on by themselves; comments when
    nothing else
    comes. Ends with the sign-in. Browsers open it with `?ticket=` from `POST /api/v1/auth/tickets`.

    The same address is a WebSocket: each message is `{"event": "ticker", …}`, with `ping` for comments.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        pair (list[str]): Repeated.
        type_ (StreamMarketType | Unset): Of which market. Default: 'spot'.
        ticket (None | str | Unset): Single-use ticket for `market`, instead of the Authorization
            header.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return (
        await asyncio_detailed(
            client=client,
            exchange=exchange,
            pair=pair,
            type_=type_,
            ticket=ticket,
        )
    ).parsed
