from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.policy_response import PolicyResponse
from ...models.problem import Problem
from ...models.revert_request import RevertRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: RevertRequest,
    confirm: bool | Unset = False,
    if_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["if-match"] = if_match

    params: dict[str, Any] = {}

    params["confirm"] = confirm

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/policies/guardrails/revert",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PolicyResponse | Problem | None:
    if response.status_code == 200:
        response_200 = PolicyResponse.from_dict(response.json())

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
) -> Response[PolicyResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: RevertRequest,
    confirm: bool | Unset = False,
    if_match: str | Unset = UNSET,
) -> Response[PolicyResponse | Problem]:
    """Bring back a version of what binds every policy

     A new version with what the old one said; refused as a PUT of it would be.

    Args:
        confirm (bool | Unset): Go on although open trades would be closed at once. Default:
            False.
        if_match (str | Unset):
        body (RevertRequest): Which version to bring back.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PolicyResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        confirm=confirm,
        if_match=if_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: RevertRequest,
    confirm: bool | Unset = False,
    if_match: str | Unset = UNSET,
) -> PolicyResponse | Problem | None:
    """Bring back a version of what binds every policy

     A new version with what the old one said; refused as a PUT of it would be.

    Args:
        confirm (bool | Unset): Go on although open trades would be closed at once. Default:
            False.
        if_match (str | Unset):
        body (RevertRequest): Which version to bring back.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PolicyResponse | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        confirm=confirm,
        if_match=if_match,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: RevertRequest,
    confirm: bool | Unset = False,
    if_match: str | Unset = UNSET,
) -> Response[PolicyResponse | Problem]:
    """Bring back a version of what binds every policy

     A new version with what the old one said; refused as a PUT of it would be.

    Args:
        confirm (bool | Unset): Go on although open trades would be closed at once. Default:
            False.
        if_match (str | Unset):
        body (RevertRequest): Which version to bring back.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PolicyResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        confirm=confirm,
        if_match=if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: RevertRequest,
    confirm: bool | Unset = False,
    if_match: str | Unset = UNSET,
) -> PolicyResponse | Problem | None:
    """Bring back a version of what binds every policy

     A new version with what the old one said; refused as a PUT of it would be.

    Args:
        confirm (bool | Unset): Go on although open trades would be closed at once. Default:
            False.
        if_match (str | Unset):
        body (RevertRequest): Which version to bring back.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PolicyResponse | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            confirm=confirm,
            if_match=if_match,
        )
    ).parsed
