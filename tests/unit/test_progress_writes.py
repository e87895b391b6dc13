"""Writes happen wholly or not at all, whatever is in their way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import portalocker
import pytest

from engine.errors import LedgerLockedError, LedgerUnreadableError, LedgerWriteError
from engine.jobs import ErrorCategory, Failure, JobStatus, NewJob
from engine.progress import ProgressTracker
from tests.ledger_days import (
    COLUMNS,
    LEGACY_13,
    V0,
    Clock,
    claimed,
    csv_text,
    job,
    quarantine,
    read_rows,
    row,
    seeded,
    tracker,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


# -- a write cut off at any byte ------------------------------------------------------------------


def test_a_write_cut_off_at_any_byte_loses_at_most_that_write(path: Path) -> None:
    ledger = seeded(path, 2, Clock())
    claim = claimed(ledger)
    before = path.read_bytes()
    ledger.fail(
        claim,
        Failure(
            error='two\nlines, "quoted"', category=ErrorCategory.INFRASTRUCTURE, error_type="adb"
        ),
    )
    whole = path.read_bytes()

    for end in range(len(before), len(whole) + 1):
        path.write_bytes(whole[:end])
        complete = end >= len(whole) - 1  # but for its line end, the row is there
        expected = JobStatus.FAILED if complete else JobStatus.CLAIMED

        reader = tracker(path)
        assert reader.jobs()[V0].status is expected, end
        assert path.read_bytes() == whole[:end]

        writer = tracker(path)
        claimed(writer, "9")
        after = tracker(path)
        assert after.jobs()[V0].status is expected, end
        assert after.jobs()["v1.mp4_camp"].worker_id == "9"
        assert path.read_bytes().startswith(whole if complete else before)
        torn = whole[len(before) : end]
        assert quarantine(path) == ([] if complete or not torn else [torn])
        path.with_name("day.quarantine.csv").unlink(missing_ok=True)


def test_a_seeding_cut_off_at_any_byte_keeps_whole_jobs_and_can_be_repeated(path: Path) -> None:
    jobs = [job(0), job(1, caption="three\n\nlines"), job(2, caption='a "quote", twice')]
    ledger = seeded(path, [job(9)])
    before = path.read_bytes()
    ledger.seed(lambda _known: jobs)
    whole = path.read_bytes()

    for end in range(len(before), len(whole) + 1, 3):
        path.write_bytes(whole[:end])
        again = tracker(path)
        again.seed(lambda _known: jobs)
        assert [found.caption for found in tracker(path).jobs().values()][1:] == [
            new.caption for new in jobs
        ], end
        path.with_name("day.quarantine.csv").unlink(missing_ok=True)


def test_a_torn_row_with_an_unknown_column_is_known_by_its_stump(path: Path) -> None:
    path.write_bytes(csv_text((*COLUMNS, "platform"), [row(platform="instagram")]))
    ledger = tracker(path)
    claimed(ledger)
    whole = path.read_bytes()

    path.write_bytes(whole[:-4])

    assert tracker(path).jobs()["v1.mp4_camp"].status is JobStatus.PENDING


def test_a_torn_end_is_set_aside_once_although_the_writer_dies_again(path: Path) -> None:
    ledger = seeded(path, 2)
    claimed(ledger)
    torn = path.read_bytes()[:-30]
    for _ in range(2):  # the first writer filed it and died before it cut the end off
        path.write_bytes(torn)
        assert tracker(path).quarantined() == len(quarantine(path))
        claimed(tracker(path))

    assert len(quarantine(path)) == 1
    assert tracker(path).quarantined() == 1


def test_a_torn_quarantine_is_repaired(path: Path) -> None:
    content = csv_text(COLUMNS, [row(), row(job_id="bad", status="odd")])
    path.write_bytes(content)
    claimed(tracker(path))
    beside = path.with_name("day.quarantine.csv")
    whole = beside.read_bytes()

    for end in range(0, len(whole), 7):
        beside.write_bytes(whole[:end])
        ledger = tracker(path)
        assert ledger.quarantined() == 1
        ledger.settle_dead(lambda _job: False)
        claimed(ledger)
        assert len(quarantine(path)) == 1, end


# -- upgrade --------------------------------------------------------------------------------------


def test_the_header_is_upgraded_once_and_the_old_file_kept(path: Path) -> None:
    content = csv_text(LEGACY_13, [row(), row(job_id="b", account="b")], "\r\n")
    path.write_bytes(content)
    one, two = tracker(path), tracker(path)
    assert len(one.jobs()) == len(two.jobs()) == 2

    claimed(one)
    claimed(two)

    assert tuple(read_rows(path)[0]) == COLUMNS
    kept = [found for found in path.parent.iterdir() if "before-upgrade" in found.name]
    assert [found.read_bytes() for found in kept] == [content]
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_older_copy_is_never_overwritten(path: Path) -> None:
    first = path.with_name("day.csv.before-upgrade")
    first.write_bytes(b"precious")
    path.write_bytes(csv_text(LEGACY_13, [row()]))

    claimed(tracker(path))

    assert first.read_bytes() == b"precious"
    assert len([f for f in path.parent.iterdir() if "before-upgrade" in f.name]) == 2


def test_a_reader_follows_an_upgrade(path: Path) -> None:
    path.write_bytes(csv_text(LEGACY_13, [row(), row(job_id="b", account="b")]))
    reader = tracker(path)
    assert len(reader.jobs()) == 2

    claimed(tracker(path))

    assert [found.status for found in reader.jobs().values()] == ["claimed", "pending"]


# -- full, read-only ------------------------------------------------------------------------------

LIMITED = """
import resource, sys
from pathlib import Path
from engine.errors import LedgerWriteError
from tests.ledger_days import claimed, tracker
path, room = Path(sys.argv[1]), int(sys.argv[2])
ledger = tracker(path)
ledger.jobs()
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, resource.RLIM_INFINITY))
try:
    while True:
        claimed(ledger)
