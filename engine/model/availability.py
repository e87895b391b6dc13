"""Whether a model is asked with these settings, and what the operator is told of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.errors import ServiceUnreachableError, SettingsError
from engine.model.errors import ModelError, ModelSetupError

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.model.budget import ModelBudget

NO_KEY: Final = (
    "The model is not asked: there is no ANTHROPIC_API_KEY in the environment or .env. Screens "
    "that no rule knows are left to the rules alone; --no-ai-fallback says so on purpose."
)
NO_KEY_ALONE: Final = (
    "{cause} asks the model for every step and needs its key: put ANTHROPIC_API_KEY=... into .env "
    "or the environment, or run without it."
)


def has_key(settings: Settings) -> bool:
    """A key is there; whether the service accepts it is known when it is asked."""
    key = settings.secrets.anthropic_api_key
    return key is not None and bool(key.get_secret_value().strip())


def refuse_unusable(settings: Settings) -> None:
    """Refuse a run that asks for every step where the service does not take the key or the model.

    Else each job would start a phone and fail. Raises SettingsError, ServiceUnreachableError.
    """
    key = settings.secrets.anthropic_api_key
    if settings.posting.ai != "only" or key is None:
        return
    from engine.model.service import ModelService

    service = ModelService(settings.model, key.get_secret_value().strip())
    try:
        service.check()
    except ModelSetupError as exc:
        raise SettingsError(str(exc)) from None
    except ModelError as exc:
        raise ServiceUnreachableError(str(exc)) from None
    finally:
        service.close()


def notices(settings: Settings, budget: ModelBudget, now: datetime) -> list[str]:
    """That no key is there, or what the model cost today; nothing where it is never asked."""
    if settings.posting.ai == "never":
        return []
    if not has_key(settings):
        return [NO_KEY]
    spent = budget.spent_on(settings.day_of(now))
    if not spent.calls:
        return []
    used = f"{spent.calls} calls, {spent.tokens} tokens, ${spent.usd:.4f}"
    return [f"Model today (est): {used} of ${settings.model.usd_per_day:.2f}."]
