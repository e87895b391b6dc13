"""``doctor`` and ``doctor --install``: could a run work here, and what is missing for it."""

from __future__ import annotations

from pathlib import Path

from engine import logs
from engine.config import Settings
from engine.doctor.examination import could_run, examine
from engine.doctor.finding import Finding, Level
from engine.errors import ExitCode, InputError
from engine.output import complain, say, say_json


def doctor(work_dir: Path, *, as_json: bool) -> int:
    """Print every check with its remedy; exit status 1 where a run could not work.

    Raises InputError for a work directory that is not there.
    """
    _need(work_dir)
    logs.configure(None, Settings().logs)
    findings = examine(work_dir)
    works = could_run(findings)
    if as_json:
        for finding in findings:
            say_json({"event": "check", **_as_dict(finding)})
        say_json({"event": "result", "could_run": works})
    else:
        from engine.commandline.doctor_text import show

        show(findings, _verdict(findings))
    return ExitCode.DONE if works else ExitCode.FAILED


def _as_dict(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.name,
        "level": finding.level,
        "found": finding.found,
        "remedy": finding.remedy,
    }


def _verdict(findings: list[Finding]) -> str:
    bad = [finding.name for finding in findings if finding.level is Level.FAIL]
    if bad:
        return f"A run could not work here: {', '.join(bad)}."
    warned = sum(finding.level is Level.WARN for finding in findings)
    return "A run can work here." if not warned else f"A run can work here; {warned} warned of."


def install(work_dir: Path, *, as_json: bool) -> int:
    """Install Appium and its driver into the project's folder.

    Raises InputError and OSError with the reason, SettingsError.
    """
    from engine.doctor.install import described, install
    from engine.phones.appium_versions import pinned_versions

    _need(work_dir)
    done = install(Settings.load(work_dir), work_dir, tell=complain)
    if as_json:
        versions = pinned_versions()
        say_json({"event": "installed", "folder": done.folder, "fresh": done.fresh, **versions})
    else:
        say(f"{'Installed' if done.fresh else 'Already there'}: {described()}, in {done.folder}")
    return ExitCode.DONE


def _need(work_dir: Path) -> None:
    if not work_dir.is_dir():
        raise InputError(f"The work directory {work_dir} does not exist; make it, or name another.")
