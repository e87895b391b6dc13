"""The ``geelark-console`` command: the cockpit, and its twin without a screen.

``geelark-console [WORKDIR]`` opens the cockpit. With a command of the engine (``--run``,
``--status`` …) it is that command. ``demo``, ``doctor``, ``config``, ``explain`` and ``completion``
are words of their own. Nothing of the cockpit is loaded before it is needed: ``--help`` and
completion answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from console import collector
from engine.commandline import cli
from engine.errors import EngineError, ExitCode, InputError
from engine.output import complain, open_streams

PROG: Final = "geelark-console"
SHELLS: Final = ("bash", "zsh", "fish")
DESCRIPTION: Final = """\
Opens the cockpit of a work directory; with one of the commands below it does that without a screen.

  %(prog)s [WORKDIR] [--campaign NAME]     the cockpit
  %(prog)s demo                            the same on a fresh simulated farm
  %(prog)s doctor [WORKDIR] [--install]    whether a run could work here; what is missing for it
  %(prog)s config show|check [WORKDIR]     settings in use; what is wrong with them
  %(prog)s explain FILE.xml                what a dump of a screen is taken for, and why
  %(prog)s evidence JOB [WORKDIR]          what an attempt left: error, remedy, steps, files
  %(prog)s roadmap [PATH]                  the same for the tasks of a roadmap, by coding agents
  %(prog)s download [ORDERS.csv]           the same for attachments of orders, by browsers
  %(prog)s completion bash|zsh|fish        code for your shell's start file
"""


def parser() -> argparse.ArgumentParser:
    """The engine's command line, with the cockpit's words; completion reads it too."""
    top = cli.parser(PROG)
    top.description = DESCRIPTION % {"prog": PROG}
    top.add_argument("workdir_or_word", nargs="?", metavar="WORKDIR", help="work directory (.)")
    top.add_argument(
        "--observe", action="store_true", help="only watch: keys that act are gone from the cockpit"
    )
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. No traceback reaches the operator."""
    open_streams()
    given = list(sys.argv[1:] if argv is None else argv)
    if "_ARGCOMPLETE" in os.environ:
        _complete()
    words: Mapping[str, Callable[[list[str]], int]] = {
        "demo": _demo,
        "doctor": _doctor,
        "config": _config,
        "explain": _explain,
        "evidence": _evidence,
        "completion": _completion,
        "roadmap": _roadmap,
        "download": _download,
    }
    try:
        if given and given[0] in words:
            return words[given[0]](given[1:])
        return _cockpit_or_engine(given)
    except EngineError as exc:
        complain(str(exc))
        return exc.exit_code
    except KeyboardInterrupt:
        complain("Interrupted.")
        return ExitCode.INTERRUPTED


def _cockpit_or_engine(given: list[str]) -> int:
    arguments = parser().parse_args(given)
    place: str | None = arguments.workdir_or_word
    if place is not None:
        if arguments.workdir != Path():
            raise InputError("The work directory is given twice; leave out -C, or the other one.")
        arguments.workdir = Path(place)
    command = cli.chosen_command(arguments)
    if command is None and not _draws(os.environ):
        if os.environ.get("TERM") != "dumb":
            raise InputError(
                f"{PROG} draws on a terminal and there is none here: use {PROG} --status to look, "
                f"{PROG} --run to run the day without a screen."
            )
        complain("This terminal cannot draw (TERM=dumb), so here is the status instead.")
        command = "status"
        given = ["--status", *given]
    if command is not None:
        if arguments.observe:
            raise InputError("--observe is for the cockpit; the commands do what they say.")
        return cli.main(_for_engine(given, place), prog=PROG)
    collector.quick_start()
    collector.give_back()
    from console.cockpit_start import open_cockpit

    cli.check(None, arguments)
    return open_cockpit(
        arguments.workdir.resolve(),
        overrides=cli.overrides(arguments),
        observe=arguments.observe,
        continue_day=arguments.continue_day,
    )


def _draws(environment: Mapping[str, str]) -> bool:
    """Whether there is a terminal that a full screen can be drawn on."""
    # Textual draws on stderr on POSIX, on stdout on Windows.
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    return environment.get("TERM") != "dumb" and all(
        stream is not None and stream.isatty() for stream in streams
    )


def _for_engine(given: list[str], place: str | None) -> list[str]:
    """The engine knows no positional work directory."""
    if place is None:
        return given
    rest = list(given)
    rest.remove(place)
    return ["-C", place, *rest]


def _demo(rest: list[str]) -> int:
    """On a terminal with the cockpit, elsewhere headless; the farm is a process of its own."""
    import subprocess

    how = ["--cockpit"] if _draws(os.environ) and "--headless" not in rest else []
    rest = [word for word in rest if word != "--headless"]
    return subprocess.call([sys.executable, "-m", "simulator", "demo", *how, *rest])


