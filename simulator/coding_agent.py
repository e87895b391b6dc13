"""A coding agent that does what its script says: a real program in the place of a real agent.

``python -m simulator.coding_agent --script FILE`` reads its prompt from standard input, finds the
line ``Task: A1`` in it, and does the steps that FILE has for that task, in the folder that it was
started in. It imports next to nothing, since a plan starts it for each of its tasks.

FILE is JSON: ``{"A1": [step, ...], "*": [step, ...]}``, ``*`` for tasks that are not named. A list
of lists has one list of steps for each attempt, the last for all further ones. Without any steps a
task writes a file of its own. A step is an object with one of these keys:

- ``write``, ``append``: path, with ``text``; folders are made.
- ``delete``: path. ``sleep``: seconds. ``until``: a file (beside the script) that must be there.
- ``print``: text. ``print_megabytes``: so many, a line after the other. ``flood``: without end.
- ``summary``: what it says at its end, with ``tests``; ``silent``: it says nothing;
  ``blocked``: it says that the task cannot be done.
- ``exit``: ends with this status. ``kill``: ends itself by this signal. ``hang``: never ends.
- ``ignore_terminate``: from here on a request to end is ignored.
- ``child``: starts a child that lives so many seconds; ``session``: in its own session,
  ``orphan``: and given away by a parent that ends, ``stubborn``: it ignores requests to end.
- ``environment``, ``arguments``, ``prompt``: writes what it was given to a file beside the script.
- ``run``: a command, as a list; its failure ends the agent with the same status.

Beside the script, the folder ``FILE.attempts`` has a file for each task with a line for each start
(``start ATTEMPT PID TIME``) and each end (``end ATTEMPT STATUS TIME``): the truth to compare with.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

Step = Mapping[str, Any]

FOR_EVER = 3600.0
"""Seconds; longer than any test."""
_LOOK_SECONDS = 0.01
_LINE = "x" * 1023 + "\n"


def agent_command(script: Path) -> tuple[str, ...]:
    """The command that starts this agent quickly from any folder and in any environment."""
    return (sys.executable, "-I", "-S", str(Path(__file__).resolve()), "--script", str(script))


class _Ended(Exception):
    """The script says that the agent ends here."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Agent:
    """One attempt at one task."""

    def __init__(self, script: Path, task: str, prompt: str) -> None:
        self.task = task
        self._script = script
        self._prompt = prompt
        self._last_words = [f"SUMMARY: Did {task}.", "TESTS: 1 passed."]
        self._children: list[object] = []
        folder = script.with_name(f"{script.name}.attempts")
        folder.mkdir(exist_ok=True)
        self._journal = folder / task
        self._attempt = 1 + _starts(self._journal)

    def run(self) -> int:
        """Do the steps; the exit status."""
        self._note("start", os.getpid())
        status = 0
        try:
            for step in self._steps():
                self._do(step)
            for words in self._last_words:
                print(words, flush=True)
        except _Ended as end:
            status = end.status
        self._note("end", status)
        return status

    def _steps(self) -> Sequence[Step]:
        book = json.loads(self._script.read_text(encoding="utf-8"))
        own = [{"write": f"work/{self.task}.txt", "text": f"{self.task}\n"}]
        steps = book.get(self.task, book.get("*", own))
        if steps and isinstance(steps[0], list):
            steps = steps[min(self._attempt, len(steps)) - 1]
        return [
            {name: _named(value, self.task, self._attempt) for name, value in step.items()}
            for step in steps
        ]

    def _do(self, step: Step) -> None:
        for name, action in _STEPS.items():
            if name in step:
                action(self, step[name], step)
                return
        raise SystemExit(f"The script has a step that nobody knows: {sorted(step)}.")

    def _note(self, word: str, value: int) -> None:
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(f"{word} {self._attempt} {value} {time.time():.3f}\n")

    # -- steps -------------------------------------------------------------------------------------

    def write(self, path: str, step: Step) -> None:
        self._save(path, step, "w")

    def append(self, path: str, step: Step) -> None:
        self._save(path, step, "a")

    def _save(self, path: str, step: Step, mode: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open(mode, encoding="utf-8", newline="\n") as file:
            file.write(str(step.get("text", f"{self.task}\n")))

    def delete(self, path: str, _step: Step) -> None:
        Path(path).unlink()

    def sleep(self, seconds: float, _step: Step) -> None:
        time.sleep(seconds)

    def until(self, path: str, _step: Step) -> None:
        while not (self._script.parent / path).exists():
            time.sleep(_LOOK_SECONDS)

    def print(self, text: str, _step: Step) -> None:
        print(text, flush=True)

    def print_megabytes(self, count: float, _step: Step) -> None:
        for _line in range(int(count * 1024)):
            sys.stdout.write(_LINE)
        sys.stdout.flush()

    def flood(self, _value: object, step: Step) -> None:
        while True:
            self.print_megabytes(1, step)

    def summary(self, text: str, step: Step) -> None:
        self._last_words = [f"SUMMARY: {text}", f"TESTS: {step.get('tests', 'none')}"]

    def silent(self, _value: object, _step: Step) -> None:
        self._last_words = []

    def blocked(self, text: str, _step: Step) -> None:
        self._last_words = [f"BLOCKED: {text}"]

    def exit(self, status: int, _step: Step) -> NoReturn:
        raise _Ended(status)

    def kill(self, number: int, _step: Step) -> None:
        os.kill(os.getpid(), number)

    def hang(self, _value: object, _step: Step) -> None:
        _stay(FOR_EVER)

    def ignore_terminate(self, _value: object, _step: Step) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def child(self, seconds: float, step: Step) -> None:
        """Start one and wait until it says that it lives."""
        import subprocess

        command = [sys.executable, "-I", "-S", str(Path(__file__).resolve())]
        command += ["--stubborn"] if step.get("stubborn") else []
        command += ["--orphan"] if step.get("orphan") else []
        command += ["--stay", str(seconds)]
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=bool(step.get("session") or step.get("orphan")),
        )
        self._children.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        if step.get("orphan") and sys.platform != "win32":
            child.wait()  # it has given its own child away

    def environment(self, path: str, _step: Step) -> None:
        self._tell(path, json.dumps(dict(os.environ)))

    def arguments(self, path: str, _step: Step) -> None:
        self._tell(path, json.dumps(sys.orig_argv))

    def prompt(self, path: str, _step: Step) -> None:
        self._tell(path, self._prompt)

    def _tell(self, path: str, text: str) -> None:
        (self._script.parent / path).write_text(text, encoding="utf-8")

    def run_command(self, command: Sequence[str], _step: Step) -> None:
        import subprocess

        status = subprocess.run(list(command), check=False).returncode
        if status:
            raise _Ended(status)


