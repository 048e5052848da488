from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    provider: str,
    *,
    state: str | Unset = "",
    code: str | Unset = "",
    iss: None | str | Unset = UNSET,
    error: str | Unset = "",
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["state"] = state

    params["code"] = code

    json_iss: None | str | Unset
    if isinstance(iss, Unset):
        json_iss = UNSET
    else:
        json_iss = iss
    params["iss"] = json_iss

    params["error"] = error

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/auth/oidc/{provider}/callback".format(
            provider=quote(str(provider), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | Problem | None:
    if response.status_code == 303:
        response_303 = cast(Any, None)
        return response_303

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    provider: str,
    *,
    client: AuthenticatedClient | Client,
    state: str | Unset = "",
    code: str | Unset = "",
    iss: None | str | Unset = UNSET,
    error: str | Unset = "",
) -> Response[Any | Problem]:
    """Come back from a provider

     Where the provider sends the browser. Signs it in as a sign-in with a password does, with the
    refresh token as a
    cookie, and sends it on to the portal, also where it was refused. The provider's sign-in is whole:
    no second factor
    is asked for.

    Args:
        provider (str): Identity of the provider.
        state (str | Unset): Ours, as it was sent. Default: ''.
        code (str | Unset): The provider's. Default: ''.
        iss (None | str | Unset): The provider.
        error (str | Unset): Why not. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        provider=provider,
        state=state,
        code=code,
        iss=iss,
        error=error,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    provider: str,
    *,
    client: AuthenticatedClient | Client,
    state: str | Unset = "",
    code: str | Unset = "",
    iss: None | str | Unset = UNSET,
    error: str | Unset = "",
) -> Any | Problem | None:
    """Come back from a provider

     Where the provider sends the browser. Signs it in as a sign-in with a password does, with the
    refresh token as a
    cookie, and sends it on to the portal, also where it was refused. The provider's sign-in is whole:
    no second factor
    is asked for.

    Args:
        provider (str): Identity of the provider.
        state (str | Unset): Ours, as it was sent. Default: ''.
        code (str | Unset): The provider's. Default: ''.
        iss (None | str | Unset): The provider.
        error (str | Unset): Why not. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return sync_detailed(
        provider=provider,
        client=client,
        state=state,
        code=code,
        iss=iss,
        error=error,
    ).parsed


async def asyncio_detailed(
    provider: str,
    *,
    client: AuthenticatedClient | Client,
    state: str | Unset = "",
    code: str | Unset = "",
    iss: None | str | Unset = UNSET,
    error: str | Unset = "",
) -> Response[Any | Problem]:
    """Come back from a provider

     Where the provider sends the browser. Signs it in as a sign-in with a password does, with the
    refresh token as a
    cookie, and sends it on to the portal, also where it was refused. The provider's sign-in is whole:
    no second factor
    is asked for.

    Args:
        provider (str): Identity of the provider.
        state (str | Unset): Ours, as it was sent. Default: ''.
        code (str | Unset): The provider's. Default: ''.
        iss (None | str | Unset): The provider.
        error (str | Unset): Why not. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        provider=provider,
        state=state,
        code=code,
        iss=iss,
        error=error,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    provider: str,
    *,
    client: AuthenticatedClient | Client,
    state: str | Unset = "",
    code: str | Unset = "",
    iss: None | str | Unset = UNSET,
    error: str | Unset = "",
) -> Any | Problem | None:
    """Come back from a provider

     Where the provider sends the browser. Signs it in as a sign-in with a password does, with the
    refresh token as a
    cookie, and sends it on to the portal, also where it was refused. The provider's sign-in is whole:
    no second factor
    is asked for.

    Args:
        provider (str): Identity of the provider.
        state (str | Unset): Ours, as it was sent. Default: ''.
        code (str | Unset): The provider's. Default: ''.
        iss (None | str | Unset): The provider.
        error (str | Unset): Why not. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return (
        await asyncio_detailed(
            provider=provider,
            client=client,
            state=state,
            code=code,
            iss=iss,
            error=error,
        )
    ).parsed
