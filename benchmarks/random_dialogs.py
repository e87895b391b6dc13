"""Post on the simulated app while anything comes in between: ``benchmarks.random_dialogs``.

Dialogs come up as pages open, and after any touch something nobody asked for: another app, a wrong
page, a crash. Each post is one phone of its own seed, app build and speed, on a clock that only
waits move. The model is not asked: it is counted where the real adviser would ask it, and then the
rules go on alone. The last line is ``no_model=… posted=… in_doubt=… failed=… double_posts=…
false_success=… n=…``: shares from 0 to 1, and counts.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from engine.config import Settings
from engine.model.advisor import ModelAdvisor
from engine.model.budget import ModelBudget
from engine.model.service import ModelService
from simulator.app.habits import Habits
from tests.posting_phone import World
from tests.posting_rig import CAPTION, Rig

if TYPE_CHECKING:
    from engine.phones.device import Device
    from engine.posting.advice import Advice, Question
    from engine.workloads.base import Report

DIALOG_RATE: Final = 0.3
"""Chance of a dialog each time a page opens."""
SURPRISE_RATE: Final = 0.1
"""Chance that something comes in between after each touch."""
SLOWEST: Final = 1.5
"""Seconds from a touch until the next screen is there, at most."""


class CountingAdvisor(ModelAdvisor):
    """Knows when the model is to be asked, and leaves it at that."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__(
            settings, ModelService(settings.model, ""), ModelBudget(folder, settings), "job"
        )
        self.asked: list[str] = []

    def advise(self, question: Question, device: Device, report: Report) -> Advice | None:
        self.asked.append(f"{question.screen}{' in a loop' if question.looping else ''}")
        return None


@dataclass(frozen=True, slots=True)
class Post:
    """What came of one post."""

    outcome: str
    published: int
    verbatim: bool
    asked: tuple[str, ...]


def post(seed: str, settings: Settings, folder: Path, *, dialogs: float, surprises: float) -> Post:
    """One post on the phone of this seed."""
    dice = random.Random(f"random_dialogs:{seed}")
    habits = Habits.of(seed)
    world = World(seed=seed, step_delay=dice.uniform(0.0, SLOWEST))
    rig = Rig(
        habits.layout,
        world=world,
        dialog_rate=dialogs,
        surprise_rate=surprises,
        asks_for_photos=habits.asks_for_photos,
        asks_before_sharing=habits.asks_before_sharing,
        leftover=dice.random() < 0.1,
    )
    advisor = CountingAdvisor(settings, folder)
    outcome = rig.post(advisor=advisor)
    return Post(outcome, len(rig.published), rig.published == [CAPTION], tuple(advisor.asked))


def main(argv: Sequence[str] | None = None) -> int:
    """Print what came of the posts; exit status 1 after a double post or a false success."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.random_dialogs", description=__doc__)
    words.add_argument("--posts", type=int, default=500, metavar="N")
    words.add_argument("--seed", type=int, default=1, metavar="S")
    words.add_argument("--dialogs", type=float, default=DIALOG_RATE, metavar="R")
    words.add_argument("--surprises", type=float, default=SURPRISE_RATE, metavar="R")
    options = words.parse_args(argv)
    settings = Settings()
    with TemporaryDirectory() as folder:
        posts = [
            post(
                f"{options.seed}:{number}",
                settings,
                Path(folder),
                dialogs=options.dialogs,
                surprises=options.surprises,
            )
            for number in range(options.posts)
        ]
    return _report(posts)


def _report(posts: Sequence[Post]) -> int:
    for outcome, count in Counter(each.outcome for each in posts).most_common():
        print(f"{outcome}: {count}")
    for screen, count in Counter(name for each in posts for name in each.asked).most_common(10):
        print(f"the model would be asked on: {screen}: {count}")
    outcomes = Counter(each.outcome for each in posts)
    doubles = sum(each.published > 1 for each in posts)
    false = sum(each.outcome == "posted" and not each.verbatim for each in posts)
    number = max(1, len(posts))
    failed = number - outcomes["posted"] - outcomes["in doubt"]
    print(
        f"no_model={sum(not each.asked for each in posts) / number:.4f} "
        f"posted={outcomes['posted'] / number:.4f} in_doubt={outcomes['in doubt'] / number:.4f} "
        f"failed={failed / number:.4f} double_posts={doubles} false_success={false} n={len(posts)}"
    )
    return 1 if doubles or false else 0


if __name__ == "__main__":
    raise SystemExit(main())
