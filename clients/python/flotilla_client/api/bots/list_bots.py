from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bot_page import BotPage
from ...models.desired_state import DesiredState
from ...models.observed_state import ObservedState
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    name: None | str | Unset = UNSET,
    template: None | str | Unset = UNSET,
    desired_state: DesiredState | None | Unset = UNSET,
    observed_state: None | ObservedState | Unset = UNSET,
    pool: None | str | Unset = UNSET,
    everybody: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_name: None | str | Unset
    if isinstance(name, Unset):
        json_name = UNSET
    else:
        json_name = name
    params["name"] = json_name

    json_template: None | str | Unset
    if isinstance(template, Unset):
        json_template = UNSET
    else:
        json_template = template
    params["template"] = json_template

    json_desired_state: None | str | Unset
    if isinstance(desired_state, Unset):
        json_desired_state = UNSET
    elif isinstance(desired_state, str):
        json_desired_state = desired_state
    else:
        json_desired_state = desired_state
    params["desired_state"] = json_desired_state

    json_observed_state: None | str | Unset
    if isinstance(observed_state, Unset):
        json_observed_state = UNSET
    elif isinstance(observed_state, str):
        json_observed_state = observed_state
    else:
        json_observed_state = observed_state
    params["observed_state"] = json_observed_state

    json_pool: None | str | Unset
    if isinstance(pool, Unset):
        json_pool = UNSET
    else:
        json_pool = pool
    params["pool"] = json_pool

    params["everybody"] = everybody

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
        "url": "/api/v1/bots",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> BotPage | Problem | None:
    if response.status_code == 200:
        response_200 = BotPage.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[BotPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    name: None | str | Unset = UNSET,
    template: None | str | Unset = UNSET,
    desired_state: DesiredState | None | Unset = UNSET,
    observed_state: None | ObservedState | Unset = UNSET,
    pool: None | str | Unset = UNSET,
    everybody: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[BotPage | Problem]:
    """List bots

     Your bots, and those that others share with you, in the order of their creation.

    Args:
        name (None | str | Unset): Part of the name.
        template (None | str | Unset): Template.
        desired_state (DesiredState | None | Unset): Wanted state.
        observed_state (None | ObservedState | Unset): Seen state.
        pool (None | str | Unset): Pool.
        everybody (bool | Unset): Everybody's, for administrators; of no effect for others.
            Default: False.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BotPage | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        template=template,
        desired_state=desired_state,
        observed_state=observed_state,
        pool=pool,
        everybody=everybody,
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
    name: None | str | Unset = UNSET,
    template: None | str | Unset = UNSET,
    desired_state: DesiredState | None | Unset = UNSET,
    observed_state: None | ObservedState | Unset = UNSET,
    pool: None | str | Unset = UNSET,
    everybody: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> BotPage | Problem | None:
    """List bots

     Your bots, and those that others share with you, in the order of their creation.

    Args:
        name (None | str | Unset): Part of the name.
        template (None | str | Unset): Template.
        desired_state (DesiredState | None | Unset): Wanted state.
        observed_state (None | ObservedState | Unset): Seen state.
        pool (None | str | Unset): Pool.
        everybody (bool | Unset): Everybody's, for administrators; of no effect for others.
            Default: False.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BotPage | Problem
    """

    return sync_detailed(
        client=client,
        name=name,
        template=template,
        desired_state=desired_state,
        observed_state=observed_state,
        pool=pool,
        everybody=everybody,
        limit=limit,
        after=after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    name: None | str | Unset = UNSET,
    template: None | str | Unset = UNSET,
    desired_state: DesiredState | None | Unset = UNSET,
    observed_state: None | ObservedState | Unset = UNSET,
    pool: None | str | Unset = UNSET,
    everybody: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[BotPage | Problem]:
    """List bots

     Your bots, and those that others share with you, in the order of their creation.

    Args:
        name (None | str | Unset): Part of the name.
        template (None | str | Unset): Template.
        desired_state (DesiredState | None | Unset): Wanted state.
        observed_state (None | ObservedState | Unset): Seen state.
        pool (None | str | Unset): Pool.
        everybody (bool | Unset): Everybody's, for administrators; of no effect for others.
            Default: False.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BotPage | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        template=template,
        desired_state=desired_state,
        observed_state=observed_state,
        pool=pool,
        everybody=everybody,
        limit=limit,
        after=after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    name: None | str | Unset = UNSET,
    template: None | str | Unset = UNSET,
    desired_state: DesiredState | None | Unset = UNSET,
    observed_state: None | ObservedState | Unset = UNSET,
    pool: None | str | Unset = UNSET,
    everybody: bool | Unset = False,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> BotPage | Problem | None:
    """List bots

     Your bots, and those that others share with you, in the order of their creation.

    Args:
        name (None | str | Unset): Part of the name.
        template (None | str | Unset): Template.
        desired_state (DesiredState | None | Unset): Wanted state.
        observed_state (None | ObservedState | Unset): Seen state.
        pool (None | str | Unset): Pool.
        everybody (bool | Unset): Everybody's, for administrators; of no effect for others.
            Default: False.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BotPage | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            name=name,
            template=template,
            desired_state=desired_state,
            observed_state=observed_state,
            pool=pool,
            everybody=everybody,
            limit=limit,
            after=after,
        )
    ).parsed
