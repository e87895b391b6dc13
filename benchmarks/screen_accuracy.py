"""Score recogniser and navigator on labelled screens: ``python -m benchmarks.screen_accuracy DIR``.

The folder holds ``labels.jsonl`` and the XML files that it names. Printed are the confusion of the
worst kinds, the misread screens with the rule that decided, the wrong steps, the same screens in
poorer grades (see ``screen_grades``), a leave-one-account-out score, and as the last line
``accuracy=… dangerous_missed=… false_alarms=… next_step=… ms_per_screen=… n=…``.

Leave one account out: the rules are made by hand, so nothing can be trained anew. Instead, for each
account, every rule is dropped whose only proofs are this account's screens, and the account is
judged by the rest: what then fails was known from this account alone. A proof counts only where
the rule decides that very screen of the folder; a folder without proofs scores as before.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import mean

from benchmarks.screen_cases import Case, Labelled, case, judge, read, step_on, told_by_words, touch
from benchmarks.screen_grades import GRADES, without_each_id, worn
from engine.errors import EngineError
from engine.posting.page import Page, PageUnreadableError
from engine.posting.recogniser import Recogniser
from engine.posting.rules import RULES


def share(flags: Iterable[bool]) -> float:
    """Share of the true ones, 0 for none at all."""
    known = list(flags)
    return sum(known) / len(known) if known else 0.0


def summary(cases: Sequence[Case]) -> str:
    """The last line."""
    rated = [item.step_right for item in cases if item.labelled.target != ""]
    return " ".join(
        (
            f"accuracy={share(item.kind_right for item in cases):.3f}",
            f"dangerous_missed={sum(item.missed for item in cases)}",
            f"false_alarms={sum(item.false_alarm for item in cases)}",
            f"next_step={share(rated):.3f}",
            f"ms_per_screen={mean(item.milliseconds for item in cases) if cases else 0.0:.2f}",
            f"n={len(cases)}",
        )
    )


def confusion(cases: Sequence[Case], worst: int = 10) -> Iterator[str]:
    """The kinds with most misreadings: labelled as, judged as, how often."""
    by_label: dict[str, list[Case]] = defaultdict(list)
    for item in cases:
        by_label[item.labelled.label].append(item)
    order = sorted(by_label, key=lambda label: share(c.kind_right for c in by_label[label]))
    yield f"{'kind':24} {'right':>7}  taken for"
    for label in order[:worst]:
        group = by_label[label]
        wrong = Counter(str(item.screen.kind) for item in group if not item.kind_right)
        told = ", ".join(f"{kind} ({count})" for kind, count in wrong.most_common()) or "-"
        yield f"{label:24} {sum(c.kind_right for c in group):3}/{len(group):<3}  {told}"


def misread(cases: Sequence[Case]) -> Iterator[str]:
    """One line for each screen taken for another kind."""
    for item in cases:
        if not item.kind_right:
            mark = "  DANGEROUS" if item.missed else "  FALSE ALARM" if item.false_alarm else ""
            yield f"{item.labelled.file}: {item.labelled.label}, read as {item.screen}{mark}"


def missteps(cases: Sequence[Case]) -> Iterator[str]:
    """One line for each screen on which the navigator would do something else."""
    for item in cases:
        if not item.step_right:
            step = step_on(item.screen)
            told = step if touch(step) is not None else f"no touch ({step or 'wait'})"
            wanted = item.labelled.target or "no touch"
            yield f"{item.labelled.file}: {item.screen}: {told}, not {wanted}"


def without_account(cases: Sequence[Case]) -> Mapping[str, Recogniser]:
    """For each account the recogniser that never saw it."""
    decided = {(item.screen.rule, Path(item.labelled.file).stem): item for item in cases}
    tables: dict[str, Recogniser] = {}
    for account in sorted({item.labelled.account for item in cases}):
        kept = []
        for rule in RULES:
            proofs = [
                decided[rule.name, name] for name in rule.proof if (rule.name, name) in decided
            ]
            if not proofs or any(item.labelled.account != account for item in proofs):
                kept.append(rule)
        tables[account] = Recogniser(kept)
    return tables


def leave_one_out(folder: Path, cases: Sequence[Case]) -> list[Case]:
    """Every screen judged without what only its own account proves."""
    tables = without_account(cases)
    return [
        _again(item.labelled, (folder / item.labelled.file), tables[item.labelled.account])
        for item in cases
    ]


def _again(labelled: Labelled, path: Path, recogniser: Recogniser) -> Case:
    return case(labelled, path.read_text(encoding="utf-8"), recogniser, runs=1)


def graded(folder: Path, labels: Sequence[Labelled], grade: str) -> list[Case]:
    """Every screen in a poorer grade, of which something is left in it."""
    poorer, recogniser = GRADES[grade], Recogniser()
    cases = []
    for item in labels:
        full = (folder / item.file).read_text(encoding="utf-8")
        with suppress(PageUnreadableError):
            poor = Page.parse(poorer(full))
            cases.append(case(told_by_words(item, full, poor), poorer(full), recogniser, runs=1))
    return cases


def spoilt(folder: Path, labels: Sequence[Labelled]) -> Iterator[str]:
    """How the score falls as screens lose attributes at random, and each of their ids in turn."""
    recogniser = Recogniser()
    sources = {item: (folder / item.file).read_text(encoding="utf-8") for item in labels}
    for lost in (0.05, 0.1, 0.2, 0.4):
        cases = [
            case(item, worn(source, item.file, lost), recogniser, runs=1)
            for item, source in sources.items()
        ]
        yield f"without {lost:.0%} of all attributes but ids: {summary(cases)}"
    cases = [
        case(item, without, recogniser, runs=1)
        for item, source in sources.items()
        for without in without_each_id(source)
    ]
    yield f"without any one id: {summary(cases)}"


def report(folder: Path, verbose: bool = False, wear: bool = False) -> Iterator[str]:
    """All that is printed. Raises OSError, ValueError, KeyError, EngineError."""
    labels = read(folder)
    cases = judge(folder, labels, Recogniser())
    yield from confusion(cases)
    yield from ("", "Misread screens:", *(list(misread(cases)) or ["none"]))
    yield from ("", "Other steps than labelled:", *(list(missteps(cases)) or ["none"]), "")
    for grade in GRADES:
        poorer = graded(folder, labels, grade)
        if verbose:
            yield from misread(poorer)
        yield f"as {grade}: {summary(poorer)}"
    if wear:
        yield from spoilt(folder, labels)
    yield f"leave one account out: {summary(leave_one_out(folder, cases))}"
    slowest = max(cases, key=lambda item: item.milliseconds)
    yield f"slowest: {slowest.labelled.file} {slowest.milliseconds:.2f} ms"
    yield summary(cases)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screen_accuracy")
    parser.add_argument("folder", type=Path, metavar="DIR", help="labels.jsonl and its XML files")
    parser.add_argument(
        "--verbose", action="store_true", help="name the screens misread in poorer grades too"
    )
    parser.add_argument(
        "--wear", action="store_true", help="spoil the screens in many ways too; takes a while"
    )
    options = parser.parse_args(arguments)
    try:
        for line in report(options.folder, options.verbose, options.wear):
            print(line)
    except (OSError, ValueError, KeyError, EngineError) as exc:
        print(f"{options.folder} cannot be read as labelled screens: {exc}.")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
