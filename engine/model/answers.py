"""The closed list of answers, and how a message of the service is read as one of them.

Only the input of the one tool call counts. What the model wrote beside it, and its reasons, are
prose: kept as evidence, never interpreted (architecture 4, rule 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.model.errors import BadAnswerError, ModelRefusalError

if TYPE_CHECKING:
    from anthropic.types import Message

STEP_TOOL: Final = "take_step"
VERDICT_TOOL: Final = "give_verdict"

Action = Literal["tap", "back", "wait", "open_app", "enter_caption"]
VerdictName = Literal[
    "logged_out",
    "verification",
    "suspended",
    "disabled",
    "action_blocked",
    "app_update",
    "app_trouble",
    "unknown",
]
ACTIONS: Final[tuple[str, ...]] = get_args(Action)
VERDICTS: Final[tuple[str, ...]] = get_args(VerdictName)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    reason: str
    """Prose."""


class StepAnswer(_Answer):
    """The next step."""

    action: Action
    element: int | None


class VerdictAnswer(_Answer):
    """What the screen means, with the words that prove it."""

    verdict: VerdictName
    words: str


Answer = StepAnswer | VerdictAnswer


def read(message: Message) -> Answer:
    """The answer of a message. Raises BadAnswerError, ModelRefusalError."""
    from anthropic.types import ToolUseBlock

    stopped = getattr(message, "stop_reason", None)
    if stopped == "refusal":
        raise ModelRefusalError("The model declined to answer.")
    if stopped == "max_tokens":
        raise BadAnswerError("The model's answer was cut off at model.max_tokens.")
    calls = [block for block in message.content if isinstance(block, ToolUseBlock)]
    if len(calls) != 1:
        raise BadAnswerError(f"The model's answer has {len(calls)} tool calls instead of one.")
    call = calls[0]
    kinds: dict[str, type[Answer]] = {STEP_TOOL: StepAnswer, VERDICT_TOOL: VerdictAnswer}
    kind = kinds.get(getattr(call, "name", ""))
    if kind is None:
        raise BadAnswerError("The model called a tool that it was not given.")
    try:
        return kind.model_validate(getattr(call, "input", None))
    except ValidationError as exc:
        named = {str(error["loc"][0]) for error in exc.errors() if error["loc"]}
        # A field that we do not know was named by the model: its words stay out of our messages.
        wrong = sorted(name if name in kind.model_fields else "another field" for name in named)
        raise BadAnswerError(
            f"The model's tool call is not in the closed list: {', '.join(wrong) or 'its input'}."
        ) from None


def prose(message: Message) -> str:
    """All text of a message, for evidence."""
    from anthropic.types import TextBlock

    return "\n".join(block.text for block in message.content if isinstance(block, TextBlock))


def calls(message: Message) -> list[object]:
    """Name and input of each tool call, for evidence."""
    from anthropic.types import ToolUseBlock

    return [
        block.model_dump(mode="json", include={"name", "input"})
        for block in message.content
        if isinstance(block, ToolUseBlock)
    ]
