"""The measure of posting through random dialogs: what it counts, and nothing posted twice."""

from __future__ import annotations

import re

import pytest

from benchmarks import random_dialogs


def figures(printed: str) -> dict[str, float]:
    last = printed.splitlines()[-1]
    return {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", last)}


def test_nearly_every_post_through_random_dialogs_needs_no_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert random_dialogs.main(["--posts", "100", "--seed", "4"]) == 0
    seen = figures(capsys.readouterr().out)
    assert seen["no_model"] >= 0.97
    assert seen["posted"] >= 0.95
    assert (seen["double_posts"], seen["false_success"], seen["n"]) == (0, 0, 100)


def test_a_calm_app_is_posted_on_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert random_dialogs.main(["--posts", "12", "--dialogs", "0", "--surprises", "0"]) == 0
    seen = figures(capsys.readouterr().out)
    assert (seen["no_model"], seen["posted"], seen["failed"]) == (1, 1, 0)
