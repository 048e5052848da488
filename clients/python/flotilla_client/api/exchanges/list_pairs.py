from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_pairs_trading_mode import (
    ListPairsTradingMode,
)
from ...models.pair_list import PairList
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    exchange: str,
    *,
    trading_mode: ListPairsTradingMode | Unset = "spot",
    quote: None | str | Unset = UNSET,
    search: str | Unset = "",
    limit: int | Unset = 50,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_trading_mode: str | Unset = UNSET
    if not isinstance(trading_mode, Unset):
        json_trading_mode = trading_mode

    params["trading_mode"] = json_trading_mode

    json_quote: None | str | Unset
    if isinstance(quote, Unset):
        json_quote = UNSET
    else:
        json_quote = quote
    params["quote"] = json_quote

    params["search"] = search

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/exchanges/{exchange}/pairs".format(
            exchange=quote(str(exchange), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> PairList | Problem | None:
    if response.status_code == 200:
        response_200 = PairList.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[PairList | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    exchange: str,
    *,
    client: AuthenticatedClient,
    trading_mode: ListPairsTradingMode | Unset = "spot",
    quote: None | str | Unset = UNSET,
    search: str | Unset = "",
    limit: int | Unset = 50,
) -> Response[PairList | Problem]:
    """Search an exchange's pairs

     What it trades now. The paper exchange tells; of a real one nothing is asked before a bot trades
    there.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        trading_mode (ListPairsTradingMode | Unset): Pairs of which market. Default: 'spot'.
        quote (None | str | Unset): Only with this quote.
        search (str | Unset): Part of the name. Default: ''.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PairList | Problem]
    """

    kwargs = _get_kwargs(
        exchange=exchange,
        trading_mode=trading_mode,
        quote=quote,
        search=search,
        limit=limit,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    exchange: str,
    *,
    client: AuthenticatedClient,
    trading_mode: ListPairsTradingMode | Unset = "spot",
    quote: None | str | Unset = UNSET,
    search: str | Unset = "",
    limit: int | Unset = 50,
) -> PairList | Problem | None:
    """Search an exchange's pairs

     What it trades now. The paper exchange tells; of a real one nothing is asked before a bot trades
    there.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        trading_mode (ListPairsTradingMode | Unset): Pairs of which market. Default: 'spot'.
        quote (None | str | Unset): Only with this quote.
        search (str | Unset): Part of the name. Default: ''.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PairList | Problem
    """

    return sync_detailed(
        exchange=exchange,
        client=client,
        trading_mode=trading_mode,
        quote=quote,
        search=search,
        limit=limit,
    ).parsed


async def asyncio_detailed(
    exchange: str,
    *,
    client: AuthenticatedClient,
    trading_mode: ListPairsTradingMode | Unset = "spot",
    quote: None | str | Unset = UNSET,
    search: str | Unset = "",
    limit: int | Unset = 50,
) -> Response[PairList | Problem]:
    """Search an exchange's pairs

     What it trades now. The paper exchange tells; of a real one nothing is asked before a bot trades
    there.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        trading_mode (ListPairsTradingMode | Unset): Pairs of which market. Default: 'spot'.
        quote (None | str | Unset): Only with this quote.
        search (str | Unset): Part of the name. Default: ''.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PairList | Problem]
    """

    kwargs = _get_kwargs(
        exchange=exchange,
        trading_mode=trading_mode,
        quote=quote,
        search=search,
        limit=limit,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    exchange: str,
    *,
    client: AuthenticatedClient,
    trading_mode: ListPairsTradingMode | Unset = "spot",
    quote: None | str | Unset = UNSET,
    search: str | Unset = "",
    limit: int | Unset = 50,
) -> PairList | Problem | None:
    """Search an exchange's pairs

     What it trades now. The paper exchange tells; of a real one nothing is asked before a bot trades
    there.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        trading_mode (ListPairsTradingMode | Unset): Pairs of which market. Default: 'spot'.
        quote (None | str | Unset): Only with this quote.
        search (str | Unset): Part of the name. Default: ''.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PairList | Problem
    """

    return (
        await asyncio_detailed(
            exchange=exchange,
            client=client,
            trading_mode=trading_mode,
            quote=quote,
            search=search,
            limit=limit,
        )
    ).parsed
