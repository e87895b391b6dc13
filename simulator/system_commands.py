"""Shell commands about Android itself: packages, processes, settings, what ``dumpsys`` prints.

The answers hold what the automation driver reads out of them, in Android's own layout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from simulator.android_system import AUTOMATION, AUTOMATION_TESTS, INSTRUMENTATION, SETTINGS_APP
from simulator.app.machine import AppMissing
from simulator.app.nodes import APP_PACKAGE
from simulator.phone import Phone

Answer = tuple[str, int]
Command = Callable[[Phone, Sequence[str]], Answer]
UNKNOWN: Final = ("", -1)
"""The answer to words that nobody taught the phone."""


def am(phone: Phone, words: Sequence[str]) -> Answer:
    """The activity manager."""
    match list(words):
        case ["broadcast", *rest]:
            return _broadcast(phone, rest)
        case ["force-stop", package]:
            phone.app.terminate(package)
            phone.system.stop_app(package)
            phone.farm.doors.app_stopped(phone, package)
            return "", 0
        case ["start" | "start-activity", *rest]:
            return _start(phone, rest)
        case ["start-foreground-service" | "startservice", *_]:
            return "", 0
    return UNKNOWN


def _broadcast(phone: Phone, words: Sequence[str]) -> Answer:
    # The driver's own receiver says -1 for "done", Android's own receivers say 0.
    ours = any(SETTINGS_APP in word for word in words)
    data = f', data="{phone.system.clipboard}"' if any("clipboard" in w for w in words) else ""
    action = words[words.index("-a") + 1] if "-a" in words[:-1] else ""
    intent = f"Intent {{ act={action} flg=0x400000 }}"
    return f"Broadcasting: {intent}\nBroadcast completed: result={-1 if ours else 0}{data}\n", 0


def _start(phone: Phone, words: Sequence[str]) -> Answer:
    package = next((word.partition("/")[0] for word in words if "/" in word), "")
    if package == SETTINGS_APP and phone.system.start_app(package):
        return f"Starting: Intent {{ cmp={package}/.Settings }}\n", 0
    try:
        phone.app.launch(package)
    except AppMissing:
        return f"Error: Activity class {{{package}}} does not exist.\n", 1
    return f"Starting: Intent {{ cmp={package} }}\n", 0


def pm(phone: Phone, words: Sequence[str]) -> Answer:
    """The package manager, under its own name and as ``cmd package``."""
    match list(words):
        case ["list", "instrumentation", *_]:
            there = AUTOMATION_TESTS in phone.system.packages
            return f"instrumentation:{INSTRUMENTATION} (target={AUTOMATION})\n" * there, 0
        case ["list", "packages", *options]:
            return _listed(phone, options), 0
        case ["path" | "resolve-activity" | "uninstall" as what, *_, name]:
            return _about_package(phone, what, name)
        case ["grant" | "clear" | "enable" | "disable", *_]:
            return "Success\n", 0
    return UNKNOWN


def _about_package(phone: Phone, what: str, name: str) -> Answer:
    known = name in phone.system.packages
    if what == "path":
        return f"package:/data/app/{name}/base.apk\n" * known, int(not known)
    if what == "resolve-activity":
        found = f"priority=0 preferredOrder=0 match=0x108000\n{name}/.Main\n"
        return found if known else "No activity found\n", 0
    done = phone.system.uninstall(name)
    return ("Success\n", 0) if done else ("Failure [DELETE_FAILED_INTERNAL_ERROR]\n", 1)


def _listed(phone: Phone, options: Sequence[str]) -> str:
    with_code = "--show-versioncode" in options
    wanted = [option for option in options if not option.startswith("-")]
    lines = []
    for package in phone.system.packages.values():
        if wanted and wanted[0] not in package.name:
            continue
        code = f" versionCode:{package.version_code}" if with_code else ""
        lines.append(f"package:{package.name}{code}\n")
    return "".join(lines)


def cmd(phone: Phone, words: Sequence[str]) -> Answer:
    """``cmd SERVICE …``."""
    match list(words):
        case ["package", *rest]:
            return pm(phone, rest)
        case ["notification" | "appops" | "deviceidle", *_]:
            return "", 0
    return UNKNOWN


def dumpsys(phone: Phone, words: Sequence[str]) -> Answer:
    """The state of one of Android's services."""
    service, rest = (words[0], words[1:]) if words else ("", ())
    match (service, *rest):
        case ("package", name):
            return _package(phone, name), 0
        case ("activity", "services", name):
            return _services(phone, name), 0
        case ("activity", "processes", *_):
            return _process_records(phone), 0
        case ("window", *_):
            return _window(phone), 0
    return (_DUMPS[service], 0) if service in _DUMPS else UNKNOWN