_STEPS: Mapping[str, Callable[[_Agent, Any, Step], None]] = {
    "write": _Agent.write,
    "append": _Agent.append,
    "delete": _Agent.delete,
    "sleep": _Agent.sleep,
    "until": _Agent.until,
    "print": _Agent.print,
    "print_megabytes": _Agent.print_megabytes,
    "flood": _Agent.flood,
    "summary": _Agent.summary,
    "silent": _Agent.silent,
    "blocked": _Agent.blocked,
    "exit": _Agent.exit,
    "kill": _Agent.kill,
    "hang": _Agent.hang,
    "ignore_terminate": _Agent.ignore_terminate,
    "child": _Agent.child,
    "environment": _Agent.environment,
    "arguments": _Agent.arguments,
    "prompt": _Agent.prompt,
    "run": _Agent.run_command,
}


def _starts(journal: Path) -> int:
    """How often this task was begun before."""
    try:
        lines = journal.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return 0
    return sum(line.startswith("start ") for line in lines)


def _named(value: Any, task: str, attempt: int) -> Any:
    """``{task}`` and ``{attempt}`` in a text of the script."""
    if not isinstance(value, str):
        return value
    return value.replace("{task}", task).replace("{attempt}", str(attempt))


def _stay(seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(left)


def _be_a_child(arguments: Sequence[str]) -> int:
    """A child of an agent: lives for a while, with a parent or without."""
    if "--stubborn" in arguments:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "--orphan" in arguments and sys.platform != "win32" and os.fork():
        os._exit(0)
    print("here", flush=True)
    _stay(float(arguments[-1]))
    return 0


def _task_of(prompt: str) -> str:
    for line in prompt.splitlines():
        if line.startswith("Task: "):
            return line.removeprefix("Task: ").strip()
    raise SystemExit("The prompt has no line that begins with 'Task: '.")


def main(arguments: Sequence[str]) -> int:
    """The exit status; 2 for wrong usage."""
    if len(arguments) >= 2 and arguments[-2] == "--stay":
        return _be_a_child(arguments)
    if len(arguments) != 2 or arguments[0] != "--script":
        sys.stderr.write("Usage: python -m simulator.coding_agent --script FILE < PROMPT\n")
        return 2
    prompt = sys.stdin.buffer.read().decode("utf-8", "replace")
    return _Agent(Path(arguments[1]).resolve(), _task_of(prompt), prompt).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
