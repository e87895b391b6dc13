"""What the posting app shows and what the posting flow says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.taxonomy.patterns.rule import phrases, whole

PLATFORM_TOKENS: Final = (
    phrases(
        "verification",
        r"(?:checkpoint_)?challenge_required",
        r"checkpoint_required",
        r"two_factor_required",
    ),
    phrases("action_blocked", r"feedback_required", r"sentry_block", r"rate_limit_error_instagram"),
    phrases("logged_out", r"login_required", r"user_has_logged_out", r"bad_password"),
)
"""Machine words of the posting platform."""

FLOW_GAVE_UP: Final = phrases(
    "navigation_stuck",
    r"max(?:imum)?(?: number of)? steps(?: \(?\d+\)?)? (?:was |were )?(?:reached|exceeded|used up)",
    r"(?:reached|exceeded|hit) (?:the )?max(?:imum)?(?: number of)? steps",
    r"step limit (?:of \d+ )?(?:was )?(?:reached|exceeded)",
    r"loop stuck",
    r"stuck in (?:a |an )?(?:\w+ )?loop",
    r"loop recovery",
    r"loop detected",
    r"(?:could not|cannot|failed to) escape",
    r"post(?:ing)? returned (?:false|none)",
    r"json pars(?:e|ing) (?:failed|error)",
)

# -- notices of the posting app ------------------------------------------------------------------

ACCOUNT: Final = (
    phrases(
        "banned",
        r"(?:account|you|user|profile)(?:'s)?\b.{0,60}\bbanned\b",
        r"banned (?:your|this|the|from|account|by instagram)\b",
        r"account ban\b",
    ),
    phrases(
        "suspended",
        r"suspended (?:your|this|the|account|by)\b",
        r"(?:account|profile|you|user)(?:'s)?\b.{0,60}\bsuspended",
        r"account suspension",
        r"account (?:is |was |has been |still )*(?:under|in) review",
        r"review(?:ing)? (?:of )?your account",
        r"days (?:left|remaining) to (?:disagree|appeal)",
    ),
    phrases(
        "disabled",
        r"(?:disabled|deactivated|terminated|removed|deleted) (?:your|this|the) "
        r"(?:instagram )?(?:account|profile)",
        r"(?:account|profile|you)\b.{0,60}\b(?:disabled|deactivated|terminated|permanently removed"
        r"|permanently deleted)",
        r"(?:disabled|deactivated|terminated) account",
        r"account (?:termination|no longer exists)",
        r"you no longer have access to",
        r"(?:information|account|data) will be permanently deleted",
    ),
    phrases(
        "verification",
        r"(?:re)?captcha\w*",
        r"i'?m not a robot",
        r"(?:verify|confirm|prove)(?: that)?(?: it'?s| it is| it was| this is| this was)"
        r" (?:really )?(?:you|me)",
        r"(?:verify|confirm|prove|authenticate)(?: that)?"
        r"(?: you(?:'re| are| own| aren't)?| your| my| the| this| an?)+"
        r" .{0,20}?(?:identity|account|human|person|robot|info|information|email"
        r"|e-mail|phone|number|age|birthday|login|login attempt|device|real)",
        r"help us (?:confirm|verify)",
        r"(?:verify|confirm|prove)\b.{0,30}\b(?:human|robot|bot|real person)",
        r"identity (?:confirmation|check|verification)",
        r"(?:id|account|phone|email|e-mail|age|selfie|human|instagram|photo|video|additional"
        r"|security|manual) verification",
        r"verification(?: is| was| step)? (?:required|needed|requested|pending|popup|screen|code"
        r"|challenge|check)",
        r"(?:needs?|requires?|asks? for|asking for|awaiting|pending|wants) "
        r"(?:\w+ ){0,3}?(?:verification|verifying|confirmation code)",
        r"security (?:check|challenge|checkpoint|code)",
        r"(?:enter|type|submit) (?:the|your|a) (?:\w+ |\d-digit ){0,2}?(?:code|characters)",
        r"(?:we|we've|we have) ?(?:just )?(?:sent|texted|emailed) (?:you )?(?:a|an|the|your)\b"
        r".{0,20}code",
        r"(?:confirmation|login|6-digit|six-digit|authentication) code",
        r"two[- ]factor",
        r"2fa",
        r"(?:upload|take|submit|provide) (?:a |an |your )?(?:photo |picture )?(?:of )?(?:your )?"
        r"(?:photo id|government id|id|selfie|identification)",
        r"photo of your id",
        r"government[- ]issued id",
        r"we need to (?:verify|confirm)",
        r"verify to continue",
        r"add (?:a |your )?phone number",
        r"video selfie",
        r"account (?:may|might|could) (?:be|have been) (?:compromised|hacked)",
        r"(?:suspicious|unusual|unrecogni[sz]ed) (?:login|log-?in|activity|sign-?in|attempt)",
        r"noticed (?:something )?(?:suspicious|unusual)",
        r"was this you",
        r"(?:challenge|checkpoint) (?:required|screen|page)",
    ),
    phrases(
        "action_blocked",
        r"actions? (?:was |has been |is |are |were |been )?blocked",
        r"(?:temporarily|temp) (?:blocked|restricted|locked|limited|prevented)",
        r"(?:account|you|posting|sharing|profile)\b.{0,40}\b(?:is |are |been |was )+"
        r"(?:\w+ )?(?:restricted|blocked|limited|locked)",
        r"(?:restricted|blocked|limited|locked) (?:for |on |to )?(?:your|this|the) account",
        r"restrictions? (?:to|on) (?:your|this|the) account",
        r"(?:we|instagram) (?:restricts?|limits?) (?:certain|how often|some|the number)",
        r"restrict(?:s|ed)? certain (?:activity|content|actions)",
        r"limit how often",
        r"(?:you )?can'?t (?:post|share|do this|perform this action|use this feature|upload)"
        r"(?: \w+){0,3} (?:right now|for now|until|temporarily|at the moment)",
        r"(?:post|shar|upload|comment)ing is (?:temporarily |currently )?"
        r"(?:unavailable|disabled|blocked|restricted|limited)",
        r"please wait a few minutes",
        r"wait a few minutes before",
        r"(?:suspect|detected|noticed)\b.{0,20}\bautomated (?:behavior|behaviour|activity)",
        r"you're (?:going|doing|tapping|posting|sharing)\b.{0,20}\btoo (?:fast|often|quickly|much)",
        r"too many (?:attempts|actions|posts)",
        r"spam (?:block|warning|protection)",
        r"(?:blocked|flagged|restricted) by instagram",
        r"shadow ?ban(?:ned)?",
    ),
    phrases(
        "logged_out",
        r"(?:been |was |were |got |is |are |you're |account )(?:\w+ )?(?:logged|signed) out",
        r"(?:logged|signed) out (?:of|from|by)\b",
        r"(?:not|no longer|isn't|aren't|never) (?:logged|signed) in",
        r"(?:please|must|needs? to|ha(?:ve|s) to|required to|ask\w* to|should)"
        r" (?:log|sign) ?(?:back )?in",
        r"(?:log|sign) (?:back )?in (?:again|to (?:instagram|continue|your|see|use|post|share)"
        r"|with\b.*)",
        r"(?:log|sign) ?-?in (?:is )?(?:required|needed|screen|page|again|expired|failed)",
        r"login (?:required|needed|screen|page|form)",
        r"(?:instagram|account|app|user|login|your) session (?:has |is |was )?(?:expired|ended"
        r"|invalid)",
        r"session (?:has |was )?expired",
        r"password\b.{0,40}\b(?:is|was) (?:incorrect|wrong|invalid|reset|changed)",
        r"password (?:was|has been|is|had been) (?:\w+ )?(?:reset|changed|incorrect|wrong)",
        r"(?:incorrect|wrong|invalid|forgotten|forgot) (?:username or )?password",
        r"(?:reset|change|create a new) (?:your )?password",
        r"(?:create (?:a )?new account|create an account|sign up)"
        r" (?:screen|page|button|form|shown|displayed|prompt)\b.*",
        r"(?:already|don't|do not)(?: already)? have an? (?:account|profile)",
        r"(?:log|sign) into (?:another|existing|your) account",
        r"account (?:is )?(?:logged|signed) out",
    ),
)
"""States of the account, as the app words them (behaviour A9.8)."""

ACCOUNT_WHOLE: Final = (
    whole("suspended", r"(?:account )?suspended"),
    whole("disabled", r"(?:account )?(?:disabled|terminated|deactivated)"),
    whole("banned", r"(?:account )?(?:permanently )?banned"),
    whole(
        "verification",
        r"(?:re)?captcha(?: required| detected| screen)?",
        r"(?:id |identity )?verification",
        r"verify(?: account| identity)?",
        r"security check",
        r"confirm(?:ation)? code",
        r"challenge",
    ),
    whole(
        "action_blocked",
        r"(?:action )?blocked",
        r"(?:please )?try again later",
        r"restricted",
        r"please wait",
        r"(?:please )?wait a few minutes.{0,40}",
    ),
    whole(
        "logged_out",
        r"(?:please )?(?:log|sign) ?-?in(?: to (?:instagram|continue))?",
        r"(?:logged|signed) out",
        r"sign up",
        r"create (?:a )?(?:new )?account",
        r"get started",
        r"session expired",
        r"forgot(?:ten)? password",
        r"login",
    ),
)
"""Words that say little inside a sentence, but much where they are the whole message."""

FLOW: Final = (
    phrases(
        "app_update",
        r"app[ _]update\b.*",
        r"update (?:the |your |required|instagram|to (?:continue|the latest))\b.*",
        r"(?:must|needs? to|please|required to) (?:be )?updated?\b.*",
        r"(?:new|newer|latest) version (?:of|is|required|available)\b.*",
    ),
    phrases(
        "job_timeout",
        r"job (?:\S+ )?(?:time limit|timed out|time-?out|timeout|exceeded|took longer)\b.*",
        r"(?:total|overall) (?:job |posting )?(?:time limit|timeout|time)\b.{0,20}"
        r"(?:exceeded|reached|used up)",
    ),
    phrases(
        "navigation_stuck",
        r"(?:could not|failed to|unable to|cannot) (?:extract|parse|decode|read) "
        r"(?:valid |the |any |model'?s? |ai |claude'?s? )*"
        r"(?:json|answer|response|reply|action)\b.*",
        r"navigation (?:failed|error|stuck|timed out|timeout|did not)\b.*",
        r"failed to navigate\b.*",
        r"(?:flow|screen|app|ui|process|navigation) (?:is |was |got )?stuck\b.*",
        r"stuck (?:on|in|at|state)\b.*",
        r"(?:unknown|unexpected|unrecogni[sz]ed|wrong|unhandled) (?:screen|state|popup|dialog|page"
        r"|action|activity|app|element)\b.*",
        r"(?:could not|couldn't|cannot|can't|did not|didn't|unable to|failed to|never) "
        r"(?:\w+ ){0,2}?(?:find|reach|tap|click|open|locate|select|dismiss|see|press|enter|type"
        r"|scroll|choose"
        r"|close|get past|leave|launch|swipe|detect)\b.*",
        r"(?:keyboard|button|tab|menu|popup|dialog|icon|field|gallery|thumbnail|reel|caption|option"
        r"|screen|feed)\b.{0,40}\b(?:disabled|gr[ae]yed out|not (?:found|visible|available|reached"
        r"|shown|entered|selected|offered|clickable|appear\w*)|missing|did not|didn't|never)\b.*",
        r"(?:caption|text) (?:was |is )?not (?:entered|typed|set|as expected)\b.*",
        r"(?:share|post|upload)\w* (?:was |is |were )?(?:not|never) (?:confirmed|completed|clicked"
        r"|finished|verified|successful|tapped|shared)\b.*",
        r"(?:no|invalid|unknown|empty|unusable) (?:action|answer|tool call|decision)\b.*",
        r"(?:claude|model|ai|vision|llm)\b.{0,60}\b(?:fail\w*|error|returned|gave|did not|stuck"
        r"|unavailable|budget|refused|invalid)\b.*",
        r"post(?:ing)? (?:has )?failed\b.*",
        r"failed to (?:post|share|publish)\b.*",
    ),
)
"""The posting flow's own words."""

WRAPPERS: Final = (
    phrases("appium_crash", r"appium (?:re)?connect(?:ion)? failed", r"ui dump failed"),
    phrases("appium_crash", r"^\W*message: .*"),
)
"""Openings that older systems put around a cause; they count where the cause says nothing."""

BARE_WORDS: Final = (
    phrases("appium_crash", r"appium", r"uiautomator2?", r"instrumentation", r"webdriver"),
    phrases("adb_timeout", r"adb"),
    phrases("corrupted_video", r"corrupt(?:ed)?"),
    phrases("phone_error", r"(?:cloud )?phone (?:start|boot|error|problem)\w*", r"boot"),
    phrases(
        "network_error",
        r"network",
        r"time-?out",
        r"timed out",
        r"timeout",
        r"connection refused",
        r"connection",
        r"proxy",
        r"unreachable",
    ),
    phrases("navigation_stuck", r"stuck", r"navigation", r"loop"),
)
"""Weakest evidence, and only in a short message (behaviour A-D20)."""

PHASES: Final[Mapping[str, str]] = MappingProxyType(
    {"ai_analysis": "navigation_stuck", "navigation": "navigation_stuck"}
)
"""What a failure of a phase means where neither text nor class says more."""
