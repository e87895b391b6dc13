"""All logs of a work directory as one stream: workers', Appium's, the supervisor's, and others.

One thread follows all of them by asking for each file's size and reading what is new: one ``stat``
costs about 10 µs, so that twenty files ten times a second take 2 ms. A thread a file would starve
the pool (console-features 5.5), notifications of the kernel do not exist everywhere and tell
nothing that ``stat`` does not.

Memory: a record is the bytes of its line and about 260 bytes beside; 20,000 records a log,
100,000 and 48 MB in all, and where that is too much the fullest log gives. Lines are cut at 16 kB,
continuations at 64 kB, both with a mark.
"""

from __future__ import annotations

from engine.log_stream.matching import Context, LogFilter, PatternError
from engine.log_stream.record import Record
from engine.log_stream.stamps import Level
from engine.log_stream.stream import Batch, LogStream, SourceState
from engine.log_stream.tallies import ErrorCluster, ErrorClusters, MinuteCount, MinuteCounts

__all__ = [
    "Batch",
    "Context",
    "ErrorCluster",
    "ErrorClusters",
    "Level",
    "LogFilter",
    "LogStream",
    "MinuteCount",
    "MinuteCounts",
    "PatternError",
    "Record",
    "SourceState",
]
