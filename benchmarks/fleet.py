"""How much a broker, a collector and a database take for many nodes: one Mosquitto, one collector, one PostgreSQL.

    python benchmarks/fleet.py --nodes 1000 --duration 600

Needs mosquitto and postgresql. Prints what was lost, and CPU time and memory of each part, per node.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from brokers import Mosquitto, Postgres, wait_for  # noqa: E402

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return the processor time of a process and of its finished children, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_S


def peak_mb(pid: int) -> float:
    """Return the largest resident memory of a process, MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1000


def children(pid: int) -> list[int]:
    """Return the processes that a process started and that still run."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def main() -> None:
    """Run the fleet and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--duration", type=float, default=600, help="s")
    parser.add_argument("--speed", type=float, default=1.0, help="virtual minutes in a minute")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fleet"))
    config = "allow_anonymous true\nmax_inflight_messages 1000\nautosave_interval 1000\n"
    broker, database = Mosquitto(folder, config), Postgres()
    program = [sys.executable, "-m", "monitor.app.cli"] if not _script() else [_script()]
    environment = os.environ | {"DATABASE_URL": database.database("fleet")}
    collect = subprocess.Popen([*program, "fleet", "collect", "--broker", broker.url], env=environment)
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:

        def count(query: str) -> int:
            row = connection.execute(query).fetchone()
            return int(row[0]) if row else 0

        wait_for(lambda: count("SELECT count(*) FROM pg_tables WHERE tablename = 'message'") == 1, 60)
        postmaster = int((database.folder / "data/postmaster.pid").read_text().split()[0])

        def parts() -> dict[str, list[int]]:
            return {"broker": [broker.pid], "collector": [collect.pid], "database": [postmaster, *children(postmaster)]}

        before = {name: {pid: cpu_s(pid) for pid in pids} for name, pids in parts().items()}
        began = time.monotonic()
        talk = subprocess.run(
            [*program, "fleet", "simulate", "--nodes", str(options.nodes), "--duration", str(options.duration),
             "--speed", str(options.speed), "--broker", broker.url],
            capture_output=True, text=True,
        )  # fmt: skip
        if talk.returncode not in (0, 69):
            sys.exit(talk.stderr)
        counts = {name: int(n) for name, n in (part.split(" ") for part in talk.stdout.splitlines()[-1].split(", "))}
        elapsed = time.monotonic() - began
        published = counts["published"]
        deadline = time.monotonic() + 60
        while (stored := count("SELECT count(*) FROM message")) < published and time.monotonic() < deadline:
            time.sleep(0.5)
        size_mb = count("SELECT pg_total_relation_size('message')") / 1e6
        lost = max(0, published - stored)
        print(f"{options.nodes} nodes, {elapsed:.0f} s, {published} durable messages, {lost} lost, ", end="")
        print(f"{published / elapsed:.1f} a second, {counts['bytes'] / published:.0f} bytes each")
        print("| part | CPU, % of a core | CPU a node and day, s | peak memory, MB | memory a node, kB |")
        print("| --- | --- | --- | --- | --- |")
        for name, pids in parts().items():
            used = sum(cpu_s(pid) - before[name].get(pid, 0.0) for pid in pids)
            memory = sum(peak_mb(pid) for pid in pids)
            day = used / elapsed / options.nodes * 86_400 / options.speed
            row = f"| {name} | {100 * used / elapsed:.1f} | {day:.1f} | {memory:.0f} |"
            print(row, f"{1000 * memory / options.nodes:.0f} |")
        print(f"database: {size_mb / published * 1e3:.2f} kB a message stored")
    collect.send_signal(signal.SIGTERM)
    collect.wait(20)
    broker.stop()
    database.remove()


def _script() -> str:
    beside = Path(sys.executable).with_name("soundscape-monitor")
    return str(beside) if beside.exists() else ""


if __name__ == "__main__":
    main()
