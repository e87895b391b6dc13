"""Known holes that are accepted for a while: each with its reason and its last day."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class AllowanceError(Exception):
    """An entry that cannot stand; a sentence that names it."""


class Allowance(BaseModel):
    """One ``[[allowed]]`` table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: Annotated[str, Field(pattern=r"^(CVE|GHSA|PYSEC|OSV)-[0-9A-Za-z-]+$")]
    """Of the advisory, under any of its names."""
    package: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=20)]
    """Why the hole does no harm here, in words that can be judged later."""
    until: date
    """Last day on which this is accepted."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    allowed: list[Allowance] = []


def read_allowances(path: Path, today: date) -> Sequence[Allowance]:
    """The entries of a file. Raises AllowanceError for one without its parts, or past its day."""
    try:
        found = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).allowed
    except tomllib.TOMLDecodeError as exc:
        raise AllowanceError(f"{path.name} is no TOML: {exc}.") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AllowanceError(f"{path.name}: {where}: {first['msg']}.") from exc
    for entry in found:
        if entry.until < today:
            raise AllowanceError(
                f"{path.name}: {entry.id} of {entry.package} was accepted until {entry.until}: "
                "take a version without the hole, or give a new reason and day."
            )
    return found
