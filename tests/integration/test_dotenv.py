# SPDX-License-Identifier: Apache-2.0
"""Environment files, with python-dotenv as the oracle."""

import io
import logging
import random
import re

import pytest

dotenv = pytest.importorskip("dotenv")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

WRITTEN = [
    "A=1\nB = two words # comment\n\n# comment\nexport C='single \\' #quoted'\n",
    'A="double\\n\\t\\\\ quoted\nover lines" # comment\nB=2\n',
    "\ufeffA=1\r\nB='x'\r\nC=\rD= # comment\nE=#value\n",
    "HOST=example.org\nURL=${SCHEME:-https}://${HOST}/${NONE}?q='${HOST}'\n",
    'A=1\nB="${A}"\nA=2\nC=${A}\n',
    "A='${B}'\nB=1\nC=${A}${B}${A:-d}${NONE:-}${\n",
    "this is wrong\n",
    "A='open\nB=1\n",
    "A='1' 2\n",
]

TOKENS = [
    "A",
    "B",
    "C",
    "NAME",
    "=",
    "=",
    "=",
    "'",
    '"',
    "\\",
    "\n",
    "\n",
    "\r\n",
    " ",
    "#",
    "${A}",
    "${B:-d}",
] + ["${", "}", "export ", "\t", "x", "\\n", "\\'", '\\"', "é", "$", "\r", ":", "-"]


def generated():
    """Files of which at least one variable comes out, and some that are broken."""
    chance = random.Random(20261122)
    while True:
        text = "".join(chance.choice(TOKENS) for _ in range(chance.randint(3, 16)))
        known = theirs(text)
        if known or (known is None and chance.random() < 0.01):
            yield text


def theirs(text):
    """What python-dotenv reads, without names that stand alone; None for a broken file."""
    text = text.removeprefix("\ufeff")
    bindings = list(dotenv.parser.parse_stream(io.StringIO(text, newline="")))
    if any(b.error or (b.key is not None and not NAME.fullmatch(b.key)) for b in bindings):
        return None
    if any(b.key is not None and b.value is None for b in bindings):
        return {}  # sets nothing here; there it may hide an earlier value
    found = dotenv.main.DotEnv(None, stream=io.StringIO(text, newline=""), override=True).dict()
    return {name: value for name, value in found.items() if value is not None}


def ours(run, file):
    result = run("exec", "--env-file", file, "--", "/usr/bin/env", "-0")
    if result.exit == 125 and "--env-file" in result.err:
        return None
    assert result.exit == 0, result.err
    return dict(pair.split("=", 1) for pair in result.out.split("\0") if pair)


@pytest.fixture(autouse=True)
def quiet_oracle(monkeypatch):
    """It warns of each broken line, and takes references from our own environment."""
    logging.getLogger("dotenv").setLevel(logging.CRITICAL)
    for name in ("A", "B", "C", "NAME", "NONE", "SCHEME", "HOST"):
        monkeypatch.delenv(name, raising=False)


def test_files_mean_what_python_dotenv_says(run, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    always = ours(run, plain)
    files = WRITTEN + [text for text, _ in zip(generated(), range(80))]
    broken = 0
    for number, text in enumerate(files):
        file = tmp_path / f"{number}.env"
        file.write_bytes(text.encode())
        expected = theirs(text)
        broken += expected is None
        assert ours(run, file) == (None if expected is None else {**always, **expected}), repr(text)
    assert 3 <= broken < len(files) / 2
