"""A worker's way to the model: one client and the shared budget, an adviser for each attempt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.model.advisor import ModelAdvisor
from engine.model.availability import has_key
from engine.model.budget import ModelBudget
from engine.model.service import ModelService

if TYPE_CHECKING:
    from engine.config import Settings


class ModelDesk:
    """Held by a worker between jobs."""

    def __init__(self, settings: Settings, work_dir: Path) -> None:
        self._settings = settings
        self._budget = ModelBudget(work_dir / settings.paths.books, settings)
        self._service: ModelService | None = None
        key = settings.secrets.anthropic_api_key
        if key is not None and has_key(settings) and settings.posting.ai != "never":
            self._service = ModelService(settings.model, key.get_secret_value().strip())

    def advisor(self, job_id: str) -> ModelAdvisor | None:
        """For one attempt at a job; None where no model is asked.

        A key that was refused once is not tried with every further job of the worker, except where
        there are no rules to go on with.
        """
        if self._service is None:
            return None
        if self._service.refused and self._settings.posting.ai != "only":
            return None
        return ModelAdvisor(self._settings, self._service, self._budget, job_id)

    def close(self) -> None:
        """Safe to repeat."""
        if self._service is not None:
            self._service.close()
