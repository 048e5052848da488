from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.removal_response import RemovalResponse
from ...types import UNSET, Response, Unset


def _get_kwargs(
    pool_id: str,
    *,
    purge: bool | Unset = False,
    confirm: None | str | Unset = UNSET,
    reason: str | Unset = "",
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["purge"] = purge

    json_confirm: None | str | Unset
    if isinstance(confirm, Unset):
        json_confirm = UNSET
    else:
        json_confirm = confirm
    params["confirm"] = json_confirm

    params["reason"] = reason

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/api/v1/pools/{pool_id}".format(
            pool_id=quote(str(pool_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | RemovalResponse | None:
    if response.status_code == 202:
        response_202 = RemovalResponse.from_dict(response.json())

        return response_202

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
) -> Response[Problem | RemovalResponse]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    pool_id: str,
    *,
    client: AuthenticatedClient,
    purge: bool | Unset = False,
    confirm: None | str | Unset = UNSET,
    reason: str | Unset = "",
) -> Response[Problem | RemovalResponse]:
    """Delete a pool

     Removes an empty pool. What it keeps on disk stays, until it is purged: then or later
    (`/pools/disks`).

    Args:
        pool_id (str): Identity of the pool.
        purge (bool | Unset): Also delete its disk, trades included; nothing brings them back.
            Default: False.
        confirm (None | str | Unset): For a purge: the pool's id once more.
        reason (str | Unset): Kept in the audit. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | RemovalResponse]
    """

    kwargs = _get_kwargs(
        pool_id=pool_id,
        purge=purge,
        confirm=confirm,
        reason=reason,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    pool_id: str,
    *,
    client: AuthenticatedClient,
    purge: bool | Unset = False,
    confirm: None | str | Unset = UNSET,
    reason: str | Unset = "",
) -> Problem | RemovalResponse | None:
    """Delete a pool

     Removes an empty pool. What it keeps on disk stays, until it is purged: then or later
    (`/pools/disks`).

    Args:
        pool_id (str): Identity of the pool.
        purge (bool | Unset): Also delete its disk, trades included; nothing brings them back.
            Default: False.
        confirm (None | str | Unset): For a purge: the pool's id once more.
        reason (str | Unset): Kept in the audit. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | RemovalResponse
    """

    return sync_detailed(
        pool_id=pool_id,
        client=client,
        purge=purge,
        confirm=confirm,
        reason=reason,
    ).parsed


async def asyncio_detailed(
    pool_id: str,
    *,
    client: AuthenticatedClient,
    purge: bool | Unset = False,
    confirm: None | str | Unset = UNSET,
    reason: str | Unset = "",
) -> Response[Problem | RemovalResponse]:
    """Delete a pool

     Removes an empty pool. What it keeps on disk stays, until it is purged: then or later
    (`/pools/disks`).

    Args:
        pool_id (str): Identity of the pool.
        purge (bool | Unset): Also delete its disk, trades included; nothing brings them back.
            Default: False.
        confirm (None | str | Unset): For a purge: the pool's id once more.
        reason (str | Unset): Kept in the audit. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | RemovalResponse]
    """

    kwargs = _get_kwargs(
        pool_id=pool_id,
        purge=purge,
        confirm=confirm,
        reason=reason,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    pool_id: str,
    *,
    client: AuthenticatedClient,
    purge: bool | Unset = False,
    confirm: None | str | Unset = UNSET,
    reason: str | Unset = "",
) -> Problem | RemovalResponse | None:
    """Delete a pool

     Removes an empty pool. What it keeps on disk stays, until it is purged: then or later
    (`/pools/disks`).

    Args:
        pool_id (str): Identity of the pool.
        purge (bool | Unset): Also delete its disk, trades included; nothing brings them back.
            Default: False.
        confirm (None | str | Unset): For a purge: the pool's id once more.
        reason (str | Unset): Kept in the audit. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | RemovalResponse
    """

    return (
        await asyncio_detailed(
            pool_id=pool_id,
            client=client,
            purge=purge,
            confirm=confirm,
            reason=reason,
        )
    ).parsed
