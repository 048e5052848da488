from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bot_create import BotCreate
from ...models.bot_response import BotResponse
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: BotCreate,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["idempotency-key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/bots",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> BotResponse | Problem | None:
    if response.status_code == 201:
        response_201 = BotResponse.from_dict(response.json())

        return response_201

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

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
) -> Response[BotResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: BotCreate,
    idempotency_key: str | Unset = UNSET,
) -> Response[BotResponse | Problem]:
    """Create a bot

     Creates a bot that shall run; it starts as soon as a pool has a place for it. What the request
    leaves out comes
    from the template; one of a strategy of your own stays at the version that you name. Where the
    exchange cannot be
    asked for its pairs, the bot waits in a visible condition. One that trades live (`dry_run: false`)
    needs an
    administrator's leave, the wallet of an exchange account, its own name as `confirm_live`, and a
    proof of who you
    are.

    Args:
        idempotency_key (str | Unset):
        body (BotCreate): A new bot of a template, or of a strategy of your own. Everything but
            `name` and one of the two has a default.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BotResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: BotCreate,
    idempotency_key: str | Unset = UNSET,
) -> BotResponse | Problem | None:
    """Create a bot

     Creates a bot that shall run; it starts as soon as a pool has a place for it. What the request
    leaves out comes
    from the template; one of a strategy of your own stays at the version that you name. Where the
    exchange cannot be
    asked for its pairs, the bot waits in a visible condition. One that trades live (`dry_run: false`)
    needs an
    administrator's leave, the wallet of an exchange account, its own name as `confirm_live`, and a
    proof of who you
    are.

    Args:
        idempotency_key (str | Unset):
        body (BotCreate): A new bot of a template, or of a strategy of your own. Everything but
            `name` and one of the two has a default.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BotResponse | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: BotCreate,
    idempotency_key: str | Unset = UNSET,
) -> Response[BotResponse | Problem]:
    """Create a bot

     Creates a bot that shall run; it starts as soon as a pool has a place for it. What the request
    leaves out comes
    from the template; one of a strategy of your own stays at the version that you name. Where the
    exchange cannot be
    asked for its pairs, the bot waits in a visible condition. One that trades live (`dry_run: false`)
    needs an
    administrator's leave, the wallet of an exchange account, its own name as `confirm_live`, and a
    proof of who you
    are.

    Args:
        idempotency_key (str | Unset):
        body (BotCreate): A new bot of a template, or of a strategy of your own. Everything but
            `name` and one of the two has a default.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BotResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: BotCreate,
    idempotency_key: str | Unset = UNSET,
) -> BotResponse | Problem | None:
    """Create a bot

     Creates a bot that shall run; it starts as soon as a pool has a place for it. What the request
    leaves out comes
    from the template; one of a strategy of your own stays at the version that you name. Where the
    exchange cannot be
    asked for its pairs, the bot waits in a visible condition. One that trades live (`dry_run: false`)
    needs an
    administrator's leave, the wallet of an exchange account, its own name as `confirm_live`, and a
    proof of who you
    are.

    Args:
        idempotency_key (str | Unset):
        body (BotCreate): A new bot of a template, or of a strategy of your own. Everything but
            `name` and one of the two has a default.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BotResponse | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
