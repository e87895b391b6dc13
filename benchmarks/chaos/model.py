"""A day in which the model is asked for every step before Share, and its service is overloaded."""

from __future__ import annotations

import json
from typing import Final

from benchmarks.chaos.day import Day
from simulator.farm_link import FarmLink
from simulator.model_door import PATH
from simulator.model_replies import ModelFault

_LEAST: Final = 5
_MOST: Final = 24
"""Calls in a row that fail: a question gives up after two, a job after three questions."""
_TROUBLES: Final = (
    ModelFault.OVERLOADED,
    ModelFault.OVERLOADED,
    ModelFault.RATE_LIMITED,
    ModelFault.SERVER_ERROR,
    ModelFault.DROPPED,
)


def always_ask(day: Day) -> None:
    """As ``--ai-only`` does."""
    day.env["GEELARK_POSTING__AI"] = "only"


def overload(day: Day) -> None:
    """From now on the service answers some calls in a row with its troubles."""
    number = day.dice.randint(_LEAST, _MOST)
    faults = [{"fault": day.dice.choice(_TROUBLES).value} for _ in range(number)]
    link = FarmLink(day.settings.phones.api_url)
    link.send("POST", PATH, json.dumps(faults).encode())
