"""The section ``[host]``: limits for more lie below those for less, whichever is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.config import Settings
from engine.errors import SettingsError
from engine.settings_host import Host


def test_the_built_in_values_are_those_of_the_policy() -> None:
    host = Host()
    assert not host.scaling, "who does not ask for it gets the number of workers that was given"
    assert (host.sample_seconds, host.cool_down_seconds) == (5, 5)
    assert (host.cpu_down, host.memory_down) == (0.8, 0.9)
    assert host.cpu_up < host.cpu_down
    assert host.memory_up < host.memory_down
    assert host.up_free_megabytes > host.critical_megabytes


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"cpu_up": 0.82}, "cpu_down"),
        ({"cpu_down": 0.7}, "cpu_down"),
        ({"cpu_up": 0.82, "cpu_down": 0.8}, "cpu_down"),
        ({"memory_up": 0.9}, "memory_down"),
        ({"memory_down": 0.8}, "memory_down"),
        ({"up_free_megabytes": 500}, "critical_megabytes"),
        ({"critical_megabytes": 1200}, "critical_megabytes"),
    ],
)
def test_limits_that_overlap_are_refused_by_name(given: dict[str, float], named: str) -> None:
    with pytest.raises(ValidationError, match=rf"{named} \([0-9.]+\), or one worker would come"):
        Host.model_validate(given)


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [("cpu_down", 0.49, 0.96), ("memory_down", 0.69, 0.99), ("sample_seconds", 0.9, 31)],
)
def test_values_out_of_their_range_are_refused(key: str, low: float, high: float) -> None:
    for value in (low, high):
        with pytest.raises(ValidationError, match=key):
            Host.model_validate({key: value})


def test_the_sentence_names_the_file_the_key_and_the_value(tmp_path: Path) -> None:
    (tmp_path / "geelark.toml").write_text("[host]\ncpu_up = 0.82\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        Settings.load(tmp_path, environ={})
    text = str(refused.value)
    assert text.startswith(str(tmp_path / "geelark.toml"))
    assert "host.cpu_up = 0.82 is not allowed: must be below cpu_down (0.8)" in text
