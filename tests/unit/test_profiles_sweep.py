"""What a crash left is taken, a living owner's never, nothing outside the root (C6.3, C-D11)."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.downloads.profile_owner import OWNER_FILE, OwnerState, owner_of
from engine.downloads.profile_root import ProfileRoot
from engine.downloads.profiles import ProfileManager
from engine.downloads.time_limit import TimeLimit
from engine.parallel.errors import ProfileCreationError, ProfilePermissionError
from tests.base_profile import make_base, names_in

_CRASHES = """
import os, sys
from pathlib import Path
from engine.downloads.profiles import ProfileManager
from engine.logger import drop_lines
drop_lines(drop=True)
manager = ProfileManager(Path(sys.argv[1]), root=Path(sys.argv[2]))
print(manager.create_profile("w1"), flush=True)
if sys.argv[3] == "crash":
    os._exit(9)
if sys.argv[3] == "fork":
    child = os.fork()
    if not child:
        manager.close()
        os._exit(0)
    os.waitpid(child, 0)
    os._exit(9)
if sys.argv[3] == "wait":
    sys.stdin.read()
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return make_base(tmp_path / "base")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def run(base: Path, root: Path, ending: str) -> Path:
    """The profile that another process made before it ended so."""
    command = [sys.executable, "-c", _CRASHES, str(base), str(root), ending]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout, ended.stderr
    return Path(ended.stdout.strip())


