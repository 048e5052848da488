"""Rolling a new image out, pool by pool. Pure: `advance` takes what is, and answers what to do next.

Each old pool has a leg. Its replacement is made and awaited; one bot is moved, the canary, and looked at; then the
others one after another, each looked at the same way; then the old pool is removed (its disk stays until it is purged).
A bot is well when it is in the state that its user wants and reports again, has no condition that it cannot get out of,
and has every trade that it had: those open before are open still or were closed since. Bots that did not run well
before, stopped ones too, are moved, but not judged; nor is one that its user changed meanwhile.

A bot that cannot be moved is no fault of the image where its source does not hand it over (too large, say), where it
may not go into the new pool, or where it did not run well before. It stays where it is; so does its pool then, which
takes no other bots, and the others go on.

The first bot that is not well stops everything: it goes back to its old pool, which takes bots again, and the
replacement takes none any more. What was moved before stays until an administrator rolls back, which is the same walk
in the other direction, with a new pool of the former image where the old one is gone; nobody is judged then.

All steps are rows of the same database, so a step and the progress that tells of it are one transaction, and any
control plane can go on where another one ended.
"""

from datetime import datetime

from orchestrator.pools.rollout_facts import (
    ABORT,
    ROLL_BACK,
    AbandonMove,
    BotFacts,
    Cordon,
    CreatePool,
    Leg,
    Limits,
    MoveBot,
    MoveFacts,
    Phase,
    Progress,
    RemovePool,
    State,
    Step,
    Trades,
    Trial,
    Uncordon,
    World,
)


def advance(progress: Progress, world: World, limits: Limits) -> Step:
    """One step. The progress that is handed in is left as it was."""
    step = Step(progress.copy())
    current = step.progress
    if current.state == State.RUNNING and current.wish in (ABORT, ROLL_BACK):
        _stop(step, world, None)
    elif current.state == State.ROLLING_BACK and current.wish == ABORT:
        _end(step, world, None)
    elif current.state in (State.STOPPED, State.ABORTED, State.DONE) and current.wish == ROLL_BACK:
        _turn(step, world)
    elif current.state == State.STOPPING:
        _stopping(step, world, limits)
    elif current.state in (State.RUNNING, State.ROLLING_BACK):
        _walk(step, world, limits)
    return step


def lost(before: Trades | None, after: Trades | None) -> list[int]:
    """Trades that were open before, and are neither open nor closed now."""
    if before is None or after is None:
        return []
    missing = sorted(set(before.open_ids) - set(after.open_ids))
    return missing if len(missing) > after.closed - before.closed else []


def refused(progress: Progress, world: World, reason: str, bot_id: str | None = None) -> Step:
    """The step after acts that were refused for good. `bot_id` is whose move alone was."""
    step = Step(progress.copy())
    leg = _current(step.progress)
    moving = leg is not None and progress.state in (State.RUNNING, State.ROLLING_BACK)
    if bot_id is not None and leg is not None and moving and _lives(world, leg.target_pool_id or ""):
        _leave(step, leg, bot_id, reason)
    elif progress.state == State.RUNNING:
        _stop(step, world, reason)
    else:
        _end(step, world, f"{progress.problem or ''} {reason}".strip())
    return step


# ---- forward


def _walk(step: Step, world: World, limits: Limits) -> None:
    progress = step.progress
    for number, leg in enumerate(progress.legs):
        if leg.phase == Phase.DONE:
            continue
        source = world.pools.get(leg.source_pool_id)
        if leg.phase == Phase.WAITING and (source is None or not source.alive):
            leg.phase = Phase.DONE  # it went meanwhile: nothing to replace
            continue
        _walk_leg(step, number, leg, world, limits)
        return
    progress.state = State.ROLLED_BACK if progress.state == State.ROLLING_BACK else State.DONE


def _walk_leg(step: Step, number: int, leg: Leg, world: World, limits: Limits) -> None:
    if leg.phase == Phase.WAITING:
        leg.phase, leg.since = Phase.PREPARING, world.now
        step.acts.append(CreatePool(number) if leg.target_pool_id is None else Uncordon(leg.target_pool_id))
        step.acts.append(Cordon(leg.source_pool_id))
    elif leg.phase == Phase.PREPARING:
        _prepare(step, leg, world, limits)
    elif leg.trial is not None:
        _look_at(step, leg, leg.trial, world, limits)
    else:
        _next_bot(step, leg, world)


