"""The headless command line: parse, check, and hand over to one command.

Every check happens before any phone, port or file is touched (behaviour A1.6).
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from engine.collector import leave
from engine.commandline.command_names import ALLOWED_PAIRS, COMMANDS, JOB_COMMANDS, READING
from engine.errors import EngineError, ExitCode, InputError, SettingsError
from engine.filters import WHERE_WORDS
from engine.logger import get_logger
from engine.output import close_streams, complain, open_streams
from engine.private_files import explain

if TYPE_CHECKING:
    from engine.config import Settings

PROG = "python -m engine.orchestrator"
LOG_NAME = "orchestrator.log"
EPILOG = """\
examples:
  %(prog)s --workers 3 --run
  %(prog)s --workers 3 --max-passes 5 --retry-delay 60 --run
  %(prog)s --workers 3 --no-retry-unknown --run
  %(prog)s --campaign podcast --workers 5 --run
  %(prog)s --status
  %(prog)s --status --watch --json
  %(prog)s --workers 3 --run --dry-run
  %(prog)s --stop-resources ACCOUNT
  %(prog)s --stop-all
  %(prog)s --seed-only
  %(prog)s --reset-day
  %(prog)s --requeue --where 'status:failed why:adb_timeout'
  %(prog)s --send hold key:ACCOUNT

With a campaign, every command but --send, --stop-resources, --stop-all and
--list-campaigns needs --campaign NAME too, or campaign = "NAME" in
geelark.toml. Defaults in brackets are the built-in ones; geelark.toml may
change them.

