"""Read foreign error text: which type of failure it describes (architecture 4, rule 3).

Exact evidence is asked before vague: the provider's number, a structured verdict, a program
error, the message formats of tools and services, the app's own notices, the exception class, and
bare words last. What a model wrote is cut off first and never judged.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from engine.jobs import ErrorCategory
from engine.taxonomy.api_codes import api_code
from engine.taxonomy.patterns import classes, devices, files, notices, services, shapes
from engine.taxonomy.patterns.rule import Rule
from engine.taxonomy.types import (
    ERROR_TYPES,
    UNKNOWN,
    OwnPattern,
    Verdict,
    canonical_type,
    verdict,
)

SHORT_WORDS: Final = 25
"""Bare words decide only in messages of at most so many words."""
LONGEST: Final = 4000
"""Characters of a message that are judged; the cause stands at its beginning."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One message, taken apart."""

    head: str
    """What the program wrote before any stack trace, lower case, single blanks."""
    full: str
    """The same with the stack trace."""
    notice: str
    """The head without file names and addresses."""
    classes: tuple[str, ...]
    """Exception classes, outermost first, lower case without module."""
    phase: str
    asked_model: bool
    """A model's prose was cut off."""


_SPACES: Final = re.compile(r"\s+")
_LEADING_CLASS: Final = re.compile(
    r"\s*((?!java|android|io\.|org\.|com\.)(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Timeout|Expired|Interrupt))\s*:\s*"
)
_ONLY_CLASS: Final = re.compile(r"\s*((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Expired))\s*")
_NAMED_CLASS: Final = re.compile(r"\(((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Expired))\)")


def classify(
    message: str, *, exception: str = "", phase: str = "", patterns: Sequence[OwnPattern] = ()
) -> Verdict:
    """Verdict on a message; unknown where nothing is known. See ``engine.errors.classify``."""
    evidence = _take_apart(message, exception, phase)
    own = _own_pattern(evidence, patterns)
    if own is not None:
        return own
    for judge in _JUDGES:
        error_type = judge(evidence)
        if error_type:
            return verdict(error_type)
    return UNKNOWN


def classify_foreign(
    exc: BaseException, *, phase: str = "", patterns: Sequence[OwnPattern] = ()
) -> Verdict:
    """Verdict on an exception that is none of ours: its class fixes the category (A9.6)."""
    found = classify(str(exc), exception=type(exc).__name__, phase=phase, patterns=patterns)
    if patterns and _own_pattern(_take_apart(str(exc), "", phase), patterns) == found:
        return found
    fixed: Verdict | None = None
    if isinstance(exc, TimeoutError | subprocess.TimeoutExpired):
        fixed = verdict("adb_timeout")
    elif isinstance(exc, ConnectionError):
        fixed = verdict("connection_dropped")
    if fixed is None:
        return found
    exact = _layer(_take_apart(str(exc), "", ""))
    return verdict(exact) if exact in _LAYERS else fixed


def _take_apart(message: str, exception: str, phase: str) -> _Evidence:
    text = message[:LONGEST].replace("\u2019", "'").replace("\u2018", "'").replace("\x00", "")
    prose = shapes.MODEL_PROSE.search(text)
    if prose:
        text = text[: prose.start()]
    classes = [exception] if exception else []
    while match := _LEADING_CLASS.match(text):
        classes.append(match[1])
        text = text[match.end() :]
    if only := _ONLY_CLASS.fullmatch(text):
        classes.append(only[1])
    classes += _NAMED_CLASS.findall(text)
    trace = shapes.STACK_TRACE.search(text)
    full = _SPACES.sub(" ", text).strip().lower()
    head = _SPACES.sub(" ", text[: trace.start()] if trace else text).strip().lower()
    return _Evidence(
        head=head,
        full=full,
        notice=shapes.QUOTED_NAMES.sub(" ", head),
        classes=tuple(name.rpartition(".")[2].lower() for name in classes),
        phase=phase.strip().lower(),
        asked_model=prose is not None,
    )


@lru_cache(maxsize=256)
def _phrase(words: str) -> re.Pattern[str]:
    inner = r"\s+".join(re.escape(word) for word in words.lower().split())
    return re.compile(rf"(?<!\w){inner}(?!\w)")


def _own_pattern(evidence: _Evidence, patterns: Iterable[OwnPattern]) -> Verdict | None:
    for pattern in patterns:
        if _phrase(pattern.phrase).search(evidence.full):
            return Verdict(ErrorCategory(pattern.category), canonical_type(pattern.type))
    return None


def _first(rules: Iterable[Rule], text: str) -> str:
    return next((rule.error_type for rule in rules if rule.pattern.search(text)), "")


def _affirmed(rules: Iterable[Rule], text: str) -> str:
    """First rule that matches where the text does not deny it (``no "action blocked" seen``)."""
    for rule in rules:
        for match in rule.pattern.finditer(text):
            if not shapes.NEGATED.search(text[: match.start()]):
                return rule.error_type
    return ""


# -- judges, in the order in which they are asked ------------------------------------------------


def _provider_code(evidence: _Evidence) -> str:
    match = shapes.API_CODE.search(evidence.head)
    return api_code(int(match[1] or match[2])).error_type if match else ""


