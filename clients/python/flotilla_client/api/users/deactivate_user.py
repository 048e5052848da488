from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.deactivated_response import DeactivatedResponse
from ...models.problem import Problem
from ...models.user_deactivate import UserDeactivate
from ...types import Response


def _get_kwargs(
    user_id: str,
    *,
    body: UserDeactivate,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/users/{user_id}/deactivate".format(
            user_id=quote(str(user_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> DeactivatedResponse | Problem | None:
    if response.status_code == 200:
        response_200 = DeactivatedResponse.from_dict(response.json())

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
) -> Response[DeactivatedResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: UserDeactivate,
) -> Response[DeactivatedResponse | Problem]:
    """Let a user in no more

     Ends his sessions, his API tokens and, within a second, what he has open. His live bots order
    nothing new until
    he is let in again, and exit under their rules as before; an entry that rests at the exchange may
    still fill. Dry
    ones go on, unless `halt` is set: then none opens anything until somebody releases them. The last
    active
    administrator stays.

    Args:
        user_id (str): Identity of the user, or his name.
        body (UserDeactivate): How somebody is let in no more.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeactivatedResponse | Problem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: UserDeactivate,
) -> DeactivatedResponse | Problem | None:
    """Let a user in no more

     Ends his sessions, his API tokens and, within a second, what he has open. His live bots order
    nothing new until
    he is let in again, and exit under their rules as before; an entry that rests at the exchange may
    still fill. Dry
    ones go on, unless `halt` is set: then none opens anything until somebody releases them. The last
    active
    administrator stays.

    Args:
        user_id (str): Identity of the user, or his name.
        body (UserDeactivate): How somebody is let in no more.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeactivatedResponse | Problem
    """

    return sync_detailed(
        user_id=user_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: UserDeactivate,
) -> Response[DeactivatedResponse | Problem]:
    """Let a user in no more

     Ends his sessions, his API tokens and, within a second, what he has open. His live bots order
    nothing new until
    he is let in again, and exit under their rules as before; an entry that rests at the exchange may
    still fill. Dry
    ones go on, unless `halt` is set: then none opens anything until somebody releases them. The last
    active
    administrator stays.

    Args:
        user_id (str): Identity of the user, or his name.
        body (UserDeactivate): How somebody is let in no more.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeactivatedResponse | Problem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: UserDeactivate,
) -> DeactivatedResponse | Problem | None:
    """Let a user in no more

     Ends his sessions, his API tokens and, within a second, what he has open. His live bots order
    nothing new until
    he is let in again, and exit under their rules as before; an entry that rests at the exchange may
    still fill. Dry
    ones go on, unless `halt` is set: then none opens anything until somebody releases them. The last
    active
    administrator stays.

    Args:
        user_id (str): Identity of the user, or his name.
        body (UserDeactivate): How somebody is let in no more.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeactivatedResponse | Problem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            client=client,
            body=body,
        )
    ).parsed
