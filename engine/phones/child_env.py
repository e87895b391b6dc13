"""What our child programs get to know of our environment."""

from __future__ import annotations

import os

from engine.config import Secrets


def without_secrets(**extra: str) -> dict[str, str]:
    """This process's environment for a child: our secrets taken out, ``extra`` put in.

    The adb server outlives everything, and Appium logs parts of its environment: neither needs
    the provider's token.
    """
    hidden = set(Secrets.ENV.values())
    return {name: value for name, value in os.environ.items() if name not in hidden} | extra
