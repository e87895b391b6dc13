"""What agents and gates know of our environment, and which program their commands mean."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

_SECRET: Final = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH")
"""Words in a name that say what is kept there: such a name must be listed in full."""
_NEVER: Final = "GEELARK_"
"""Our own names, whatever the list says: the provider's keys are among them."""


def allowed_environment(
    names: Iterable[str], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The variables of ``environ`` that a list of names lets through (``LC_*``: all such).

    Nothing of ours, and by a ``*`` nothing whose name sounds like a secret. Names are compared in
    any case on Windows, as the system does.
    """
    wanted = {_folded(name) for name in names}
    exact = {name for name in wanted if not name.endswith("*")}
    beginnings = tuple(name[:-1] for name in wanted if name.endswith("*"))
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith(_NEVER)
        and (
            _folded(name) in exact
            or (_folded(name).startswith(beginnings) and not _SECRET.search(name.upper()))
        )
    }


def resolved(command: Sequence[str], env: Mapping[str, str]) -> list[str] | None:
    """The command with its program as it is found on the child's own PATH; None: there is none.

    On Windows ``npm`` is found as ``npm.cmd``, which a start without a shell would not find. A
    program with a folder in its name stays as it is: it may lie in the folder that it is run in.
    """
    program = command[0]
    if os.path.dirname(program):  # noqa: PTH120 - only whether there is one, as it was written
        return list(command)
    found = shutil.which(program, path=_path_of(env))
    return [found, *command[1:]] if found else None


def _path_of(env: Mapping[str, str]) -> str:
    return next((value for name, value in env.items() if _folded(name) == "PATH"), os.defpath)


def _folded(name: str) -> str:
    return name.upper() if sys.platform == "win32" else name
