# SPDX-License-Identifier: Apache-2.0
"""Environment files, with python-dotenv as the oracle: a table, and thousands that chance wrote."""

import io
import logging
import os
import random
import re

import pytest

dotenv = pytest.importorskip("dotenv")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

# What is said beside the files; they may refer to it.
GIVEN = {"GIVEN": "given ${A}", "NOTHING": "", "NAME": "beside"}

# @ is the number of the file: many are read by one run, and each has names of its own.
WRITTEN = [
    "A@=1\nB@ = two words # comment\n\n# comment\nexport C@='single \\' #quoted'\n",
    'A@="double\\n\\t\\\\ quoted\nover lines" # comment\nB@=2\n',
    "\ufeffA@=1\r\nB@='x'\r\nC@=\rD@= # comment\nE@=#value\n",
    "HOST@=example.org\nURL@=${SCHEME:-https}://${HOST@}/${NONE}?q='${HOST@}'\n",
    'A@=1\nB@="${A@}"\nA@=2\nC@=${A@}\n',
    "A@='${B@}'\nB@=1\nC@=${A@}${B@}${A@:-d}${NONE:-}${\n",
    "A@=1\nA@\nB@=${A@:-d}\nC@\nC@=3\n",
    "A@=1\nexport A@\nexport\tB@=2\n  export   C@ = 3\n",
    "A@=${GIVEN} ${NOTHING:-d} ${NOTHING} ${GIVEN:-d}\n",
    "NAME=file\nA@=${NAME}\nNAME\nB@=${NAME:-d}\n",
    "A@=x=1\nB@=${A@=x} ${A@ } ${ A@} ${A@:d} ${A@:-a:-b} ${A@-d}\n",
    "A@=$B $$ \\${X} ${X:-${Y}} ${X:-a}b}\n",
    "A@=a\\nb\nB@='a\\nb \\\\ \\''\nC@=\"\\a\\b\\f\\v\\r \\x \\$ \\\"\"\n",
    "'A@'=1\n'B@' = '2'\nA@ =3\n",
    "A@='a' \t# c\nB@=\"b\"#c\nC@=c#c\nD@=d #c\n",
    "A@=''\nB@=\"\"\nC@= \nD@=\t\nE@",
    "A@=é \u00a0x\nB@='\U0001f600'\n",
    "A@='1\r\n2'\r\nB@=\"1\r2\"\r\n",
    "#\n#=\n # A@=1\nA@=1",
    "A@=\"'\"\nB@='\"'\nC@=it's\nD@=a\"b\n",
    "A@=${PATH}${HOME:-none}${CORDON_STATE}\n",
    "",
]
BROKEN = [
    "this is wrong\n",
    "A='open\nB=1\n",
    "A=\"open\\\"\n",
    "A='1' 2\n",
    "A=1\n=2\n",
    "'A=1\n",
    "A B=1\n",
    "A=1\n\n\n1A=2\n",
    "my-name=1\n",
    "'a b'=1\n",
    "é=1\n",
]

TOKENS = ["A@", "B@", "C@", "A@=", "B@=", "C@=", "A@=", "B@=", "NAME=", "=", "=", "'", "'", '"', '"']
TOKENS += ["\\", "\n", "\n", "\n", "\n", "\r\n", "\r", " ", " ", "\t", "\v", "#", " #", "export "]
TOKENS += ["${A@}", "${B@}", "${B@:-d}", "${C@:-}", "${GIVEN}", "${NOTHING:-d}", "${NAME}", "${"]
TOKENS += ["}", "$", ":-", "-", "x", "y z", "\\n", "\\'", '\\"', "\\\\", "\\$", "é"]
TOKENS += ["\u00a0", "\u2003", "\u3000", "\ufeff", "\u200b"]

COUNT = 3000
AT_ONCE = 60


def generated():
    """Files of which at least one variable comes out, and some that are broken."""
    chance = random.Random(20261122)
    while True:
        text = "".join(chance.choice(TOKENS) for _ in range(chance.randint(3, 20)))
        known = theirs(text.replace("@", "0"))
        if known or (known is None and chance.random() < 0.02):
            yield text


def theirs(text):
    """What python-dotenv reads, without names that have no value; None for a broken file."""
    bindings = list(dotenv.parser.parse_stream(io.StringIO(text, newline="")))
    if any(b.error or (b.key is not None and not NAME.fullmatch(b.key)) for b in bindings):
        return None
    found = dotenv.dotenv_values(stream=io.StringIO(text, newline=""))
    return {name: value for name, value in found.items() if value is not None}


@pytest.fixture
def ours(run, tmp_path):
    """ours(TEXTS) -> the variables of all those files together, or the line that says why not."""

    def ours(texts):
        words = [word for name, value in GIVEN.items() for word in ("--env", f"{name}={value}")]
        for number, text in enumerate(texts):
            file = tmp_path / f"{number}.env"
            file.write_bytes(text.encode())
            words += ["--env-file", file]
        result = run("exec", *words, "--", "/usr/bin/env", "-0")
        if result.exit == 125 and "--env-file" in result.err:
            return result.err
        assert result.exit == 0, result.err
        return dict(pair.split("=", 1) for pair in result.out.split("\0") if pair)

    return ours


@pytest.fixture(autouse=True)
def oracle(monkeypatch):
    """It warns of each broken line, and takes from its environment what is given beside ours."""
    logging.getLogger("dotenv").setLevel(logging.CRITICAL)
    monkeypatch.setattr(os, "environ", dict(GIVEN))


@pytest.fixture(autouse=True)
def environment(oracle, monkeypatch):
    """That of cordon itself is another one: none of it may be seen."""
    import support

    kept = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/secret-home", "SCHEME": "secret"}
    monkeypatch.setattr(support, "clean_environment", lambda **more: {**kept, **more})


def test_files_mean_what_python_dotenv_says(ours):
    always = ours([])
    texts = WRITTEN + [text for text, _ in zip(generated(), range(COUNT))]
    texts = [text.replace("@", str(number)) for number, text in enumerate(texts)]
    good = [text for text in texts if theirs(text) is not None]
    assert len(texts) * 0.6 < len(good) < len(texts)
    for first in range(0, len(good), AT_ONCE):
        some = good[first : first + AT_ONCE]
        expected = {**always}
        for text in some:
            expected.update(theirs(text))
        expected.update(GIVEN)
        got = ours(some)
        if got != expected:  # which one it is
            for text in some:
                assert ours([text]) == {**always, **theirs(text), **GIVEN}, repr(text)
        assert got == expected


def test_broken_files_are_refused_by_line(ours):
    texts = BROKEN + [text for text, _ in zip(generated(), range(COUNT)) if theirs(text) is None]
    assert len(texts) > 100
    for text in texts[:300]:
        assert theirs(text) is None, repr(text)
        said = ours([text])
        assert isinstance(said, str), repr(text)
        line = int(re.fullmatch(r"cordon: --env-file \S*0\.env: line (\d+): .*\n", said)[1])
        assert 1 <= line <= len(re.findall(r"\r\n|\r|\n", text)) + 1, (text, said)
