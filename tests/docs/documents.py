# SPDX-License-Identifier: Apache-2.0
"""The documents of the tree, and the blocks of code in them.

A block is fenced (```LANGUAGE), or indented by four spaces after an empty line. What it is decides
what test_documents.py does with it:

    commands   run, each block as one shell script in a world of its own
    json       parsed; a policy or a configuration is checked by cordon too
    python     run
    other      another language, named behind its fence, or listed in TEXTS
"""

import re
from dataclasses import dataclass

import support

# The first word of a block without a language that is a list of commands.
COMMANDS = re.compile(
    r"(\$ )?(\w+=[^ (]+ |token=\$\()*(sudo (-u \w+ )?|echo .*\| )?"
    r"(cordon|cordon-mcp|\./bin/cordon|\./dev|curl|cmake|uvx|uv|pip|ssh|scp|systemctl|journalctl|docker|"
    r"podman|apt|apt-get|tar|sha256sum|mkdir|cp|git|install|sysctl|python3|jq|printf|openssl|"
    r"export|cat|kill|for) "
)
LANGUAGES = {"sh": "commands", "console": "commands", "bash": "commands", "json": "json", "python": "python"}

# Blocks without a language that are no commands, by their first line.
TEXTS = {
    "NAME=plain value      # a comment       export NAME='single \\' quotes'",
    "claude-desktop  Claude/claude_desktop_config.json in the configuration directory",
}


@dataclass
class Block:
    document: str  # below the top of the tree
    line: int
    language: str  # "": none is named
    text: str

    @property
    def first(self):
        return self.text.split("\n", 1)[0].strip()

    @property
    def kind(self):
        if self.language:
            return LANGUAGES.get(self.language, "other")
        if self.text.lstrip().startswith(("{", "[")):
            return "json"
        if COMMANDS.match(self.first):
            return "commands"
        return "other" if self.first in TEXTS else "unknown"

    @property
    def script(self):
        """The commands; where some stand behind a prompt, the other lines are what they print."""
        lines = self.text.splitlines()
        if any(line.startswith("$ ") for line in lines):
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        return "\n".join(lines) + "\n"

    def __str__(self):
        return f"{self.document}:{self.line}: {self.first}"


def documents():
    """Paths of all that people read; NEWS.md tells what was."""
    found = set()
    for pattern in ("*.md", "src/**/*.md", "policies/*.md", "examples/*.md", "packaging/**/*.md",
                    ".github/*.md", "tests/*/*.md"):
        found.update(support.SOURCE.glob(pattern))
    return sorted(path for path in found if path.name != "NEWS.md")


def dedent(lines, by):
    return "\n".join(line[by:] if line[:by].isspace() else line for line in lines).rstrip()


def blocks(path):
    """The blocks of a document, in their order."""
    lines = path.read_text().splitlines()
    name = str(path.relative_to(support.SOURCE))
    at = 0
    while at < len(lines):
        fence = re.match(r"( *)(```+)(\w*)", lines[at])
        begin = at
        if fence:
            at += 1
            while not lines[at].strip().startswith(fence[2]):
                at += 1
            yield Block(name, begin + 2, fence[3], dedent(lines[begin + 1 : at], len(fence[1])))
        elif lines[at].startswith("    ") and at > 0 and not lines[at - 1].strip():
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
                at += 1
            yield Block(name, begin + 1, "", dedent(lines[begin:at], 4))
            continue
        at += 1


def spoken_commands(path):
    """(line, text) of commands of cordon within sentences: `cordon run --json`, **cordon run --json**."""
    text = re.sub(r"(?ms)^( *)```.*?^ *```", lambda found: "\n" * found[0].count("\n"), path.read_text())
    for found in re.finditer(r"`(cordon(?:-mcp)? [^`]+)`|\*\*(cordon [^*]+)\*\*", text):
        yield text[: found.start()].count("\n") + 1, (found[1] or found[2]).replace("\n", " ")
