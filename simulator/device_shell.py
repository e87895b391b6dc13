"""The phone's shell: the few commands that a posting host gives, answered as Android answers."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Final

from simulator.app.machine import AppMissing
from simulator.app.nodes import APP_PACKAGE
from simulator.app.phone_screens import LAUNCHER
from simulator.phone import Phone

FOLDER: Final = "/sdcard/Download"
_PACKAGES: Final = (APP_PACKAGE, LAUNCHER, "com.android.vending", "com.android.settings")
_Answer = tuple[str, int]


def run_script(phone: Phone, line: str) -> _Answer:
    """Run a line of commands joined by ``;`` or ``&&``: what it prints, the last exit status."""
    out: list[str] = []
    code = 0
    try:
        words = shlex.split(line.replace("&&", " && ").replace(";", " ; "))
    except ValueError as exc:
        return f"/system/bin/sh: syntax error: {exc}\n", 1
    command: list[str] = []
    for word in [*words, ";"]:
        if word not in (";", "&&"):
            command.append(word)
            continue
        if command:
            text, code = _run(phone, command)
            out.append(text)
        command = []
        if word == "&&" and code:
            break
    return "".join(out), code


def _run(phone: Phone, words: Sequence[str]) -> _Answer:
    name, rest = words[0], words[1:]
    handler = _COMMANDS.get(name)
    if handler is None:
        return f"/system/bin/sh: {name}: inaccessible or not found\n", 127
    return handler(phone, rest)


def _echo(_phone: Phone, words: Sequence[str]) -> _Answer:
    return " ".join(words) + "\n", 0


def _getprop(phone: Phone, words: Sequence[str]) -> _Answer:
    values = {
        "ro.build.version.release": str(phone.android),
        "ro.build.version.sdk": str(phone.android + 20),
        "ro.gl.serialno": phone.serial_no,
        "ro.boot.serialno": phone.serial_no,
        "ro.product.model": "Light Phone",
        "sys.boot_completed": "1",
    }
    return values.get(words[0] if words else "", "") + "\n", 0


def _am(phone: Phone, words: Sequence[str]) -> _Answer:
    if words[:1] == ["broadcast"]:
        intent = "Intent { act=android.intent.action.MEDIA_SCANNER_SCAN_FILE flg=0x400000 }"
        return f"Broadcasting: {intent}\nBroadcast completed: result=0\n", 0
    if words[:1] == ["force-stop"] and len(words) == 2:
        phone.app.terminate(words[1])
        return "", 0
    if words[:1] in (["start"], ["start-activity"]):
        package = next((w.partition("/")[0] for w in words if "/" in w), "")
        try:
            phone.app.launch(package)
        except AppMissing:
            return f"Error: Activity class {{{package}}} does not exist.\n", 1
        return f"Starting: Intent {{ cmp={package} }}\n", 0
    return "", 0


def _monkey(phone: Phone, words: Sequence[str]) -> _Answer:
    package = words[words.index("-p") + 1] if "-p" in words[:-1] else ""
    try:
        phone.app.launch(package)
    except AppMissing:
        return "** No activities found to run, monkey aborted.\n", 252
    return "Events injected: 1\n", 0


def _pm(_phone: Phone, words: Sequence[str]) -> _Answer:
    if words[:2] == ["list", "packages"]:
        return "".join(f"package:{name}\n" for name in _PACKAGES), 0
    if words[:1] == ["path"]:
        known = words[-1] in _PACKAGES
        return (f"package:/data/app/{words[-1]}/base.apk\n", 0) if known else ("", 1)
    return "Success\n", 0


def _input(phone: Phone, words: Sequence[str]) -> _Answer:
    match list(words):
        case ["tap", x, y]:
            phone.app.tap(float(x), float(y))
        case ["keyevent", "4" | "KEYCODE_BACK"]:
            phone.app.back()
        case ["keyevent", "3" | "KEYCODE_HOME"]:
            phone.app.home()
        case _:
            pass
    return "", 0


def _dumpsys(phone: Phone, words: Sequence[str]) -> _Answer:
    if words[:1] != ["window"]:
        return "", 0
    focus = f"{phone.app.package}/{phone.app.activity}"
    return (
        (
            f"  mCurrentFocus=Window{{5f2 u0 {focus}}}\n"
            f"  mFocusedApp=ActivityRecord{{9a1 u0 {focus} t12}}\n"
        ),
        0,
    )


def _wm(phone: Phone, words: Sequence[str]) -> _Answer:
    width, height = phone.app.habits.layout.screen
    return (f"Physical size: {width}x{height}\n", 0) if words[:1] == ["size"] else ("", 0)


def _ls(phone: Phone, words: Sequence[str]) -> _Answer:
    path = next((word for word in words if not word.startswith("-")), FOLDER).rstrip("/")
    names = {file.name for file in phone.files}
    if path in (FOLDER, "/storage/emulated/0/Download"):
        return "".join(f"{name}\n" for name in sorted(names)), 0
    if path.rpartition("/")[2] in names:
        return f"{path}\n", 0
    return f"ls: {path}: No such file or directory\n", 1


def _rm(phone: Phone, words: Sequence[str]) -> _Answer:
    paths = [word for word in words if not word.startswith("-")]
    force = any(word.startswith("-") and "f" in word for word in words)
    for path in paths:
        if path.endswith("/*"):
            for file in phone.files:
                phone.remove_file(file.name)
        elif not phone.remove_file(path.rpartition("/")[2]) and not force:
            return f"rm: {path}: No such file or directory\n", 1
    return "", 0


def _quiet(_phone: Phone, _words: Sequence[str]) -> _Answer:
    return "", 0


_COMMANDS: Final[dict[str, Callable[[Phone, Sequence[str]], _Answer]]] = {
    "echo": _echo,
    "getprop": _getprop,
    "am": _am,
    "monkey": _monkey,
    "pm": _pm,
    "input": _input,
    "dumpsys": _dumpsys,
    "wm": _wm,
    "ls": _ls,
    "rm": _rm,
    "mkdir": _quiet,
    "settings": _quiet,
    "svc": _quiet,
    "content": _quiet,
    "true": _quiet,
    "sleep": _quiet,
}
