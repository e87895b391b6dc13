"""Score the error classifier on labelled messages: ``python -m benchmarks.error_accuracy FILE``.

Each line of the file is a JSON object with ``message``, ``exception``, ``phase``, ``category``,
``type`` and optionally ``also`` (further types that count as right). The last line printed is
``category=… type=… wrong_retry=… n=…``: two shares from 0 to 1, and the number of rows whose
retry decision (worth another attempt or not) is wrong.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ERROR_TYPES, Verdict, canonical_type, classify
from engine.jobs import ErrorCategory

RETRIED = frozenset({ErrorCategory.INFRASTRUCTURE, ErrorCategory.UNKNOWN})
"""Categories whose failures get another attempt."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A labelled message and what the classifier made of it."""

    message: str
    category: ErrorCategory
    types: frozenset[str]
    verdict: Verdict

    @property
    def category_right(self) -> bool:
        return self.category is self.verdict.category

    @property
    def type_right(self) -> bool:
        return _comparable(self.verdict.error_type) in self.types

    @property
    def retry_right(self) -> bool:
        return (self.category in RETRIED) == (self.verdict.category in RETRIED)


def _comparable(name: str) -> str:
    """One name for a type, whatever it is called: ours, an older one, or the file's."""
    if name in {"", "unknown"}:
        return "unknown"
    kind = ERROR_TYPES.get(canonical_type(name))
    return canonical_type(kind.older_name or kind.name) if kind else name


def judge(path: Path) -> list[Row]:
    """Classify every message of a file. Raises OSError or ValueError where it cannot be read."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        item = json.loads(line)
        rows.append(
            Row(
                message=item["message"],
                category=ErrorCategory(item["category"]),
                types=frozenset(
                    _comparable(name) for name in (item["type"], *item.get("also", ()))
                ),
                verdict=classify(
                    item["message"],
                    exception=item.get("exception") or "",
                    phase=item.get("phase") or "",
                ),
            )
        )
    return rows


def summary(rows: Sequence[Row]) -> str:
    """The last line."""
    n = len(rows)
    category = sum(row.category_right for row in rows) / n if n else 0.0
    kind = sum(row.type_right for row in rows) / n if n else 0.0
    wrong = sum(not row.retry_right for row in rows)
    return f"category={category:.3f} type={kind:.3f} wrong_retry={wrong} n={n}"


def confusion(rows: Sequence[Row]) -> list[str]:
    """A table of misses: labelled as, judged as, how often, one example."""
    counts: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], str] = {}
    for row in rows:
        if row.category_right and row.type_right:
            continue
        mark = "" if row.retry_right else "  !"
        labelled = f"{row.category}/{'|'.join(sorted(row.types))}"
        judged = f"{row.verdict.category}/{row.verdict.error_type or 'unknown'}{mark}"
        counts[labelled, judged] += 1
        example.setdefault((labelled, judged), " ".join(row.message.split())[:90])
    lines = [f"{'labelled':46} {'judged (! = wrong retry decision)':44} rows  example"]
    lines += [f"{a:46} {b:44} {n:4}  {example[a, b]}" for (a, b), n in counts.most_common()]
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.error_accuracy")
    parser.add_argument("file", type=Path, help="labelled messages, one JSON object a line")
    options = parser.parse_args(arguments)
    try:
        rows = judge(options.file)
    except (OSError, ValueError, KeyError) as exc:
        print(f"{options.file} cannot be read as labelled messages: {exc}.")
        return 1
    print("\n".join(confusion(rows)))
    print(summary(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
