"""``geelark-console download``: the same run, ledger and screens for the orders of a list.

Its own flags become settings, for this process and for the run that the cockpit starts; everything
else on the line is a command of the engine (``--status``, ``--stop-all``, ``--requeue`` …) on the
list that is named, else on that of the run that is live or was the last one here.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.commandline import cli
from engine.commandline.trade_environment import (
    WORKLOAD_KEY,
    Cockpit,
    into_environment,
    lives,
    of_latest_run,
    split_line,
    whole,
)
from engine.config import Settings
from engine.errors import ExitCode, InputError
from engine.output import say

if TYPE_CHECKING:
    from engine.downloads.place import Place

WORKLOAD: Final = "downloads"
_FLAGS: Final[Mapping[str, str]] = {
    "orders": "downloads.orders",
    "workers": "run.workers",
    "base_profile": "downloads.base_profile",
    "out": "downloads.out",
    "browser": "downloads.browser",
    "url": "downloads.url",
}
"""Setting of each flag; paths are those of whoever types them."""
_STARTING: Final = (None, "run", "seed_only", "force_reseed")
"""Commands that are about a list that the settings name, not about what ran last."""
EPILOG: Final = """\
examples:
  %(prog)s orders.csv --dry-run
  %(prog)s orders.csv --workers 4 --base-profile ~/profiles/buyer
  %(prog)s orders.csv --url 'https://shop.example/orders/{po_number}' --headless
  %(prog)s --status
  %(prog)s --requeue PO-1001
  %(prog)s --send resume
  %(prog)s --stop-all

On a terminal this opens the cockpit, in which a run is started by its key;
without one, or with --headless, it runs to the end. (Whether the browsers
show windows is the setting downloads.headless.) Every command of the engine
(see geelark-console --help) works behind it; without ORDERS.csv it means the
run that is live here or was the last one. The settings are those of
[downloads] in geelark.toml of the work directory; a flag goes before them.

exit status: 0 done, 1 refused, failed, or orders left, 2 usage or settings,
4 another run is live in this work directory, 130 stopped
"""


def parser(prog: str, *, with_orders: bool = True) -> argparse.ArgumentParser:
    """The flags of its own."""
    words = argparse.ArgumentParser(
        prog=prog,
        description="Visits the pages of purchase orders with several browsers at once and keeps "
        "their attachments, a folder for each order.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = words.add_argument
    if with_orders:
        add("orders", nargs="?", metavar="ORDERS.csv", help="the list (downloads.orders)")
    add("--dry-run", action="store_true", help="print what would be visited, start nothing")
    add("--headless", action="store_true", help="run here, without the cockpit")
    add("--observe", action="store_true", help="cockpit that only watches")
    add("--workers", "-w", type=whole, metavar="N", help="browsers at a time, at most (4)")
    add("--base-profile", type=Path, metavar="P", help="logged-in profile that is copied")
    add("--out", type=Path, metavar="DIR", help="where the orders' folders are made (downloads)")
    add("--browser", choices=("chromium", "edge"), help="which one (chromium)")
    add("--url", metavar="TEMPLATE", help="address of an order's page, with {po_number} in it")
    add("--workdir", "-C", type=Path, default=Path(), metavar="DIR", help="work directory (.)")
    return words


def download(given: Sequence[str], *, prog: str, cockpit: Cockpit | None) -> int:
    """Run one command of the downloads trade; ``cockpit`` where there is a terminal for it.

    Raises EngineError; returns the exit status otherwise.
    """
    arguments, rest = split_line(
        given, prog, lambda with_orders: parser(prog, with_orders=with_orders), "orders"
    )
    theirs = cli.parser(prog).parse_args(rest)
    command = cli.chosen_command(theirs)
    cli.check(command, theirs)
    if arguments.dry_run and command not in (None, "run"):
        raise InputError("--dry-run starts nothing: leave it, or the other command, out.")
    work_dir: Path = arguments.workdir.resolve()
    if not work_dir.is_dir():
        raise InputError(f"The work directory {work_dir} does not exist; make it, or give -C DIR.")
    _configure(arguments, theirs, work_dir, command)
    rest = ["-C", str(work_dir), *rest]
    if arguments.dry_run:
        return _dry_run(work_dir)
    if command is not None and arguments.observe:
        raise InputError("--observe is for the cockpit; the commands do what they say.")
    if command not in (None, "run"):
        return cli.main(rest, prog=prog)
    if arguments.headless or cockpit is None or command == "run":
        return cli.main(rest if command == "run" else [*rest, "--run"], prog=prog)
    _make_room(work_dir)
    return cockpit(work_dir, arguments.observe)


def _configure(
    arguments: argparse.Namespace,
    theirs: argparse.Namespace,
    work_dir: Path,
    command: str | None,
) -> None:
    """Settings for this process and the run that it may start, by the environment.

    Raises SettingsError."""
    flags: dict[str, object] = {
        key: value
        for key, value in cli.overrides(theirs).items()
        if key.startswith(("run.", "retry."))
    }
    for flag, key in _FLAGS.items():
        value = getattr(arguments, flag)
        if value is not None:
            flags[key] = str(value.absolute()) if isinstance(value, Path) else value
    meant: Mapping[str, object] = {}
    if arguments.orders is None:
        meant = _latest(work_dir, starting=command in _STARTING)
    wanted = {**meant, **flags, WORKLOAD_KEY: WORKLOAD}
    # What is wrong on the line is told as such, not as a variable that nobody set.
    Settings.load(work_dir, overrides=wanted)
    into_environment(wanted, os.environ)


def _latest(work_dir: Path, *, starting: bool) -> Mapping[str, object]:
    """What the run is about that is meant where no list is named; empty for the settings' own."""
    settings = Settings.load(work_dir)
    found = of_latest_run(work_dir / settings.paths.run)
    if found.get(WORKLOAD_KEY) != WORKLOAD:
        return {}
    return found if not starting or lives(work_dir, settings) else {}


def _make_room(work_dir: Path) -> None:
    """Where a run will write: the cockpit opens on a place that has it. Raises InputError, also
    where there is no list that a run could begin with."""
    from engine.private_files import explain, make_private_dir

    settings = Settings.load(work_dir)
    if not lives(work_dir, settings):
        _ = _place(settings, work_dir).orders
    try:
        make_private_dir(work_dir / settings.paths.run)
    except OSError as exc:
        raise InputError(explain(exc)) from exc


def _place(settings: Settings, work_dir: Path) -> Place:
    """Raises InputError where there is no list."""
    from engine.downloads.place import Place

    place = Place(settings, work_dir)
    if not place.list_path.exists():
        raise InputError(
            f"There is no list of orders {place.list_path}: name one (geelark-console download "
            "ORDERS.csv), or set downloads.orders in geelark.toml."
        )
    return place


def _dry_run(work_dir: Path) -> int:
    """Say what would be visited; no browser is started, nothing is written."""
    from engine.commandline.download_plan import DownloadPlan

    plan = DownloadPlan.of(_place(Settings.load(work_dir), work_dir))
    for line in plan.lines():
        say(line)
    return ExitCode.FAILED if plan.in_the_way else ExitCode.DONE
