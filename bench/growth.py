"""Measures how the service grows: the same requests with a thousand accounts, a hundred thousand and a million."""

import json, os, sys, time, urllib.parse  # noqa: E401

SIZES = tuple(map(int, os.environ.get("BENCH_SIZES", "1000,100000,1000000").split(",")))
# How many times slower than with the fewest accounts a request may be. Below a few milliseconds, nobody notices.
MOST_TIMES_SLOWER = 1.3
UNNOTICED_MS = 5
SAMPLES = 2_000


def measure(bench, database, url, folder, programs, accounts):
    """The figures of one database with this many resellers. `bench` is the module of the script."""
    port, password = bench.free_port(), "correct horse battery staple"
    environment = bench.environment_of(url, folder, port, password)
    print(f"{database}: filling it with {accounts} resellers", file=sys.stderr)
    begun = time.monotonic()
    demo = ("demo", f"--resellers={accounts}", "--enterprises=0")
    bench.run(programs / "teammate", *demo, env=environment, stdout=sys.stderr)
    filled = time.monotonic() - begun
    if database == "PostgreSQL":
        bench.run(bench.postgresql_programs() / "vacuumdb", "--analyze", "--quiet", f"--dbname={url}")
    rows = [{"database": database, "accounts": accounts, "operation": "fill", "per_second": accounts / filled,
             "errors": {}}]
    service = [programs / "teammate"]
    with bench.running(service, folder / "service.log", lambda: bench.listens(port), env=environment) as it:
        master, samples, deep = walk(bench, port, password, accounts)
        paths = {
            "read by id": [f"/resellers/{reseller['id']}" for reseller in samples],
            "list of 50": ["/resellers?limit=50"],
            "deep page of 50": [f"/resellers?limit=50&cursor={deep}"],
            "search, whole reference": [f"/accounts?q={reseller['billing_reference']}" for reseller in samples],
            "search, part of an address": [f"/accounts?q={reseller['email'].partition('@')[0]}%40" for reseller in samples],
        }
        for operation, lines in paths.items():
            (folder / "paths").write_text("".join(f"{line}\n" for line in lines))
            rows.append(row(bench, it.pid, (database, accounts, operation), port, password, folder, "read.lua", folder / "paths"))
        creation = (database, accounts, "creation")
        rows.append(row(bench, it.pid, creation, port, password, folder, "create.lua", "/resellers", master))
    return rows


def row(bench, pid, what, port, password, folder, script, *arguments):
    database, accounts, operation = what
    print(f"{database}, {accounts} accounts: {operation}", file=sys.stderr)
    figures = bench.measure(pid, port, script, bench.many_sessions(port, password, folder), *arguments)
    return {"database": database, "accounts": accounts, "operation": operation, **figures}


def walk(bench, port, password, accounts):
    """A master reseller's id, resellers from all over the tree, and the cursor of a page near the end of the list."""
    headers = bench.sign_in(port, password)
    master = json.loads(bench.call(port, "GET", "/master-resellers", headers=headers))["items"][0]["id"]
    samples, cursor, deep, seen = [], "", "", 0
    while cursor is not None:
        page = json.loads(bench.call(port, "GET", f"/resellers?limit=200{cursor}", headers=headers))
        items, following = page["items"], page["next_cursor"]
        samples += items[:: min(len(items), max(1, accounts // SAMPLES))] if items else []
        seen += len(items)
        if seen <= accounts * 0.9 and following:
            deep = urllib.parse.quote(following)
        cursor = following and "&cursor=" + urllib.parse.quote(following)
    return master, samples, deep


def report(rows):
    """Prints the figures. Gives the bars and whether they are met."""
    print("\nGrowth: p50 / p99 in ms, of requests from many sessions; fill in accounts/s.\n")
    print(f"| database | operation | {' | '.join(f'{size:,}' for size in SIZES)} | times slower |")
    print(f"|---|---|{'--:|' * (len(SIZES) + 1)}")
    bars = []
    for database in dict.fromkeys(row["database"] for row in rows):
        for operation in dict.fromkeys(row["operation"] for row in rows):
            of_size = {row["accounts"]: row for row in rows if (row["database"], row["operation"]) == (database, operation)}
            if operation == "fill":
                cells = [f"{of_size[size]['per_second']:,.0f}/s" for size in SIZES]
                print(f"| {database} | {operation} | {' | '.join(cells)} | |")
                continue
            cells = [f"{of_size[size]['p50_ms']:.1f} / {of_size[size]['p99_ms']:.1f}" for size in SIZES]
            first = of_size[SIZES[0]]
            slower = max(max(of_size[size][p], UNNOTICED_MS) / max(first[p], UNNOTICED_MS)
                         for size in SIZES for p in ("p50_ms", "p99_ms"))
            print(f"| {database} | {operation} | {' | '.join(cells)} | {slower:.2f} |")
            bars.append({"bar": f"{database}, {operation}: at most {MOST_TIMES_SLOWER} × slower with {SIZES[-1]:,} accounts",
                         "value": slower, "met": slower <= MOST_TIMES_SLOWER})
    return bars
