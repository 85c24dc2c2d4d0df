"""``make bench``: what moving 1, 10, 100 and 1,000 servers costs, in virtual time on the embedded Azure."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cmk_remediate import simulator
from tests.bench import assessing
from tests.bench.estates import estate, plan

SIZES = (1, 10, 100, 1000)
OPERATION = 60.0
LATENCY = 0.05
FLOOR = 60.0
"""The access wait; then attach, server key, protector, and for more than one server the probe that the others wait for."""
READ_BUCKET, READ_RATE = 250, 25.0
WRITE_BUCKET, WRITE_RATE = 200, 10.0


@dataclass(frozen=True)
class Measured:
    """What one size cost; times in virtual seconds but for ``real``."""

    servers: int
    makespan: float
    path: float
    writes: int
    reads: int
    polls: int
    throttled: int
    real: float
    peak_mib: float

    @property
    def read_bound(self) -> float:
        """Seconds the read bucket needs for what safety needs: a read before and after each write, a poll an operation."""
        operations = 3 * self.servers
        return max(0.0, (2 * self.writes + operations - READ_BUCKET) / READ_RATE)

    @property
    def write_bound(self) -> float:
        """Seconds the write bucket needs for the writes."""
        return max(0.0, (self.writes - WRITE_BUCKET) / WRITE_RATE)


def measure(servers: int) -> Measured:
    """Move *servers* servers and return what it cost."""
    from cmk_remediate import apply, dry_run  # noqa: PLC0415 - so that imports are not measured

    settings = simulator.Settings(operation_seconds=OPERATION, latency=LATENCY, late_rbac=False, late_directory=False)
    azure = simulator.azure(estate=estate(servers), settings=settings)
    connection = azure.connection()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        review = dry_run(plan(servers), connection=connection, runs=Path(folder))
        before = len(azure.requests)
        began = azure.clock.monotonic()
        result = apply(review, connection=connection, accept=review.acknowledgements_required)
        makespan = azure.clock.monotonic() - began
        real = time.perf_counter() - started
    if result.exit_code:
        sys.exit(f"{servers} servers: {result.text}")
    sent = azure.requests[before:]
    return Measured(
        servers=servers,
        makespan=makespan,
        path=FLOOR + (3 if servers == 1 else 4) * OPERATION,
        writes=sum(not one.reads for one in sent),
        reads=sum(one.reads and not one.poll for one in sent),
        polls=sum(one.poll for one in sent),
        throttled=sum(one.status == 429 for one in sent),
        real=real,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


HEAD = (
    f"{'servers':>7} {'makespan':>9} {'path':>6} {'writes/10':>9} {'reads/25':>9} {'ratio':>6} "
    f"{'requests':>9} {'reads':>7} {'polls':>7} {'429':>4} {'real s':>7} {'MiB':>6}"
)


def row(one: Measured) -> str:
    """Return one line of the table; requests, reads and polls are per target."""
    bound = max(one.path, one.write_bound, one.read_bound)
    requests = one.writes + one.reads + one.polls
    return (
        f"{one.servers:>7} {one.makespan:>9.0f} {one.path:>6.0f} {one.write_bound:>9.0f} {one.read_bound:>9.0f} "
        f"{one.makespan / bound:>6.2f} {requests / one.servers:>9.1f} {one.reads / one.servers:>7.1f} "
        f"{one.polls / one.servers:>7.1f} {one.throttled:>4} {one.real:>7.1f} {one.peak_mib:>6.0f}"
    )


def start_up() -> str:
    """Return how long ``--help`` takes, the best of five."""
    best = 9.9
    for _ in range(5):
        began = time.perf_counter()
        command = [sys.executable, "-m", "cmk_remediate", "--help"]
        subprocess.run(command, check=True, capture_output=True)
        best = min(best, time.perf_counter() - began)
    return f"cmk-remediate --help: {best:.2f} s (best of 5)"


def main() -> None:
    """Print the table; each size in a process of its own, so that its peak memory is its own."""
    if len(sys.argv) > 2:
        print(assessing.row(assessing.measure(int(sys.argv[1]), int(sys.argv[2]))), flush=True)
        return
    if len(sys.argv) > 1:
        print(row(measure(int(sys.argv[1]))), flush=True)
        return
    print(
        f"apply: {LATENCY * 1000:.0f} ms a request, {OPERATION:.0f} s an operation, virtual time; both buckets enforced"
    )
    print("path, writes/10, reads/25: lower bounds in seconds; ratio: makespan to the largest; requests per target")
    print(HEAD, flush=True)
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    for size in SIZES:
        subprocess.run([sys.executable, "-m", "tests.bench", str(size)], check=True, env=environment)
    print("assess: reads only; a third of the resources on customer-managed keys")
    print(assessing.HEAD, flush=True)
    for resources, subscriptions in assessing.SIZES:
        command = [sys.executable, "-m", "tests.bench", str(resources), str(subscriptions)]
        subprocess.run(command, check=True, env=environment)
    print(start_up())


if __name__ == "__main__":
    main()
