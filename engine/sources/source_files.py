"""Text files that people write by hand: read as UTF-8, or refused with the remedy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from engine.errors import InputError
from engine.ledger.rows import name_flaw


def read_utf8(path: Path, what: str) -> str:
    """A file's text without its byte order mark. Raises InputError; a missing file is one too.

    ``what`` names the kind of file: ``accounts file``.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            f"There is no {what} {path}: make it, or name another one (for a campaign's jobs: "
            "--campaign NAME)."
        ) from None
    except UnicodeDecodeError as exc:
        raise InputError(not_utf8(path, exc)) from None
    except OSError as exc:
        raise InputError(
            f"The {what} {path} cannot be read ({exc.strerror}): make it readable for this user."
        ) from exc


def not_utf8(path: Path, exc: UnicodeDecodeError) -> str:
    """The sentence about a file in another encoding."""
    return (
        f"{path} is not UTF-8 text (byte 0x{exc.object[exc.start]:02x} at position {exc.start}): "
        'save it as "UTF-8" (in a spreadsheet: "CSV UTF-8") and try again.'
    )


def read_accounts(path: Path) -> tuple[tuple[str, ...], list[str]]:
    """Accounts of a file, one a line, and what to tell about it (behaviour A5.2.4).

    Raises InputError where the file is missing, not UTF-8, names nobody, or names somebody whom no
    ledger can hold.
    """
    lines = [line.strip() for line in read_utf8(path, "accounts file").splitlines()]
    counts = Counter(line for line in lines if line and not line.startswith("#"))
    if not counts:
        raise InputError(f"The accounts file {path} names no account: add one a line.")
    for name in counts:
        flaw = name_flaw(name)
        if flaw:
            raise InputError(f"{path} names an account that cannot be used: {flaw} ({name!r}).")
    messages = [
        f"{path} names {name} {count} times; it is used once."
        for name, count in counts.items()
        if count > 1
    ]
    return tuple(counts), messages
