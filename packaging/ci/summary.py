# SPDX-License-Identifier: Apache-2.0
"""The result object in words: sentences for annotations, a page for the job's summary.

Names that a script chose (hosts, files) are shown as characters that mean nothing to Markdown, to a
terminal or to a runner.
"""

import re

BAR = 24
ROWS_MAX = 50

# What is drawn against its limit: title, how it is read, its limit, how it is written.
BARS = (
    ("time", lambda usage: usage.get("wall_seconds"), "wall_seconds", "seconds"),
    ("CPU", lambda usage: cpu_of(usage), "cpu_seconds", "seconds"),
    ("memory", lambda usage: usage.get("peak_memory_mb"), "memory_mb", "megabytes"),
    ("processes", lambda usage: usage.get("processes_peak"), "pids", "number"),
)
PHASES = ("queue", "prepare", "box", "interpreter", "script")

ENDS = {
    "exited": "ended by itself with exit code {status}",
    "signalled": "was ended by signal {signal}",
    "wall": "was ended: its time was up ({wall_seconds} s)",
    "cpu": "was ended: its CPU time was used up ({cpu_seconds} s)",
    "memory": "was ended: it used more memory than it may ({memory_mb} MB)",
    "output": "was ended: it wrote more than it may",
    "disk": "was ended: it filled the disk space that it may use",
    "cancelled": "was cancelled",
    "refused": "was refused by the policy",
    "fault": "could not be run in a box",
}


def plain(text, length=120):
    """Nothing but what a name, a host or a sentence is made of."""
    text = re.sub(r"[^A-Za-z0-9 .,:;/_\-\[\]()*+=\"']", "?", str(text))
    return text if len(text) <= length else text[: length - 3] + "..."


def code(text):
    return f"`{plain(text)}`"


def cpu_of(usage):
    if "cpu_user_seconds" not in usage:
        return None
    return usage["cpu_user_seconds"] + usage.get("cpu_system_seconds", 0)


def seconds(value):
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"


WRITTEN = {
    "seconds": seconds,
    "megabytes": lambda value: f"{value:.0f} MB" if value >= 10 else f"{value:.1f} MB",
    "number": lambda value: f"{value:g}",
}


# --- sentences ------------------------------------------------------------------------------------


def verdict(result, status):
    if not result:
        return f"no box was started (exit code {status}); the log says why"
    limits = result.get("limits") or {}
    known = {name: f"{value:g}" for name, value in limits.items() if isinstance(value, (int, float))}
    known.update(status=status, signal=result.get("signal"))
    known = {"wall_seconds": "?", "cpu_seconds": "?", "memory_mb": "?"} | known
    sentence = ENDS.get(result["end"], "ended").format(**known)
    error = result.get("error")
    return f"it {sentence}" + (f": {plain(error, 300)}" if error and result["end"] != "exited" else "")


def times(count):
    return "once" if count == 1 else f"{count} times"


def denials(result, policy):
    """One sentence each, with what to do about it."""
    for row in ((result or {}).get("denied") or [])[:ROWS_MAX]:
        name = plain(row["name"])
        what = {"syscall": "the system call", "host": "the host"}.get(row["what"], plain(row["what"]))
        hint = f"; hosts: {name} would let it out" if row["what"] == "host" else ""
        yield (
            f"{what} {name} was denied {times(row['count'])}"
            f" (cordon policy explain {plain(policy)} {name} says by which rule){hint}"
        )


# --- the page -------------------------------------------------------------------------------------


def bar(part):
    full = min(BAR, max(0, round(part * BAR)))
    return "█" * full + "░" * (BAR - full)


def usage_rows(result):
    usage, limits = result.get("usage") or {}, result.get("limits") or {}
    for title, read, limit, unit in BARS:
        used, most = read(usage), limits.get(limit)
        if used is None:
            continue
        write = WRITTEN[unit]
        if isinstance(most, (int, float)) and most > 0:
            yield f"| {title} | {write(used)} | {write(most)} | `{bar(used / most)}` |"
        else:
            yield f"| {title} | {write(used)} | none | |"


def axis_format(milliseconds):
    """Of a clock that begins at nought: what depends on the reader's time zone is left out."""
    if milliseconds < 60_000:
        return "%S.%L"
    return "%M:%S" if milliseconds < 3_600_000 else "'"


def phases_chart(result):
    """Where the time went, as a chart that GitHub and GitLab draw."""
    phases = (result.get("usage") or {}).get("phases") or {}
    known = [(name, round(phases[name] * 1000)) for name in PHASES if phases.get(name)]
    if not any(length for _, length in known):
        return []
    rows, at = [], 0
    for name, length in known:
        rows.append(f"    {name} {seconds(length / 1000)} :{at}, {at + max(1, length)}")
        at += max(1, length)
    return [
        "```mermaid",
        "gantt",
        "    title Where the time went",
        "    dateFormat x",
        f"    axisFormat {axis_format(at)}",
        *rows,
        "```",
        "",
    ]


def denied_rows(result):
    rows = result.get("denied")
    if rows is None:  # nothing ran that could have been denied anything
        return []
    if not rows:
        return ["Nothing was denied.", ""]
    text = ["| denied | name | times |", "|---|---|---:|"]
    text += [f"| {plain(row['what'])} | {code(row['name'])} | {row['count']} |" for row in rows[:ROWS_MAX]]
    if len(rows) > ROWS_MAX:
        text.append(f"| ... | {len(rows) - ROWS_MAX} more, in the report | |")
    return [*text, ""]


def weak_walls(result):
    """What did not stand as it should: a reader is to know."""
    weak = [
        f"{plain(name)}: {plain(value, 200)}"
        for name, value in (result.get("layers") or {}).items()
        if value.startswith(("off", "missing")) and name != "egress"
    ]
    return [f"- {line}" for line in weak] + [""] if weak else []


def text(title, result, status):
    sign = "✅" if status == 0 else "❌"
    page = [f"### {sign} cordon: {code(title)}", ""]
    sentence = verdict(result, status)
    page += [sentence[0].upper() + sentence[1:] + ".", ""]
    if not result:
        return "\n".join(page)
    rows = list(usage_rows(result))
    if rows:
        page += ["| | used | limit | |", "|---|---:|---:|---|", *rows, ""]
    page += phases_chart(result) + denied_rows(result)
    weak = weak_walls(result)
    if weak:
        page += ["Walls that could not be had here:", "", *weak]
    page += [f"Policy {code(result.get('policy') or '?')}."]
    return "\n".join(page)
