# SPDX-License-Identifier: Apache-2.0
"""table.py try INTO.json CORDON: every attack bare, in bubblewrap and in cordon, as whoever runs it.
table.py show FROM.json...: the table of what was tried, by category, with totals.

In the columns: `succeeds`, `held`, `-` where there is nothing to attack, `OPEN` for what gets
through a box of cordon's and is known to, `BROKEN` for what has to be looked at.
"""

import json
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import heads  # noqa: E402
import judge  # noqa: E402
import support  # noqa: E402
import targets  # noqa: E402
import worlds  # noqa: E402

POLICIES = ("default", "strict")
WIDTH = 34


def one_row(attack, host, cordon, state):
    """{column: word} of one attack."""
    seen = worlds.Bare(host).run(attack)
    row = {"bare": judge.outside(attack, seen)}
    if row["bare"] == "nothing":
        return {"bare": "nothing", "why": seen.out.strip()[:80]}
    if shutil.which("bwrap"):
        row["bubblewrap"] = judge.outside(attack, worlds.Bubblewrap(host).run(attack))
    for policy in POLICIES:
        seen = worlds.Cordon(host, cordon, state, policy).run(attack)
        row[policy] = judge.inside(attack, seen, policy)
        if row[policy] != "held":
            row["why"] = attack.known_open() or f"{row[policy]}: {seen.brief()[:200]}"
            known = attack.known_open() and row[policy] == "succeeds"
            row[policy] = "open" if known else "broken"
    host.left_at_home()
    return row


def try_all(into, cordon):
    host, rows = targets.Host(), {}
    state = tempfile.mkdtemp(prefix="state-", dir=host.base)
    try:

        def fill(attack):
            rows[attack.name] = one_row(attack, host, cordon, state)
            print(f"{attack.name}: {rows[attack.name]}", file=sys.stderr, flush=True)

        attacks = heads.all_attacks()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(fill, [a for a in attacks if a.for_category != "resources"]))
        # What takes all there is would be measured on its neighbour.
        for attack in attacks:
            if attack.for_category == "resources":
                fill(attack)
    finally:
        host.close()
    Path(into).write_text(json.dumps({"who": "root" if support.ROOT else "user", "rows": rows}))
    return 1 if any("broken" in row.values() for row in rows.values()) else 0


def word(row, column):
    shown = {"nothing": "-", "open": "OPEN", "broken": "BROKEN"}
    if row is None:
        return ""
    if row["bare"] == "nothing" and column != "bare":
        return ""
    return shown.get(row.get(column, ""), row.get(column, ""))


def totals(rows, column):
    words = [row.get(column) for row in rows if row and row["bare"] == "succeeds"]
    return f"{words.count('held')} of {len(words)}" if any(words) else ""


def line(name, cells):
    print(f"{name[:WIDTH]:{WIDTH}} " + " ".join(f"{cell:14}" for cell in cells).rstrip())


def show(files):
    runs = [json.loads(Path(file).read_text()) for file in files]
    attacks = {path.stem: heads.Attack(path) for path in sorted(heads.HERE.iterdir()) if is_one(path)}
    columns = [(run, "bare") for run in runs] + [(run, "bubblewrap") for run in runs]
    columns += [(run, policy) for policy in POLICIES for run in runs]
    heading = [f"{column} {run['who']}" for run, column in columns]
    everything = []
    for category in heads.CATEGORIES:
        names = [name for name, attack in attacks.items() if attack.for_category == category]
        line(category.upper(), heading)
        for name in names:
            line(name, [word(run["rows"].get(name), column) for run, column in columns])
        line(
            "held",
            [totals([run["rows"].get(name) for name in names], column) for run, column in columns],
        )
        print()
        everything += names
    line(
        f"ALL {len(everything)}, held",
        [totals([run["rows"].get(name) for name in everything], column) for run, column in columns],
    )
    for run in runs:
        for name, row in sorted(run["rows"].items()):
            if "why" in row:
                print(f"{run['who']}: {name}: {row['why']}")
    return 0


def is_one(path):
    return path.suffix in (".c", ".py") and path.name not in heads.HELPERS


if __name__ == "__main__":
    if "CORDON_UV" not in os.environ:
        import uv

        os.environ["CORDON_UV"] = uv.find_uv_bin()
    if sys.argv[1] == "try":
        sys.exit(try_all(sys.argv[2], Path(sys.argv[3]).resolve()))
    sys.exit(show(sys.argv[2:]))
