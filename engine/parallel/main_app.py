"""``MainApp``: the entry point for programs (behaviour C5.6).

Who does not ask for parallel work gets one order after the other, as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from engine.config import Settings
from engine.downloads.orders import read_orders
from engine.downloads.profiles import ProfileManager
from engine.parallel.pool_settings import DOWNLOADS
from engine.parallel.processing_session import STOP_SECONDS, ProcessingSession
from engine.parallel.session_report import SessionProgress, SessionReport

_CHOSEN: Final = {"run.workload": DOWNLOADS, "host.scaling": False}
"""The number of workers is worked out before they are started."""


class MainApp:
    """Does lists of orders with the settings of the current folder and the environment."""

    def __init__(
        self,
        enable_parallel: bool = False,
        max_workers: int = 4,
        *,
        settings: Settings | None = None,
        profile_manager: ProfileManager | None = None,
        out: Path | None = None,
        work_dir: Path | None = None,
        progress: Callable[[SessionProgress], object] | None = None,
        workload: str = DOWNLOADS,
    ) -> None:
        """Raises TypeError, ValueError, SettingsError."""
        chosen = settings or Settings.load(
            Path.cwd(), overrides={**_CHOSEN, "run.workload": workload}
        )
        self.session = ProcessingSession(
            enable_parallel,
            max_workers,
            profile_manager=profile_manager,
            task_timeout=chosen.downloads.task_timeout_seconds,
            out=out,
            work_dir=work_dir,
            settings=chosen,
            progress=progress,
            workload=workload,
        )

    @property
    def enable_parallel(self) -> bool:
        return self.session.enable_parallel

    @property
    def max_workers(self) -> int:
        return self.session.max_workers

    def run(
        self, orders: Path | str | Iterable[Mapping[str, object]]
    ) -> tuple[int, int, SessionReport]:
        """Do all orders of a CSV file, or of a list; (ok, failed, report).

        Raises InputError for a file without orders, and as ``ProcessingSession.process_pos``.
        """
        if not isinstance(orders, str | Path):
            return self.session.process_pos(orders)
        return self.session.process_list(read_orders(Path(orders)))

    def get_progress(self) -> SessionProgress:
        return self.session.get_progress()

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """End what is done now; whether it has ended in time. From any thread."""
        return self.session.stop_processing(timeout)