exit status: 0 done, 1 bad input, refused, or jobs left, 2 usage or settings,
3 service unreachable, 4 --run while another run is live, 130 stopped
"""


def parser(prog: str = PROG) -> argparse.ArgumentParser:
    """The whole command line (A1.4)."""
    top = argparse.ArgumentParser(
        prog=prog,
        description="Publishes the day's posts, one video an account, with parallel workers.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_commands(top.add_argument_group("Commands"))
    _add_job_control(top.add_argument_group("Single jobs"))
    _add_run_options(top.add_argument_group("Run"))
    _add_retry_options(top.add_argument_group("Retry Configuration"))
    _add_sources(top.add_argument_group("Job source"))
    _add_general(top.add_argument_group("General"))
    return top


def _add_commands(group: Any) -> None:
    group.add_argument("--run", action="store_true", help="seed if needed, then run to the end")
    group.add_argument("--status", action="store_true", help="show the state; changes nothing")
    group.add_argument(
        "--stop-all", action="store_true", help="stop the run, its workers, servers and phones"
    )
    group.add_argument(
        "--stop-resources",
        nargs="*",
        metavar="ID",
        help="stop these phones, named by id or account, ours or not, and see each one off; none "
        "named: all of ours; a job on one is given back and claims are paused",
    )
    group.add_argument("--seed-only", action="store_true", help="make the ledger, start no worker")
    group.add_argument(
        "--reset-day", action="store_true", help="archive the ledger and start an empty one"
    )
    group.add_argument(
        "--force-reseed", action="store_true", help="archive the ledger and seed it anew"
    )
    group.add_argument(
        "--retry-all-failed", action="store_true", help="requeue retryable failed jobs and exit"
    )
    group.add_argument("--list-campaigns", action="store_true", help="campaigns and their state")
    group.add_argument("--export", type=Path, metavar="FILE", help="write one row a job to FILE")
    group.add_argument(
        "--send",
        nargs="+",
        metavar=("COMMAND", "ARG"),
        help="send a command to the live run and wait for its answer (pause, resume, hold, "
        "release, undo: also without one, for the next run): pause, resume, hold "
        "TARGET, release TARGET, set_workers N, stop_worker N, restart_worker N, stop_resources "
        "[ID ...], pause_after_stage, add_stage, undo [ID], stop_run; a TARGET is key:ACCOUNT, "
        "worker:N or resource:LABEL (a phone)",
    )


def _add_job_control(group: Any) -> None:
    for flag, text in (
        ("--requeue", "try these failed jobs again; one in doubt only when it is named"),
        ("--skip", "leave these jobs out"),
        ("--unskip", "take these skipped jobs back in"),
        ("--mark-posted", "these doubtful jobs were published: settle them as success"),
    ):
        group.add_argument(flag, nargs="*", metavar="JOB", help=f"{text} (-: ids from stdin)")
    group.add_argument(
        "--where",
        metavar="FILTER",
        help="the jobs that match, instead of naming them: 'status:failed why:adb_timeout'; "
        f"docs/filters.md; fields: {', '.join(WHERE_WORDS)}",
    )


def _add_run_options(group: Any) -> None:
    group.add_argument("--workers", "-w", type=int, metavar="N", help="worker processes (3)")
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="with --run: say what it would do and cost; starts and writes nothing",
    )
    group.add_argument(
        "--continue-day",
        action="store_true",
        help="run a ledger of an earlier date instead of resetting the day",
    )
    group.add_argument(
        "--ai-only", action="store_true", help="ask the model for every step before Share"
    )
    group.add_argument(
        "--no-ai-fallback",
        action="store_true",
        help="never ask the model, also where no rule knows the screen",
    )
    group.add_argument(
        "--device",
        "-d",
        choices=("geelark", "grapheneos"),
        help="cloud phones, or one attached physical device (geelark)",
    )


def _add_retry_options(group: Any) -> None:
    group.add_argument("--max-passes", type=int, metavar="N", help="passes in all (3)")
    group.add_argument("--retry-delay", type=int, metavar="S", help="seconds between passes (30)")
    group.add_argument(
        "--infra-retry-limit",
        type=int,
        metavar="N",
        help="failed attempts after which an infrastructure failure is final (3)",
    )
    group.add_argument(
        "--no-retry-unknown", action="store_true", help="unknown failures are final at once"
    )
    group.add_argument(
        "--retry-include-non-retryable",
        action="store_true",
        help="with --retry-all-failed: account and content failures too",
    )


def _add_sources(group: Any) -> None:
    group.add_argument("--campaign", "-c", metavar="NAME", help="campaign folder, by name or path")
    group.add_argument(
        "--state-file", type=Path, metavar="FILE", help="jobs to seed from (scheduler_state.json)"
    )
    group.add_argument("--accounts", "-a", metavar="A,B", help="seed only these accounts")


def _add_general(group: Any) -> None:
    group.add_argument(
        "--workdir", "-C", type=Path, default=Path(), metavar="DIR", help="work directory (.)"
    )
    group.add_argument(
        "--json", action="store_true", help="print JSON, one object a line, each with its event"
    )
    group.add_argument(
        "--watch",
        action="store_true",
        help="with --status: tell every change, one a line, until Ctrl-C; asks no service",
    )
    group.add_argument(
        "--yes",
        action="store_true",
        help="reset the day although jobs are in doubt or phones of ours on",
    )


def chosen_command(arguments: argparse.Namespace) -> str | None:
    """The one command that was asked for. Raises InputError naming two that exclude each other."""
    given = [name for name in COMMANDS if getattr(arguments, name) not in (None, False)]
    if len(given) > 1 and set(given) not in ALLOWED_PAIRS:
        first, second = (f"--{name.replace('_', '-')}" for name in given[:2])
        raise InputError(f"{first} and {second} cannot be given together; use one of them.")
    for name in ("seed_only", "force_reseed", "run"):
        if name in given:
            return name if not (name == "force_reseed" and "run" in given) else "run"
    return given[0] if given else None


def check(command: str | None, arguments: argparse.Namespace) -> None:
    """Refuse wrong flag values with one sentence, whatever the command (A1.6)."""
    for flag, least in (("max_passes", 1), ("infra_retry_limit", 1), ("workers", 1)):
        value = getattr(arguments, flag)
        if value is not None and value < least:
            raise InputError(f"--{flag.replace('_', '-')} must be at least {least}, not {value}.")
    if arguments.retry_delay is not None and arguments.retry_delay < 0:
        raise InputError(
            f"--retry-delay cannot be negative, and {arguments.retry_delay} is; give 0 or more."
        )
    if arguments.retry_include_non_retryable and not arguments.retry_all_failed:
        raise InputError("--retry-include-non-retryable only widens --retry-all-failed; give both.")
    if arguments.dry_run and command != "run":
        raise InputError("--dry-run rehearses --run; give both, and no other command.")
    if arguments.watch and command != "status":
        raise InputError("--watch goes on with --status; give both, and no other command.")
    if arguments.where is not None and command not in JOB_COMMANDS:
        raise InputError("--where chooses jobs for --requeue, --skip, --unskip or --mark-posted.")
    if arguments.ai_only and arguments.no_ai_fallback:
        raise InputError("--ai-only and --no-ai-fallback exclude each other; give one of them.")
    if arguments.campaign and (arguments.state_file or arguments.accounts):
        other = "--state-file" if arguments.state_file else "--accounts"
        raise InputError(f"--campaign and {other} name two job sources; give one of them.")


def overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """Settings that the command line changes, by dotted key."""
    found: dict[str, object] = {
        "run.workers": arguments.workers,
        "retry.max_passes": arguments.max_passes,
        "retry.delay_seconds": arguments.retry_delay,
        "retry.infrastructure_limit": arguments.infra_retry_limit,
        "retry.retry_unknown": False if arguments.no_retry_unknown else None,
        "phones.device": arguments.device,
        "paths.state_file": arguments.state_file,
        "campaign": arguments.campaign,
        "accounts": _names(arguments.accounts),
        "posting.ai": "only" if arguments.ai_only else None,
    }
    if arguments.no_ai_fallback:
        found["posting.ai"] = "never"
    return {key: value for key, value in found.items() if value is not None}


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise InputError("--accounts names no account; give them separated by commas.")
    return names


def main(argv: Sequence[str] | None = None, *, prog: str = PROG) -> int:
    """Run one command; returns its exit status. No traceback reaches the operator."""
    open_streams()
    try:
        arguments = parser(prog).parse_args(argv)
        with _without_collector(arguments):
            return _perform(arguments, prog)
    finally:
        close_streams()


def process() -> NoReturn:
    """One command as a process of its own. Its end looks for no garbage among all that was read,
    which would be a fifth of a ``--status``: the system takes the memory back anyway."""
    leave(main())


@contextmanager
def _without_collector(arguments: argparse.Namespace) -> Iterator[None]:
    """``--status`` reads, answers and ends: looking for garbage in a day's jobs meanwhile would be
    a tenth of its time, and there is next to none."""
    if not arguments.status or arguments.watch or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # and back, to the oldest ones: they are not all looked through at once
        gc.unfreeze()
        gc.enable()


def _perform(arguments: argparse.Namespace, prog: str) -> int:
    try:
        return _dispatch(arguments, prog)
    except EngineError as exc:
        complain(str(exc))
        return exc.exit_code
    except KeyboardInterrupt:
        complain("Interrupted.")
        return ExitCode.INTERRUPTED
    except OSError as exc:
        _log_stack(arguments)
        complain(explain(exc))
        return ExitCode.FAILED
    except Exception as exc:  # noqa: BLE001 - the last border: the stack goes to the log, once
        place = _log_stack(arguments)
        complain(
            f"An error of our own: {type(exc).__name__}. Please report it with {place}; nothing "
            "that was recorded is lost, and --stop-all stops whatever may still be on."
        )
        return ExitCode.FAILED


def _log_stack(arguments: argparse.Namespace) -> str:
    """Put the stack of the present exception into the log; says where that is."""
    from engine import logs
    from engine.config import Logs

    path = logs.destination()
    if path is None:
        path = arguments.workdir.resolve() / "logs" / LOG_NAME
        try:
            logs.configure(path, Logs())
        except OSError:
            return "what you did"
    get_logger("engine.commandline.cli").exception("command_failed")
    return f"the log {path}"


def _dispatch(arguments: argparse.Namespace, prog: str) -> int:
    command = chosen_command(arguments)
    check(command, arguments)
    if command is None:
        parser(prog).print_help()
        return ExitCode.DONE
    # Imported here so that --help and a wrong flag answer at once.
    from engine.commandline import operations
    from engine.config import Settings
    from engine.start_checks import refuse_too_many_workers

    work_dir: Path = arguments.workdir.resolve()
    if not work_dir.is_dir():
        raise InputError(f"The work directory {work_dir} does not exist; make it, or give -C DIR.")
    settings = Settings.load(work_dir, overrides=overrides(arguments))
    # A rehearsal tells it with everything else that is in the way.
    if (arguments.workers is not None or command == "run") and not arguments.dry_run:
        refuse_too_many_workers(settings)
    if settings.posting.ai == "only" and (arguments.ai_only or command == "run"):
        _need_key(arguments, settings)
    if arguments.dry_run:
        command = "dry_run"
    if arguments.watch:
        command = "watch"
    _open_log(command, work_dir, settings)
    return operations.perform(command, arguments, settings, work_dir)


def _need_key(arguments: argparse.Namespace, settings: Settings) -> None:
    """Raises InputError for the flag, SettingsError for the setting, where no key is there."""
    from engine.model.availability import NO_KEY_ALONE, has_key

    if has_key(settings):
        return
    if arguments.ai_only:
        raise InputError(NO_KEY_ALONE.format(cause="--ai-only"))
    raise SettingsError(NO_KEY_ALONE.format(cause="posting.ai = only"))


def _open_log(command: str, work_dir: Path, settings: Settings) -> None:
    """Raises OSError where the log cannot be written; stopping phones does not depend on it."""
    from engine import logs

    path = None if command in READING else work_dir / settings.paths.logs / LOG_NAME
    try:
        logs.configure(path, settings.logs, settings.secrets)
    except OSError as exc:
        if command not in ("stop_all", "stop_resources"):
            raise
        complain(explain(exc))
        logs.configure(None, settings.logs, settings.secrets)
