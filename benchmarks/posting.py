"""How long the posting flow waits and how often it looks, on a clock that only its waits move.

    python -m benchmarks.posting --posts 60

Posts on as many phones of the simulated app, without dialogs: screens take 0.3 to 1.5 s and the
upload 5 to 20 s, as in ``benchmarks.day``. Looks and touches take no time of this clock, so the
figures are the same on every machine and in every run: *waits_over_app* is the time of the posts
over what the app itself took, *looks_per_touch* the page sources over the touches. The last line is
for programs.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simulator.app.habits import Habits
from simulator.app.phone_world import Delay
from tests.posting_phone import World
from tests.posting_rig import Rig

SCREEN: Final = (0.3, 1.5)
"""Seconds from a touch until the next screen is there."""
UPLOAD: Final = (5.0, 20.0)
"""Seconds from Share until the app says that it is posted."""


class SlowWorld(World):
    """Takes its time for each screen, and remembers how much that was."""

    def __init__(self, seed: str) -> None:
        self._dice = random.Random(f"posting:{seed}")
        super().__init__(seed=seed, upload_seconds=self._dice.uniform(*UPLOAD))
        self.took = self.upload_seconds
        """Seconds that nobody could have saved."""

    def delay(self, name: Delay) -> float:
        seconds = self._dice.uniform(*SCREEN) if name is Delay.STEP else super().delay(name)
        self.took += seconds
        return seconds


@dataclass(frozen=True, slots=True)
class Post:
    """What one post took."""

    seconds: float
    app_seconds: float
    """Of them the app's own."""
    touches: int
    looks: int


def post(seed: str) -> Post:
    """Post on the phone of this seed. Raises RuntimeError where that does not succeed."""
    world = SlowWorld(seed)
    rig = Rig(Habits.of(seed).layout, world=world)
    began, looks, before = world.now(), 0, rig.device.before_each

    def noted(call: str) -> None:
        nonlocal looks
        looks += call == "source"
        before(call)

    rig.device.before_each = noted
    if (result := rig.post()) != "posted":
        raise RuntimeError(f"The post on phone {seed} ended as {result}:\n{rig.told()}")
    return Post(world.now() - began, world.took, rig.acts, looks)


def report(posts: Sequence[Post]) -> str:
    """A sentence, and the last line."""
    number = len(posts)
    seconds, app = sum(one.seconds for one in posts), sum(one.app_seconds for one in posts)
    touches, looks = sum(one.touches for one in posts), sum(one.looks for one in posts)
    return (
        f"A post takes {seconds / number:.1f} s, of them the app {app / number:.1f}; "
        f"{touches / number:.1f} touches, {looks / number:.1f} page sources.\n"
        f"waits_over_app={seconds / app:.3f} looks_per_touch={looks / touches:.3f} n={number}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.posting",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--posts", type=int, default=60, metavar="N")
    options = parser.parse_args(arguments)
    try:
        posts = [post(str(number)) for number in range(options.posts)]
    except RuntimeError as exc:
        print(exc, file=sys.stderr)
        return 1
    print(report(posts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
