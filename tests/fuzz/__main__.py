"""``scripts/fuzz [TARGET ...] [--seconds N]``: fuzz the parsers for longer than the tests do.

With atheris installed (it has no wheels for every Python and machine that we run on, so no lock file names it) a target
is fuzzed by coverage; without, by hypothesis, from the same valid messages. A finding is an error that the target's
table does not name, an input that takes too long, or memory that grows; its input is printed, to become a test.
"""

import argparse
import importlib.util
import signal
import subprocess
import sys
import time
from types import FrameType

from hypothesis import Phase, given, seed, settings

from tests.fuzz.mutate import inputs
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

HANG_S = 5.0
ROUND = 5000


class TookTooLong(Exception):
    """An input that a parser is not done with after ``HANG_S``."""


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all, if none is named")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (%(default)s)")
    parser.add_argument("--engine", choices=("atheris", "hypothesis"), help="atheris where it is installed")
    asked = parser.parse_args(argv)
    if unknown := set(asked.target) - TARGETS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    return asked


def by_hypothesis(target: Target, seconds: float) -> str:
    """Rounds of other mutations each time. Returns what was done; raises what it found."""
    began = time.monotonic()
    count = taken = rounds = 0
    slowest = 0.0

    def late(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"not done after {HANG_S:g} s")

    def mutated(data: bytes) -> None:
        nonlocal count, taken, slowest
        if time.monotonic() > began + seconds:
            return
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, HANG_S)
        try:
            taken += target.check(data)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        count += 1
        slowest = max(slowest, time.perf_counter() - started)

    signal.signal(signal.SIGALRM, late)
    once = settings(max_examples=ROUND, database=None, phases=(Phase.generate, Phase.shrink), print_blob=False)
    while time.monotonic() < began + seconds:
        rounds += 1
        seed(time.time_ns())(once(given(inputs(target))(mutated)))()
    return f"{count} inputs, {taken / max(1, count):.0%} taken, slowest {slowest * 1000:.1f} ms"


def fuzz(target: Target, seconds: float, engine: str) -> bool:
    """Whether nothing was found."""
    print(f"{target.name}: {engine}, {seconds:g} s …", file=sys.stderr, flush=True)
    if engine == "atheris":
        command = (sys.executable, "-m", "tests.fuzz.guided", target.name, str(int(seconds)))
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        log = done.stdout.splitlines()
        if done.returncode:
            print("\n".join(line for line in log if not line.startswith("#")))
        print(
            f"{target.name}: {next((line for line in reversed(log) if line.startswith('Done')), 'a finding (above)')}"
        )
        return done.returncode == 0
    try:
        print(f"{target.name}: {by_hypothesis(target, seconds)}", flush=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
        print(f"{target.name}: a finding: {type(error).__name__}: {error}", *getattr(error, "__notes__", ()), sep="\n")
        return False
    return True


def main(argv: list[str]) -> int:
    asked = options(argv)
    engine = asked.engine or ("atheris" if importlib.util.find_spec("atheris") else "hypothesis")
    well = [fuzz(TARGETS[name], asked.seconds, engine) for name in asked.target or TARGETS]
    print(f"{well.count(True)} of {len(well)} targets without a finding")
    return 0 if all(well) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