def _prepare(step: Step, leg: Leg, world: World, limits: Limits) -> None:
    target = world.pools.get(leg.target_pool_id or "")
    if target is None or not target.alive:
        _stop(step, world, f"The new pool {leg.target_pool_id} was removed by somebody.")
    elif target.ready:
        leg.phase, leg.since = Phase.MOVING, world.now
    elif target.hopeless or _late(leg.since, world, limits.ready_seconds):
        told = target.problem or "It did not say why; look at its logs."
        _stop(step, world, f"The new pool {leg.target_pool_id} does not get ready. {told}")


def _next_bot(step: Step, leg: Leg, world: World) -> None:
    target = leg.target_pool_id or ""
    here = {bot_id: bot for bot_id, bot in world.bots.items() if bot.pool_id == leg.source_pool_id}
    under_way = [
        move for move in world.moves.values() if leg.source_pool_id in (move.source_pool_id, move.target_pool_id)
    ]
    if not leg.left.keys() <= here.keys():
        leg.left = {bot_id: why for bot_id, why in leg.left.items() if bot_id in here}
        _tell_left(step.progress)
    if not here and not under_way:
        step.acts.append(RemovePool(leg.source_pool_id))
        leg.phase, leg.since = Phase.DONE, world.now
        return
    staying = {bot_id for bot_id, bot in here.items() if bot.desired != "deleted"}
    waiting = staying - world.moves.keys() - leg.left.keys()
    if not waiting:
        if not under_way and here.keys() == staying:
            leg.phase, leg.since = Phase.DONE, world.now
        return
    chosen = min(waiting, key=lambda bot_id: _canary(here[bot_id], bot_id) if not leg.moved else (False, 0, bot_id))
    bot = here[chosen]
    leg.trial = Trial(
        bot_id=chosen, since=world.now, well_before=_runs_well(bot), trades=bot.trades, generation=bot.generation
    )
    step.acts.append(MoveBot(chosen, target))


def _canary(bot: BotFacts, bot_id: str) -> tuple[bool, int, str]:
    """First goes one that runs, so that there is something to see, with little at stake."""
    return (not _runs_well(bot), len(bot.trades.open_ids) if bot.trades else 0, bot_id)


def _look_at(step: Step, leg: Leg, trial: Trial, world: World, limits: Limits) -> None:
    bot, move = world.bots.get(trial.bot_id), world.moves.get(trial.bot_id)
    if bot is None or bot.desired == "deleted" or bot.pool_id not in (leg.source_pool_id, leg.target_pool_id):
        leg.trial = None  # its user or an administrator took it elsewhere
        return
    if bot.pool_id == leg.source_pool_id:
        trial.trades = bot.trades or trial.trades
        if move is None or move.refused or _late(trial.since, world, limits.move_seconds):
            _not_arrived(step, leg, trial, move, world)
        return
    trial.arrived_at = trial.arrived_at or world.now
    same = trial.generation in (None, bot.generation)
    if not trial.well_before or not same or step.progress.state == State.ROLLING_BACK:
        verdict: bool | str = move is None
    else:
        verdict = _verdict(bot, trial, move is None, world, limits)
    if verdict is True:
        leg.moved.append(trial.bot_id)
        leg.trial = None
    elif isinstance(verdict, str):
        _stop(step, world, verdict)


def _verdict(bot: BotFacts, trial: Trial, moved: bool, world: World, limits: Limits) -> bool | str:
    """True: it is well; False: wait; else what is wrong with it."""
    arrived_at = trial.arrived_at or world.now
    if bot.problem is not None:
        return f"{trial.bot_id} does not get on in the new pool. {bot.problem}"
    if moved and bot.desired == bot.observed == "stopped":
        return True
    fresh = bot.reported_at is not None and bot.reported_at > arrived_at
    if bot.observed == bot.desired and fresh and moved:
        gone = lost(trial.trades, bot.trades)
        shown = ", ".join(str(trade_id) for trade_id in gone)
        return f"{trial.bot_id} lost open trades on the way: {shown}." if gone else True
    if _late(arrived_at, world, limits.start_seconds):
        return f"{trial.bot_id} is {bot.observed}, not {bot.desired}, {limits.start_seconds:g} s after its move."
    return False


def _not_arrived(step: Step, leg: Leg, trial: Trial, move: MoveFacts | None, world: World) -> None:
    """Its own fault, or the new pool's. Rolling back, a move that takes long goes on beside the others, or is given up
    as any other move; the bot is not moved again then."""
    told = "Its move was given up." if move is None else move.problem or "Its move takes too long."
    backward = step.progress.state == State.ROLLING_BACK
    target = world.pools.get(leg.target_pool_id or "")
    fit = target is not None and target.alive and target.ready
    if move is not None and move.refused:
        _leave(step, leg, trial.bot_id, told, abandon=True)
    elif backward or (fit and not trial.well_before):
        _leave(step, leg, trial.bot_id, told, abandon=move is not None and not backward)
    else:
        _stop(step, world, f"{trial.bot_id} cannot be moved. {told}")


