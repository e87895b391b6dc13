"""Check of the model's service, which is asked only where no rule applies to a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from engine.doctor.finding import Finding, Place, fail, info, ok, warn

if TYPE_CHECKING:
    from engine.settings_groups import Model

ANSWER_SECONDS: Final = 8.0
_MOST_MODELS: Final = 1000
_NAME: Final = "model"


def access(place: Place) -> Finding:
    """The key is accepted, or none is there and none needed; the model itself is not asked."""
    how = place.settings.posting.ai
    key = place.settings.secrets.anthropic_api_key
    if how == "never":
        return info(_NAME, "never asked (posting.ai = never)")
    if key is None and how != "only":
        return info(_NAME, "no ANTHROPIC_API_KEY: the model is not asked")
    # Without the model a screen that no rule knows ends the attempt; with `only` all do.
    bad = fail if how == "only" else warn
    if key is None:
        return bad(_NAME, "no key, and posting.ai = only", _set_key(place))
    problem = _problem(key, place.settings.model)
    if problem:
        return bad(_NAME, *problem)
    return ok(_NAME, f"key accepted, {place.settings.model.name} is there")


def _problem(key: SecretStr, wanted: Model) -> tuple[str, str] | None:
    """What the service has against the key or the model's name, and the remedy; None if nothing."""
    import anthropic

    try:
        with anthropic.Anthropic(
            api_key=key.get_secret_value(),
            base_url=wanted.base_url,
            max_retries=0,
            timeout=ANSWER_SECONDS,
        ) as client:
            known = [one.id for one in client.models.list(limit=_MOST_MODELS).data]
    except (anthropic.AuthenticationError, anthropic.PermissionDeniedError) as exc:
        return f"the key is refused (HTTP {exc.status_code})", "correct ANTHROPIC_API_KEY"
    except anthropic.APIStatusError as exc:
        return f"the service answers HTTP {exc.status_code}", "try again later"
    except anthropic.APIError as exc:
        said = type(exc).__name__
        return f"{wanted.base_url} is not reached ({said})", "check the network, model.base_url"
    except (AttributeError, TypeError, ValueError):  # a proxy's page, for one
        return f"{wanted.base_url} answers with no list of models", "correct model.base_url"
    # A name without a date stands for the newest of its name.
    if not any(name == wanted.name or name.startswith(f"{wanted.name}-") for name in known):
        return f"key accepted, but {wanted.name} is not in its list of models", "correct model.name"
    return None


def _set_key(place: Place) -> str:
    return f"set ANTHROPIC_API_KEY in {place.work_dir / '.env'} or the environment"