_DUMPS: Final = {
    "power": "  mWakefulness=Awake\n",
    "input_method": "  mInputShown=false\n  mIsInputViewShown=false\n",
    "deviceidle": "",
}


def _services(phone: Phone, name: str) -> str:
    """``name``: an app, or one service of it as APP/.SERVICE."""
    if name not in phone.system.services:
        return "ACTIVITY MANAGER SERVICES (dumpsys activity services)\n  (nothing)\n"
    return f"  * ServiceRecord{{1 u0 {name}/.ForegroundService}}\n    isForeground=true\n"


def _package(phone: Phone, name: str) -> str:
    package = phone.system.packages.get(name)
    if package is None:
        return f"Unable to find package: {name}\n"
    return (
        f"Packages:\n  Package [{name}] (1f2e3d):\n"
        f"    versionCode={package.version_code} minSdk=21 targetSdk=34\n"
        f"    versionName={package.version_name}\n"
    )


def _window(phone: Phone) -> str:
    focus = f"{phone.app.package}/{phone.app.activity}"
    return (
        f"  mCurrentFocus=Window{{5f2 u0 {focus}}}\n"
        f"  mFocusedApp=ActivityRecord{{9a1 u0 {focus} t12}}\n"
    )


def _running(phone: Phone) -> list[str]:
    """Names of all processes: the system's, the posting app, what else was started."""
    front = [phone.app.front] if phone.app.front else []
    apps = [*front, *([APP_PACKAGE] if phone.app.alive else [])]
    return list(dict.fromkeys(["system_server", *apps, *sorted(phone.system.processes)]))


def _process_records(phone: Phone) -> str:
    head = "ACTIVITY MANAGER RUNNING PROCESSES (dumpsys activity processes)\n"
    return head + "".join(
        f"    Proc # {n}: fore  T/A/TOP {1000 + n}:{name}/u0a{n}\n"
        f"        ProcessRecord{{{n}a {1000 + n}:{name}/u0a{n}}}\n"
        for n, name in enumerate(_running(phone))
    )


def ps(phone: Phone, words: Sequence[str]) -> Answer:
    """Processes."""
    if "--help" in words:
        return "usage: ps [-AadefLlnwZ] [-gG GROUP,]\n\n-A\tAll\n-a\tHas terminal\n", 0
    head = "USER           PID  PPID     VSZ    RSS WCHAN            ADDR S NAME\n"
    return head + "".join(
        f"u0_a{n:<9} {1000 + n:5}   300 1000000  90000 0                   0 S {name}\n"
        for n, name in enumerate(_running(phone))
    ), 0


def settings(phone: Phone, words: Sequence[str]) -> Answer:
    """``settings get|put|delete TABLE KEY [VALUE]``."""
    values = phone.system.settings
    match list(words):
        case ["get", table, key]:
            return f"{values.get((table, key), 'null')}\n", 0
        case ["put", table, key, *value]:
            values[table, key] = " ".join(value)
            return "", 0
        case ["delete", table, key]:
            gone = values.pop((table, key), None)
            return f"Deleted {int(gone is not None)} rows\n", 0
    return UNKNOWN


def date(_phone: Phone, words: Sequence[str]) -> Answer:
    """The phone's clock, which is the host's, in UTC."""
    style = words[0].removeprefix("+") if words else "%a %b %d %H:%M:%S UTC %Y"
    return f"{datetime.now(UTC).strftime(style)}\n", 0


def ime(phone: Phone, words: Sequence[str]) -> Answer:
    """The keyboard in use."""
    if words[:1] == ["set"] and len(words) == 2:
        phone.system.settings["secure", "default_input_method"] = words[1]
    return "", 0


def test(phone: Phone, words: Sequence[str]) -> Answer:
    """``[ -e PATH ]``."""
    match list(words):
        case ["-e" | "-f" | "-d", path, "]"]:
            there = path in phone.system.files or path.startswith("/sdcard")
            return "", int(not there)
    return UNKNOWN


def cat(phone: Phone, words: Sequence[str]) -> Answer:
    """The contents of a file outside of the Downloads folder."""
    path = words[-1] if words else ""
    if path not in phone.system.files:
        return f"cat: {path}: No such file or directory\n", 1
    return phone.system.files[path].decode("utf-8", "replace"), 0


def false(_phone: Phone, _words: Sequence[str]) -> Answer:
    """Fails."""
    return "", 1
