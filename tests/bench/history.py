# SPDX-License-Identifier: Apache-2.0
"""tests/bench/history: one line for each landed change and setting that was measured after it, so
that a regression shows.

usage: history.py add TITLE COMMIT TABLE.json...   appends a line for each table (bench.py --json)
       history.py show [KEY...]                    the figures of those rows, line by line

A line is a date, the commit, the setting, what landed, and KEY=VALUE for each row that has a ratio
or a size; between them tabs. Figures of one machine compare with each other, and not exactly with
those of another. `load` is how many processes wanted a processor meanwhile: where it is more than there
are processors, `work-...` (processor time) still compares, and the others hardly do.
"""

import json
import sys
import time
from pathlib import Path

FILE = Path(__file__).with_name("history")
HEAD = ("date", "commit", "setting", "what landed", "figures")


def read(path=FILE):
    """The lines as (date, commit, setting, title, {key: value})."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != len(HEAD):
            raise ValueError(f"{path.name}: line {number} has {len(fields)} fields, not {len(HEAD)}")
        figures = dict(word.split("=") for word in fields[4].split())
        found.append((*fields[:4], {key: float(value) for key, value in figures.items()}))
    return found


def last(setting, path=FILE):
    """The figures of the newest line of that setting."""
    lines = [line for line in read(path) if line[2] == setting]
    return lines[-1] if lines else None


def line(title, table, commit, date):
    rows = [("load", table["load"]), *((row["key"], row["value"]) for row in table["rows"])]
    figures = " ".join(f"{key}={value:.3g}" for key, value in rows)
    return "\t".join((date, commit, table["title"], title.replace("\t", " "), figures))


def add(title, commit, files):
    date = time.strftime("%Y-%m-%d", time.gmtime())
    with FILE.open("a") as file:
        for name in files:
            file.write(line(title, json.loads(Path(name).read_text()), commit, date) + "\n")


def show(keys):
    for date, commit, setting, title, figures in read():
        chosen = {key: figures[key] for key in keys if key in figures} if keys else figures
        words = "  ".join(f"{key} {value:g}" for key, value in chosen.items())
        print(f"{date} {commit} {setting}: {title}\n    {words}")


def main():
    match sys.argv[1:]:
        case ["add", title, commit, *files] if files:
            add(title, commit, files)
        case ["show", *keys]:
            show(keys)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
