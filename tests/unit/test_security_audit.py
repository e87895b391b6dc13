"""The audit of the dependencies: it fails on a hole, and says so where it could not look."""

from __future__ import annotations

import io
import json
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.audit.__main__ import ROOT, audit, judge
from tests.audit.advisories import Hole, NoAnswerError, node_holes, python_holes
from tests.audit.allowances import AllowanceError, read_allowances
from tests.audit.pins import Pin, PinError, node_pins, python_pins

TODAY = date(2026, 11, 21)
HASH = "a" * 64
INTEGRITY = "sha512-" + "A" * 86 + "=="
GOOD = 'id = "CVE-2026-1"\npackage = "left"\nreason = "only used while testing"\nuntil = 2026-11-21'
HOLE = Hole("left", ("PYSEC-7", "CVE-2026-1"))
POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are scripts")


# -- what is allowed -------------------------------------------------------------------------------


def allowances(folder: Path, *tables: str) -> Path:
    path = folder / "allowed.toml"
    path.write_text("".join(f"[[allowed]]\n{table}\n" for table in tables))
    return path


def test_an_entry_holds_until_the_end_of_its_last_day(tmp_path: Path) -> None:
    (entry,) = read_allowances(allowances(tmp_path, GOOD), TODAY)
    assert (entry.id, entry.package) == ("CVE-2026-1", "left")
    with pytest.raises(AllowanceError, match="CVE-2026-1 of left was accepted until 2026-11-21"):
        read_allowances(allowances(tmp_path, GOOD), date(2026, 11, 22))


@pytest.mark.parametrize("part", ["id", "package", "reason", "until"])
def test_an_entry_without_one_of_its_parts_is_refused(tmp_path: Path, part: str) -> None:
    rest = "\n".join(line for line in GOOD.splitlines() if not line.startswith(part))
    with pytest.raises(AllowanceError, match=part):
        read_allowances(allowances(tmp_path, rest), TODAY)


@pytest.mark.parametrize("reason", ["", "   ", "ok", "                         "])
def test_a_reason_must_say_something(tmp_path: Path, reason: str) -> None:
    spoilt = GOOD.replace("only used while testing", reason)
    with pytest.raises(AllowanceError, match="reason"):
        read_allowances(allowances(tmp_path, spoilt), TODAY)


@pytest.mark.parametrize("spoilt", ["[[allowed", 'why = "x"', GOOD.replace("CVE-", "*"), "allowed"])
def test_a_file_that_is_not_understood_allows_nothing(tmp_path: Path, spoilt: str) -> None:
    with pytest.raises(AllowanceError):
        read_allowances(allowances(tmp_path, spoilt), TODAY)


# -- what is pinned --------------------------------------------------------------------------------


def test_everything_that_this_project_installs_is_pinned_by_hash() -> None:
    for lock in ("requirements.lock", ".ci/audit.lock"):
        assert len(python_pins(ROOT / lock)) > 20
    assert len(node_pins(ROOT / "engine/phones/appium")) > 100


@pytest.mark.parametrize(
    "entry",
    [
        "left==1.0\n",
        f"left>=1.0 --hash=sha256:{HASH}\n",
        f"left==1.* --hash=sha256:{HASH}\n",
        f"left --hash=sha256:{HASH}\n",
        f"left==1.0,!=1.1 --hash=sha256:{HASH}\n",
        "left==1.0 --hash=sha256:abc\n",
        "left==1.0 --hash=md5:" + "a" * 32 + "\n",
        f"left @ file:///left.whl --hash=sha256:{HASH}\n",
        "-e .\n",
    ],
)
def test_a_python_package_without_one_version_and_a_hash_is_told(
    tmp_path: Path, entry: str
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"# of\nright==2.0 ; os_name == 'nt' \\\n    --hash=sha256:{HASH}\n{entry}")
    with pytest.raises(PinError):
        python_pins(lock)
    lock.write_text(lock.read_text().removesuffix(entry))
    assert python_pins(lock) == [Pin("right", "2.0")]


def node_lock(folder: Path, packages: dict[str, Any], version: str = "1.0.0") -> Path:
    (folder / "package.json").write_text(json.dumps({"dependencies": {"a": version}}))
    found = {f"node_modules/{name}": about for name, about in packages.items()}
    (folder / "package-lock.json").write_text(json.dumps({"packages": {"": {}} | found}))
    return folder


