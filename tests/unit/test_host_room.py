"""Whether a run fits before it starts: refused, warned of, or neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commandline.cli import main
from engine.config import Settings
from engine.errors import InputError
from engine.host.room import check_more, check_room
from engine.host.samples import MEGABYTE, HostSample
from engine.plan import plan
from engine.settings_host import Host
from tests.toy_workload import write_jobs


def with_free(megabytes: int) -> HostSample:
    return HostSample(at=0, cores=4, free=megabytes * MEGABYTE)


def test_a_run_that_fits_starts_without_a_word() -> None:
    assert check_room(3, Host(), lambda: with_free(4000)) == ()


def test_a_run_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match=r"10 workers need 2\.9 GB .* at most 9 fit"):
        check_room(10, Host(), lambda: with_free(3000))


def test_a_run_that_leaves_little_is_warned_of() -> None:
    (text,) = check_room(9, Host(), lambda: with_free(3000))
    assert text.startswith("9 workers leave about 300 MB")


def test_a_scaled_run_needs_room_for_the_one_that_it_begins_with() -> None:
    host = Host(scaling=True)
    assert check_room(3, host, lambda: with_free(4000)) == ()
    with pytest.raises(InputError, match=r"1 worker needs 300 MB .* not even one fits"):
        check_room(100, host, lambda: with_free(500))


def test_a_scaled_run_tells_how_many_would_fit_now() -> None:
    (text,) = check_room(100, Host(scaling=True), lambda: with_free(2000))
    assert text.endswith("adds others while there is room for them: now for about 5 of 100.")


def test_this_host_is_looked_at_where_nothing_else_is_said() -> None:
    assert (
        check_room(1, Host(worker_megabytes=1, critical_megabytes=1, keep_free_megabytes=0)) == ()
    )


def test_a_live_run_gets_more_workers_only_where_they_fit() -> None:
    check_more(2, Host(), lambda: with_free(1000))
    check_more(-1, Host(), lambda: with_free(0))
    check_more(3, Host(scaling=True), lambda: with_free(0))
    with pytest.raises(
        InputError, match=r"no room for 3 more workers: each needs 300 MB .* 999 MB"
    ):
        check_more(3, Host(), lambda: with_free(999))


FULL = """\
[run]
workload = "tests.toy_workload:ToyWorkload"
workers = 2
[host]
keep_free_megabytes = 1e9
"""


@pytest.fixture
def full_host(tmp_path: Path) -> Path:
    """A work directory whose settings leave no room for a worker on any host."""
    (tmp_path / "geelark.toml").write_text(FULL, encoding="utf-8")
    write_jobs(tmp_path, "j0 a")
    return tmp_path


def test_a_run_without_room_is_refused_before_it_begins(
    full_host: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(full_host), "--run"]) == 1
    assert "2 workers need 2 MB of memory" in capsys.readouterr().err
    assert not (full_host / "run").exists()


def test_a_rehearsal_and_the_status_tell_that_there_is_no_room(
    full_host: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (problem,) = plan(full_host, Settings.load(full_host)).problems
    assert "not even one fits" in problem
    assert main(["-C", str(full_host), "--status"]) == 0
    assert problem in capsys.readouterr().out


def test_what_is_only_to_be_known_is_told_before_a_run_and_stops_nothing(
    full_host: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scaled = FULL.replace("keep_free_megabytes = 1e9", "scaling = true\nworker_cores = 1e6")
    (full_host / "geelark.toml").write_text(scaled, encoding="utf-8")
    found = plan(full_host, Settings.load(full_host))
    assert found.problems == []
    note = next(text for text in found.messages if "begins with 1 worker" in text)
    assert main(["-C", str(full_host), "--status"]) == 0
    assert note in capsys.readouterr().out
