from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.verify_response import VerifyResponse
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    tenant: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_tenant: None | str | Unset
    if isinstance(tenant, Unset):
        json_tenant = UNSET
    else:
        json_tenant = tenant
    params["tenant"] = json_tenant

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/audit/verify",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | VerifyResponse | None:
    if response.status_code == 200:
        response_200 = VerifyResponse.from_dict(response.json())

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


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | VerifyResponse]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    tenant: None | str | Unset = UNSET,
) -> Response[Problem | VerifyResponse]:
    """Whether the audit is whole

     Goes along the chain of hashes of each tenant and tells the first place where it does not hold: a
    row that was
    changed, removed, swapped or added, an end that was cut off, a seal that is not this installation's.
    Only a whole
    database that was put back to an earlier moment fits again: against that keep the `hash` of `all`
    elsewhere.

    Args:
        tenant (None | str | Unset): Whose: a user's id, or `fleet` for what concerns no one user.
            Others than one's own are for administrators, whom leaving it out gives all.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | VerifyResponse]
    """

    kwargs = _get_kwargs(
        tenant=tenant,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    tenant: None | str | Unset = UNSET,
) -> Problem | VerifyResponse | None:
    """Whether the audit is whole

     Goes along the chain of hashes of each tenant and tells the first place where it does not hold: a
    row that was
    changed, removed, swapped or added, an end that was cut off, a seal that is not this installation's.
    Only a whole
    database that was put back to an earlier moment fits again: against that keep the `hash` of `all`
    elsewhere.

    Args:
        tenant (None | str | Unset): Whose: a user's id, or `fleet` for what concerns no one user.
            Others than one's own are for administrators, whom leaving it out gives all.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | VerifyResponse
    """

    return sync_detailed(
        client=client,
        tenant=tenant,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    tenant: None | str | Unset = UNSET,
) -> Response[Problem | VerifyResponse]:
    """Whether the audit is whole

     Goes along the chain of hashes of each tenant and tells the first place where it does not hold: a
    row that was
    changed, removed, swapped or added, an end that was cut off, a seal that is not this installation's.
    Only a whole
    database that was put back to an earlier moment fits again: against that keep the `hash` of `all`
    elsewhere.

    Args:
        tenant (None | str | Unset): Whose: a user's id, or `fleet` for what concerns no one user.
            Others than one's own are for administrators, whom leaving it out gives all.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | VerifyResponse]
    """

    kwargs = _get_kwargs(
        tenant=tenant,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    tenant: None | str | Unset = UNSET,
) -> Problem | VerifyResponse | None:
    """Whether the audit is whole

     Goes along the chain of hashes of each tenant and tells the first place where it does not hold: a
    row that was
    changed, removed, swapped or added, an end that was cut off, a seal that is not this installation's.
    Only a whole
    database that was put back to an earlier moment fits again: against that keep the `hash` of `all`
    elsewhere.

    Args:
        tenant (None | str | Unset): Whose: a user's id, or `fleet` for what concerns no one user.
            Others than one's own are for administrators, whom leaving it out gives all.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | VerifyResponse
    """

    return (
        await asyncio_detailed(
            client=client,
            tenant=tenant,
        )
    ).parsed
