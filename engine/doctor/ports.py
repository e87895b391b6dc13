"""Check of the ports: every worker's Appium port and its systemPorts are free, or ours."""

from __future__ import annotations

from typing import Final

import psutil

from engine.doctor.finding import Finding, Place, fail, ok, warn
from engine.phones.adb_version import LOCAL_HOST
from engine.phones.appium_server import port_is_free
from engine.processes import ProcessRegistry
from engine.run_state import RunDirectory

_NAME: Final = "ports"


def free(place: Place) -> Finding:
    """Raises SettingsError where two of the ports would be the same."""
    settings = place.settings
    workers = settings.run.workers
    settings.check_ports(workers)
    ours = [index for index in range(workers) if _appium_lives(place, index)]
    others = [index for index in range(workers) if index not in ours]
    ports = [settings.get_appium_port(index) for index in others]
    if taken := [port for port in ports if not port_is_free(settings.appium.host, port)]:
        return fail(_NAME, f"Appium's {_held(taken)}", "end that program, or set appium.base_port")
    ports = [port for index in others if (port := settings.get_adb_server_port(index))]
    if taken := [port for port in ports if not port_is_free(LOCAL_HOST, port)]:
        remedy = "end that program, or set phones.adb_server_port"
        return fail(_NAME, f"our adb server's {_held(taken)}", remedy)
    ranges = [settings.get_system_port_range(index) for index in others]
    if taken := [port for ten in ranges for port in ten if not port_is_free(LOCAL_HOST, port)]:
        # A session that meets one takes the next of the worker's ten.
        return warn(
            _NAME,
            f"systemPort: {_held(taken)}",
            "end that program, `adb forward --remove-all`, or set appium.system_port_base",
        )
    last = settings.get_appium_port(workers - 1)
    shown = f"{settings.appium.base_port}-{last}, {settings.appium.system_port_base}-"
    shown += str(settings.get_system_port_range(workers - 1)[-1])
    return ok(_NAME, f"{shown} free" + (f"; {len(ours)} workers of ours run" if ours else ""))


def _appium_lives(place: Place, index: int) -> bool:
    """A live run has this slot's ports, and rightly."""
    run_dir = RunDirectory(place.work_dir / place.settings.paths.run)
    records = ProcessRegistry(run_dir.processes_path).records(slot=index, role="appium")
    return any(record.process() is not None for record in records)


def _held(ports: list[int]) -> str:
    """The first of the ports and who listens there, where the system tells."""
    more = f" and {len(ports) - 1} more" if len(ports) > 1 else ""
    return f"port {ports[0]}{more} held by {_holder(ports[0])}"


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            address = connection.laddr
            if address and address[1] == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.Error, OSError):
        pass
    return "another program"
