"""Command line of the simulated farm: ``python -m simulator`` and one of its commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import FarmError
from simulator.farm_file import AccountState, FaultKind

if TYPE_CHECKING:
    from simulator.work_directory import Wishes

STATES = {
    "suspended": AccountState.SUSPENDED,
    "disabled": AccountState.DISABLED,
    "logged-out": AccountState.LOGGED_OUT,
    "captcha": AccountState.CHALLENGE_CAPTCHA,
    "verification": AccountState.CHALLENGE_VERIFICATION,
    "action-blocked": AccountState.ACTION_BLOCKED,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 1 and one sentence on standard error when it cannot be done."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # what we make is for this user alone
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except FarmError as exc:
        print(exc, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1


def _new(options: argparse.Namespace) -> int:
    from simulator.work_directory import directory_from_ledger, new_directory

    wishes = _wishes(options)
    if options.from_ledger is not None:
        if options.campaign or options.videos is not None:
            raise FarmError("--from-ledger brings its own jobs: leave out --campaign and --videos.")
        farm = directory_from_ledger(options.workdir.resolve(), options.from_ledger, wishes)
    else:
        farm = new_directory(options.workdir.resolve(), wishes)
    phones = len(farm.accounts.all_names())
    campaign = f" --campaign {options.campaign}" if options.campaign else ""
    print(f"{options.workdir}: {phones} accounts, farm on port {farm.port}. Now:")
    print(f"  {sys.executable} -m simulator serve {options.workdir}")
    print(f"  {sys.executable} -m engine.orchestrator -C {options.workdir} --run{campaign}")
    return 0


def _serve(options: argparse.Namespace) -> int:
    from simulator.serve import serve

    minutes = options.idle_minutes
    serve(
        options.workdir,
        port=options.port,
        idle_seconds=None if minutes is None else 60 * minutes,
        say=lambda text: print(text, flush=True),
    )
    return 0


def _stop(options: argparse.Namespace) -> int:
    from simulator.serve import RunningFarm

    RunningFarm(options.workdir).stop()
    print(f"The farm of {options.workdir} has ended.")
    return 0


def _status(options: argparse.Namespace) -> int:
    from simulator.serve import RunningFarm
    from simulator.truth import read_truth

    running = RunningFarm(options.workdir).status()
    truth = read_truth(options.workdir)
    print(f"farm: {running['url'] if running else 'not running'}")
    print(f"published: {len(truth.reels)}")
    print(f"billed minutes: {truth.billed_minutes}")
    print(f"phones on: {len(truth.phones_on)}")
    for phone in truth.phones_on:
        print(f"  {phone.account}  {phone.phone_id}  since {phone.since:%Y-%m-%d %H:%M:%S %Z}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from simulator.compare import compare, report

    result = compare(options.workdir)
    print(report(result))
    return 0 if result.agrees else 1


def _demo(options: argparse.Namespace) -> int:
    from simulator.demo import CAMPAIGN, demo, demo_with_cockpit

    options.campaign = CAMPAIGN
    show = demo_with_cockpit if options.cockpit else demo
    return show(_wishes(options), keep=options.keep)


def _roadmap(options: argparse.Namespace) -> int:
    from simulator.roadmap_demo import roadmap_demo

    return roadmap_demo(keep=options.keep, seconds=options.seconds, cockpit=options.cockpit)


def _downloads(options: argparse.Namespace) -> int:
    from simulator.download_demo import download_demo

    return download_demo(
        keep=options.keep, orders=options.orders, seconds=options.seconds, cockpit=options.cockpit
    )


def _orders(options: argparse.Namespace) -> int:
    import asyncio

    from simulator.order_site import serve_site
    from simulator.order_site_file import SiteFile, many_orders

    if options.site is None:
        site = SiteFile(orders=many_orders(options.count))
    else:
        site = SiteFile.load(options.site)
    asyncio.run(serve_site(site, options.port, lambda text: print(text, flush=True)))
    return 0


def _wishes(options: argparse.Namespace) -> Wishes:
    from simulator.work_directory import Wishes

    return Wishes(
        accounts=options.accounts,
        videos=options.videos,
        campaign=options.campaign,
        seed=options.seed,
        time_scale=options.time_scale,
        workers=options.workers,
        posts_per_account=options.posts_per_account,
        infrastructure=options.infrastructure,
        rates={
            FaultKind.AFTER_SHARE: options.after_share,
            FaultKind.NO_CONFIRMATION: options.no_confirmation,
        },
        states={state: getattr(options, name.replace("-", "_")) for name, state in STATES.items()},
        foreign_phones=options.foreign_phones,
        appium=options.appium,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A simulated cloud-phone farm: real protocols, a world that keeps the truth.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    new = _command(commands, "new", _new, "make a work directory with a farm and a day's jobs")
    _add_world(new, accounts=25, infrastructure=0.0)
    new.add_argument("--campaign", default="", metavar="NAME", help="jobs in a campaign folder")
    new.add_argument(
        "--from-ledger", type=Path, metavar="CSV", help="continue a copy of an existing ledger"
    )
    serve = _command(commands, "serve", _serve, "run the farm until SIGTERM or Ctrl-C")
    serve.add_argument("--port", type=int, help="another port than the farm file's")
    serve.add_argument(
        "--idle-minutes", type=float, metavar="M", help="end when nobody asked for so long"
    )
    _command(commands, "stop", _stop, "end the farm that runs for this directory")
    _command(commands, "status", _status, "what is on, what was published")
    _command(commands, "compare", _compare, "measure the ledgers against the truth")
    demo = commands.add_parser("demo", help="new, serve, a run of the engine, compare")
    demo.set_defaults(command=_demo)
    demo.add_argument("--cockpit", action="store_true", help="show the day in the cockpit")
    demo.add_argument("--keep", type=Path, metavar="DIR", help="work there, and leave it")
    _add_world(demo, accounts=25, infrastructure=0.08)
    text = "a sample project whose roadmap a scripted agent does: real git, gates, push"
    roadmap = commands.add_parser("roadmap", help=text, description=f"{text.capitalize()}.")
    roadmap.set_defaults(command=_roadmap)
    roadmap.add_argument("--cockpit", action="store_true", help="show the run in the cockpit")
    roadmap.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for it")
    roadmap.add_argument(
        "--seconds", type=_seconds, default=3.0, metavar="S", help="of a task (%(default)g)"
    )
    text = "orders of that site downloaded by real browsers, and what is true in the end"
    downloads = commands.add_parser("downloads", help=text, description=f"{text.capitalize()}.")
    downloads.set_defaults(command=_downloads)
    downloads.add_argument("--cockpit", action="store_true", help="show the run in the cockpit")
    downloads.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for it")
    downloads.add_argument(
        "--orders", type=_whole(10), default=20, metavar="N", help="on the list (%(default)s)"
    )
    downloads.add_argument(
        "--seconds", type=_seconds, default=1.5, metavar="S", help="of a page (%(default)g)"
    )
    text = "a site of orders with attachments, behind a login, until SIGTERM or Ctrl-C"
    orders = commands.add_parser("orders", help=text, description=f"{text.capitalize()}.")
    orders.set_defaults(command=_orders)
    orders.add_argument("--site", type=Path, metavar="TOML", help="the file that describes it")
    orders.add_argument(
        "--count", type=_whole(1), default=20, metavar="N", help="without one (%(default)s)"
    )
    orders.add_argument("--port", type=int, help="another port than the file's")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    command: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=command)
    parser.add_argument("workdir", type=Path, metavar="WORKDIR")
    return parser


def _add_world(parser: argparse.ArgumentParser, *, accounts: int, infrastructure: float) -> None:
    add = parser.add_argument
    add("--accounts", type=_whole(1), default=accounts, metavar="N", help="default %(default)s")
    add("--videos", type=_whole(0), metavar="N", help="default: as many as accounts")
    add("--posts-per-account", type=_whole(1), default=1, metavar="N", help="the cap of a day")
    add("--workers", type=_whole(1), default=5, metavar="N", help="default %(default)s")
    add("--seed", type=int, default=1, help="delays, faults and contents follow from it")
    add("--time-scale", type=_factor, default=20.0, metavar="F", help="default %(default)g")
    add(
        "--infrastructure",
        type=_rate,
        default=infrastructure,
        metavar="R",
        help="chance that a boot meets an infrastructure fault (default %(default)g)",
    )
    add("--after-share", type=_rate, default=0.0, metavar="R", help="link lost right after Share")
    add("--no-confirmation", type=_rate, default=0.0, metavar="R", help="published, never shown")
    add("--foreign-phones", type=_whole(0), default=0, metavar="N", help="other people's, running")
    add("--appium", action="store_true", help="use the real adb and Appium of this host")
    for name, state in STATES.items():
        text = f"accounts in the state {state.value}"
        add(f"--{name}", type=_whole(0), default=0, metavar="N", help=text)


def _whole(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return value

    return whole


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError("must be between 0 and 3600")
    return value


def _rate(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return value


def _factor(text: str) -> float:
    value = float(text)
    if not 0 < value <= 10_000:
        raise argparse.ArgumentTypeError("must be above 0 and at most 10000")
    return value


if __name__ == "__main__":
    sys.exit(main())
