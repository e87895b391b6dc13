"""The phone's shell: the few commands that a posting host gives, answered as Android answers."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Final

from simulator import system_commands
from simulator.app.machine import AppMissing
from simulator.phone import Phone
from simulator.system_commands import Answer

FOLDER: Final = "/sdcard/Download"


def run_script(phone: Phone, line: str) -> Answer:
    """Run a line of commands joined by ``;``, ``&&`` or ``||``: what it prints, the last status.

    A command that the phone does not know is kept in the farm's truth, so that it is not
    overlooked.
    """
    reader = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    reader.whitespace_split = True
    reader.commenters = ""
    try:
        words = list(reader)
    except ValueError as exc:
        return f"/system/bin/sh: syntax error: {exc}\n", 1
    out: list[str] = []
    code = 0
    before = ";"
    command: list[str] = []
    for word in [*words, ";"]:
        if word not in (";", "&&", "||"):
            command.append(word)
            continue
        skipped = (before == "&&" and code) or (before == "||" and not code)
        if command and not skipped:
            text, code = _run(phone, command)
            out.append(text)
        command, before = [], word
    return "".join(out), code


def _run(phone: Phone, words: Sequence[str]) -> Answer:
    name, rest = words[0], words[1:]
    handler = _COMMANDS.get(name)
    answer = system_commands.UNKNOWN if handler is None else handler(phone, rest)
    if answer is not system_commands.UNKNOWN:
        return answer
    phone.farm.unknown_call("shell", shlex.join(words))
    return f"/system/bin/sh: {name}: inaccessible or not found\n", 127


def _echo(_phone: Phone, words: Sequence[str]) -> Answer:
    return " ".join(words) + "\n", 0


def _getprop(phone: Phone, words: Sequence[str]) -> Answer:
    values = {
        "ro.build.version.release": str(phone.android),
        "ro.build.version.sdk": str(phone.android + 20),
        "ro.gl.serialno": phone.serial_no,
        "ro.boot.serialno": phone.serial_no,
        "ro.product.model": "Light Phone",
        "sys.boot_completed": "1",
    }
    return values.get(words[0] if words else "", "") + "\n", 0


def _monkey(phone: Phone, words: Sequence[str]) -> Answer:
    package = words[words.index("-p") + 1] if "-p" in words[:-1] else ""
    try:
        phone.app.launch(package)
    except AppMissing:
        return "** No activities found to run, monkey aborted.\n", 252
    return "Events injected: 1\n", 0


def _input(phone: Phone, words: Sequence[str]) -> Answer:
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


def _wm(phone: Phone, words: Sequence[str]) -> Answer:
    width, height = phone.app.habits.layout.screen
    return (f"Physical size: {width}x{height}\n", 0) if words[:1] == ["size"] else ("", 0)


def _ls(phone: Phone, words: Sequence[str]) -> Answer:
    path = next((word for word in words if not word.startswith("-")), FOLDER).rstrip("/")
    names = {file.name for file in phone.files}
    if path in (FOLDER, "/storage/emulated/0/Download"):
        return "".join(f"{name}\n" for name in sorted(names)), 0
    if path.rpartition("/")[2] in names:
        return f"{path}\n", 0
    return f"ls: {path}: No such file or directory\n", 1


def _rm(phone: Phone, words: Sequence[str]) -> Answer:
    paths = [word for word in words if not word.startswith("-")]
    force = any(word.startswith("-") and "f" in word for word in words)
    for path in paths:
        if path.endswith("/*"):
            for file in phone.files:
                phone.remove_file(file.name)
        elif not phone.remove_file(path.rpartition("/")[2]) and not force:
            return f"rm: {path}: No such file or directory\n", 1
    return "", 0


def _quiet(_phone: Phone, _words: Sequence[str]) -> Answer:
    return "", 0


_COMMANDS: Final[dict[str, Callable[[Phone, Sequence[str]], Answer]]] = {
    "echo": _echo,
    "getprop": _getprop,
    "am": system_commands.am,
    "monkey": _monkey,
    "pm": system_commands.pm,
    "cmd": system_commands.cmd,
    "input": _input,
    "dumpsys": system_commands.dumpsys,
    "ps": system_commands.ps,
    "settings": system_commands.settings,
    "date": system_commands.date,
    "ime": system_commands.ime,
    "cat": system_commands.cat,
    "false": system_commands.false,
    "[": system_commands.test,
    "wm": _wm,
    "ls": _ls,
    "rm": _rm,
    "mkdir": _quiet,
    "appops": _quiet,
    "export": _quiet,
    "svc": _quiet,
    "content": _quiet,
    "true": _quiet,
    "sleep": _quiet,
}
