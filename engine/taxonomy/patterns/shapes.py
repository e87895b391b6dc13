"""The shapes of messages: who wrote which part, codes, statuses, structured verdicts."""

from __future__ import annotations

import re
from typing import Final

# -- who wrote which part ------------------------------------------------------------------------

MODEL_PROSE: Final = re.compile(
    r"""
    (?<!\w)(?<!api[ ])(?<!http[ ])(?<!server[ ])(?<!adb[ ])(?<!shell[ ])(?<!proxy[ ])
    (?<!appium[ ])(?<!video[ ])(?<!file[ ])(?<!media[ ])
    (?:
        (?:(?:vision|visual|image|screen|screenshot|ui|ai|llm|model|claude|gpt|gemini|assistant)
           (?:'s)?[ _-]+)?
        (?:analysis|response|answer|reply|reasoning|explanation|interpretation|thoughts?)
      | (?:vision|ai|llm|model|claude|gpt|gemini|assistant)(?:'s)?[ _-]+
           (?:says?|said|thinks?|thought|description|summary|verdict|output|replied|answered|text
              |content|message)
      | (?:screen|screenshot|image|visual)[ _-]+(?:description|summary)
      | claude|assistant|llm|gpt|gemini|ai
    )
    \s*:
    | (?<!\w)(?:vision|visual|ai|llm|model|claude|gpt|gemini|assistant)(?:'s)?[ _-]+
      (?:analysis|response|answer|reply|reasoning|explanation|description|summary|verdict|output
         |text)
      \s+[-\u2013\u2014]\s
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Everything behind such a mark was written by a model (architecture 4)."""

STACK_TRACE: Final = re.compile(r"\n\s*Stacktrace:|\n\s+at [\w$.<>]+ ?\(|\nTraceback \(most recent")
"""Where a server's stack trace begins; the sentence before it names the cause."""

API_CODE: Final = re.compile(
    r"\b(?:api|geelark)[ _]?(?:error|code)?(?: code)?\W{1,3}(?:code\W{1,3})?([2-6]\d{4})\b"
    r"|\b(?:fail)?code\W{1,4}([2-6]\d{4})\b"
)
"""The provider's envelope code in a message."""

HTTP_STATUS: Final = re.compile(
    r"\b(?:error code|status(?:[ _]code)?|http(?:[ _](?:error|status))?(?: code)?|http/\d(?:\.\d)?"
    r"|response(?: code| status)?|returned|got)\W{1,3}([45]\d\d)\b"
    r"|\b([45]\d\d) (?:client|server) error\b"
    r"|\b(?:client|server) error\W{1,3}([45]\d\d)\b"
    r"|\b([45]\d\d)\W{1,3}(?:bad request|unauthorized|payment required|forbidden|not found"
    r"|method not allowed|request time-?out|conflict|payload too large|unprocessable"
    r"|too many requests|internal server error|bad gateway|service unavailable"
    r"|gateway time-?out)\b"
)
TRANSIENT_STATUS: Final = frozenset({407, 408, 409, 421, 423, 425, 429})
"""Statuses below 500 that may pass by themselves; the other 4xx are our request or our key."""

LOCAL_HOST: Final = re.compile(
    r"host='(?:127\.\d|localhost|::1|0\.0\.0\.0)|//(?:127\.\d|localhost)"
)
"""An HTTP peer on this machine: that is Appium."""

QUOTED_NAMES: Final = re.compile(
    r"(?:https?|file)://\S+|'[^']*[\\/.][^' ]*'|\"[^\"]*[\\/.][^\" ]*\""
    r"|\S+\.(?:mp4|mov|m4v|csv|json)\b"
)
"""File names and addresses: their words say nothing about an account."""

NEGATED: Final = re.compile(
    r"\b(?:no|not|never|without|neither|nor|isn't|wasn't|aren't|hasn't)\b"
    r"(?: any| visible| been| an?| the| your| yet| currently| \"| ')*\W{0,2}$"
)
"""Text that ends so denies what follows."""

# -- verdicts of the posting flow (behaviour A9.7) -----------------------------------------------

FLOW_VERDICT: Final = re.compile(
    r"(?:post(?:ing)? failed\W+|failed\W+|error\W+)?"
    r"(suspended|disabled|terminated|banned|id_verification|verification|captcha|challenge"
    r"|action_?blocked|logged_?out|not_in_geelark|app_update|corrupted_video|missing_video"
    r"|bad_caption|loop_stuck|max_steps|ai_error|claude_stuck|navigation_stuck|adb_timeout"
    r"|appium_crash|connection_dropped|glogin_expired|network_error|phone_error|job_timeout"
    r"|program_error)(?: ?:| - |\W*$)"
)
"""A structured word at the head of a message."""

LOOSE_VERDICTS: Final = frozenset({"terminated", "suspended", "disabled"})
"""Verdicts that older systems mixed up; the quoted notice behind them names the exact type."""

MODEL_VERDICT: Final = "ai_error"
"""The verdict whose reason a model wrote: only a tool's message in it is judged."""

BAD_JSON: Final = re.compile(
    r"expecting (?:value|property name|'?.'? delimiter)|extra data: line|unterminated string"
    r"|\bjson\b.{0,30}\b(?:pars|decod|extract|valid)|jsondecodeerror"
)
"""An answer that is not the JSON that was asked for."""