def _flow_verdict(evidence: _Evidence) -> str:
    match = shapes.FLOW_VERDICT.match(evidence.head)
    if match is None:
        return (
            notices.FLOW_GAVE_UP.error_type
            if notices.FLOW_GAVE_UP.pattern.match(evidence.head)
            else ""
        )
    word = canonical_type(match[1])
    rest = evidence.head[match.end() :]
    if match[1] == shapes.MODEL_VERDICT:
        return _tool(_take_apart(rest, "", "")) or word
    if match[1] in shapes.LOOSE_VERDICTS:
        return _affirmed(notices.ACCOUNT, rest) or word
    return word if word in ERROR_TYPES else ""


def _platform_token(evidence: _Evidence) -> str:
    return _first(notices.PLATFORM_TOKENS, evidence.head)


def _program_class(evidence: _Evidence) -> str:
    if not any(name in classes.PROGRAM_CLASSES for name in evidence.classes):
        return ""
    return "program_error"


def _program_text(evidence: _Evidence) -> str:
    return _first(services.PROGRAM, evidence.head)


def _model_answer(evidence: _Evidence) -> str:
    """Broken JSON from the model is a step that failed; from a service it is a fault of it."""
    asked = evidence.asked_model or evidence.phase == "ai_analysis"
    return "navigation_stuck" if asked and shapes.BAD_JSON.search(evidence.head) else ""


def _http_status(evidence: _Evidence) -> str:
    match = shapes.HTTP_STATUS.search(evidence.head)
    if match is None or evidence.head.startswith("message:"):  # selenium quotes Appium's own 500
        return ""
    status = int(next(group for group in match.groups() if group))
    passing = status >= 500 or status in shapes.TRANSIENT_STATUS
    return "network_error" if passing else "program_error"


def _local_http(evidence: _Evidence) -> str:
    """An HTTP client's words about our own Appium server."""
    if not shapes.LOCAL_HOST.search(evidence.head):
        return ""
    if "read timed out" in evidence.head:
        return "appium_crash"
    return "connection_dropped" if "max retries exceeded" in evidence.head else ""


def _tool(evidence: _Evidence) -> str:
    """Formats of tools and services."""
    return (
        _first(services.CONFIGURATION, evidence.head)
        or _http_status(evidence)
        or _layer(evidence)
        or _first(services.SERVICE_FAULT, evidence.head)
    )


def _layer(evidence: _Evidence) -> str:
    return _local_http(evidence) or _first(
        (
            *files.FILES,
            *devices.NO_PHONE,
            *devices.ADB,
            *devices.APPIUM,
            *devices.ELEMENTS,
            *services.DROPPED,
            *services.NETWORK,
            *devices.PHONE,
        ),
        evidence.head,
    )


def _notice(evidence: _Evidence) -> str:
    return _affirmed(notices.ACCOUNT, evidence.notice)


def _flow_text(evidence: _Evidence) -> str:
    return _first((notices.FLOW_GAVE_UP, *notices.FLOW), evidence.head)


def _stack_trace(evidence: _Evidence) -> str:
    if evidence.full == evidence.head:
        return ""
    return _first(
        (*services.PROGRAM, *devices.ADB, *devices.APPIUM, *services.DROPPED), evidence.full
    )


def _class_name(evidence: _Evidence) -> str:
    if evidence.phase in notices.PHASES and "valueerror" in evidence.classes:
        return notices.PHASES[evidence.phase]
    return next(
        (classes.CLASSES[name] for name in reversed(evidence.classes) if name in classes.CLASSES),
        "",
    )


def _whole_message(evidence: _Evidence) -> str:
    for rule in notices.ACCOUNT_WHOLE:
        if rule.pattern.fullmatch(evidence.head):
            return rule.error_type
    return ""


def _wrapper(evidence: _Evidence) -> str:
    return _first(notices.WRAPPERS, evidence.head)


def _bare_word(evidence: _Evidence) -> str:
    if len(evidence.head.split()) > SHORT_WORDS:
        return ""
    return _first(notices.BARE_WORDS, evidence.head)


def _class_hint(evidence: _Evidence) -> str:
    return next(
        (kind for part, kind in classes.HINTS if any(part in name for name in evidence.classes)), ""
    )


def _phase(evidence: _Evidence) -> str:
    if evidence.asked_model and not evidence.head:
        return "navigation_stuck"
    return notices.PHASES.get(evidence.phase, "")


_JUDGES: Final[tuple[Callable[[_Evidence], str], ...]] = (
    _provider_code,
    _flow_verdict,
    _platform_token,
    _program_class,
    _program_text,
    _model_answer,
    _whole_message,
    _tool,
    _notice,
    _flow_text,
    _stack_trace,
    _class_name,
    _wrapper,
    _bare_word,
    _class_hint,
    _phase,
)

_LAYERS: Final = frozenset(
    {
        "adb_timeout",
        "appium_crash",
        "connection_dropped",
        "glogin_expired",
        "network_error",
        "phone_error",
        "job_timeout",
    }
)
"""Types that may stand in for a timeout's or a dropped connection's own one."""
