"""Programs and services: CPython, settings and keys, HTTP, sockets, names.

Sources: messages of CPython, Windows, urllib3, requests, httpx, anthropic and Appium's server.
"""

from __future__ import annotations

from typing import Final

from engine.taxonomy.patterns.rule import phrases

PROGRAM: Final = (
    phrases(
        "program_error",
        r"'(?:nonetype|int|str|list|dict|tuple|float|bool|bytes)'(?!:)",
        r"nonetype",
        r"(?:type|key|attribute|index|name|unboundlocal|assertion|import|modulenotfound"
        r"|zerodivision|recursion|syntax|notimplemented|unicode(?:en|de)code)error",
        r"has no len\(\)",
        r"positional arguments?",
        r"sequence item \d+",
        r"(?:no running|running) event loop",
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
        r"must be (?:a )?(?:str|int|float|bytes|string|real number|bytes-like object)\b"
        r".{0,20}, not",
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
    phrases(
        "program_error",
        r"unsupported (?:platform|device|workload|model|mode|configuration|option|protocol)",
        r"(?:platform|device kind)(?: [\w'-]+)? (?:is )?not supported",
        r"invalid choice",
        r"(?:invalid|wrong|bad|broken|missing|incomplete) (?:configuration|config|settings?|option"
        r"|argument|parameter|credentials?|environment)s?",
        r"(?:invalid|wrong|illegal|bad) (?:value|type|format|name|path|port|number) (?:for|of|in)"
        r" (?:the |option |setting |argument |key )*[\w.-]+",
        r"must be (?:between|at least|at most|one of|positive|greater|less|an integer|a number)"
        r"\b.*",
        r"(?:configuration|config|settings?) (?:error|is (?:invalid|missing|wrong)|invalid|missing"
        r"|not found)",
        r"environment variables?\b.{0,60}\b(?:not set|unset|missing|not exported|was exported)",
        r"environment variable is not set",
        r"in (?:geelark\.toml|\.env|config\.(?:py|toml|json)|the settings)",
        r"neither android_home nor",
        r"\w+_(?:token|key|id|home|path) (?:is |was )?(?:not set|missing|empty|unset|required)",
        r"(?:api|app|bearer|access|x-api)[ _-]?(?:key|token|id)\W{1,2}(?:is |was |not )*"
        r"(?:missing|set|found|configured|invalid|expired|wrong|required|empty)",
        r"(?:invalid|missing|no|wrong|expired|bad|incorrect) (?:x-)?(?:api|app|bearer|access|auth)"
        r"[ _-]?(?:key|token|id)",
        r"(?:api|auth|access|bearer)[ _-]?(?:key|token)\b.{0,60}\b(?:must be|required"
        r"|not set|is set"
        r"|missing|not configured)",
        r"missing (?:required )?(?:settings?|options?|arguments?|parameters?|fields?"
        r"|columns?|keys?)",
        r"unrecogni[sz]ed arguments?",
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
        r"is not a valid (?!video|media|mp4|file|json|image|session|response)\w+",
        r"\[?winerror (?:5|123|193|206|267)\]?",
        r"\[?errno (?:13|1|20|21|36)\]?",
        r"request url is missing",
        r"no (?:host supplied|schema supplied|connection adapters were found)",
        r"requested resource could not be found, or a request was received using an http method",
        r"method (?:is not|has not)(?: yet)?(?: been)? implemented",
    ),
)
"""A wrong setting, key or request of ours."""

SERVICE_FAULT: Final = (
    phrases(
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

DROPPED: Final = (
    phrases(
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
    phrases(
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
