"""The operator's door of a running farm: faults of one phone, and what was asked in vain."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from simulator.errors import FarmError
from simulator.farm_file import FaultKind
from simulator.serve import RunningFarm
from tests.farm import new_farm, served


def test_faults_are_armed_and_unknown_calls_are_told(tmp_path: Path) -> None:
    work_dir = tmp_path / "W"
    new_farm(work_dir, "--accounts", 1)
    with pytest.raises(FarmError, match="No farm runs"):
        RunningFarm(work_dir).arm_fault("acct001", FaultKind.LINE_SLOW)
    with served(work_dir) as farm:
        farm.arm_fault("acct001", FaultKind.LINE_SLOW, during="connect", latency=0.2)
        farm.clear_faults("acct001")
        with pytest.raises(FarmError, match="no phone of nobody"):
            farm.arm_fault("nobody", FaultKind.LINE_SLOW)
        with pytest.raises(FarmError, match="boot_stall cannot be armed"):
            farm.arm_fault("acct001", FaultKind.BOOT_STALL)
        with pytest.raises(FarmError, match="sometimes"):
            farm.arm_fault("acct001", FaultKind.LINE_SLOW, sometimes=1)
        assert farm.unknown_commands() == []
        status = farm.status()
        assert status is not None
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{status['url']}/nowhere", timeout=5)
        assert farm.unknown_commands() == ["GET /nowhere"]