def _roadmap(rest: list[str]) -> int:
    """With the cockpit on a terminal, elsewhere headless."""
    from engine.commandline.roadmap_command import roadmap

    draws = _draws(os.environ)
    return roadmap(rest, prog=f"{PROG} roadmap", cockpit=_cockpit if draws else None)


def _download(rest: list[str]) -> int:
    """With the cockpit on a terminal, elsewhere headless."""
    from engine.commandline.download_command import download

    draws = _draws(os.environ)
    return download(rest, prog=f"{PROG} download", cockpit=_cockpit if draws else None)


def _cockpit(work_dir: Path, observe: bool) -> int:
    """On the trade that the environment names."""
    collector.quick_start()
    collector.give_back()
    from console.cockpit_start import open_cockpit

    return open_cockpit(work_dir, overrides={}, observe=observe, continue_day=False)


def _doctor(rest: list[str]) -> int:
    words = argparse.ArgumentParser(
        prog=f"{PROG} doctor",
        description="Checks that a run could work here, each with its remedy; starts nothing. "
        "Exit status 1 where it could not.",
    )
    words.add_argument("workdir", nargs="?", type=Path, default=Path(), metavar="WORKDIR")
    words.add_argument(
        "--install",
        action="store_true",
        help="put Appium and its UiAutomator2 driver into a folder of the project, with npm",
    )
    words.add_argument("--json", action="store_true", help="print JSON, one object a line")
    arguments = words.parse_args(rest)
    from engine.commandline import doctor_commands
    from engine.private_files import explain

    work_dir: Path = arguments.workdir.resolve()
    if not arguments.install:
        return doctor_commands.doctor(work_dir, as_json=arguments.json)
    try:
        return doctor_commands.install(work_dir, as_json=arguments.json)
    except OSError as exc:
        raise InputError(explain(exc)) from exc


def _config(rest: list[str]) -> int:
    words = argparse.ArgumentParser(prog=f"{PROG} config", description="The settings in use.")
    words.add_argument(
        "what",
        choices=("show", "check"),
        help="all values and where they come from, or what is wrong with them",
    )
    words.add_argument("workdir", nargs="?", type=Path, default=Path(), metavar="WORKDIR")
    words.add_argument("--json", action="store_true", help="print JSON")
    arguments = words.parse_args(rest)
    from console import key_settings
    from engine.commandline import config_commands

    work_dir: Path = arguments.workdir.resolve()
    if arguments.what == "show":
        return config_commands.config_show(work_dir, arguments.json)
    return config_commands.config_check(work_dir, also=key_settings.problems)


def _explain(rest: list[str]) -> int:
    from engine.commandline import explain

    words = argparse.ArgumentParser(
        prog=f"{PROG} explain",
        description="What the recogniser sees in a page source: the screen, the rule that decided "
        "and what it found, the rules that came near, and the next step of a job.",
    )
    words.add_argument("file", type=Path, metavar="FILE.xml", help="page source of UiAutomator2")
    words.add_argument(
        "--state",
        choices=explain.CHOICES,
        default=explain.CHOICES[0],
        help="how far the job is whose next step is told [%(default)s]",
    )
    words.add_argument("--app", default=explain.APP, help="package that posts [%(default)s]")
    words.add_argument("--json", action="store_true", help="print JSON, with all states")
    arguments = words.parse_args(rest)
    return explain.explain_file(
        arguments.file, state=arguments.state, app=arguments.app, as_json=arguments.json
    )


def _evidence(rest: list[str]) -> int:
    words = argparse.ArgumentParser(
        prog=f"{PROG} evidence",
        description="What the newest attempt at a job left: its error with the remedy, its steps "
        "with the screens and the rules that knew them, the time of each phase, its files.",
    )
    words.add_argument("job", metavar="JOB", help="id of the job")
    words.add_argument("workdir", nargs="?", type=Path, default=Path(), metavar="WORKDIR")
    words.add_argument("--attempt", metavar="N", help="this attempt instead of the newest")
    words.add_argument("--campaign", "-c", metavar="NAME", help="campaign folder, by name or path")
    words.add_argument("--json", action="store_true", help="print JSON")
    arguments = words.parse_args(rest)
    from engine.commandline.evidence_report import evidence_report

    return evidence_report(
        arguments.workdir.resolve(),
        arguments.job,
        campaign=arguments.campaign,
        attempt=arguments.attempt,
        as_json=arguments.json,
    )


def _completion(rest: list[str]) -> int:
    words = argparse.ArgumentParser(
        prog=f"{PROG} completion",
        description=f'Prints code for your shell, for example: eval "$({PROG} completion bash)"',
    )
    words.add_argument("shell", choices=SHELLS)
    shell = words.parse_args(rest).shell
    from argcomplete.shell_integration import shellcode

    print(shellcode([PROG], shell=shell))  # noqa: T201 - the shell reads it
    return ExitCode.DONE


def _complete() -> None:
    """Answer a shell that completes a line, and end."""
    import argcomplete

    argcomplete.autocomplete(parser())
