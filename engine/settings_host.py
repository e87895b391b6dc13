"""Settings of what a run may take of its host: when there is room for one worker more, when one has
to go (behaviour C7)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from engine.settings_groups import Seconds, Section

Share = Annotated[float, Field(ge=0, le=1)]
Megabytes = Annotated[float, Field(ge=0)]


class Host(Section):
    """CPU and memory of this host: what a start must leave free, and what scaling follows."""

    scaling: bool = False
    """Begin with one worker and follow CPU and memory: one more or one less, at most
    `run.workers`. Without it `run.workers` are started and stay."""
    sample_seconds: float = Field(default=5, ge=1, le=30)
    """Between two looks at CPU and memory."""
    cool_down_seconds: Seconds = 5
    """Least time between two changes of the number of workers."""
    idle_seconds: float = Field(default=30, ge=0, le=300)
    """A worker more than there is work for leaves after so long."""
    retry_seconds: Annotated[float, Field(ge=1)] = 120
    """A number of workers that was too many is not tried again for so long; doubles each time, up
    to an hour."""
    cpu_down: float = Field(default=0.8, ge=0.5, le=0.95)
    """At this share of the CPU in use, seen twice, one worker leaves."""
    cpu_up: float = Field(default=0.7, ge=0.1, le=0.9, validate_default=True)
    """One worker more only up to this share of the CPU in use; below `cpu_down`."""
    memory_down: float = Field(default=0.9, ge=0.7, le=0.98)
    """At this share of the memory in use one worker leaves."""
    memory_up: float = Field(default=0.85, ge=0.1, le=0.95, validate_default=True)
    """One worker more only if the memory in use stays up to this share with it; below
    `memory_down`."""
    critical_megabytes: Megabytes = 500
    """With less than this free, one worker leaves and none is added."""
    up_free_megabytes: Annotated[float, Field(ge=0, validate_default=True)] = 1200
    """One worker more only if this much stays free beside what it needs; above
    `critical_megabytes`."""
    keep_free_megabytes: Megabytes = 300
    """What a start leaves free beside what its workers need."""
    worker_megabytes: Annotated[float, Field(ge=1)] = 300
    """What one worker needs with all that it starts, such as its Appium."""
    worker_cores: Annotated[float, Field(ge=0)] = 0.1
    """What the same needs of the CPU, on average; 0 = too little to count."""

    @field_validator("cpu_up")
    @classmethod
    def _cpu_band(cls, value: float, info: ValidationInfo) -> float:
        return _below(value, info, "cpu_down")

    @field_validator("memory_up")
    @classmethod
    def _memory_band(cls, value: float, info: ValidationInfo) -> float:
        return _below(value, info, "memory_down")

    @field_validator("up_free_megabytes")
    @classmethod
    def _free_band(cls, value: float, info: ValidationInfo) -> float:
        critical = info.data.get("critical_megabytes")
        if critical is not None and value <= critical:
            raise ValueError(
                f"must be above critical_megabytes ({critical:g}), or one worker would come and go"
            )
        return value


def _below(value: float, info: ValidationInfo, other: str) -> float:
    """The limit for more lies under the one for less; a wrong ``other`` is told by itself."""
    down = info.data.get(other)
    if down is not None and value >= down:
        raise ValueError(f"must be below {other} ({down:g}), or one worker would come and go")
    return value
