"""The benchmarks that ``python -m benchmarks`` runs, and what each of their figures means.

On two idle cores all together take under a quarter of an hour; ``Benchmark.seconds`` is about what
each takes there. ``benchmarks.chaos`` is none of them: it measures nothing, it looks for faults.
"""

from __future__ import annotations

from typing import Final

from benchmarks.catalogue import Benchmark, Figure

_LABELLED: Final = "../shared/data"

_DAY: Final = Benchmark(
    name="day",
    module="benchmarks.day",
    about="a day on phones as slow as real ones, beside what the phones alone would take",
    arguments=("--workers", "1,5,10", "--jobs", "3", "--scale", "12"),
    figures=(
        *(
            Figure(
                f"efficiency_{workers}_at_scale_1",
                f"limit over wall, {workers} worker{'s' * (workers > 1)}, for phones at their own "
                "speed",
                least=least,
            )
            for workers, least in ((1, 0.95), (5, 0.95), (10, 0.92))
        ),
        Figure("billed_ratio", "billed minutes over the unavoidable ones", most=1.08),
        Figure("billed_ratio_faults", "the same with faults in a tenth of the boots", most=1.25),
        Figure("gain_over_fixed_waits", "wall with fixed waits over ours; the worst of all counts"),
        *(
            Figure(
                f"efficiency_{workers}",
                f"as measured, {workers} worker{'s' * (workers > 1)}: with this host's own time "
                "twelve times as dear",
            )
            for workers in (1, 5, 10)
        ),
        Figure("billed_in_seconds", "the billed ratio without the rounding to minutes"),
        Figure("calls_per_job", "calls of the provider"),
        Figure("syncs_per_job", "times that a worker waits for the disk"),
        Figure("pauses_over_phone", "what jobs asked to wait over what their phones needed"),
        Figure("waited_per_cpu_s", "seconds for a free core, each CPU second: how busy it was"),
        Figure("looks_per_touch", "page sources for each touch that changed the screen"),
        Figure(
            "cpu_s_per_job",
            "CPU seconds of supervisor and workers, their start with it",
            most=0.5,
            absolute=True,
        ),
    ),
    tables=True,
    seconds=180,
    longest=420,
)
_LEDGER: Final = Benchmark(
    name="ledger",
    module="benchmarks.ledger",
    about="durable claims and completions by five processes, beside the disk's own limit",
    arguments=("--rows", "4660", "--procs", "5", "--seconds", "10"),
    figures=(
        Figure("double_claims", "jobs that two processes held at a time", most=0),
        Figure("lost", "completions that the file does not have", most=0),
        Figure("pairs_per_s", "claims with their completion", absolute=True),
        Figure("p50_ms", "median of such a pair", absolute=True),
        Figure("p99_ms", "the same, of a hundred the slowest", absolute=True),
        Figure("fsync_limit_per_s", "rows that the disk alone makes durable", absolute=True),
    ),
    seconds=15,
)
_FOOTPRINT: Final = Benchmark(
    name="footprint",
    module="benchmarks.footprint",
    about="start, memory and idling of what the engine and the cockpit are made of",
    arguments=("--workers", "3", "--jobs", "12", "--rows", "5000"),
    figures=(
        Figure("help_over_python", "CPU of --help over that of an interpreter that does nothing"),
        Figure("status_over_python", "the same of --status of 5,000 rows"),
        Figure("supervisor_idle_over_python", "memory of an idle supervisor over that of one"),
        Figure("worker_idle_over_python", "the same of an idle worker"),
        Figure("supervisor_idle_core", "percent of a core", most=1.0),
        Figure("worker_idle_core", "percent of a core"),
        Figure("help_s", "--help, by the clock", most=0.25, absolute=True),
        Figure("help_cpu_s", "--help, by the processor", most=0.25, absolute=True),
        Figure("status_s", "--status of 5,000 rows, by the clock", most=0.5, absolute=True),
        Figure("status_cpu_s", "--status, by the processor", most=0.5, absolute=True),
        Figure("python_s", "an interpreter that does nothing, by the clock", absolute=True),
        Figure("python_cpu_s", "that interpreter, by the processor", absolute=True),
        Figure("first_paint_s", "the cockpit's first useful paint", most=1.0, absolute=True),
        Figure("first_paint_cpu_s", "the first paint, by the processor", absolute=True),
        Figure("first_claim_s", "a worker from its start to a claim", most=1.5, absolute=True),
        Figure("first_claim_cpu_s", "the way to a first claim, by the processor", absolute=True),
        Figure("cpu_s_per_job", "supervisor and workers, a short day", most=0.5, absolute=True),
        Figure("supervisor_idle_mb", "resident", most=60, absolute=True),
        Figure("worker_idle_mb", "resident", absolute=True),
        Figure("worker_mb", "most of a worker in the day", most=120, absolute=True),
    ),
    seconds=45,
)
_SCALE: Final = Benchmark(
    name="scale",
    module="benchmarks.scale",
    about="how cost grows with rows, workers, phones and days kept",
    figures=(
        Figure("claim_growth", "a claim with its completion, 200,000 rows over 5,000"),
        Figure("look_changed_growth", "a look of the cockpit at a ledger that changed, the same"),
        Figure("phones_list_growth", "finding our phones, a farm of 1,000 over one of 100"),
        Figure("year_start_ratio", "a run's start, with a year of archives over without"),
        Figure("year_seed_ratio", "seeding a day, the same"),
        Figure("of_limit_50", "jobs a second of 50 workers over the lowest limit beside them"),
        Figure("supervisor_share_50", "cores that the supervisor of 50 workers uses", most=0.5),
        Figure("idle_supervisor_share", "the same of an idle one", most=0.01),
        Figure("double_claims", "jobs that two workers held at a time", most=0),
        Figure("lost", "completions that the ledger does not have", most=0),
        Figure("jobs_per_s_50", "jobs a second of 50 toy workers", least=400, absolute=True),
        Figure("status_s", "--status of the small ledger, by the clock", most=0.5, absolute=True),
        Figure("worker_to_claim_s", "a worker to its first claim there", most=1.5, absolute=True),
        Figure("worker_to_claim_large_s", "the same with 200,000 rows", absolute=True),
        Figure("idle_supervisor_mb", "resident, 5,000 rows", most=60, absolute=True),
        Figure("idle_supervisor_large_mb", "the same with 200,000 rows", absolute=True),
    ),
    tables=True,
    seconds=150,
    longest=480,
)
_CONSOLE: Final = Benchmark(
    name="console",
    module="benchmarks.console",
    about="the cockpit on a terminal: first paint, answers to keys, bytes, memory",
    arguments=("--seconds", "3"),
    figures=(
        Figure("idle_bytes", "sent in three seconds in which nothing happens", most=0),
        Figure("first_paint_s", "a usual day on the screen", most=1.0, absolute=True),
        Figure("first_paint_50k_s", "a day of 50,000 jobs", most=1.5, absolute=True),
        Figure("stall_ms", "longest answer to a key there", most=100, absolute=True),
        Figure("log_p95_ms", "from a log line written to shown", most=250, absolute=True),
        Figure("key_p95_ms", "answer to a key in a busy run", most=60, absolute=True),
        Figure("five_workers_bps", "bytes a second of a usual run", most=2000, absolute=True),
        Figure("cpu", "percent of a core in a busy run", most=15, absolute=True),
        Figure("rss_mb", "resident once all was looked at", most=120, absolute=True),
    ),
    seconds=80,
)
_APPIUM: Final = Benchmark(
    name="appium",
    module="benchmarks.appium",
    about="real adb and Appium on simulated phones, one Appium killed in the middle of a job",
    arguments=("--workers", "3", "--jobs", "6"),
    figures=(
        Figure("leftovers", "processes, records and phones left behind", most=0),
        Figure("session_s", "opening a session on a prepared phone", most=2.0, absolute=True),
        Figure("appium_start_s", "an Appium until it is ready", most=2.0, absolute=True),
        Figure("recover_s", "from the kill to the next touch", most=8.0, absolute=True),
        Figure("worker_mb", "most of a worker with its Appium", most=300, absolute=True),
    ),
    seconds=40,
)
_ROADMAP: Final = Benchmark(
    name="roadmap",
    module="benchmarks.roadmap",
    about="one phase of a large roadmap by scripted agents on real git, and four kills",
    arguments=("--parts", "plain,kills", "--phases", "1", "--agents", "2-6", "--kills", "4"),
    figures=(
        Figure("orphans", "processes left behind", most=0),
        Figure("false_complete", "groups called complete that no gate passed", most=0),
        Figure("redone", "tasks begun again after their success was written", most=0),
        Figure("faults", "all else that must not be: commits, pushes, merges, files", most=0),
        Figure("efficiency", "ideal over wall, with agents of a few seconds"),
        Figure("git_changes_per_task", "git commands that change something"),
        Figure("tasks", "done on the plain day"),
        Figure("kills", "of the supervisor"),
        Figure("wall_s", "of the plain day", absolute=True),
        Figure("ideal_s", "of it the agents and gates", absolute=True),
        Figure("own_s_per_group", "of it ours", absolute=True),
    ),
    tables=True,
    seconds=40,
)
_DOWNLOADS: Final = Benchmark(
    name="downloads",
    module="benchmarks.downloads",
    about="orders by one browser, two and four on a slow site, and eight kills",
    arguments=("--parts", "plain,kills", "--kills", "8"),
    figures=(
        Figure("speedup_2", "one worker's time over that of two", least=1.9),
        Figure("speedup_4", "the same of four", least=3.6),
        Figure("leftovers", "processes, profiles, half files, records after kills", most=0),
        Figure("orders", "visited by each number of workers"),
        Figure("own_mb_per_worker", "a worker without its browser", most=200, absolute=True),
        Figure("handout_ms", "outcome to the next claim, p95", most=100, absolute=True),
    ),
    tables=True,
    seconds=320,
    longest=600,
)
_DIALOGS: Final = Benchmark(
    name="random_dialogs",
    module="benchmarks.random_dialogs",
    about="posting while dialogs and surprises come in between, by the rules alone",
    arguments=("--posts", "400", "--seed", "1"),
    figures=(
        Figure("no_model", "share of posts on which no model would be asked"),
        Figure("posted", "share that was published and known to be"),
        Figure("in_doubt", "share that a person has to settle"),
        Figure("failed", "share that was not published"),
        Figure("double_posts", "published twice", most=0),
        Figure("false_success", "called published and were not", most=0),
        Figure("n", "posts"),
    ),
    seconds=12,
)
_ERRORS: Final = Benchmark(
    name="error_accuracy",
    module="benchmarks.error_accuracy",
    about="the error classifier on labelled messages",
    arguments=(f"{_LABELLED}/errors_dev.jsonl",),
    figures=(
        Figure("category", "share with the right category"),
        Figure("type", "share with the right type"),
        Figure("wrong_retry", "messages that are tried again and should not, or the reverse"),
        Figure("n", "messages"),
    ),
    needs=f"{_LABELLED}/errors_dev.jsonl",
    seconds=1,
)
_SCREENS: Final = Benchmark(
    name="screen_accuracy",
    module="benchmarks.screen_accuracy",
    about="the recogniser and the navigator on labelled screens",
    arguments=(f"{_LABELLED}/screens",),
    figures=(
        Figure("accuracy", "share of screens read rightly"),
        Figure("dangerous_missed", "challenges and blocks that were not seen"),
        Figure("false_alarms", "harmless screens taken for one"),
        Figure("next_step", "share on which the right thing is touched"),
        Figure("n", "screens"),
        Figure("ms_per_screen", "reading one", absolute=True),
    ),
    needs=f"{_LABELLED}/screens",
    seconds=6,
)
BENCHMARKS: Final = (
    _DAY,
    _SCALE,
    _FOOTPRINT,
    _LEDGER,
    _CONSOLE,
    _APPIUM,
    _ROADMAP,
    _DOWNLOADS,
    _DIALOGS,
    _ERRORS,
    _SCREENS,
)
