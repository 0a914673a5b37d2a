"""Measures billing reports: of a million enterprises, beside the database's own tool that writes the same rows."""

import datetime, json, os, subprocess, sys, threading, time  # noqa: E401
from pathlib import Path

ENTERPRISES = int(os.environ.get("BENCH_ENTERPRISES", "1000000"))
# Few writers, so that what is measured is how long a write takes and not how many there are.
WRITERS = 4
MOST_RESIDENT_MB = 150
MOST_TIMES_SLOWER = 3

# What a line of the report has, as the database knows it.
COLUMNS = ("reseller_id, reseller_name, reseller_billing_reference, enterprise_id, enterprise_name, "
           "enterprise_billing_reference, service, users_at_end, users_peak, user_days, active_days, suspended_days, "
           "amended_period")


def measure(bench, database, url, folder, programs):
    """The figures of one database. `bench` is the module of the script."""
    port, password = bench.free_port(), "correct horse battery staple"
    environment = bench.environment_of(url, folder, port, password)
    print(f"{database}: filling it with {ENTERPRISES} enterprises", file=sys.stderr)
    demo = ("demo", "--resellers=1000", f"--enterprises={ENTERPRISES}", f"--users={ENTERPRISES // 10}")
    bench.run(programs / "teammate", *demo, env=environment, stdout=sys.stderr)
    if database == "PostgreSQL":
        bench.run(bench.postgresql_programs() / "vacuumdb", "--analyze", "--quiet", f"--dbname={url}")
    # The month before this one: a full one, and over.
    period = f"{datetime.datetime.now(datetime.timezone.utc).replace(day=1) - datetime.timedelta(days=1):%Y-%m}"

    with bench.running([programs / "teammate"], folder / "service.log", lambda: bench.listens(port), env=environment) as it:
        path = f"/billing-reports/{period}"
        lines = 2 * ENTERPRISES
        print(f"{database}: reports", file=sys.stderr)
        stream(bench, port, password, f"{path}?format=csv")  # So that what is read is in memory, as it is for the tool.
        opened = stream(bench, port, password, f"{path}?format=csv")
        begun = time.monotonic()
        headers = bench.sign_in(port, password)
        final = json.loads(bench.call(port, "POST", f"{path}/finalise", headers=headers, timeout=600))
        finalised = time.monotonic() - begun
        if final["totals"]["pbx"]["enterprises"] + final["totals"]["trunk"]["enterprises"] != lines:
            raise RuntimeError(f"the report has other lines than expected: {final}")
        written = stream(bench, port, password, f"{path}?format=csv")
        own = tool(bench, database, url, folder, period)
        quiet, busy = writes(bench, port, password, folder, path)
        resident = peak_resident_bytes(it.pid) / 1e6
    return {
        "database": database,
        "lines": lines,
        "open_lines_per_second": lines / opened,
        "final_lines_per_second": lines / written,
        "tool_lines_per_second": lines / own,
        "times_slower_than_tool": {"open": opened / own, "final": written / own},
        "finalise_seconds": finalised,
        "peak_resident_mb": resident,
        "write_ms": {name: {"p50": f["p50_us"] / 1000, "p99": f["p99_us"] / 1000, "per_second": f["requests"] / f["seconds"]}
                     for name, f in (("without a report", quiet), ("during reports", busy))},
        "errors": {kind: quiet["errors"][kind] + busy["errors"][kind] for kind in quiet["errors"]},
    }


def stream(bench, port, password, path):
    """Seconds in which a whole report arrives."""
    authorization = bench.sign_in(port, password)["Authorization"]
    command = ("curl", "-sS", "--fail", "-o", os.devnull, "-w", "%{time_total}", "-H", f"Authorization: {authorization}")
    return float(bench.output(*command, f"http://127.0.0.1:{port}{path}"))


def tool(bench, database, url, folder, period):
    """Seconds in which the database's own tool writes the same rows as CSV, in the same order."""
    rows = (f"SELECT {COLUMNS} FROM billing_lines WHERE period = '{period}' "
            "ORDER BY enterprise_id, service, reseller_id, line")
    if database == "SQLite":
        command = ["sqlite3", "-readonly", "-csv", str(folder / "teammate.db"), rows]
    else:
        psql = bench.postgresql_programs() / "psql"
        command = [psql, "--quiet", f"--dbname={url}", "--command", f"COPY ({rows}) TO STDOUT (FORMAT csv)"]
    begun = time.monotonic()
    bench.run(*command, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun


def writes(bench, port, password, folder, path):
    """How creations fare without and with a report that is read again and again."""
    master = json.loads(bench.call(port, "GET", "/master-resellers", headers=bench.sign_in(port, password)))
    load = ("/resellers", master["items"][0]["id"])

    def wrk(seconds=bench.SECONDS):
        callers = bench.many_sessions(port, password, folder)
        return bench.wrk(seconds, port, "create.lua", callers, *load, connections=WRITERS)

    wrk(bench.WARM_UP_SECONDS)
    quiet, over = wrk(), threading.Event()

    def read():
        while not over.is_set():
            stream(bench, port, password, f"{path}?format=csv")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        busy = wrk()
    finally:
        over.set()
        reader.join()
    return quiet, busy


def peak_resident_bytes(pid):
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def report(figures):
    """Prints the figures. Gives the bars and whether they are met."""
    print(f"\nBilling reports of {ENTERPRISES} enterprises, two lines each, as CSV; beside them the database's own tool"
          " (`sqlite3 -csv`, `COPY`) with the same rows.\n")
    print("| database | open lines/s | final lines/s | tool lines/s | times slower, open | final | finalise s | peak MB "
          "| write p50/p99 ms | during reports |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for row in figures:
        slower, write = row["times_slower_than_tool"], row["write_ms"]
        quiet, busy = write["without a report"], write["during reports"]
        print(f"| {row['database']} | {row['open_lines_per_second']:.0f} | {row['final_lines_per_second']:.0f} | "
              f"{row['tool_lines_per_second']:.0f} | {slower['open']:.2f} | {slower['final']:.2f} | "
              f"{row['finalise_seconds']:.0f} | {row['peak_resident_mb']:.0f} | {quiet['p50']:.1f}/{quiet['p99']:.1f} | "
              f"{busy['p50']:.1f}/{busy['p99']:.1f} |")
    bars = []
    for row in figures:
        name, slower, most = row["database"], row["times_slower_than_tool"], MOST_TIMES_SLOWER
        bars.append((f"{name}, report streams with less than {MOST_RESIDENT_MB} MB", row["peak_resident_mb"], MOST_RESIDENT_MB))
        bars += [(f"{name}, {kind} report within {most} times of the tool", slower[kind], most) for kind in slower]
    return [{"bar": bar, "value": value, "met": value < most} for bar, value, most in bars]