def test_a_node_package_is_held_by_its_own_integrity_or_by_its_carriers(tmp_path: Path) -> None:
    packages: dict[str, Any] = {
        "a": {"version": "1.0.0", "integrity": INTEGRITY},
        "a/node_modules/b": {"version": "2.0.0", "inBundle": True},
        "a/node_modules/b/node_modules/@x/c": {"version": "3.0.0", "inBundle": True},
    }
    names = [pin.name for pin in node_pins(node_lock(tmp_path, packages))]
    assert names == ["a", "b", "@x/c"]
    for spoilt in ({"integrity": ""}, {"integrity": "sha1-abc"}):
        with pytest.raises(PinError, match=r"a .*has no integrity"):
            node_pins(node_lock(tmp_path, packages | {"a": {"version": "1.0.0"} | spoilt}))
    with pytest.raises(PinError, match="one version"):
        node_pins(node_lock(tmp_path, packages, version="^1.0.0"))


# -- what is known ---------------------------------------------------------------------------------


def judged(
    answer: list[Hole] | str, folder: Path, *, required: bool = False, allowed: str = ""
) -> tuple[int, str, str]:
    def ask() -> list[Hole]:
        if isinstance(answer, str):
            raise NoAnswerError(answer)
        return answer

    entries = read_allowances(allowances(folder, *filter(None, [allowed])), TODAY)
    out, err = io.StringIO(), io.StringIO()
    status = judge({"Python": ask}, entries, required=required, out=out, err=err)
    return status, out.getvalue(), err.getvalue()


def test_a_known_hole_fails_unless_it_is_allowed_under_any_of_its_names(tmp_path: Path) -> None:
    status, _, err = judged([HOLE], tmp_path)
    assert (status, err) == (1, "KNOWN HOLE: left: PYSEC-7\n")
    assert judged([HOLE], tmp_path, allowed=GOOD)[0] == 0
    assert judged([HOLE], tmp_path, allowed=GOOD.replace("left", "right"))[0] == 1


def test_without_an_answer_nothing_is_said_to_be_sound(tmp_path: Path) -> None:
    status, out, err = judged("nobody there", tmp_path)
    assert (status, out) == (0, "")
    assert err == "NOT AUDITED: no advisory source answers for Python: nobody there.\n"
    assert judged("nobody there", tmp_path, required=True)[0] == 1


def stand_in(folder: Path, name: str, answer: object) -> Path:
    """A program that prints this, as an auditor does that found something."""
    (folder / "answer").write_text(answer if isinstance(answer, str) else json.dumps(answer))
    program = folder / name
    program.write_text(f"#!/bin/sh\ncat '{folder}/answer'\nexit 1\n")
    program.chmod(0o700)
    return program


@POSIX_ONLY
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"dependencies": [{"name": "a", "vulns": []}, {"name": "b", "skip_reason": "x"}]}, "b"),
        ({"dependencies": []}, "no package"),
        ("Traceback", "could not ask"),
        ("[]", "no package"),
    ],
)
def test_pip_audit_must_have_asked_about_every_package(
    tmp_path: Path, answer: object, why: str
) -> None:
    with pytest.raises(NoAnswerError, match=why):
        python_holes([Pin("a", "1")], stand_in(tmp_path, "pip-audit", answer))


@POSIX_ONLY
def test_what_pip_audit_and_npm_know_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"id": "PYSEC-7", "aliases": ["CVE-2026-1"], "fix_versions": ["2"]}
    answer: dict[str, Any] = {"dependencies": [{"name": "left", "vulns": [known]}]}
    (hole,) = python_holes([Pin("left", "1")], stand_in(tmp_path, "pip-audit", answer))
    assert (hole.ids, str(hole)) == (HOLE.ids, "left: PYSEC-7 (repaired in 2)")

    via = {"name": "ws", "title": "Too much", "url": "https://host/GHSA-1-2-3"}
    answer = {"vulnerabilities": {"ws": {"via": [via]}, "appium": {"via": ["ws", via]}}}
    stand_in(tmp_path, "npm", answer)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    folder = node_lock(tmp_path, {})
    assert [str(found) for found in node_holes(folder)] == ["ws: GHSA-1-2-3 Too much"]
    stand_in(tmp_path, "npm", {"message": "405 - POST https://host/path"})
    with pytest.raises(NoAnswerError, match=r"405 - POST \.\.\.$"):
        node_holes(folder)


def test_a_package_without_a_pin_fails_before_anybody_is_asked(tmp_path: Path) -> None:
    for name in ("requirements.lock", ".ci/audit.lock", ".ci/audit-allowed.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    node_lock_place = tmp_path / "engine" / "phones" / "appium"
    node_lock_place.mkdir(parents=True)
    node_lock(node_lock_place, {"a": {"version": "1.0.0"}})
    out, err = io.StringIO(), io.StringIO()
    assert audit(tmp_path, tmp_path / "none", required=False, out=out, err=err) == 1
    assert err.getvalue() == (
        "AUDIT FAILED: package-lock.json: a (node_modules/a) has no integrity.\n"
    )
