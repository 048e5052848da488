from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.entry_kind import EntryKind
from ...models.problem import Problem
from ...models.statement_page import StatementPage
from ...types import UNSET, Response, Unset


def _get_kwargs(
    wallet_id: str,
    *,
    bot_id: None | str | Unset = UNSET,
    kind: list[EntryKind] | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_bot_id: None | str | Unset
    if isinstance(bot_id, Unset):
        json_bot_id = UNSET
    else:
        json_bot_id = bot_id
    params["bot_id"] = json_bot_id

    json_kind: list[str] | None | Unset
    if isinstance(kind, Unset):
        json_kind = UNSET
    elif isinstance(kind, list):
        json_kind = []
        for kind_type_0_item_data in kind:
            kind_type_0_item: str = kind_type_0_item_data
            json_kind.append(kind_type_0_item)

    else:
        json_kind = kind
    params["kind"] = json_kind

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
        "url": "/api/v1/wallets/{wallet_id}/statement".format(
            wallet_id=quote(str(wallet_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | StatementPage | None:
    if response.status_code == 200:
        response_200 = StatementPage.from_dict(response.json())

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
) -> Response[Problem | StatementPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    wallet_id: str,
    *,
    client: AuthenticatedClient,
    bot_id: None | str | Unset = UNSET,
    kind: list[EntryKind] | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[Problem | StatementPage]:
    """What moved

     Transactions with their postings, newest first.

    Args:
        wallet_id (str): Identity of the wallet.
        bot_id (None | str | Unset): Only of this bot.
        kind (list[EntryKind] | None | Unset): Only these kinds.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StatementPage]
    """

    kwargs = _get_kwargs(
        wallet_id=wallet_id,
        bot_id=bot_id,
        kind=kind,
        limit=limit,
        after=after,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    wallet_id: str,
    *,
    client: AuthenticatedClient,
    bot_id: None | str | Unset = UNSET,
    kind: list[EntryKind] | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Problem | StatementPage | None:
    """What moved

     Transactions with their postings, newest first.

    Args:
        wallet_id (str): Identity of the wallet.
        bot_id (None | str | Unset): Only of this bot.
        kind (list[EntryKind] | None | Unset): Only these kinds.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StatementPage
    """

    return sync_detailed(
        wallet_id=wallet_id,
        client=client,
        bot_id=bot_id,
        kind=kind,
        limit=limit,
        after=after,
    ).parsed


async def asyncio_detailed(
    wallet_id: str,
    *,
    client: AuthenticatedClient,
    bot_id: None | str | Unset = UNSET,
    kind: list[EntryKind] | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Response[Problem | StatementPage]:
    """What moved

     Transactions with their postings, newest first.

    Args:
        wallet_id (str): Identity of the wallet.
        bot_id (None | str | Unset): Only of this bot.
        kind (list[EntryKind] | None | Unset): Only these kinds.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StatementPage]
    """

    kwargs = _get_kwargs(
        wallet_id=wallet_id,
        bot_id=bot_id,
        kind=kind,
        limit=limit,
        after=after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    wallet_id: str,
    *,
    client: AuthenticatedClient,
    bot_id: None | str | Unset = UNSET,
    kind: list[EntryKind] | None | Unset = UNSET,
    limit: int | Unset = 50,
    after: None | str | Unset = UNSET,
) -> Problem | StatementPage | None:
    """What moved

     Transactions with their postings, newest first.

    Args:
        wallet_id (str): Identity of the wallet.
        bot_id (None | str | Unset): Only of this bot.
        kind (list[EntryKind] | None | Unset): Only these kinds.
        limit (int | Unset): How many items at most. Default: 50.
        after (None | str | Unset): The `next` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StatementPage
    """

    return (
        await asyncio_detailed(
            wallet_id=wallet_id,
            client=client,
            bot_id=bot_id,
            kind=kind,
            limit=limit,
            after=after,
        )
    ).parsed