except LedgerWriteError as exc:
    print(exc)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX thing")
@pytest.mark.parametrize("room", [0, 1, 150, 400, 5000])
def test_a_write_that_finds_no_room_leaves_the_ledger_as_it_was(path: Path, room: int) -> None:
    seeded(path, 60)
    before = path.read_bytes()

    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), str(room)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )

    assert str(path) in done.stdout
    assert "as it was before: free disk space" in done.stdout
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.endswith(b"\n")
    assert len(after) <= len(before) + room
    assert tracker(path).quarantined() == 0
    claimed(tracker(path))


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX thing")
def test_an_upgrade_that_finds_no_room_changes_nothing(path: Path) -> None:
    path.write_bytes(csv_text(LEGACY_13, [row(job_id=f"j{n}", account=f"a{n}") for n in range(50)]))
    before = path.read_bytes()

    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), "10"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )

    assert "could not be written" in done.stdout
    assert path.read_bytes() == before
    assert not [found for found in path.parent.iterdir() if found.name.startswith(".")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs mount, so root")
def test_a_full_disk_is_named_and_survived(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no mount here: {mounted.stderr.decode().strip()}")
    ledger = tracker(disk / "day.csv")
    try:
        ledger.seed(lambda _known: [job(number) for number in range(60)])
        before = ledger.path.read_bytes()
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space"):
            fill(filler)
        with pytest.raises(LedgerWriteError, match="No space left"):
            claim_all(ledger)
        after = ledger.path.read_bytes()
        assert after.startswith(before)
        assert after.endswith(b"\n")

        filler.unlink()

        claimed(ledger)
        assert tracker(ledger.path).quarantined() == 0
    finally:
        ledger.close()
        subprocess.run(["umount", str(disk)], check=True)


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def claim_all(ledger: ProgressTracker) -> None:
    while True:
        claimed(ledger)


def test_a_folder_that_takes_no_lock_file_is_named(path: Path) -> None:
    path.write_bytes(csv_text(COLUMNS, [row()]))
    path.with_name("day.csv.lock").mkdir()  # whoever runs this, root too, cannot open it

    with pytest.raises(LedgerWriteError, match=r"lock.*make the folder writable"):
        tracker(path).claim("0")


def test_a_ledger_that_is_a_folder_is_named(path: Path) -> None:
    path.mkdir()

    with pytest.raises(LedgerUnreadableError, match="cannot be read"):
        tracker(path).jobs()


def test_a_target_that_cannot_be_written_is_named(path: Path) -> None:
    ledger = seeded(path, 1)

    with pytest.raises(LedgerWriteError, match="nowhere"):
        ledger.export(path.parent / "nowhere" / "out.csv")


# -- the lock -------------------------------------------------------------------------------------


def test_a_lock_that_is_not_had_in_time_names_its_holder(path: Path) -> None:
    seeded(path, 1)
    before = path.read_bytes()
    waiting = tracker(path, ledger={"lock_timeout_seconds": 0.2})
    with path.with_name("day.csv.lock").open("r+b") as held:
        portalocker.lock(held, portalocker.LockFlags.EXCLUSIVE)

        with pytest.raises(LedgerLockedError, match=rf"0\.2 s by pid {os.getpid()} on .* since"):
            waiting.claim("0")

        assert len(waiting.jobs()) == 1  # reading takes no lock
    assert path.read_bytes() == before
    claimed(waiting)


def test_a_lock_file_that_was_removed_lets_no_second_holder_in(path: Path) -> None:
    ledger = seeded(path, 2)
    path.with_name("day.csv.lock").unlink()

    claimed(ledger)
    with path.with_name("day.csv.lock").open("r+b") as held:
        portalocker.lock(held, portalocker.LockFlags.EXCLUSIVE)
        strict = tracker(path, ledger={"lock_timeout_seconds": 0.1})
        with pytest.raises(LedgerLockedError):
            strict.claim("1")


def test_an_error_inside_leaves_the_lock_free(path: Path) -> None:
    ledger = seeded(path, 1)
    with pytest.raises(ZeroDivisionError):
        ledger.seed(lambda _known: [job(1 // 0)])

    claimed(tracker(path))


def test_threads_may_share_a_tracker(path: Path) -> None:
    ledger = seeded(path, 40)
    done: list[str] = []

    def work(worker: str) -> None:
        for _ in range(10):
            claim = claimed(ledger, worker)
            ledger.renew(claim)
            ledger.jobs()
            done.append(ledger.succeed(claim).job_id)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(done)) == 40
    assert tracker(path).figures().success == 40


def test_everything_made_beside_a_ledger_is_private(path: Path) -> None:
    path.write_bytes(csv_text(LEGACY_13, [row(), row(status="odd")]))
    ledger = tracker(path)
    claimed(ledger)
    ledger.export(path.with_name("out.csv"))
    ledger.reset_day(allow_in_doubt=True)

    modes = {found.name: found.stat().st_mode & 0o777 for found in path.parent.iterdir()}

    assert len(modes) == 7
    assert set(modes.values()) == {0o600}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to count open files")
def test_a_tracker_that_is_dropped_leaves_no_file_open(path: Path) -> None:
    ledger = seeded(path, 1)
    claimed(ledger)

    del ledger

    held = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [target for target in held if path.parent in target.parents]


def test_a_link_to_a_ledger_stays_a_link_and_shares_its_lock(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "disk"
    real.mkdir()
    (real / "day.csv").write_bytes(csv_text(LEGACY_13, [row(), row(job_id="b", account="b")]))
    path.symlink_to(real / "day.csv")

    claims = {claimed(tracker(path)).job_id, claimed(tracker(real / "day.csv")).job_id}

    assert path.is_symlink()
    assert claims == {"v1.mp4_camp", "b"}
    assert [found.name for found in tmp_path.iterdir() if found.name != "disk"] == ["day.csv"]


def test_an_interrupt_inside_a_change_costs_nothing(path: Path) -> None:
    ledger = seeded(path, 2)
    other = tracker(path)
    claim = claimed(other)

    with pytest.raises(KeyboardInterrupt):
        ledger.seed(interrupted)

    assert len(ledger.history(claim.job_id)) == 2
    other.succeed(claim)
    assert ledger.figures().success == 1


def interrupted(_known: object) -> list[NewJob]:
    raise KeyboardInterrupt
