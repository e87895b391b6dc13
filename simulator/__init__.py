"""A cloud-phone farm on real sockets: provider API, phones, posting app; keeps the truth.

The engine never imports it; demo, tests and benchmarks use it unchanged.
"""

from __future__ import annotations
