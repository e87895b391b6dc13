from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import StopRequested
from engine.roadmap import readiness
from engine.roadmap.git import Git, GitLimits
from engine.roadmap.git_errors import (
    GitError,
    GitMissingError,
    GitTimeoutError,
    NotReadyError,
    redact,
    safe_text,
)
from engine.roadmap.git_remote import Remote, quiet_ssh
from tests import roadmap_repository
from tests.family import running_below
from tests.roadmap_repository import Place, sh


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return roadmap_repository.place(tmp_path, monkeypatch)


def test_a_ready_repository_tells_its_branch_and_both_tips(place: Place) -> None:
    ready = readiness.check(place.git, branch="main", remote="origin")
    tip = place.sh("rev-parse", "main")
    assert (ready.branch, ready.tip, ready.remote_tip) == ("main", tip, tip)
    assert ready.warnings == ()


def _write(name: str) -> Callable[[Place], object]:
    return lambda place: (place.work / name).write_text("changed\n", encoding="utf-8")


def _conflict(place: Place) -> None:
    place.sh("switch", "--quiet", "-c", "side")
    place.commit("app.txt", "side\n")
    place.sh("switch", "--quiet", "main")
    place.commit("app.txt", "main\n")
    place.sh("merge", "side", ok=False)


def _behind(place: Place) -> None:
    place.commit("later.txt", "later\n", folder=place.clone())
    sh(place.top / "other", "push", "--quiet", "origin", "main")


def _behind_and_fetched(place: Place) -> None:
    _behind(place)
    place.sh("fetch", "--quiet")


def _diverged(place: Place) -> None:
    _behind_and_fetched(place)
    place.commit("mine.txt", "mine\n")


def _nobody(place: Place) -> None:
    place.sh("config", "--unset", "user.name")
    place.sh("config", "--unset", "user.email")


def _gone(place: Place) -> None:
    place.remote.rename(place.top / "elsewhere.git")


REFUSALS: list[tuple[str, Callable[[Place], object], str, str]] = [
    ("a changed file", _write("app.txt"), "app.txt", "git add"),
    ("a new file", _write("new ü.txt"), "new ü.txt", "--allow-dirty"),
    ("another branch", lambda p: p.sh("switch", "-c", "other"), "'other'", "git switch main"),
    ("no branch", lambda p: p.sh("checkout", "--detach"), "detached", "git switch main"),
    ("a merge half done", _conflict, "A merge is under way", "git merge --abort"),
    ("no remote", lambda p: p.sh("remote", "remove", "origin"), "no remote", "git remote add"),
    ("a remote that is gone", _gone, "cannot be reached", "git ls-remote origin"),
    ("being behind", _behind, "is behind origin/main", "git pull --rebase origin main"),
    ("a fetched lag", _behind_and_fetched, "is behind origin/main", "git pull --rebase"),
    ("a diverged branch", _diverged, "has diverged from", "git pull --rebase origin main"),
    ("an unknown author", _nobody, "user.name", "git config user.name"),
    ("another git's lock", _write(".git/index.lock"), "index.lock", "rm "),
]


@pytest.mark.parametrize(
    ("spoil", "says", "helps"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS]
)
def test_b5_4_an_unready_repository_is_refused_with_the_command_that_helps(
    place: Place, spoil: Callable[[Place], object], says: str, helps: str
) -> None:
    spoil(place)
    with pytest.raises(GitError) as refused:
        readiness.check(place.git, branch="main", remote="origin")
    assert says in str(refused.value)
    assert helps in str(refused.value)


def test_b_d14_the_remote_and_being_behind_are_looked_at_without_changing_anything(
    place: Place,
) -> None:
    _behind(place)
    before = place.sh("for-each-ref")
    with pytest.raises(NotReadyError, match="behind"):
        readiness.check(place.git, branch="main", remote="origin")
    assert place.sh("for-each-ref") == before
    assert readiness.check(place.git, branch="main", remote="").remote_tip is None


def test_b2_1_a_folder_that_is_no_top_of_a_main_working_tree_is_refused(place: Place) -> None:
    place.sh("worktree", "add", "--quiet", "../linked", "-b", "linked")
    (place.work / "inner").mkdir()
    (place.top / "plain").mkdir()
    sh(place.top, "init", "--quiet", "--initial-branch=main", "empty")
    for folder, says in (
        (place.top / "linked", "linked working tree"),
        (place.work / "inner", "not the top folder"),
        (place.top / "plain", "not in a git repository"),
        (place.top / "missing", "no folder"),
        (place.remote, "bare"),
        (place.top / "empty", "no commit yet"),
    ):
        with pytest.raises(NotReadyError, match=says):
            readiness.check(Git(folder), remote="")


