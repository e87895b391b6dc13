"""A worker's way to the model: one client, the shared budget, and whether it is asked at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.model.advisor import ModelAdvisor
from engine.model.budget import ModelBudget
from engine.model.service import ModelService

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from engine.config import Settings

NO_KEY: Final = (
    "The model is not asked: there is no ANTHROPIC_API_KEY in the environment or .env. Screens "
    "that no rule knows are left to the rules alone; --no-ai-fallback says so on purpose."
)


def why_never(settings: Settings) -> str:
    """Why no model is ever asked with these settings; empty where one is."""
    if settings.posting.ai == "never":
        return "The model is never asked (--no-ai-fallback, posting.ai = never)."
    return "" if settings.secrets.anthropic_api_key is not None else NO_KEY


def notices(settings: Settings, run_dir: Path, now: Callable[[], datetime]) -> list[str]:
    """What the operator should know: that no key is there, or what the model cost today."""
    if settings.posting.ai == "never":
        return []
    if settings.secrets.anthropic_api_key is None:
        return [NO_KEY]
    spent = ModelBudget(run_dir, settings).spent_on(settings.day_of(now()))
    if not spent.calls:
        return []
    used = f"{spent.calls} calls, {spent.tokens} tokens, ${spent.usd:.4f}"
    return [f"Model today (est): {used} of ${settings.model.usd_per_day:.2f}."]


class ModelDesk:
    """Held by a worker between jobs; makes one adviser for each attempt."""

    def __init__(self, settings: Settings, work_dir: Path) -> None:
        self._settings = settings
        self._budget = ModelBudget(work_dir / settings.paths.run, settings)
        key = settings.secrets.anthropic_api_key
        asked = key is not None and settings.posting.ai != "never"
        self._service = (
            ModelService(settings.model, key.get_secret_value()) if asked and key else None
        )

    def advisor(self, job_id: str) -> ModelAdvisor | None:
        """For one attempt at a job; None where no model is asked."""
        if self._service is None:
            return None
        return ModelAdvisor(self._settings, self._service, self._budget, job_id)

    def close(self) -> None:
        """Safe to repeat."""
        if self._service is not None:
            self._service.close()
