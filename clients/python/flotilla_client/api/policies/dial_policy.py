from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.dial_request import DialRequest
from ...models.dial_response import DialResponse
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: DialRequest,
    user: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    json_user: None | str | Unset
    if isinstance(user, Unset):
        json_user = UNSET
    else:
        json_user = user
    params["user"] = json_user

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/policies/dial",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> DialResponse | Problem | None:
    if response.status_code == 200:
        response_200 = DialResponse.from_dict(response.json())

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
) -> Response[DialResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: DialRequest,
    user: None | str | Unset = UNSET,
) -> Response[DialResponse | Problem]:
    """The document of a risk dial

     The whole document for a dial from 0 to 100, or a preset: with x = dial / 100 every figure is
    careful + (bold - careful) * x, so a higher dial tightens nothing. Nothing is changed: put the
    document to
    `/policies/default` once you have seen it; its `preview` tells what it would do to open trades.

    Args:
        user (None | str | Unset): Id or name of another user, for administrators.
        body (DialRequest): A dial, or a preset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DialResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        user=user,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: DialRequest,
    user: None | str | Unset = UNSET,
) -> DialResponse | Problem | None:
    """The document of a risk dial

     The whole document for a dial from 0 to 100, or a preset: with x = dial / 100 every figure is
    careful + (bold - careful) * x, so a higher dial tightens nothing. Nothing is changed: put the
    document to
    `/policies/default` once you have seen it; its `preview` tells what it would do to open trades.

    Args:
        user (None | str | Unset): Id or name of another user, for administrators.
        body (DialRequest): A dial, or a preset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DialResponse | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        user=user,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: DialRequest,
    user: None | str | Unset = UNSET,
) -> Response[DialResponse | Problem]:
    """The document of a risk dial

     The whole document for a dial from 0 to 100, or a preset: with x = dial / 100 every figure is
    careful + (bold - careful) * x, so a higher dial tightens nothing. Nothing is changed: put the
    document to
    `/policies/default` once you have seen it; its `preview` tells what it would do to open trades.

    Args:
        user (None | str | Unset): Id or name of another user, for administrators.
        body (DialRequest): A dial, or a preset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DialResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        user=user,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: DialRequest,
    user: None | str | Unset = UNSET,
) -> DialResponse | Problem | None:
    """The document of a risk dial

     The whole document for a dial from 0 to 100, or a preset: with x = dial / 100 every figure is
    careful + (bold - careful) * x, so a higher dial tightens nothing. Nothing is changed: put the
    document to
    `/policies/default` once you have seen it; its `preview` tells what it would do to open trades.

    Args:
        user (None | str | Unset): Id or name of another user, for administrators.
        body (DialRequest): A dial, or a preset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DialResponse | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            user=user,
        )
    ).parsed
