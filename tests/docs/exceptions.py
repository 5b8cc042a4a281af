# SPDX-License-Identifier: Apache-2.0
"""What the documents show and this machine, or this suite, cannot do, each with its reason; and
commands that are meant to end otherwise than with 0."""

# A block one of whose commands begins with this word is not run.
WORDS = {
    "./dev": "it builds or tests the tree, which is what is going on",
    "./bin/cordon": "tests/packaging does it where the archive was unpacked",
    "cmake": "it builds the tree that is under test",
    "ctest": "it is the suite beside this one",
    "sudo": "it changes the machine",
    "apt": "it changes the machine",
    "apt-get": "it changes the machine",
    "systemctl": "it needs systemd as process 1",
    "journalctl": "it needs systemd as process 1",
    "docker": "it needs a container engine",
    "podman": "it needs a container engine",
    "skopeo": "it needs a container registry",
    "ssh": "it needs another machine",
    "scp": "it needs another machine",
    "uvx": "tests/clean/packages does it on bare systems, with the wheel that was built here",
    "pip": "tests/clean/packages does it on bare systems, with the wheel that was built here",
}

# The first line of a block -> why it is not run.
SKIPPED = {
    "CORDON_STEP_COMMAND='make test' CORDON_STEP_PROGRAM=/usr/bin/cordon python3 -IB"
    " /usr/share/cordon/ci": "tests/packaging does it with this tree's step",
}

# The first line of a block -> the exit status it shows.
STATUS = {
    "cordon policy show --json default | jq '.name = \"bigger\" | .limits.memory = \"2G\" |"
    " .limits.wall = \"20m\"' > bigger.json": 1,  # policy diff: they differ
}

# Servers: started, heard to serve, and ended.
SERVERS = ("cordon serve", "cordon-mcp")

# What wants a state directory with nothing in it.
FRESH = ("cordon restore",)
