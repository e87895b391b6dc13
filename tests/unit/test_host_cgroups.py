"""Limits of a container, from files as Linux shows them; and that nothing is made up elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.host.cgroups import Cgroups, GroupLimits

MB = 1024 * 1024


def host(tmp_path: Path, membership: str, files: dict[str, str]) -> Cgroups:
    root = tmp_path / "cgroup"
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="ascii")
    member = tmp_path / "self_cgroup"
    member.write_text(membership, encoding="ascii")
    return Cgroups(root, member)


def test_a_container_of_version_2_has_what_its_group_allows(tmp_path: Path) -> None:
    groups = host(
        tmp_path,
        "0::/\n",
        {
            "memory.max": f"{2000 * MB}\n",
            "memory.current": f"{900 * MB}\n",
            "memory.stat": f"anon 1\ninactive_file {300 * MB}\nslab 5\n",
            "cpu.max": "150000 100000\n",
            "cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
        },
    )
    assert groups.read() == GroupLimits(
        memory_limit=2000 * MB, memory_free=1400 * MB, cores=1.5, cpu_seconds=2.5
    )


def test_the_tightest_of_all_groups_above_counts(tmp_path: Path) -> None:
    groups = host(
        tmp_path,
        "0::/farm/posting\n",
        {
            "farm/posting/memory.max": "max\n",
            "farm/posting/memory.current": "5\n",
            "farm/posting/cpu.max": "max 100000\n",
            "farm/memory.max": f"{1000 * MB}\n",
            "farm/memory.current": f"{1200 * MB}\n",
            "farm/cpu.max": "50000 100000\n",
        },
    )
    assert groups.read() == GroupLimits(
        memory_limit=1000 * MB, memory_free=0, cores=0.5, cpu_seconds=None
    )


def test_version_1_is_read_from_the_hierarchies_of_its_controllers(tmp_path: Path) -> None:
    groups = host(
        tmp_path,
        "5:cpu,cpuacct:/box\n4:memory:/box\n0::/\n",
        {
            "memory/box/memory.limit_in_bytes": f"{512 * MB}\n",
            "memory/box/memory.usage_in_bytes": f"{500 * MB}\n",
            "memory/box/memory.stat": f"inactive_file 7\ntotal_inactive_file {100 * MB}\n",
            "cpu/box/cpu.cfs_quota_us": "200000\n",
            "cpu/box/cpu.cfs_period_us": "100000\n",
            "cpu/box/cpuacct.usage": "3000000000\n",
        },
    )
    assert groups.read() == GroupLimits(
        memory_limit=512 * MB, memory_free=112 * MB, cores=2.0, cpu_seconds=3.0
    )


@pytest.mark.parametrize(
    ("membership", "files"),
    [
        (
            "4:memory:/\n3:cpu:/\n",
            {
                "memory/memory.limit_in_bytes": "9223372036854771712\n",
                "memory/memory.usage_in_bytes": "5\n",
                "cpu/cpu.cfs_quota_us": "-1\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            },
        ),
        ("0::/\n", {"memory.max": "max\n", "cpu.max": "max 100000\n"}),
        ("0::/\n", {"memory.max": "lots\n", "cpu.max": "0 0\n"}),
        ("0::/elsewhere\n", {}),
        ("nonsense\n", {"memory.max": "1000\n"}),
    ],
    ids=["version 1 without", "version 2 without", "nonsense", "not mounted", "no membership"],
)
def test_no_limit_is_none_and_never_0(
    tmp_path: Path, membership: str, files: dict[str, str]
) -> None:
    assert host(tmp_path, membership, files).read() == GroupLimits()


def test_a_group_of_another_namespace_leads_nowhere_but_to_its_root(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000", encoding="ascii")
    groups = host(tmp_path, "0::/../../\n", {"memory.max": "2000\n"})
    assert groups.read() == GroupLimits(memory_limit=2000)


def test_a_system_without_groups_has_no_limits(tmp_path: Path) -> None:
    assert Cgroups(tmp_path / "none", tmp_path / "none").read() == GroupLimits()
