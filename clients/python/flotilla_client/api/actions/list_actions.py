import datetime
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.action_page import ActionPage
from ...models.list_actions_kind_type_0 import (
    ListActionsKindType0,
)
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    bot: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    kind: ListActionsKindType0 | None | Unset = UNSET,
    trade: int | None | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_bot: None | str | Unset
    if isinstance(bot, Unset):
        json_bot = UNSET
    else:
        json_bot = bot
    params["bot"] = json_bot

    json_rule: None | str | Unset
    if isinstance(rule, Unset):
        json_rule = UNSET
    else:
        json_rule = rule
    params["rule"] = json_rule

    json_kind: None | str | Unset
    if isinstance(kind, Unset):
        json_kind = UNSET
    elif isinstance(kind, str):
        json_kind = kind
    else:
        json_kind = kind
    params["kind"] = json_kind

    json_trade: int | None | Unset
    if isinstance(trade, Unset):
        json_trade = UNSET
    else:
        json_trade = trade
    params["trade"] = json_trade

    json_since: None | str | Unset
    if isinstance(since, Unset):
        json_since = UNSET
    elif isinstance(since, datetime.datetime):
        json_since = since.isoformat()
    else:
        json_since = since
    params["since"] = json_since

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
        "url": "/api/v1/actions",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ActionPage | Problem | None:
    if response.status_code == 200:
        response_200 = ActionPage.from_dict(response.json())

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


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ActionPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    bot: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    kind: ListActionsKindType0 | None | Unset = UNSET,
    trade: int | None | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[ActionPage | Problem]:
    """What universal rules did and refused

     Newest first. Of your bots and of those shared with you; administrators see everybody's.

    Args:
        bot (None | str | Unset): Only of this bot.
        rule (None | str | Unset): Only what this rule did; of refused entries the limit.
        kind (ListActionsKindType0 | None | Unset): Only what is of this kind.
        trade (int | None | Unset): Only what concerns this trade of the bot.
        since (datetime.datetime | None | Unset): Only what reached a stage since then.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionPage | Problem]
    """

    kwargs = _get_kwargs(
        bot=bot,
        rule=rule,
        kind=kind,
        trade=trade,
        since=since,
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
    bot: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    kind: ListActionsKindType0 | None | Unset = UNSET,
    trade: int | None | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> ActionPage | Problem | None:
    """What universal rules did and refused

     Newest first. Of your bots and of those shared with you; administrators see everybody's.

    Args:
        bot (None | str | Unset): Only of this bot.
        rule (None | str | Unset): Only what this rule did; of refused entries the limit.
        kind (ListActionsKindType0 | None | Unset): Only what is of this kind.
        trade (int | None | Unset): Only what concerns this trade of the bot.
        since (datetime.datetime | None | Unset): Only what reached a stage since then.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionPage | Problem
    """

    return sync_detailed(
        client=client,
        bot=bot,
        rule=rule,
        kind=kind,
        trade=trade,
        since=since,
        limit=limit,
        after=after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    bot: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    kind: ListActionsKindType0 | None | Unset = UNSET,
    trade: int | None | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[ActionPage | Problem]:
    """What universal rules did and refused

     Newest first. Of your bots and of those shared with you; administrators see everybody's.

    Args:
        bot (None | str | Unset): Only of this bot.
        rule (None | str | Unset): Only what this rule did; of refused entries the limit.
        kind (ListActionsKindType0 | None | Unset): Only what is of this kind.
        trade (int | None | Unset): Only what concerns this trade of the bot.
        since (datetime.datetime | None | Unset): Only what reached a stage since then.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionPage | Problem]
    """

    kwargs = _get_kwargs(
        bot=bot,
        rule=rule,
        kind=kind,
        trade=trade,
        since=since,
        limit=limit,
        after=after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    bot: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    kind: ListActionsKindType0 | None | Unset = UNSET,
    trade: int | None | Unset = UNSET,
    since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> ActionPage | Problem | None:
    """What universal rules did and refused

     Newest first. Of your bots and of those shared with you; administrators see everybody's.

    Args:
        bot (None | str | Unset): Only of this bot.
        rule (None | str | Unset): Only what this rule did; of refused entries the limit.
        kind (ListActionsKindType0 | None | Unset): Only what is of this kind.
        trade (int | None | Unset): Only what concerns this trade of the bot.
        since (datetime.datetime | None | Unset): Only what reached a stage since then.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionPage | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            bot=bot,
            rule=rule,
            kind=kind,
            trade=trade,
            since=since,
            limit=limit,
            after=after,
        )
    ).parsed
