"""Check of the model's service, which is asked only where no rule applies to a screen."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from engine.doctor.finding import Finding, Place, fail, info, ok, warn

ANSWER_SECONDS: Final = 8.0
_NAME: Final = "model"


def access(place: Place) -> Finding:
    """The key is accepted, or there is none and none is needed. Lists one model, asks none."""
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
    problem = _problem(key)
    return bad(_NAME, *problem) if problem else ok(_NAME, "key accepted")


def _problem(key: SecretStr) -> tuple[str, str] | None:
    """What the service has against the key, and the remedy; None where it takes it."""
    import anthropic

    try:
        with anthropic.Anthropic(
            api_key=key.get_secret_value(), max_retries=0, timeout=ANSWER_SECONDS
        ) as client:
            client.models.list(limit=1)
    except (anthropic.AuthenticationError, anthropic.PermissionDeniedError) as exc:
        return f"the key is refused (HTTP {exc.status_code})", "correct ANTHROPIC_API_KEY"
    except anthropic.APIStatusError as exc:
        return f"the service answers HTTP {exc.status_code}", "try again later"
    except anthropic.APIError as exc:
        return f"the service is not reached ({type(exc).__name__})", "check the network"
    return None


def _set_key(place: Place) -> str:
    return f"set ANTHROPIC_API_KEY in {place.work_dir / '.env'} or the environment"
