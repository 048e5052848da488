from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    ticket: None | str | Unset = UNSET,
    user: None | str | Unset = UNSET,
    changes: bool | Unset = False,
    last_event_id: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(last_event_id, Unset):
        headers["last-event-id"] = last_event_id

    params: dict[str, Any] = {}

    json_ticket: None | str | Unset
    if isinstance(ticket, Unset):
        json_ticket = UNSET
    else:
        json_ticket = ticket
    params["ticket"] = json_ticket

    json_user: None | str | Unset
    if isinstance(user, Unset):
        json_user = UNSET
    else:
        json_user = user
    params["user"] = json_user

    params["changes"] = changes

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/portfolio/stream",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | str | None:
    if response.status_code == 200:
        response_200 = response.text
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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    ticket: None | str | Unset = UNSET,
    user: None | str | Unset = UNSET,
    changes: bool | Unset = False,
    last_event_id: str | Unset = UNSET,
) -> Response[Problem | str]:
    """Live portfolio (Server-Sent Events)

     Sends `portfolio` at connect and when it changed, at most once a second, with the body of `GET
    /portfolio`; `bot`
    when a bot's state changed; `trade` on entry, exit, partial exit and cancel, and with `event: rule`
    on each
    stage of what a universal rule did; `alert`, also of entries that a limit refused. Every event has
    an id. A `trade`
    that closes one has it as `closed`, with the body of an item of `GET /trades`.

    With `changes=true` each portfolio after the first of a connection comes as `change`: `since` is the
    id of the event
    that it builds on, and where that is not the last `portfolio` or `change` you had, ask anew without
    an id. Its other
    fields replace those of the portfolio, but for `bots`, whose entries name a bot by `id` and the
    fields of it that
    are new, and `order`: the ids of all bots there are now, told where they are not the same ones as
    before.

    With `Last-Event-ID` the events since are replayed instead of the portfolio at connect. Where they
    are not
    remembered any more, `reset` comes first, and then a fresh `portfolio`. Comments come when nothing
    else does. A
    client that does not keep up is disconnected and may resume. Browsers open it with `?ticket=` from
    `POST /api/v1/auth/tickets`.

    Args:
        ticket (None | str | Unset): Single-use ticket for `portfolio`, instead of the
            Authorization header.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.
        changes (bool | Unset): After the first `portfolio` of a connection, tell what changed in
            it alone, as `change`. Default: False.
        last_event_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        ticket=ticket,
        user=user,
        changes=changes,
        last_event_id=last_event_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    ticket: None | str | Unset = UNSET,
    user: None | str | Unset = UNSET,
    changes: bool | Unset = False,
    last_event_id: str | Unset = UNSET,
) -> Problem | str | None:
    """Live portfolio (Server-Sent Events)

     Sends `portfolio` at connect and when it changed, at most once a second, with the body of `GET
    /portfolio`; `bot`
    when a bot's state changed; `trade` on entry, exit, partial exit and cancel, and with `event: rule`
    on each
    stage of what a universal rule did; `alert`, also of entries that a limit refused. Every event has
    an id. A `trade`
    that closes one has it as `closed`, with the body of an item of `GET /trades`.

    With `changes=true` each portfolio after the first of a connection comes as `change`: `since` is the
    id of the event
    that it builds on, and where that is not the last `portfolio` or `change` you had, ask anew without
    an id. Its other
    fields replace those of the portfolio, but for `bots`, whose entries name a bot by `id` and the
    fields of it that
    are new, and `order`: the ids of all bots there are now, told where they are not the same ones as
    before.

    With `Last-Event-ID` the events since are replayed instead of the portfolio at connect. Where they
    are not
    remembered any more, `reset` comes first, and then a fresh `portfolio`. Comments come when nothing
    else does. A
    client that does not keep up is disconnected and may resume. Browsers open it with `?ticket=` from
    `POST /api/v1/auth/tickets`.

    Args:
        ticket (None | str | Unset): Single-use ticket for `portfolio`, instead of the
            Authorization header.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.
        changes (bool | Unset): After the first `portfolio` of a connection, tell what changed in
            it alone, as `change`. Default: False.
        last_event_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return sync_detailed(
        client=client,
        ticket=ticket,
        user=user,
        changes=changes,
        last_event_id=last_event_id,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    ticket: None | str | Unset = UNSET,
    user: None | str | Unset = UNSET,
    changes: bool | Unset = False,
    last_event_id: str | Unset = UNSET,
) -> Response[Problem | str]:
    """Live portfolio (Server-Sent Events)

     Sends `portfolio` at connect and when it changed, at most once a second, with the body of `GET
    /portfolio`; `bot`
    when a bot's state changed; `trade` on entry, exit, partial exit and cancel, and with `event: rule`
    on each
    stage of what a universal rule did; `alert`, also of entries that a limit refused. Every event has
    an id. A `trade`
    that closes one has it as `closed`, with the body of an item of `GET /trades`.

    With `changes=true` each portfolio after the first of a connection comes as `change`: `since` is the
    id of the event
    that it builds on, and where that is not the last `portfolio` or `change` you had, ask anew without
    an id. Its other
    fields replace those of the portfolio, but for `bots`, whose entries name a bot by `id` and the
    fields of it that
    are new, and `order`: the ids of all bots there are now, told where they are not the same ones as
    before.

    With `Last-Event-ID` the events since are replayed instead of the portfolio at connect. Where they
    are not
    remembered any more, `reset` comes first, and then a fresh `portfolio`. Comments come when nothing
    else does. A
    client that does not keep up is disconnected and may resume. Browsers open it with `?ticket=` from
    `POST /api/v1/auth/tickets`.

    Args:
        ticket (None | str | Unset): Single-use ticket for `portfolio`, instead of the
            Authorization header.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.
        changes (bool | Unset): After the first `portfolio` of a connection, tell what changed in
            it alone, as `change`. Default: False.
        last_event_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        ticket=ticket,
        user=user,
        changes=changes,
        last_event_id=last_event_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    ticket: None | str | Unset = UNSET,
    user: None | str | Unset = UNSET,
    changes: bool | Unset = False,
    last_event_id: str | Unset = UNSET,
) -> Problem | str | None:
    """Live portfolio (Server-Sent Events)

     Sends `portfolio` at connect and when it changed, at most once a second, with the body of `GET
    /portfolio`; `bot`
    when a bot's state changed; `trade` on entry, exit, partial exit and cancel, and with `event: rule`
    on each
    stage of what a universal rule did; `alert`, also of entries that a limit refused. Every event has
    an id. A `trade`
    that closes one has it as `closed`, with the body of an item of `GET /trades`.

    With `changes=true` each portfolio after the first of a connection comes as `change`: `since` is the
    id of the event
    that it builds on, and where that is not the last `portfolio` or `change` you had, ask anew without
    an id. Its other
    fields replace those of the portfolio, but for `bots`, whose entries name a bot by `id` and the
    fields of it that
    are new, and `order`: the ids of all bots there are now, told where they are not the same ones as
    before.

    With `Last-Event-ID` the events since are replayed instead of the portfolio at connect. Where they
    are not
    remembered any more, `reset` comes first, and then a fresh `portfolio`. Comments come when nothing
    else does. A
    client that does not keep up is disconnected and may resume. Browsers open it with `?ticket=` from
    `POST /api/v1/auth/tickets`.

    Args:
        ticket (None | str | Unset): Single-use ticket for `portfolio`, instead of the
            Authorization header.
        user (None | str | Unset): Id or name of a user whose whole portfolio is shared with you;
            administrators: of any.
        changes (bool | Unset): After the first `portfolio` of a connection, tell what changed in
            it alone, as `change`. Default: False.
        last_event_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return (
        await asyncio_detailed(
            client=client,
            ticket=ticket,
            user=user,
            changes=changes,
            last_event_id=last_event_id,
        )
    ).parsed
