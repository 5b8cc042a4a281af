# SPDX-License-Identifier: Apache-2.0
"""What a job knows and a contribution must not: tokens in the checkout, and in the environment.

The box gets no variable that is not named, and sees nothing but the workspace. So what is left is
what lies in the workspace, and what somebody hands in by mistake.
"""

import os
import re

from inputs import Wrong, lies_in

CONFIG_MAX = 1 << 20

# Of git's settings, each on a line of its own or behind the section's name:
KEY = rb"(?:^|\])[ \t]*%s[ \t]*=[ \t]*[^ \t\r\n]"
IN_CONFIG = (
    # A header (what actions/checkout leaves), whatever its name: what else would it be sent for?
    re.compile(KEY % rb"extraheader", re.I | re.M),
    # A password in an address (what GitLab's runner leaves); to HTTP a name alone may be a token.
    re.compile(rb"[a-z][a-z0-9+.-]*://[^/\s@:]*:[^/\s@]+@", re.I),
    re.compile(rb"https?://[^/\s@]+@", re.I),
    re.compile(rb"[?&][a-z_-]*(token|key|secret|password)=", re.I),
    # A helper that is a shell's line may have the password in it.
    re.compile(rb'(?:^|\])[ \t]*helper[ \t]*=[ \t]*"?!', re.I | re.M),
    re.compile(KEY % rb"[a-z0-9-]*(?:pass|passwd|password|token|secret|apikey)", re.I | re.M),
)

# Variables of the job itself: whoever has one of these can act as the job.
JOB = re.compile(
    r"GITHUB_TOKEN|GH_TOKEN|GH_ENTERPRISE_TOKEN|GITHUB_ENTERPRISE_TOKEN|ACTIONS_.*|RUNNER_.*TOKEN.*"
    r"|CI_JOB_TOKEN|CI_BUILD_TOKEN|CI_JOB_JWT.*|CI_REPOSITORY_URL|CI_REGISTRY_PASSWORD"
    r"|CI_DEPLOY_PASSWORD|CI_DEPENDENCY_PROXY_PASSWORD|CI_RUNNER_.*TOKEN|SYSTEM_ACCESSTOKEN|SSH_AUTH_SOCK"
)
SECRET_MIN = 8  # shorter values stand anywhere

# What cordon itself works with; none of it reaches the script.
KEPT = re.compile(
    r"PATH|HOME|LANG|LC_ALL|TZ|USER|LOGNAME|TMPDIR|XDG_RUNTIME_DIR|CORDON_(UV|CGROUP|CONFIG)"
    r"|UV_.*|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy|(HTTPS?|ALL|NO)_PROXY"
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


# --- in the checkout ------------------------------------------------------------------------------


def git_directories(directory):
    """.git of each checkout there (one job may make several), where it is a directory, and where it
    is a file that names another."""
    for place, below, files in os.walk(directory):
        git = os.path.join(place, ".git")
        if ".git" in files and os.path.isfile(git) and os.path.getsize(git) < CONFIG_MAX:
            with open(git, "rb") as file:
                named = re.match(rb"gitdir:\s*(.+)", file.read())
            git = os.path.join(place, os.fsdecode(named[1].strip())) if named else git
        if os.path.isdir(git):
            yield git
        if "HEAD" in files and "config" in files and "objects" in below:  # bare: its name is anything
            yield place
        below[:] = [name for name in below if name != ".git"]


def config_files(git):
    """Settings of the repository, its worktrees and its submodules."""
    for directory, below, files in os.walk(git):
        if directory == git:  # of these there are many, and none of them is a setting
            below[:] = [name for name in below if name not in ("objects", "refs", "logs", "lfs")]
        for name in files:
            if name in ("config", "config.worktree", "credentials"):
                yield os.path.join(directory, name)


def has_credential(path):
    with open(path, "rb") as file:
        text = file.read(CONFIG_MAX + 1)
    if len(text) > CONFIG_MAX:
        raise Wrong(f"{path} may hold a credential and is too large to be looked through")
    return any(pattern.search(text) for pattern in IN_CONFIG)


def refuse(directory, remedy):
    for git in git_directories(directory):
        for path in config_files(git):
            try:
                found = os.path.isfile(path) and has_credential(path)
            except OSError as error:
                raise Wrong(f"{path} may hold a credential and cannot be read: {error.strerror}") from None
            if found:
                raise Wrong(f"{path} holds a credential, which the script could read; {remedy}")
    stored = os.path.join(directory, ".git-credentials")
    if os.path.exists(stored):
        raise Wrong(f"{stored} holds credentials, which the script could read; remove it before this step")


# --- in the environment ---------------------------------------------------------------------------


def environment(of_job, asked, directory):
    """What cordon is started with; refuses to hand in what is the job's own. Programs are not looked
    for in what the contribution can write."""
    kept = {name: value for name, value in of_job.items() if KEPT.fullmatch(name)}
    places = kept.get("PATH", "").split(os.pathsep)
    outside = [place for place in places if os.path.isabs(place) and not lies_in(place, directory)]
    kept["PATH"] = os.pathsep.join(outside)
    tokens = {
        name: value
        for name, value in of_job.items()
        if JOB.fullmatch(name) and len(value) >= SECRET_MIN
    }
    for line in asked:
        name, equals, value = line.partition("=")
        if not NAME.fullmatch(name):
            raise Wrong(f"env: {name!r} is no name of a variable; say NAME or NAME=VALUE")
        if JOB.fullmatch(name):
            raise Wrong(f"env: {name} is the job's own and never given to a script")
        value = value if equals else of_job.get(name, "")
        for token, secret in tokens.items():
            if secret in value:
                raise Wrong(f"env: {name} has the value of {token}, which is never given to a script")
        if not equals and name in of_job:
            kept[name] = value
    return kept
