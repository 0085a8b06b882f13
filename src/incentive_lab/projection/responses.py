"""What partners are supposed to do about a scheme: factors on how often things happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.panel import Floats
from incentive_lab.projection.assumptions import Assumptions
from incentive_lab.projection.model import DAYS, Model

Normals = Callable[[str, int], Floats]
"""[count, 1] standard normals of an assumption, named by its kind (lift, response) and place."""


def response_of(
    model: Model, said: Assumptions, rewards: Mapping[str, float], stream: str, horizon: int, count: int, normals: Normals,
    alone: bool = False,
) -> Floats:  # fmt: skip
    """[count, horizon] factor of what partners do about the scheme, or are supposed to do.

    Args:
        model: The fitted programme.
        said: What is supposed.
        rewards: Stream -> what the scheme pays for it against the baseline.
        stream: What happens.
        horizon: Months.
        count: Scenarios.
        normals: How sure each assumption is.
        alone: Leave out what follows other activities, so that activities cannot follow themselves.
    """
    factor = np.ones((count, horizon))
    for place, lift in enumerate(said.lifts):
        if stream in streams_named(model, lift.of, f"lifts.{place + 1}"):
            change = float(lift.change) + float(lift.error) * normals("lift", place)
            factor *= 1 + change * _reached(lift.lag, horizon)
    rose = np.ones((count, horizon))
    for place, one in enumerate(said.response):
        mine = stream in streams_named(model, one.of, f"response.{place + 1}")
        if not mine or (alone and one.to == "activities"):
            continue
        per_cent = (float(one.per_cent) + float(one.error) * normals("response", place)) * _reached(one.lag, horizon)
        if one.to == "reward":
            rose *= np.clip(rewards.get(stream, 1.0), 0.05, 20.0) ** per_cent
        else:
            mean = np.ones((count, horizon))
            kinds = [name for name in model.streams if name not in DAYS.values()]
            for kind in kinds:
                own = response_of(model, said, rewards, kind, horizon, count, normals, True)
                mean += (own - 1) / max(1, len(kinds))
            rose *= np.clip(mean, 0.05, 20.0) ** per_cent
    return np.clip(factor * rose, 0.0, 20.0)


def _reached(lag: int, horizon: int) -> Floats:
    """[horizon] how much of a change is felt."""
    return np.asarray(np.minimum(1.0, np.arange(1, horizon + 1) / max(1, lag + 1)))


def streams_named(model: Model, name: str, path: str) -> tuple[str, ...]:
    """The streams that a measure of an assumption means.

    Raises:
        InputError: Nothing of that name is fitted.
    """
    deals = tuple(one for one in model.streams if one in DAYS.values())
    if name == "deals":
        return deals
    if name == "activities":
        return tuple(one for one in model.streams if one not in deals)
    if name in model.streams:
        return (name,)
    if name in model.stream_of:
        return (model.stream_of[name],)
    known = ["deals", "activities", *model.stream_of]
    raise InputError([Problem(path, f"the schemes do not look at '{name}'. {did_you_mean(name, known)}",
                              "Name a measure that a rule, tier or gate of the schemes uses.")])  # fmt: skip