def _leave(step: Step, leg: Leg, bot_id: str, why: str, *, abandon: bool = False) -> None:
    """The bot goes on in the source, and the roll-out without it."""
    leg.left[bot_id] = why
    leg.trial = None
    if abandon:
        step.acts.append(AbandonMove(bot_id))
    _tell_left(step.progress)


def _tell_left(progress: Progress) -> None:
    left = [(leg.source_pool_id, bot, told) for leg in progress.legs for bot, told in leg.left.items()]
    progress.problem = " ".join(f"{bot} stays in {pool_id}. {told}" for pool_id, bot, told in left) or None


# ---- stopping


def _stop(step: Step, world: World, reason: str | None) -> None:
    """No further bot is moved; the old pool takes bots again, the new one takes none."""
    progress = step.progress
    if progress.state == State.ROLLING_BACK:
        _end(step, world, reason)
        return
    progress.state, progress.problem = State.STOPPING, reason
    leg = _current(progress)
    if leg is None:
        return
    leg.since = world.now
    if _lives(world, leg.source_pool_id):
        step.acts.append(Uncordon(leg.source_pool_id))
    if leg.target_pool_id is not None and _lives(world, leg.target_pool_id):
        step.acts.append(Cordon(leg.target_pool_id))


def _stopping(step: Step, world: World, limits: Limits) -> None:
    """The bot under way goes back first."""
    leg = _current(step.progress)
    trial = leg.trial if leg is not None else None
    bot = world.bots.get(trial.bot_id) if trial is not None else None
    if leg is None or trial is None or bot is None or bot.desired == "deleted":
        _end(step, world, step.progress.problem)
        return
    move = world.moves.get(trial.bot_id)
    if bot.pool_id == leg.target_pool_id and move is None and _lives(world, leg.source_pool_id):
        step.acts.append(MoveBot(trial.bot_id, leg.source_pool_id))
    elif bot.pool_id == leg.source_pool_id and move is not None and not move.final:
        step.acts.append(AbandonMove(trial.bot_id))
    elif move is None:
        leg.trial = None
        _end(step, world, step.progress.problem)
    elif _late(leg.since, world, limits.move_seconds):
        _end(step, world, f"{step.progress.problem or ''} {trial.bot_id} does not come back by itself.".strip())


def _end(step: Step, world: World, reason: str | None) -> None:
    """A replacement that nobody moved into is of no use."""
    progress = step.progress
    leg = _current(progress)
    if progress.state != State.ROLLING_BACK and leg is not None and leg.target_pool_id is not None:
        target = leg.target_pool_id
        used = any(bot.pool_id == target for bot in world.bots.values())
        used = used or any(target in (move.source_pool_id, move.target_pool_id) for move in world.moves.values())
        if _lives(world, target) and not used:
            step.acts.append(RemovePool(target))
            leg.target_pool_id, leg.phase = None, Phase.WAITING
    progress.problem = reason
    progress.state = State.ABORTED if reason is None else State.STOPPED
    if progress.wish == ABORT:
        progress.wish = None


# ---- back


def _turn(step: Step, world: World) -> None:
    """The legs that began, the other way round and the last one first."""
    progress = step.progress
    progress.state, progress.problem, progress.wish = State.ROLLING_BACK, None, None
    if any(leg.backward for leg in progress.legs):
        return  # it was turned before: it goes on
    progress.legs = [
        Leg(
            source_pool_id=leg.target_pool_id,
            source_image=leg.target_image,
            target_image=leg.source_image,
            backward=True,
            target_pool_id=leg.source_pool_id if _lives(world, leg.source_pool_id) else None,
        )
        for leg in reversed(progress.legs)
        if leg.target_pool_id is not None
    ]


def _current(progress: Progress) -> Leg | None:
    return next((leg for leg in progress.legs if leg.phase in (Phase.PREPARING, Phase.MOVING)), None)


def _lives(world: World, pool_id: str) -> bool:
    pool = world.pools.get(pool_id)
    return pool is not None and pool.alive


def _runs_well(bot: BotFacts) -> bool:
    return bot.problem is None and bot.observed == bot.desired != "stopped"


def _late(since: datetime | None, world: World, seconds: float) -> bool:
    return since is not None and (world.now - since).total_seconds() > seconds
