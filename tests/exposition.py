# SPDX-License-Identifier: Apache-2.0
"""Reads Prometheus' text exposition format 0.0.4 and complains about all that is not it."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
TYPES = {"counter", "gauge", "histogram"}
OF_HISTOGRAM = ("_bucket", "_sum", "_count")


def family_of(name, types):
    for suffix in OF_HISTOGRAM:
        base = name.removesuffix(suffix)
        if base != name and types.get(base) == "histogram":
            return base
    return name


def parse(text):
    """{family: {(name, labels): value}}; labels: a sorted tuple of pairs."""
    types, families, helped, ended = {}, {}, set(), set()
    last = None
    assert text.endswith("\n") and "\r" not in text
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in helped, f"{name}: two HELP lines"
            helped.add(name)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in TYPES and name not in types, line
            assert name not in families, f"{name}: TYPE after its samples"
            types[name] = kind
            continue
        match = SAMPLE.fullmatch(line)
        assert match, f"no sample: {line!r}"
        name, labels, value = match.groups()
        family = family_of(name, types)
        assert family in types and family in helped, f"{name}: no TYPE or no HELP"
        if family != last:
            assert family not in ended, f"{family}: its samples are not together"
            ended.add(last := family)
        pairs = tuple(sorted(tuple(pair.split("=", 1)) for pair in re.findall(LABEL, labels or "")))
        assert len({key for key, _ in pairs}) == len(pairs), f"a label twice: {line}"
        samples = families.setdefault(family, {})
        assert (name, pairs) not in samples, f"twice: {line}"
        samples[name, pairs] = float(value)
        assert types[family] == "gauge" or float(value) >= 0
        assert types[family] != "counter" or family.endswith("_total"), f"{family}: a counter"
    for family, kind in types.items():
        if kind == "histogram":
            judge_histogram(family, families[family])
    return families


def judge_histogram(family, samples):
    buckets = [
        (float(dict(labels)["le"].strip('"')), value)
        for (name, labels), value in samples.items()
        if name == family + "_bucket"
    ]
    assert buckets == sorted(buckets), f"{family}: bounds must rise"
    counts = [value for _, value in buckets]
    assert counts == sorted(counts), f"{family}: buckets are cumulative"
    assert buckets[-1] == (math.inf, samples[family + "_count", ()])
    assert (family + "_sum", ()) in samples
