import datetime
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.audit_page import AuditPage
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    subject: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    tenant: None | str | Unset = UNSET,
    action: None | str | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_subject: None | str | Unset
    if isinstance(subject, Unset):
        json_subject = UNSET
    else:
        json_subject = subject
    params["subject"] = json_subject

    json_actor: None | str | Unset
    if isinstance(actor, Unset):
        json_actor = UNSET
    else:
        json_actor = actor
    params["actor"] = json_actor

    json_tenant: None | str | Unset
    if isinstance(tenant, Unset):
        json_tenant = UNSET
    else:
        json_tenant = tenant
    params["tenant"] = json_tenant

    json_action: None | str | Unset
    if isinstance(action, Unset):
        json_action = UNSET
    else:
        json_action = action
    params["action"] = json_action

    json_since: None | str | Unset
    if isinstance(since, Unset):
        json_since = UNSET
    elif isinstance(since, datetime.datetime):
        json_since = since.isoformat()
    else:
        json_since = since
    params["since"] = json_since

    json_until: None | str | Unset
    if isinstance(until, Unset):
        json_until = UNSET
    elif isinstance(until, datetime.datetime):
        json_until = until.isoformat()
    else:
        json_until = until
    params["until"] = json_until

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
        "url": "/api/v1/audit",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AuditPage | Problem | None:
    if response.status_code == 200:
        response_200 = AuditPage.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AuditPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    subject: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    tenant: None | str | Unset = UNSET,
    action: None | str | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[AuditPage | Problem]:
    """What was done

     Newest first. A user sees what concerns him and his bots, whoever did it.

    Args:
        subject (None | str | Unset): Only what was done to it.
        actor (None | str | Unset): Only what that user did.
        tenant (None | str | Unset): Whose: a user's id, or `fleet` for what concerns no one user.
            Others than one's own are for administrators, whom leaving it out gives all.
        action (None | str | Unset): Only this act, or with a noun alone everything of it: `bot`
            for `bot.start`, `bot.stop`, …
        since (datetime.datetime | None | Unset): Only from then on.
        until (datetime.datetime | None | Unset): Only before then.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AuditPage | Problem]
    """

    kwargs = _get_kwargs(
        subject=subject,
        actor=actor,
        tenant=tenant,
        action=action,
        since=since,
        until=until,
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
    subject: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    tenant: None | str | Unset = UNSET,
    action: None | str | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> AuditPage | Problem | None:
    """What was done

     Newest first. A user sees what concerns him and his bots, whoever did it.

    Args:
        subject (None | str | Unset): Only what was done to it.
        actor (None | str | Unset): Only what that user did.
        tenant (None | str | Unset): Whose: a user's id, or `fleet` for what concerns no one user.
            Others than one's own are for administrators, whom leaving it out gives all.
        action (None | str | Unset): Only this act, or with a noun alone everything of it: `bot`
            for `bot.start`, `bot.stop`, …
        since (datetime.datetime | None | Unset): Only from then on.
        until (datetime.datetime | None | Unset): Only before then.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AuditPage | Problem
    """

    return sync_detailed(
        client=client,
        subject=subject,
        actor=actor,
        tenant=tenant,
        action=action,
        since=since,
        until=until,
        limit=limit,
        after=after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    subject: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    tenant: None | str | Unset = UNSET,
    action: None | str | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[AuditPage | Problem]:
    """What was done

     Newest first. A user sees what concerns him and his bots, whoever did it.

    Args:
        subject (None | str | Unset): Only what was done to it.
        actor (None | str | Unset): Only what that user did.
        tenant (None | str | Unset): Whose: a user's id, or `fleet` for what concerns no one user.
            Others than one's own are for administrators, whom leaving it out gives all.
        action (None | str | Unset): Only this act, or with a noun alone everything of it: `bot`
            for `bot.start`, `bot.stop`, …
        since (datetime.datetime | None | Unset): Only from then on.
        until (datetime.datetime | None | Unset): Only before then.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AuditPage | Problem]
    """

    kwargs = _get_kwargs(
        subject=subject,
        actor=actor,
        tenant=tenant,
        action=action,
        since=since,
        until=until,
        limit=limit,
        after=after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    subject: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    tenant: None | str | Unset = UNSET,
    action: None | str | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    until: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> AuditPage | Problem | None:
    """What was done

     Newest first. A user sees what concerns him and his bots, whoever did it.

    Args:
        subject (None | str | Unset): Only what was done to it.
        actor (None | str | Unset): Only what that user did.
        tenant (None | str | Unset): Whose: a user's id, or `fleet` for what concerns no one user.
            Others than one's own are for administrators, whom leaving it out gives all.
        action (None | str | Unset): Only this act, or with a noun alone everything of it: `bot`
            for `bot.start`, `bot.stop`, …
        since (datetime.datetime | None | Unset): Only from then on.
        until (datetime.datetime | None | Unset): Only before then.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AuditPage | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            subject=subject,
            actor=actor,
            tenant=tenant,
            action=action,
            since=since,
            until=until,
            limit=limit,
            after=after,
        )
    ).parsed
