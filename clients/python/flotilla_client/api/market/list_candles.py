import datetime
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.candle_page import CandlePage
from ...models.list_candles_type import ListCandlesType
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    exchange: str,
    pair: str,
    timeframe: str | Unset = "5m",
    type_: ListCandlesType | Unset = "spot",
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 500,
    after: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["exchange"] = exchange

    params["pair"] = pair

    params["timeframe"] = timeframe

    json_type_: str | Unset = UNSET
    if not isinstance(type_, Unset):
        json_type_ = type_

    params["type"] = json_type_

    json_since: None | str | Unset
    if isinstance(since, Unset):
        json_since = UNSET
    elif isinstance(since, datetime.datetime):
        json_since = since.isoformat()
    else:
        json_since = since
    params["since"] = json_since

    json_until: None | str | Unset
    if isinstance(until, Unset):
        json_until = UNSET
    elif isinstance(until, datetime.datetime):
        json_until = until.isoformat()
    else:
        json_until = until
    params["until"] = json_until

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
        "url": "/api/v1/market/candles",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> CandlePage | Problem | None:
    if response.status_code == 200:
        response_200 = CandlePage.from_dict(response.json())

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
) -> Response[CandlePage | Problem]:
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
    pair: str,
    timeframe: str | Unset = "5m",
    type_: ListCandlesType | Unset = "spot",
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 500,
    after: None | str | Unset = UNSET,
) -> Response[CandlePage | Problem]:
    """List candles

     The exchange's own, by the market-data gateway: kept where it has them already, asked for where not.
    Nothing is
    filled in: where nobody traded, many exchanges have no candle. What is asked for first may take a
    while; where the
    exchange needs longer, the answer is 503 with `Retry-After`, and the next try goes on from there.

    With `Accept: application/vnd.apache.arrow.file` the closed candles come as a feather file as
    FreqTrade keeps
    them, and `next` as the header `X-Flotilla-Next`.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        pair (str): As bots name it.
        timeframe (str | Unset): Length of a candle. Default: '5m'.
        type_ (ListCandlesType | Unset): Of which market; of futures also of mark prices and
            funding. Default: 'spot'.
        since (datetime.datetime | None | Unset): Candles that open from then on: ISO 8601, or
            Unix milliseconds. Without it the last ones.
        until (datetime.datetime | None | Unset): Candles that open before then; without it up to
            now.
        limit (int | Unset): How many at most. Default: 500.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CandlePage | Problem]
    """

    kwargs = _get_kwargs(
        exchange=exchange,
        pair=pair,
        timeframe=timeframe,
        type_=type_,
        since=since,
        until=until,
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
    exchange: str,
    pair: str,
    timeframe: str | Unset = "5m",
    type_: ListCandlesType | Unset = "spot",
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 500,
    after: None | str | Unset = UNSET,
) -> CandlePage | Problem | None:
    """List candles

     The exchange's own, by the market-data gateway: kept where it has them already, asked for where not.
    Nothing is
    filled in: where nobody traded, many exchanges have no candle. What is asked for first may take a
    while; where the
    exchange needs longer, the answer is 503 with `Retry-After`, and the next try goes on from there.

    With `Accept: application/vnd.apache.arrow.file` the closed candles come as a feather file as
    FreqTrade keeps
    them, and `next` as the header `X-Flotilla-Next`.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        pair (str): As bots name it.
        timeframe (str | Unset): Length of a candle. Default: '5m'.
        type_ (ListCandlesType | Unset): Of which market; of futures also of mark prices and
            funding. Default: 'spot'.
        since (datetime.datetime | None | Unset): Candles that open from then on: ISO 8601, or
            Unix milliseconds. Without it the last ones.
        until (datetime.datetime | None | Unset): Candles that open before then; without it up to
            now.
        limit (int | Unset): How many at most. Default: 500.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CandlePage | Problem
    """

    return sync_detailed(
        client=client,
        exchange=exchange,
        pair=pair,
        timeframe=timeframe,
        type_=type_,
        since=since,
        until=until,
        limit=limit,
        after=after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    exchange: str,
    pair: str,
    timeframe: str | Unset = "5m",
    type_: ListCandlesType | Unset = "spot",
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 500,
    after: None | str | Unset = UNSET,
) -> Response[CandlePage | Problem]:
    """List candles

     The exchange's own, by the market-data gateway: kept where it has them already, asked for where not.
    Nothing is
    filled in: where nobody traded, many exchanges have no candle. What is asked for first may take a
    while; where the
    exchange needs longer, the answer is 503 with `Retry-After`, and the next try goes on from there.

    With `Accept: application/vnd.apache.arrow.file` the closed candles come as a feather file as
    FreqTrade keeps
    them, and `next` as the header `X-Flotilla-Next`.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        pair (str): As bots name it.
        timeframe (str | Unset): Length of a candle. Default: '5m'.
        type_ (ListCandlesType | Unset): Of which market; of futures also of mark prices and
            funding. Default: 'spot'.
        since (datetime.datetime | None | Unset): Candles that open from then on: ISO 8601, or
            Unix milliseconds. Without it the last ones.
        until (datetime.datetime | None | Unset): Candles that open before then; without it up to
            now.
        limit (int | Unset): How many at most. Default: 500.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CandlePage | Problem]
    """

    kwargs = _get_kwargs(
        exchange=exchange,
        pair=pair,
        timeframe=timeframe,
        type_=type_,
        since=since,
        until=until,
        limit=limit,
        after=after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    exchange: str,
    pair: str,
    timeframe: str | Unset = "5m",
    type_: ListCandlesType | Unset = "spot",
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 500,
    after: None | str | Unset = UNSET,
) -> CandlePage | Problem | None:
    """List candles

     The exchange's own, by the market-data gateway: kept where it has them already, asked for where not.
    Nothing is
    filled in: where nobody traded, many exchanges have no candle. What is asked for first may take a
    while; where the
    exchange needs longer, the answer is 503 with `Retry-After`, and the next try goes on from there.

    With `Accept: application/vnd.apache.arrow.file` the closed candles come as a feather file as
    FreqTrade keeps
    them, and `next` as the header `X-Flotilla-Next`.

    Args:
        exchange (str): `paper`, or an id of ccxt.
        pair (str): As bots name it.
        timeframe (str | Unset): Length of a candle. Default: '5m'.
        type_ (ListCandlesType | Unset): Of which market; of futures also of mark prices and
            funding. Default: 'spot'.
        since (datetime.datetime | None | Unset): Candles that open from then on: ISO 8601, or
            Unix milliseconds. Without it the last ones.
        until (datetime.datetime | None | Unset): Candles that open before then; without it up to
            now.
        limit (int | Unset): How many at most. Default: 500.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CandlePage | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            exchange=exchange,
            pair=pair,
            timeframe=timeframe,
            type_=type_,
            since=since,
            until=until,
            limit=limit,
            after=after,
        )
    ).parsed
