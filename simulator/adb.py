"""A light stand-in for the adb client, for machines without Android's platform tools.

``python -m simulator.adb --farm URL [-P PORT] [-s SERIAL] connect|disconnect|devices|shell|push|
forward|version|start-server|kill-server …``: arguments, outputs and exit statuses of the real one;
what an adb server would know lies with the farm.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final
from urllib.parse import quote

from simulator.farm_link import FarmLink, FarmUnreachable

_DEFAULT_PORT: Final = 5037
_USAGE: Final = "usage: python -m simulator.adb --farm URL [-P PORT] [-s SERIAL] COMMAND …\n"


def main(arguments: list[str]) -> int:
    """Run one command; the exit status."""
    options = {"--farm": "", "-P": "", "-s": "", "-H": "", "-t": ""}
    rest = list(arguments)
    while rest and rest[0] in options and len(rest) > 1:
        options[rest[0]] = rest[1]
        del rest[:2]
    if not options["--farm"]:
        sys.stderr.write(_USAGE)
        return 1
    port = int(options["-P"] or os.environ.get("ANDROID_ADB_SERVER_PORT") or _DEFAULT_PORT)
    serial = options["-s"] or os.environ.get("ANDROID_SERIAL", "")
    link = FarmLink(options["--farm"])
    try:
        if rest[:1] == ["push"]:
            return _push(link, port, serial, rest[1:])
        stdin = sys.stdin.read() if rest == ["shell"] else ""
        said = link.ask(
            "POST",
            "/device/adb",
            {"port": port, "serial": serial, "arguments": rest, "stdin": stdin},
        )
    except FarmUnreachable:
        sys.stderr.write(f"error: cannot connect to daemon at tcp:{port}: Connection refused\n")
        return 1
    return _print(said)


def _push(link: FarmLink, port: int, serial: str, rest: list[str]) -> int:
    paths = [word for word in rest if not word.startswith("-")]
    if len(paths) != 2:
        sys.stderr.write("adb: usage: push requires <source> and <destination> arguments\n")
        return 1
    local = Path(paths[0])
    try:
        body = local.read_bytes()
    except OSError as exc:
        sys.stderr.write(f"adb: error: cannot stat '{local}': {exc.strerror}\n")
        return 1
    query = {"port": str(port), "serial": serial, "name": local.name, "remote": paths[1]}
    text = "&".join(f"{key}={quote(value)}" for key, value in query.items())
    return _print(link.send("POST", f"/device/push?{text}", body))


def _print(said: dict[str, object]) -> int:
    sys.stdout.buffer.write(str(said["out"]).encode())
    sys.stderr.buffer.write(str(said["err"]).encode())
    return int(str(said["code"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
