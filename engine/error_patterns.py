"""What foreign error text says: the patterns of providers, tools and the app's own notices.

Data only; ``engine.errors.classify`` decides the order in which the groups are asked. All patterns
see lower-case text with single blanks and straight apostrophes. The sources are the tools' own
messages (adb, Appium and its UiAutomator2 driver, selenium, urllib3, requests, httpx, anthropic,
ffmpeg, CPython, Windows) and the app's notices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """Text that matches ``pattern`` is a failure of type ``error_type``."""

    error_type: str
    pattern: re.Pattern[str]


def _rule(error_type: str, *fragments: str) -> Rule:
    """One of the fragments (regular expressions) at word borders."""
    return Rule(error_type, re.compile(rf"(?<!\w)(?:{'|'.join(fragments)})(?!\w)"))


def _exact(error_type: str, *fragments: str) -> Rule:
    """The whole message is one of the fragments."""
    return Rule(error_type, re.compile(rf"\W*(?:{'|'.join(fragments)})\W*"))


# -- who wrote which part ------------------------------------------------------------------------

MODEL_PROSE: Final = re.compile(
    r"""
    (?:^|(?<=\W))
    (?:
        (?:(?:vision|visual|image|screen|screenshot|ui|ai|llm|model|claude|gpt|gemini|assistant)
           (?:'s)?[ _-]+)?
        (?:analysis|response|answer|reply|reasoning|explanation|interpretation|thoughts?)
      | (?:vision|ai|llm|model|claude|gpt|gemini|assistant)(?:'s)?
           (?:[ _-]+(?:says?|said|thinks?|thought|description|summary|verdict|output|replied
              |answered|text|content|message))?
      | (?:screen|screenshot|image|visual)[ _-]+(?:description|summary)
    )
    \s*[:=]
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
    r"(?:https?|file)://\S+|'[^']*[\\/.][^' ]*'|\"[^\"]*[\\/.][^\" ]*\"|\S+\.(?:mp4|mov|m4v|csv|json)\b"
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

LOOSE_VERDICTS: Final = frozenset({"terminated", "ai_error", "disabled"})
"""Verdicts whose evidence behind the colon may name a more exact type."""

FLOW_GAVE_UP: Final = _rule(
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

# -- tools and services: exact, so asked first ---------------------------------------------------

PLATFORM_TOKENS: Final = (
    _rule(
        "verification",
        r"(?:checkpoint_)?challenge_required",
        r"checkpoint_required",
        r"two_factor_required",
    ),
    _rule("action_blocked", r"feedback_required", r"sentry_block", r"rate_limit_error_instagram"),
    _rule("logged_out", r"login_required", r"user_has_logged_out", r"bad_password"),
)
"""Machine words of the posting platform."""

PROGRAM: Final = (
    _rule(
        "program_error",
        r"not supported between instances of",
        r"unsupported operand type",
        r"object has no attribute",
        r"module '[^']+' has no attribute",
        r"object is not (?:subscriptable|iterable|callable|an iterator|reversible|a mapping)",
        r"object does not support",
        r"object cannot be interpreted as",
        r"argument of type '\w+' is not iterable",
        r"(?:list|tuple|string|pop|deque|range object)(?: assignment)? index out of range",
        r"(?:list|tuple|string|byte) indices must be",
        r"(?:pop from (?:an )?empty|popitem\(\): )",
        r"dictionary (?:changed size|update sequence)",
        r"unexpected keyword argument",
        r"multiple values for (?:keyword )?argument",
        r"missing \d+ required (?:positional|keyword-only) arguments?",
        r"takes (?:from )?(?:\d+|no)(?: to \d+)?(?: positional)? arguments?",
        r"cannot unpack non-iterable",
        r"(?:not enough|too many) values to unpack",
        r"referenced before assignment",
        r"cannot access (?:local|free) variable",
        r"name '\w+' is not defined",
        r"no module named",
        r"cannot import name",
        r"circular import",
        r"(?:integer |float |decimal )?division (?:or modulo )?by zero",
        r"maximum recursion depth",
        r"invalid literal for int",
        r"could not convert string to float",
        r"must be (?:a )?(?:str|int|float|bytes|string|real number|bytes-like object)\b.{0,20}, not",
        r"expected (?:a |an )?(?:str|string|int|bytes)\b.{0,40}(?:got|instance,|found)",
        r"can only (?:concatenate|join)",
        r"unhashable type",
        r"codec can't (?:encode|decode)",
        r"not all arguments converted",
        r"invalid isoformat string",
        r"does not match format",
        r"can't (?:compare|subtract) offset-naive",
        r"can't instantiate abstract class",
        r"was never awaited",
        r"event loop is (?:closed|already running)",
        r"is not json serializable",
        r"invalid syntax",
        r"validation errors? for \w+",
        r"(?:unknown|illegal) (?:job )?(?:status|state|transition)",
    ),
)
"""What CPython and its libraries say when a program is wrong."""

CONFIGURATION: Final = (
    _rule(
        "program_error",
        r"unsupported (?:platform|device|workload|model|mode|configuration|option|protocol)",
        r"(?:platform|device kind) (?:is )?not supported",
        r"(?:invalid|wrong|bad|broken|missing|incomplete) (?:configuration|config|settings?|option"
        r"|argument|parameter|credentials?|environment)s?",
        r"(?:configuration|config|settings?) (?:error|is (?:invalid|missing|wrong)|invalid|missing"
        r"|not found)",
        r"environment variables?\b.{0,60}\b(?:not set|unset|missing|not exported|was exported)",
        r"environment variable is not set",
        r"neither android_home nor",
        r"\w+_(?:token|key|id|home|path) (?:is |was )?(?:not set|missing|empty|unset|required)",
        r"(?:api|app|bearer|access|x-api)[ _-]?(?:key|token|id)\W{1,2}(?:is |was |not )*"
        r"(?:missing|set|found|configured|invalid|expired|wrong|required|empty)",
        r"(?:invalid|missing|no|wrong|expired|bad) (?:x-)?(?:api|app|bearer|access|auth)"
        r"[ _-]?(?:key|token|id)",
        r"could not resolve authentication method",
        r"authentication_error",
        r"permission_error",
        r"invalid_request_error",
        r"not_found_error",
        r"billing_error",
        r"request_too_large",
        r"credit balance is too low",
        r"prompt is too long",
        r"organization has been disabled",
        r"signature (?:verification failed|rejected|mismatch|error|invalid)",
        r"could not find a driver for",
        r"no drivers? (?:have been|has been|is|are|was)? ?installed",
        r"insecure feature",
        r"(?:capability|capabilities|desiredcapabilities)\b.{0,80}"
        r"\b(?:was not valid|is not valid|invalid|can't be blank|is required|must be)",
        r"can't be blank",
        r"is not recognized as an internal or external command",
        r"(?:spawn|exec) \S+ enoent",
        r"(?:adb|appium|node|java|ffprobe|ffmpeg)(?:\.exe|\.cmd)?'? "
        r"(?:was |is )?not (?:found|installed|available)"
        r"(?: (?:in|on) (?:the |your )?path| at\b| in\b|\W*$)",
        r"(?:adb|appium|node|java|ffprobe|ffmpeg): command not found",
        r"could not find '?(?:adb|apkanalyzer|aapt2?|zipalign)(?:\.exe)?'?",
        r"(?:file|script) not executable",
        r"invalid (?:url|selector|argument|locator|xpath)",
        r"unknown (?:command|method|setting|key|column|header|workload)",
        r"unknown locator strategy",
        r"locator strategy\b.{0,40}\bis not supported",
        r"is not a valid (?:url|win32 application|port|number|integer|path)",
        r"\[?winerror (?:5|123|193|206|267)\]?",
        r"\[?errno (?:13|1|20|21|8|36)\]?",
        r"request url is missing",
        r"no (?:host supplied|schema supplied|connection adapters were found)",
        r"requested resource could not be found, or a request was received using an http method",
        r"method (?:is not|has not)(?: yet)?(?: been)? implemented",
    ),
)
"""A wrong setting, key or request of ours."""

SERVICE_FAULT: Final = (
    _rule(
        "network_error",
        r"overloaded_error",
        r"rate_limit_error",
        r"api_error",
        r"timeout_error",
        r"overloaded",
        r"rate limit(?:ed|s)?(?: exceeded| reached)?",
        r"too many requests",
        r"internal server error",
        r"bad gateway",
        r"gateway time-?out",
        r"service (?:is )?(?:temporarily )?unavailable",
        r"server (?:is )?(?:busy|overloaded|error|err|disconnected without sending a response)",
        r"upstream (?:connect error|request timeout)",
        r"expecting value: line \d+ column \d+",
        r"(?:invalid|malformed|unexpected|truncated) json",
        r"jsondecodeerror",
        r"(?:download|upload) (?:time-?out|timed out)",
        r"(?:upload|download)(?:ing)?\b.{0,40}\b(?:failed|timed out|time-?out|did not finish"
        r"|incomplete|interrupted)",
        r"failed to (?:upload|download)",
    ),
)
"""A service answers, but with a fault of its own."""

_MEDIA: Final = r"(?:mp4|mov|m4v|avi|mkv|webm|jpe?g|png|gif)"
_NO_FILE: Final = (
    r"(?:no such file or directory|\[?errno 2\]?|\[?winerror [23]\]?"
    r"|cannot find the (?:file|path) specified|cannot stat|failed to stat|not found|does not exist"
    r"|doesn't exist|is missing|missing|no longer exists|could not be found)"
)

FILES: Final = (
    # on the phone, not on this host
    _rule(
        "phone_error",
        r"no space left on device",
        r"not enough (?:free )?(?:disk |storage )?space",
        r"insufficient (?:free )?(?:disk |device )?(?:storage|space)",
        r"(?:disk|storage|media library) (?:is )?full",
        r"install_failed_\w+",
        r"remote (?:couldn't|could not) (?:create|write|read)\b.*",
        r"(?:remote object|failed to stat remote)\b.*",
        r"read-only file system",
        r"\[?winerror 112\]?",
    ),
    _rule(
        "program_error",
        rf"{_NO_FILE}\W{{1,4}}(?:[^'\"]*[\\/])?(?:adb|appium|node|java|npm|npx|python|ffmpeg"
        r"|ffprobe)(?:\.exe|\.cmd|\.bat)?['\"]?\W*$",
        rf"{_NO_FILE}\b.{{0,120}}\.(?:toml|json|env|csv|txt|py|apk|jar|lock|log|ini|yaml|yml)\b.*",
        r"\.(?:toml|json|env|csv|txt|py|apk|jar|ini|yaml|yml)['\"]? (?:was |is )?"
        rf"{_NO_FILE}",
        r"(?:captions?|accounts?|state|settings) file\b.{0,80}(?:not found|missing|does not exist)",
    ),
    _rule(
        "missing_video",
        r"(?:video|media|source|input)(?: file)?s?\b[^.;]{0,120}?"
        rf"{_NO_FILE}",
        rf"(?:no|missing) (?:such )?(?:video|media)(?: file)?s?\b(?! stream).{{0,60}}",
        rf"(?:could not|cannot|can't|failed to) (?:find|locate|open|read) (?:the )?"
        r"(?:video|media)\b.{0,20}",
        rf"{_NO_FILE}\b.{{0,200}}\.{_MEDIA}\b.*",
        rf"\S+\.{_MEDIA}['\"]?\W{{1,3}}(?:was |is |file )*{_NO_FILE}",
        r"cannot stat '[^']*'\W+no such file or directory",
        r"(?:\[errno 2\] )?no such file or directory\W{1,3}['\"<].*",
        r"\[winerror [23]\].*: ?['\"].*",
        r"file(?: path)? (?:was |is )?(?:not found|missing|does not exist|doesn't exist)\b.*",
    ),
    _rule(
        "corrupted_video",
        r"moov atom",
        r"(?:no )?'?moov'? (?:atom|box)",
        r"invalid data found when processing input",
        r"could not find codec parameters",
        r"error (?:opening|reading) input",
        r"invalid nal unit",
        r"error splitting the input into nal units",
        r"(?:invalid|unsupported|unknown|bad) (?:video|media|codec|container|pixel|file) ?"
        r"(?:format|type|codec|file|stream|data)?(?: .*)?",
        r"(?:format|codec|container|file type) (?:is |isn't |not )+supported",
        r"(?:video|media|file|mp4|stream)\b.{0,60}\b(?:is |was |appears |seems |be )*(?:corrupt(?:ed)?"
        r"|truncated|damaged|unreadable|unplayable|empty|zero[- ]length|0 bytes|too short|too small"
        r"|too large|too long|incomplete)",
        r"(?:corrupt(?:ed)?|truncated|damaged|unreadable|empty|zero[- ]length|zero[- ]byte"
        r"|incomplete) (?:or \w+ )?(?:video|media|mp4|file|input|stream)",
        r"no (?:video|decodable) (?:stream|track)s?",
        r"(?:stream|track) \S+ ?contains no stream",
        r"does not contain any stream",
        r"end of file\W*$",
        r"header (?:damaged|missing)",
        r"(?:duration|frame rate|resolution) (?:is |was )?(?:zero|0|n/a|unknown|invalid|not found)",
        r"video (?:validation|check|integrity check) failed",
        r"partial file",
        r"error while decoding stream",
        r"decode_slice_header error",
        r"ftyp (?:box|atom)",
    ),
    _rule(
        "bad_caption",
        r"caption (?:is |was )?(?:empty|missing|too long|over \d[\d,]* characters|exceeds)\b.*",
    ),
)
"""Files on this host and on the phone."""

NO_PHONE: Final = (
    _rule(
        "not_in_geelark",
        r"phone(?:(?!\b(?:number|app|but|file|video|element|button|screen|adb|and)\b)[^.;,]){0,60}?"
        r"\b(?:not found|does not exist|doesn't exist|no longer exists|was deleted|unknown)",
        r"no (?:cloud )?phone (?:was |is )?(?:found|named|with|for|called|assigned|bound|profile)",
        r"(?:not found|missing|not present|not listed|absent|unknown) (?:in|at|on|to|from) geelark",
        r"not in geelark",
        r"(?:env|environment|profile) (?:not found|does not exist)",
    ),
)
"""The account has no phone at the provider (behaviour A9.11)."""

ADB: Final = (
    _rule(
        "adb_timeout",
        r"command\b.{0,80}\badb(?:\.exe)?['\" ].*\btimed out",
        r"command\b.{0,80}\badb(?:\.exe)?['\" ].*\b(?:exited with code|returned non-zero"
        r"|failed with exit code|exit status)",
    ),
    _rule(
        "glogin_expired",
        r"glogin\b.*",
        r"(?:should|must|need to|please) (?:run |do )?(?:g)?login first",
        r"^\W*login first",
    ),
    _rule(
        "adb_timeout",
        r"device ['\"<]?[\w.:<>-]*['\">]? ?not found",
        r"device(?: ['\"<]?[\w.:<>-]+['\">]?)?(?: is| went| was| still| now)* (?:offline|unauthorized"
        r"|connecting|authorizing|disconnected|gone|not online)",
        r"no devices?(?:/emulators?)?(?: were| was)? (?:found|attached|connected|listed|online)",
        r"no devices/emulators",
        r"more than one device",
        r"no android devices?",
        r"device\b.{0,40}\bnever appeared",
        r"(?:never|not|did not) appear(?:ed)? in (?:the )?(?:adb|list)",
        r"device\b.{0,60}\bnot in the list of connected devices",
        r"could not find a connected android device",
        r"(?:error|failed|failure|timeout|timed out|problem)\b.{0,30}\badb(?:exec|\b).*",
        r"adb(?:exec)?(?: \w+)? (?:timeout|timed out|connection|execution timeout|command failed"
        r"|failed|error|disconnected|unreachable|lost)",
        r"adb(?:\.exe)?\W{1,2} ?(?:error|device|connect|failed|no|more|protocol)\b.*",
        r"adb server (?:didn't ack|version|is|was|not|killed|failed|cannot)",
        r"(?:adb )?daemon (?:not running|still not running|stopped|failed)",
        r"(?:cannot|can't|could not|unable to|failed to) (?:connect to|start|reach) (?:the )?(?:adb "
        r")?(?:daemon|device)",
        r"(?:failed|unable|cannot) (?:to )?(?:connect|authenticate) to ['\"<]?[\w.<>-]+:[\w<>]+",
        r"(?:failed|unable|cannot) (?:to )?(?:connect|authenticate) to ['\"<][\w.: <>-]+['\">]",
        r"failed to (?:get feature set|read copy response|resolve host)\b.*",
        r"couldn't read from device",
        r"protocol fault",
        r"error: closed",
        r"^\W*closed",
        r"insufficient permissions for device",
        r"timeout expired while waiting for device",
        r"could not install \*smartsocket\* listener",
        r"\$adb_vendor_keys",
        r"getting device api level",
        r"(?:device )?(?:lost|disappeared) from adb",
        r"getprop\b.*\btimed out",
        r"device\b.{0,40}\bdid not (?:come online|connect|answer|respond)",
    ),
)
"""adb, its server and the link to the phone."""

APPIUM: Final = (
    _rule(
        "appium_crash",
        r"could not proxy",
        r"cannot be proxied",
        r"trying to proxy a session command",
        r"instrumentation (?:process|run)\b.*",
        r"instrumentation_(?:result|code|failed|aborted|status)",
        r"process crashed",
        r"uiautomation (?:not connected|service)\b.*",
        r"uiautomationservice\b.*",
        r"uiautomator2?(?: ?server)?\b.{0,60}(?:cannot|could not|crash|not (?:running|ready"
        r"|responding|installed)|died|failed|exited|timed out|busy|error)\w*",
        r"local port #?\S* is busy",
        r"address already in use",
        r"eaddrinuse",
        r"\[?winerror 10048\]?",
        r"session (?:is )?(?:either )?(?:terminated|not (?:started|created|known|found))\b.*",
        r"session identified by",
        r"(?:a )?new session could not be created",
        r"session not created",
        r"(?:invalid|no such|unknown|no active|lost|missing) (?:appium )?session(?: id)?",
        r"no such driver",
        r"nosuchdriver\w*",
        r"(?:could not|cannot|failed to|unable to) (?:create|start|open|get) (?:a |an |the )?(?:new )?"
        r"(?:appium|webdriver|driver|uiautomator2?|remote) ?(?:session|server|driver)?",
        r"appium(?: \w+){0,3} (?:crash(?:ed)?|died|exited|not (?:running|ready|healthy|responding"
        r"|started|reachable)|unhealthy|stopped|failed|timed out|timeout|did not start|hung|lost"
        r"|disconnected)",
        r"appium settings\b.*",
        r"io\.appium\.\S+",
        r"(?:java\.lang|android\.\w+)\.\w+(?:\.\w+)*(?:exception|error)",
        r"deadobjectexception",
        r"write_secure_settings",
        r"cannot start the '[^']*' application",
        r"activity (?:never started|used to start app)\b.*",
        r"unable to resolve the launchable activity",
        r"could not (?:get idle state|retrieve the currently focused package)",
        r"null root node",
        r"(?:page source|screenshot|ui dump|dump)\b.{0,30}\b(?:could not be|cannot be|failed to be)"
        r" (?:retrieved|taken|captured)",
        r"timed out waiting for (?:the )?(?:root|accessibility)\w*",
        r"timeout of \d+ms exceeded",
        r"disconnected: (?:unable|not connected)",
        r"chrome not reachable",
        r"(?:unknown|unhandled) (?:server-side )?error occurred while processing the command",
    ),
)
"""The Appium server, its driver and the helper on the phone."""

ELEMENTS: Final = (
    _rule(
        "navigation_stuck",
        r"no such element",
        r"element\b.{0,80}\b(?:could not be located|cannot be located|not found|does not exist"
        r"|not (?:visible|interactable|clickable|present|displayed|attached)|no longer"
        r"|is stale|was not found|never appeared)",
        r"(?:stale|missing) element",
        r"does not exist in (?:the )?dom",
        r"not (?:clickable|interactable|attached to the page)",
        r"element click intercepted",
        r"(?:is|was) not (?:present|linked) (?:on|to) the (?:screen|page|same object)\b.*",
    ),
)
"""The driver worked, the screen was another one."""

DROPPED: Final = (
    _rule(
        "connection_dropped",
        r"connection (?:was |has been |is |got )?(?:aborted|broken|dropped|reset|lost|closed"
        r"|interrupted|forcibly closed|terminated)\b.*",
        r"(?:existing|established) connection was (?:forcibly closed|aborted)",
        r"(?:econnreset|econnaborted|epipe)",
        r"broken pipe",
        r"socket hang up",
        r"socket (?:is |was )?closed",
        r"remote end closed",
        r"(?:peer|server|remote(?: host)?) closed (?:the )?connection",
        r"server disconnected",
        r"incompleteread\b.*",
        r"incomplete (?:chunked )?(?:read|message)\b.*",
        r"\[?winerror (?:64|10053|10054)\]?",
        r"\[?errno (?:32|103|104)\]?",
        r"unexpected eof",
        r"lost connection",
    ),
)

NETWORK: Final = (
    _rule(
        "network_error",
        r"name or service not known",
        r"(?:temporary failure in )?name resolution",
        r"nameresolutionerror",
        r"failed to resolve\b.*",
        r"getaddrinfo\b.*",
        r"could not resolve host\b.*",
        r"nodename nor servname",
        r"no address associated with hostname",
        r"dns\b.{0,40}\b(?:fail\w*|error|not|timeout|timed out|lookup)",
        r"enotfound|eai_again|etimedout|enetunreach|ehostunreach|econnrefused",
        r"ssl(?:error|eoferror|v3\w*)?\b.{0,80}\b(?:error|fail\w*|eof|handshake|verify|alert|record"
        r"|wrong|unexpected|certificate)\w*",
        r"certificate(?:_| )verify(?:_| )failed",
        r"handshake (?:operation )?(?:timed out|failed|failure)",
        r"eof occurred in violation of protocol",
        r"\w*proxy\w*\b.{0,60}\b(?:error|fail\w*|refused|timed out|unreachable|authentication"
        r"|unable|cannot|tunnel)",
        r"(?:unable|failed|cannot) to connect to (?:the )?proxy",
        r"tunnel connection failed\b.*",
        r"(?:network|host|internet)(?: is| was)? (?:unreachable|down|not available|unavailable)",
        r"no (?:internet|network)(?: connection| access)?",
        r"(?:no|not) (?:connected to|connection to) the (?:internet|network)",
        r"network (?:error|failure|problem|issue|timeout|changed|connection)\b.*",
        r"no route to host",
        r"connection (?:was )?(?:refused|timed out|timeout|error|failed|attempt failed)",
        r"failed to establish a new connection",
        r"max retries exceeded",
        r"(?:all )?connection attempts failed",
        r"(?:read|write|connect|connection|request|pool|operation|response|http)(?:ion)?"
        r"(?: operation)? (?:timed out|time-?out|timeout)\b.*",
        r"actively refused",
        r"did not properly respond",
        r"\[?winerror (?:121|1231|1232|10050|10051|10055|10060|10061|10064|10065|11001|11002"
        r"|11003|11004)\]?",
        r"\[?errno (?:-[235]|101|110|111|113|11001|8|60|61)\]?",
        r"something went wrong",
        r"couldn't (?:refresh|load|connect|upload|post|share)\b.*",
    ),
)

PHONE: Final = (
    _rule(
        "phone_error",
        r"(?:cloud )?phone\b.{0,80}\b(?:did not|didn't|never|not|failed to|could not|cannot|can't)"
        r" (?:\w+ ){0,2}?(?:start(?:ed)?|boot(?:ed)?|ready|run(?:ning)?|respond(?:ing)?|available"
        r"|open(?:ed)?|stop(?:ped)?|online|power(?:ed)?|be|come|reach(?:ed)?|shut)\b.*",
        r"phone\b.{0,60}\b(?:is |was |has )?(?:busy|expired|unavailable|in use|occupied|off|booting"
        r"|starting|maintenance|crashed|frozen|offline|rebooted|shut ?down|stopped|failed"
        r"|timed out|timeout|error)\b.*",
        r"(?:start|starting|boot|booting|stop|stopping|launch|open|opening|restart|wak\w+)"
        r"(?: up)?(?: of)?(?: the| a| cloud)* phone\b.{0,60}",
        r"(?:fail\w*|error|unable|cannot|could not|timeout|timed out)\b.{0,40}\b(?:start|boot|stop"
        r"|launch|open|power)\w* (?:the |a |up |cloud )*(?:phone|device|env|emulator)\b.*",
        r"(?:resources?|capacity|stock|quota|concurrency|devices?)\b.{0,40}\b(?:insufficient"
        r"|exhausted|not enough|used up|exceeded|unavailable|limit reached|reached)",
        r"(?:insufficient|not enough|no|out of)(?: \w+){0,2} (?:resources|capacity|stock|devices?"
        r"|phones?)",
        r"no (?:free|available|idle) (?:cloud )?(?:phone|device)s?",
        r"boot(?:ing)? (?:timeout|timed out|failed|did not)\b.*",
        r"env (?:is )?(?:occupied|started|expired|starting|busy)",
        r"balance (?:is )?(?:too low|not enough|insufficient)",
        r"insufficient balance",
        r"maintenance",
        r"out of memory",
        r"\[?errno (?:12|28)\]?",
        r"\[?winerror (?:8|14|1450|1455)\]?",
        r"app (?:is )?not installed",
        r"is isn't responding|keeps stopping|has stopped|anr in",
    ),
)
"""The cloud phone: boot, capacity, plan."""

# -- notices of the posting app ------------------------------------------------------------------

ACCOUNT: Final = (
    _rule(
        "banned",
        r"(?:account|you|user|profile)(?:'s)?\b.{0,60}\bbanned\b",
        r"banned (?:your|this|the|from|account|by)\b",
        r"account ban\b",
    ),
    _rule(
        "suspended",
        r"suspended (?:your|this|the|account|by)\b",
        r"(?:account|profile|you|user)(?:'s)?\b.{0,60}\bsuspended",
        r"account suspension",
        r"days (?:left|remaining) to (?:disagree|appeal)",
    ),
    _rule(
        "disabled",
        r"(?:disabled|deactivated|terminated|removed|deleted) (?:your|this|the) "
        r"(?:instagram )?(?:account|profile)",
        r"(?:account|profile|you)\b.{0,60}\b(?:disabled|deactivated|terminated|permanently removed"
        r"|permanently deleted)",
        r"(?:disabled|deactivated|terminated) account",
        r"account (?:termination|no longer exists)",
    ),
    _rule(
        "verification",
        r"(?:re)?captcha\w*",
        r"i'?m not a robot",
        r"(?:verify|confirm|prove)(?: that)?(?: it'?s| it is| it was| this is| this was) (?:really )?"
        r"(?:you|me)",
        r"(?:verify|confirm|prove|authenticate)(?: that)?(?: you(?:'re| are| own| aren't)?| your| my"
        r"| the| this| an?)+ .{0,20}?(?:identity|account|human|person|robot|info|information|email"
        r"|e-mail|phone|number|age|birthday|login|login attempt|device|real)",
        r"help us (?:confirm|verify)",
        r"identity (?:confirmation|check|verification)",
        r"(?:id|account|phone|email|e-mail|age|selfie|human|instagram|photo|video|additional"
        r"|security|manual) verification",
        r"verification(?: is| was| step)? (?:required|needed|requested|pending|popup|screen|code"
        r"|challenge|check)",
        r"(?:needs?|requires?|asks? for|asking for|awaiting|pending|wants) "
        r"(?:\w+ ){0,3}?(?:verification|verifying|confirmation code)",
        r"security (?:check|challenge|checkpoint|code)",
        r"(?:enter|type|submit) (?:the|your|a) (?:\w+ |\d-digit ){0,2}?(?:code|characters)",
        r"(?:we|we've|we have) ?(?:just )?(?:sent|texted|emailed) (?:you )?(?:a|an|the|your)\b.{0,20}"
        r"code",
        r"(?:confirmation|login|6-digit|six-digit|authentication) code",
        r"two[- ]factor",
        r"2fa",
        r"(?:upload|take|submit|provide) (?:a |an |your )?(?:photo |picture )?(?:of )?(?:your )?"
        r"(?:photo id|government id|id|selfie|identification)",
        r"video selfie",
        r"(?:suspicious|unusual|unrecogni[sz]ed) (?:login|log-?in|activity|sign-?in|attempt)",
        r"was this you",
        r"(?:challenge|checkpoint) (?:required|screen|page)",
    ),
    _rule(
        "action_blocked",
        r"actions? (?:was |has been |is |are |were |been )?blocked",
        r"(?:temporarily|temp) (?:blocked|restricted|locked|limited|prevented)",
        r"(?:account|you|posting|sharing|profile)\b.{0,40}\b(?:is |are |been |was )+"
        r"(?:\w+ )?(?:restricted|blocked|limited|locked)",
        r"(?:we|instagram) (?:restricts?|limits?) (?:certain|how often|some|the number)",
        r"restrict(?:s|ed)? certain (?:activity|content|actions)",
        r"limit how often",
        r"(?:you )?can'?t (?:post|share|do this|perform this action|use this feature|upload)"
        r"(?: \w+){0,3} (?:right now|for now|until|temporarily|at the moment)",
        r"please wait a few minutes",
        r"wait a few minutes before",
        r"(?:suspect|detected|noticed)\b.{0,20}\bautomated (?:behavior|behaviour|activity)",
        r"you're (?:going too fast|doing (?:this|that) too)",
        r"too many (?:attempts|actions|posts)",
        r"spam (?:block|warning|protection)",
        r"(?:blocked|flagged|restricted) by instagram",
        r"shadow ?ban(?:ned)?",
    ),
    _rule(
        "logged_out",
        r"(?:been |was |were |got |is |are |you're |account )(?:\w+ )?(?:logged|signed) out",
        r"(?:logged|signed) out (?:of|from|by)\b",
        r"(?:not|no longer|isn't|aren't|never) (?:logged|signed) in",
        r"(?:please|must|need to|have to|needs to|required to|ask\w* to|should) (?:log|sign) ?in\b",
        r"(?:log|sign) (?:back )?in (?:again|to (?:instagram|continue|your|see|use|post|share)"
        r"|with facebook)",
        r"(?:log|sign) ?-?in (?:is )?(?:required|needed|screen|page|again|expired|failed)",
        r"login (?:required|needed|screen|page|form)",
        r"(?:instagram|account|app|user|login|your) session (?:has |is |was )?(?:expired|ended"
        r"|invalid)",
        r"session (?:has |was )?expired",
        r"password (?:was|has been|is|had been) (?:\w+ )?(?:reset|changed|incorrect|wrong)",
        r"(?:incorrect|wrong|invalid|forgotten|forgot) (?:username or )?password",
        r"(?:reset|change|create a new) (?:your )?password",
        r"(?:create (?:a )?new account|create an account|sign up)"
        r" (?:screen|page|button|form|shown|displayed|prompt)\b.*",
        r"already have an (?:account|profile)",
        r"(?:log|sign) into (?:another|existing|your) account",
        r"account (?:is )?(?:logged|signed) out",
    ),
)
"""States of the account, as the app words them (behaviour A9.8)."""

ACCOUNT_WHOLE: Final = (
    _exact("suspended", r"(?:account )?suspended"),
    _exact("disabled", r"(?:account )?(?:disabled|terminated|deactivated)"),
    _exact("banned", r"(?:account )?(?:permanently )?banned"),
    _exact(
        "verification",
        r"(?:re)?captcha(?: required| detected| screen)?",
        r"(?:id |identity )?verification",
        r"verify(?: account| identity)?",
        r"security check",
        r"confirm(?:ation)? code",
        r"challenge",
    ),
    _exact(
        "action_blocked",
        r"(?:action )?blocked",
        r"(?:please )?try again later",
        r"restricted",
        r"(?:please )?wait a few minutes.{0,40}",
    ),
    _exact(
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
    _rule(
        "app_update",
        r"app[ _]update\b.*",
        r"update (?:the |your |required|instagram|to (?:continue|the latest))\b.*",
        r"(?:must|needs? to|please|required to) (?:be )?updated?\b.*",
        r"(?:new|newer|latest) version (?:of|is|required)\b.*",
    ),
    _rule(
        "job_timeout",
        r"job (?:\S+ )?(?:time limit|timed out|time-?out|timeout|exceeded|took longer)\b.*",
        r"(?:total|overall) (?:job |posting )?(?:time limit|timeout|time)\b.{0,20}"
        r"(?:exceeded|reached|used up)",
    ),
    _rule(
        "navigation_stuck",
        r"(?:could not|failed to|unable to|cannot) (?:extract|parse|decode|read) "
        r"(?:valid |the |any |model'?s? |ai |claude'?s? )*(?:json|answer|response|reply|action)\b.*",
        r"navigation (?:failed|error|stuck|timed out|timeout|did not)\b.*",
        r"failed to navigate\b.*",
        r"(?:flow|screen|app|ui|process|navigation) (?:is |was |got )?stuck\b.*",
        r"stuck (?:on|in|at|state)\b.*",
        r"(?:unknown|unexpected|unrecogni[sz]ed|wrong|unhandled) (?:screen|state|popup|dialog|page"
        r"|action|activity|app|element)\b.*",
        r"(?:could not|couldn't|cannot|can't|did not|didn't|unable to|failed to|never) (?:\w+ ){0,2}?"
        r"(?:find|reach|tap|click|open|locate|select|dismiss|see|press|enter|type|scroll|choose"
        r"|close|get past|leave|launch|swipe|detect)\b.*",
        r"(?:button|tab|menu|popup|dialog|icon|field|gallery|thumbnail|reel|caption|option|screen"
        r"|feed)\b.{0,40}\b(?:not (?:found|visible|available|reached|shown|entered|selected"
        r"|clickable|appear\w*)|missing|did not|didn't|never)\b.*",
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
    _rule("appium_crash", r"appium (?:re)?connect(?:ion)? failed", r"ui dump failed"),
    _rule("appium_crash", r"^\W*message: .*"),
)
"""Openings that older systems put around a cause; they count where the cause says nothing."""

BARE_WORDS: Final = (
    _rule("appium_crash", r"appium", r"uiautomator2?", r"instrumentation", r"webdriver"),
    _rule("adb_timeout", r"adb"),
    _rule("corrupted_video", r"corrupt(?:ed)?"),
    _rule("phone_error", r"(?:cloud )?phone (?:start|boot|error|problem)\w*", r"boot"),
    _rule(
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
    _rule("navigation_stuck", r"stuck", r"navigation", r"loop"),
)
"""Weakest evidence, and only in a short message (behaviour A-D20)."""

PHASES: Final[Mapping[str, str]] = MappingProxyType(
    {"ai_analysis": "navigation_stuck", "navigation": "navigation_stuck"}
)
"""What a failure of a phase means where neither text nor class says more."""

# -- exception classes ---------------------------------------------------------------------------

PROGRAM_CLASSES: Final = frozenset(
    """typeerror keyerror attributeerror indexerror nameerror unboundlocalerror assertionerror
    importerror modulenotfounderror zerodivisionerror notimplementederror recursionerror syntaxerror
    indentationerror unicodedecodeerror unicodeencodeerror overflowerror stopiteration lookuperror
    permissionerror isadirectoryerror notadirectoryerror validationerror settingserror
    invalidselectorexception invalidargumentexception unknownmethodexception invalidurl
    unsupportedprotocol missingschema invalidschema locationparseerror authenticationerror
    permissiondeniederror badrequesterror unprocessableentityerror requesttoolargeerror
    notfounderror""".split()
)
"""Classes that mean a wrong program, setting or key whatever they say."""

CLASSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: error_type
        for error_type, names in {
            "appium_crash": """webdriverexception invalidsessionidexception
                sessionnotcreatedexception nosuchdriverexception screenshotexception
                unknownerror javascriptexception invalidsessionid""",
            "navigation_stuck": """nosuchelementexception staleelementreferenceexception
                elementnotinteractableexception elementclickinterceptedexception
                elementnotvisibleexception elementnotselectableexception
                invalidelementstateexception timeoutexception movetargetoutofboundsexception
                nosuchcontextexception noalertpresentexception apiresponsevalidationerror""",
            "adb_timeout": "timeouterror timeoutexpired calledprocesserror adberror",
            "connection_dropped": """connectionerror connectionreseterror connectionabortederror
                connectionrefusederror brokenpipeerror remotedisconnected protocolerror
                chunkedencodingerror incompleteread remoteprotocolerror readerror writeerror
                closederror eoferror""",
            "network_error": """maxretryerror newconnectionerror connecttimeout connecttimeouterror
                readtimeout readtimeouterror writetimeout pooltimeout timeout connecterror
                nameresolutionerror gaierror sslerror sslcertverificationerror ssleoferror
                proxyerror httperror httpstatuserror requestexception retryerror jsondecodeerror
                apiconnectionerror apitimeouterror ratelimiterror internalservererror
                overloadederror serviceunavailableerror deadlineexceedederror conflicterror
                apistatuserror apierror contentdecodingerror urlerror transporterror networkerror
                localprotocolerror toomanyredirects""",
            "missing_video": "filenotfounderror",
            "phone_error": "memoryerror",
            "program_error": "valueerror unicodeerror arithmeticerror",
        }.items()
        for name in names.split()
    }
)
"""What an exception class means where its text says nothing more exact."""