@pytest.fixture
def other(base: Path, root: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A living process with a profile of its own in the same root."""
    command = [sys.executable, "-c", _CRASHES, str(base), str(root), "wait"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def sweep(root: Path) -> list[Path]:
    return ProfileRoot(root).sweep(TimeLimit(30))


def test_a_process_that_ends_takes_its_profiles_with_it(base: Path, root: Path) -> None:
    assert not run(base, root, "end").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no fork")
def test_a_forked_child_leaves_the_profiles_of_its_parent(base: Path, root: Path) -> None:
    assert (run(base, root, "fork") / "Local State").is_file()


def test_the_next_start_takes_what_a_crash_left(base: Path, root: Path) -> None:
    left = run(base, root, "crash")
    assert (left / "Default/Network/Cookies").is_file()
    ProfileManager(base, root=root, cleanup_at_exit=False)
    assert not left.exists()
    assert [path for path in root.iterdir() if path.is_dir()] == []


def test_a_profile_of_a_living_owner_is_never_swept_and_goes_with_him(
    base: Path, root: Path, other: tuple[subprocess.Popen[str], Path]
) -> None:
    process, path = other
    manager = ProfileManager(base, root=root, cleanup_at_exit=False)
    mine = manager.create_profile("w1")
    assert mine != path
    assert manager.cleanup_all_profiles() == 1
    assert (path / "Local State").is_file()
    process.kill()
    process.wait(30)
    assert sweep(root) == [path]


def test_an_owner_whose_number_another_process_has_now_is_gone(base: Path, root: Path) -> None:
    left = run(base, root, "crash")
    record = json.loads((left / OWNER_FILE).read_text())
    (left / OWNER_FILE).write_text(json.dumps({**record, "pid": os.getpid()}))
    owner = owner_of(left)
    assert owner is not None
    assert owner.state() is OwnerState.GONE
    assert sweep(root) == [left]


def test_a_profile_of_another_host_is_left(base: Path, root: Path) -> None:
    left = run(base, root, "crash")
    record = json.loads((left / OWNER_FILE).read_text())
    (left / OWNER_FILE).write_text(json.dumps({**record, "host": "elsewhere"}))
    assert sweep(root) == []
    assert left.is_dir()


@pytest.mark.skipif(os.name == "nt", reason="links to nothing need rights on Windows")
def test_a_profile_that_a_browser_still_has_open_is_left_until_it_is_closed(
    base: Path, root: Path
) -> None:
    left = run(base, root, "crash")
    (left / "SingletonLock").symlink_to("another-host-1")
    assert sweep(root) == []
    (left / "SingletonLock").unlink()
    assert sweep(root) == [left]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_removed_as_links(base: Path, root: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("kept")
    manager = ProfileManager(base, root=root, cleanup_at_exit=False)
    path = manager.create_profile("w1")
    (path / "Default/folder").symlink_to(kept)
    (path / "file").symlink_to(kept / "file")
    (path / "locked").mkdir()
    (path / "locked/inside").write_text("x")
    (path / "locked").chmod(0)
    manager.cleanup_profile("w1")
    assert not path.exists()
    assert names_in(kept) == {"file"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_profile_swapped_for_a_link_to_the_base_leaves_the_base(base: Path, root: Path) -> None:
    manager = ProfileManager(base, root=root, cleanup_at_exit=False)
    path = manager.create_profile("w1")
    before = names_in(base)
    path.rename(root / "aside")
    path.symlink_to(base)
    assert not manager.validate_profile("w1")
    manager.cleanup_profile("w1")
    sweep(root)
    assert not path.is_symlink()
    assert names_in(base) == before


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_sweep_takes_nothing_that_is_not_named_as_ours(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    ProfileRoot(root)
    for name in ("other", "profile-w1", ".half-w1-0123", "profile-w1-0123456789abcdef"):
        (root / name).mkdir()
    (root / ".half-w1-0123456789abcdef").symlink_to(outside)
    assert sweep(root) == []
    assert outside.is_dir()
    assert len(list(root.iterdir())) == 6


def test_half_a_clone_without_an_owner_was_left_by_a_crash(root: Path) -> None:
    ProfileRoot(root)
    half = root / ".half-w1-0123456789abcdef"
    half.mkdir()
    assert sweep(root) == [half]
    assert not half.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps access in lists, not in modes")
def test_an_open_folder_with_other_files_is_refused_and_an_empty_one_is_closed(
    base: Path, root: Path
) -> None:
    root.mkdir()
    root.chmod(0o755)
    (root / "letters").write_text("x")
    with pytest.raises(ProfilePermissionError, match="folder of their own"):
        ProfileManager(base, root=root, cleanup_at_exit=False)
    (root / "letters").unlink()
    ProfileManager(base, root=root, cleanup_at_exit=False)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


@given(
    record=st.one_of(
        st.binary(max_size=60),
        st.dictionaries(
            st.sampled_from(["pid", "started", "host", "worker_id", "created"]),
            st.one_of(st.none(), st.integers(), st.text(max_size=5), st.floats(allow_nan=False)),
        ).map(lambda made: json.dumps(made).encode()),
    )
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_an_owner_that_cannot_be_told_keeps_a_whole_profile(root: Path, record: bytes) -> None:
    ProfileRoot(root)
    whole = root / "profile-w1-0123456789abcdef"
    whole.mkdir(exist_ok=True)
    (whole / OWNER_FILE).write_bytes(record)
    assert sweep(root) == []
    assert whole.is_dir()


@given(
    name=st.one_of(
        st.text(max_size=80),
        st.sampled_from(
            ["..", ".", "/", "a/b", "a\\b", "a\0", "-rf", ".half", "a" * 65, "a\n", "ä"]
        ),
    )
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_hostile_worker_name_makes_nothing_outside_the_root(tmp_path: Path, name: str) -> None:
    manager = ProfileManager(root=tmp_path / "root", cleanup_at_exit=False)
    try:
        path = manager.create_profile(name)
    except (ValueError, ProfileCreationError):
        assert manager.list_profiles() == []
    else:
        assert path.parent == tmp_path / "root"
        assert manager.cleanup_profile(name)
    assert [entry.name for entry in tmp_path.iterdir()] == ["root"]
    assert [entry.name for entry in (tmp_path / "root").iterdir()] == [".lock"]


_NAMES = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."} and len(name.encode()) < 200)


@pytest.mark.skipif(os.name == "nt", reason="most of these names cannot be made on Windows")
@given(tree=st.lists(st.tuples(st.lists(_NAMES, min_size=1, max_size=3), st.binary(max_size=30))))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_base_of_any_names_is_cloned_to_the_byte_and_removed_whole(
    tmp_path_factory: pytest.TempPathFactory, tree: list[tuple[list[str], bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    base = make_base(folder / "base")
    extension = base / "Default/Extensions/abcdef/1.0_0"
    for parts, content in tree:
        path = extension.joinpath(*parts)
        if any(part.is_file() for part in path.parents) or path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    manager = ProfileManager(base, root=folder / "root", cleanup_at_exit=False)
    copied = manager.create_profile("w1") / "Default/Extensions/abcdef/1.0_0"
    contents = {
        path.relative_to(extension): path.read_bytes()
        for path in extension.rglob("*")
        if path.is_file()
    }
    assert contents == {
        path.relative_to(copied): path.read_bytes() for path in copied.rglob("*") if path.is_file()
    }
    assert manager.validate_profile("w1")
    manager.cleanup_profile("w1")
    assert [entry.name for entry in (folder / "root").iterdir()] == [".lock"]
