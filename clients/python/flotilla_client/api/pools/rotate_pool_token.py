from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.act import Act
from ...models.problem import Problem
from ...models.token_rotation_response import TokenRotationResponse
from ...types import UNSET, Response, Unset


def _get_kwargs(
    pool_id: str,
    *,
    body: Act | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/pools/{pool_id}/rotate-token".format(
            pool_id=quote(str(pool_id), safe=""),
        ),
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | TokenRotationResponse | None:
    if response.status_code == 200:
        response_200 = TokenRotationResponse.from_dict(response.json())

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
) -> Response[Problem | TokenRotationResponse]:
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
    body: Act | Unset = UNSET,
) -> Response[Problem | TokenRotationResponse]:
    """Replace a pool's token

     Has its agent make a new bearer token at once; the one before is taken for ten minutes more, so that
    nobody is
    locked out. Bots go on. Tokens are replaced by themselves every month, unless settings say
    otherwise.

    Args:
        pool_id (str): Identity of the pool.
        body (Act | Unset): Why something is done.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TokenRotationResponse]
    """

    kwargs = _get_kwargs(
        pool_id=pool_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    pool_id: str,
    *,
    client: AuthenticatedClient,
    body: Act | Unset = UNSET,
) -> Problem | TokenRotationResponse | None:
    """Replace a pool's token

     Has its agent make a new bearer token at once; the one before is taken for ten minutes more, so that
    nobody is
    locked out. Bots go on. Tokens are replaced by themselves every month, unless settings say
    otherwise.

    Args:
        pool_id (str): Identity of the pool.
        body (Act | Unset): Why something is done.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TokenRotationResponse
    """

    return sync_detailed(
        pool_id=pool_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    pool_id: str,
    *,
    client: AuthenticatedClient,
    body: Act | Unset = UNSET,
) -> Response[Problem | TokenRotationResponse]:
    """Replace a pool's token

     Has its agent make a new bearer token at once; the one before is taken for ten minutes more, so that
    nobody is
    locked out. Bots go on. Tokens are replaced by themselves every month, unless settings say
    otherwise.

    Args:
        pool_id (str): Identity of the pool.
        body (Act | Unset): Why something is done.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TokenRotationResponse]
    """

    kwargs = _get_kwargs(
        pool_id=pool_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    pool_id: str,
    *,
    client: AuthenticatedClient,
    body: Act | Unset = UNSET,
) -> Problem | TokenRotationResponse | None:
    """Replace a pool's token

     Has its agent make a new bearer token at once; the one before is taken for ten minutes more, so that
    nobody is
    locked out. Bots go on. Tokens are replaced by themselves every month, unless settings say
    otherwise.

    Args:
        pool_id (str): Identity of the pool.
        body (Act | Unset): Why something is done.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TokenRotationResponse
    """

    return (
        await asyncio_detailed(
            pool_id=pool_id,
            client=client,
            body=body,
        )
    ).parsed
