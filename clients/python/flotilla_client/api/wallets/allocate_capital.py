from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.allocation_response import AllocationResponse
from ...models.capital_move import CapitalMove
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    wallet_id: str,
    *,
    body: CapitalMove,
    idempotency_key: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    if not isinstance(if_match, Unset):
        headers["if-match"] = if_match

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/wallets/{wallet_id}/allocate".format(
            wallet_id=quote(str(wallet_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AllocationResponse | Problem | None:
    if response.status_code == 200:
        response_200 = AllocationResponse.from_dict(response.json())

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

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 412:
        response_412 = Problem.from_dict(response.json())

        return response_412

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
) -> Response[AllocationResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    wallet_id: str,
    *,
    client: AuthenticatedClient,
    body: CapitalMove,
    idempotency_key: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[AllocationResponse | Problem]:
    """Give a bot capital

     Gives a bot more of what is free here; it takes it over without losing its open trades. If-Match
    names the bot's
    ETag.

    Args:
        wallet_id (str): Identity of the wallet.
        idempotency_key (str | Unset):
        if_match (str | Unset):
        body (CapitalMove): Capital that a bot is given, or that is taken back, in its stake
            currency.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AllocationResponse | Problem]
    """

    kwargs = _get_kwargs(
        wallet_id=wallet_id,
        body=body,
        idempotency_key=idempotency_key,
        if_match=if_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    wallet_id: str,
    *,
    client: AuthenticatedClient,
    body: CapitalMove,
    idempotency_key: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> AllocationResponse | Problem | None:
    """Give a bot capital

     Gives a bot more of what is free here; it takes it over without losing its open trades. If-Match
    names the bot's
    ETag.

    Args:
        wallet_id (str): Identity of the wallet.
        idempotency_key (str | Unset):
        if_match (str | Unset):
        body (CapitalMove): Capital that a bot is given, or that is taken back, in its stake
            currency.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AllocationResponse | Problem
    """

    return sync_detailed(
        wallet_id=wallet_id,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
        if_match=if_match,
    ).parsed


async def asyncio_detailed(
    wallet_id: str,
    *,
    client: AuthenticatedClient,
    body: CapitalMove,
    idempotency_key: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[AllocationResponse | Problem]:
    """Give a bot capital

     Gives a bot more of what is free here; it takes it over without losing its open trades. If-Match
    names the bot's
    ETag.

    Args:
        wallet_id (str): Identity of the wallet.
        idempotency_key (str | Unset):
        if_match (str | Unset):
        body (CapitalMove): Capital that a bot is given, or that is taken back, in its stake
            currency.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AllocationResponse | Problem]
    """

    kwargs = _get_kwargs(
        wallet_id=wallet_id,
        body=body,
        idempotency_key=idempotency_key,
        if_match=if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    wallet_id: str,
    *,
    client: AuthenticatedClient,
    body: CapitalMove,
    idempotency_key: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> AllocationResponse | Problem | None:
    """Give a bot capital

     Gives a bot more of what is free here; it takes it over without losing its open trades. If-Match
    names the bot's
    ETag.

    Args:
        wallet_id (str): Identity of the wallet.
        idempotency_key (str | Unset):
        if_match (str | Unset):
        body (CapitalMove): Capital that a bot is given, or that is taken back, in its stake
            currency.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AllocationResponse | Problem
    """

    return (
        await asyncio_detailed(
            wallet_id=wallet_id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            if_match=if_match,
        )
    ).parsed
