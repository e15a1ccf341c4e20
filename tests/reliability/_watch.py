"""Watch a process that works on numbered things, which may crash it or never end."""

import queue
import subprocess
import threading
from collections import Counter
from typing import NamedTuple


class Find(NamedTuple):
    """A number that came out badly: "crash", "hang", or what the process itself says."""

    number: int
    what: str


def watch(command, numbers, *, seconds_each, deadline=None):
    """Have a process work on numbers; start another where it dies or hangs.

    Parameters
    ----------
    command : list of str
        The process; the first and the last number but one follow. For each number it prints the
        number, and then, on a line of its own, what came out: a word, or "find: " and a text.

    numbers : range

    seconds_each : float
        A number that takes longer twice, the second time as the first of its process, hangs: once
        may be the fault of the machine.

    deadline : function, default=None
        Tells whether it is time to stop.

    Returns
    -------
    outcomes : Counter of str

    finds : list of Find
    """
    outcomes, finds = Counter(), []
    number, was_slow = numbers.start, False
    while number < numbers.stop and not (deadline and deadline()):
        process = subprocess.Popen(
            [*command, str(number), str(numbers.stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        lines = queue.Queue()
        threading.Thread(target=_read_lines, args=(process.stdout, lines), daemon=True).start()
        try:
            ending = None
            # To start, and to import, may take as long as it likes.
            line = lines.get()
            while line is not None and not (deadline and deadline()):
                try:
                    outcome = lines.get(timeout=seconds_each)
                except queue.Empty:
                    ending = "hang"
                    break
                if outcome is None:
                    break
                if outcome.startswith("find: "):
                    finds.append(Find(number, outcome.removeprefix("find: ")))
                    outcome = "find"
                outcomes[outcome] += 1
                number, was_slow = number + 1, False
                line = lines.get()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if number == numbers.stop or (deadline and deadline()):
            break
        if ending == "hang" and not was_slow:
            was_slow = True
            continue
        ending = ending or f"crash (exit status {process.returncode})"
        outcomes[ending] += 1
        finds.append(Find(number, ending))
        number, was_slow = number + 1, False
    return outcomes, finds


def _read_lines(file, lines):
    try:
        for line in file:
            lines.put(line.rstrip("\n"))
    except ValueError:  # closed meanwhile
        pass
    lines.put(None)
