"""Phones and what drives them: the provider's inventory, adb, Appium, UiAutomator2.

Sources: messages of adb, of Appium and its UiAutomator2 driver, of selenium and of the provider.
"""

from __future__ import annotations

from typing import Final

from engine.taxonomy.patterns.rule import phrases

NO_PHONE: Final = (
    phrases(
        "not_in_geelark",
        r"phone(?:(?!\b(?:number|app|but|file|video|element|button|screen|adb|and)\b)[^.;,]){0,60}?"
        r"\b(?:not found|does not exist|doesn't exist|no longer exists|was deleted|unknown)",
        r"no such (?:cloud )?phone",
        r"(?:could not|couldn't|cannot|can't|failed to|unable to) find (?:a |the |any )?(?:cloud )?"
        r"phone\b(?! number)",
        r"no (?:cloud )?phone (?:was |is )?(?:found|named|with|for|called|assigned|bound|profile)",
        r"(?:not found|missing|not present|not listed|absent|unknown) (?:in|at|on|to|from) geelark",
        r"not in geelark",
        r"(?:env|environment|profile) (?:not found|does not exist)",
    ),
)
"""The account has no phone at the provider (behaviour A9.11)."""

ADB: Final = (
    phrases(
        "adb_timeout",
        r"command\b.{0,80}\badb(?:\.exe)?['\" ].*\btimed out",
        r"command\b.{0,80}\badb(?:\.exe)?['\" ].*\b(?:exited with code|returned non-zero"
        r"|failed with exit code|exit status)",
    ),
    phrases(
        "glogin_expired",
        r"glogin\b.*",
        r"(?:should|must|need to|please) (?:run |do )?(?:g)?login first",
        r"^\W*login first",
    ),
    phrases(
        "adb_timeout",
        r"device (?:'[^']*' |\"[^\"]*\" |[\w.:<>-]+ )?not found",
        r"device(?: ['\"<]?[\w.:<>-]+['\">]?)?(?: is| went| was| still| now)* "
        r"(?:offline|unauthorized|connecting|authorizing|disconnected|gone|not online)",
        r"no devices?(?:/emulators?)?(?: were| was)? (?:found|attached|connected|listed|online)",
        r"no devices/emulators",
        r"more than one device",
        r"no android devices?",
        r"device\b.{0,40}\bnever appeared",
        r"(?:never|not|did not) appear(?:ed)? in (?:the )?(?:adb|list)",
        r"device\b.{0,60}\bnot in the list of connected devices",
        r"(?:could not|unable to) find an? (?:connected|active) (?:android )?device",
        r"(?:error|failed|failure|timeout|timed out|problem)\b.{0,30}\badb(?:exec|\b).*",
        r"adb(?:exec)?(?: \w+)? (?:timeout|timed out|connection|execution timeout|command failed"
        r"|failed|error|disconnected|unreachable|lost)",
        r"adb(?:\.exe)?\W{1,2} ?(?:error|device|connect|failed|no|more|protocol)\b.*",
        r"adb server (?:didn't ack|version|is|was|not|killed|failed|cannot)",
        r"(?:adb )?daemon (?:not running|still not running|stopped|failed)",
        r"(?:cannot|can't|could not|unable to|failed to) (?:connect to|start|reach) (?:the )?"
        r"(?:adb )?(?:daemon|device)",
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
        r"device\b.{0,40}\b(?:is not|isn't|not|stopped) (?:responding|answering)",
    ),
)
"""adb, its server and the link to the phone."""

APPIUM: Final = (
    phrases(
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
        r"(?:address|port(?: \S+)?) (?:is )?already in use",
        r"(?:can't|cannot) find service",
        r"eaddrinuse",
        r"\[?winerror 10048\]?",
        r"session (?:is )?(?:either )?(?:terminated|not (?:started|created|known|found))\b.*",
        r"session identified by",
        r"(?:a )?new session could not be created",
        r"session not created",
        r"could not start a new session",
        r"(?:invalid|no such|unknown|no active|lost|missing) (?:appium )?session(?: id)?",
        r"session\b.{0,40}\bcrashed",
        r"no such window",
        r"no such driver",
        r"nosuchdriver\w*",
        r"(?:could not|cannot|failed to|unable to) (?:create|start|open|get) (?:a |an |the )?"
        r"(?:new )?(?:appium|webdriver|driver|uiautomator2?|remote) ?(?:session|server|driver)?",
        r"appium(?: \w+){0,3} (?:crash(?:ed)?|died|exited|not (?:running|ready|healthy|responding"
        r"|started|reachable)|unhealthy|stopped|failed|timed out|timeout|did not start|hung|lost"
        r"|disconnected)",
        r"appium\b.{0,40}\b(?:is not|isn't|not|stopped) (?:responding|answering)",
        r"appium settings\b.*",
        r"io\.appium\.\S+",
        r"(?:java\.lang|android\.\w+)\.\w+(?:\.\w+)*(?:exception|error)",
        r"deadobjectexception",
        r"write_secure_settings",
        r"cannot start the '[^']*' application",
        r"activity (?:never started|used to start app)\b.*",
        r"unable to resolve (?:the launchable activity|intent)\b.*",
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
    phrases(
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

PHONE: Final = (
    phrases(
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
        r"(?:waiting|waited) for (?:the )?(?:cloud )?phone\b.*",
        r"phone\b.{0,80}\b(?:upgrad\w*|try again later)",
        r"boot(?:ing)? (?:timeout|timed out|failed|did not)\b.*",
        r"env (?:is )?(?:occupied|started|expired|starting|busy)",
        r"balance (?:is )?(?:too low|not enough|insufficient)",
        r"insufficient balance",
        r"maintenance",
        r"out of memory",
        r"\[?errno (?:12|28)\]?",
        r"\[?winerror (?:8|14|1450|1455)\]?",
        r"(?:is not|isn't|not) installed on the (?:phone|device)",
        r"phone\b.{0,40}\b(?:shutting|powering|starting) (?:down|off|up)",
        r"app (?:is )?not installed",
        r"(?:app|instagram|phone|system ui|launcher) (?:is not|isn't) responding",
        r"keeps stopping|has stopped|anr in",
    ),
)
"""The cloud phone: boot, capacity, plan."""
