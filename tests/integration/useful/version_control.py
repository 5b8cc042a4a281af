# SPDX-License-Identifier: Apache-2.0
# directory
import os
import shutil
import subprocess

if not shutil.which("git"):
    raise SystemExit("skip: git is not on this host")
ENVIRONMENT = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b"}
ENVIRONMENT |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def git(*words):
    return subprocess.run(
        ["git", *words], capture_output=True, text=True, check=True, env=ENVIRONMENT
    ).stdout


git("init", "-q", "fresh")
os.chdir("fresh")
with open("file", "w") as file:
    file.write("x" * 190)
assert git("status", "--porcelain") == "?? file\n"
git("add", "file")
git("commit", "-q", "-m", "first")
assert git("status", "--porcelain") == ""
print(git("cat-file", "-s", "HEAD:file"), end="")