def test_a_submodule_is_refused_and_a_repository_with_some_is_warned(place: Place) -> None:
    place.sh(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
        os.fspath(place.remote), "part",
    )  # fmt: skip
    place.sh("commit", "--quiet", "-m", "Add a part")
    with pytest.raises(NotReadyError, match="is a submodule of"):
        readiness.check(Git(place.work / "part"), remote="")
    assert "submodule update --init" in readiness.check(place.git, remote="").warnings[0]


def test_b2_1_a_missing_or_old_git_is_one_sentence(place: Place) -> None:
    with pytest.raises(GitMissingError, match="install git"):
        readiness.check(Git(place.work, program="git-that-is-nowhere"))
    old = place.top / "old git"
    old.write_text("#!/bin/sh\necho git version 2.17.1\n", encoding="utf-8")
    old.chmod(0o755)
    with pytest.raises(GitMissingError, match=r"2\.17 is too old: install git 2\.36"):
        readiness.check(Git(place.work, program=os.fspath(old)))


def test_our_own_files_are_no_changes_of_the_operator(place: Place) -> None:
    (place.work / "PHASE1-GROUP-A-STATUS.md").write_text("ours", encoding="utf-8")
    (place.work / "geelark.toml").write_text("", encoding="utf-8")
    (place.work / ".env").write_text("SECRET=1", encoding="utf-8")
    (place.work / "status" / "completed_tasks.txt").write_text("", encoding="utf-8")
    assert readiness.changed_files(place.git) == []
    place.sh("add", "--force", ".env")
    assert readiness.changed_files(place.git) == [".env"]


def test_allowed_changes_and_unpushed_commits_of_others_are_warnings(place: Place) -> None:
    ours = place.commit("ours.txt", "ours\n")
    assert readiness.check(place.git, ours=[ours]).warnings == ()
    (place.work / "app.txt").write_text("changed\n", encoding="utf-8")
    dirty, ahead = readiness.check(place.git, allow_dirty=True).warnings
    assert "app.txt" in dirty
    assert "1 commit(s)" in ahead


def test_a_remote_that_never_answers_is_given_up_with_all_that_it_started(place: Place) -> None:
    place.sh("config", "protocol.ext.allow", "always")
    place.sh("remote", "set-url", "origin", "ext::sleep 600")
    before = running_below()
    with pytest.raises(GitTimeoutError, match=r"did not end within 0\.2 s"):
        Remote(Git(place.work, limits=GitLimits(remote=0.2)), "origin").tip("main")
    assert running_below() <= before
    with pytest.raises(StopRequested):
        Remote(Git(place.work, stop=lambda: True), "origin").tip("main")
    assert running_below() <= before


def test_no_secret_of_an_address_is_in_a_message(place: Place) -> None:
    place.sh("remote", "set-url", "origin", "nowhere://op:s3cr3t-w0rd@host.invalid/x?token=t0ken-1")
    for refused in (
        lambda: readiness.check(place.git),
        lambda: Remote(place.git, "origin").push("main"),
        lambda: place.git.must("fetch", "nowhere://op:s3cr3t-w0rd@host.invalid/x"),
    ):
        with pytest.raises(GitError) as failed:
            refused()
        assert not re.search("s3cr3t|t0ken-1", str(failed.value))
    assert not re.search("s3cr3t|t0ken-1", place.log.read_text(encoding="utf-8"))
    assert redact("https://u:p@ss@host/x") == "https://***@host/x"
    assert redact("git@host:owner/name") == "git@host:owner/name"


def test_foreign_words_come_without_escapes_and_only_the_last_lines() -> None:
    text = safe_text("\n".join(f"\x1b[31mline {n}\x1b[0m\r" for n in range(50)))
    assert text.splitlines() == [f"line {n}" for n in range(30, 50)]


def test_ssh_asks_nobody_and_other_programs_are_left_alone() -> None:
    asked = quiet_ssh("ssh -i key", seconds=10)
    assert asked == "ssh -i key -o BatchMode=yes -o ConnectTimeout=10"
    assert quiet_ssh("plink -batch", seconds=10) == "plink -batch"
    assert quiet_ssh("'unclosed", seconds=10) == "'unclosed"


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
def test_git_is_asked_in_plain_english_without_prompts_or_redirects(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    teller = place.top / "teller"
    teller.write_text("#!/bin/sh\nenv\necho ARGS $*\n", encoding="utf-8")
    teller.chmod(0o755)
    told = Git(place.work, program=os.fspath(teller)).run("status").out
    for line in ("LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_EDITOR=:", "GIT_PAGER=cat"):
        assert f"{line}\n" in told
    assert "GIT_DIR=" not in told
    assert "core.quotepath=off" in told
