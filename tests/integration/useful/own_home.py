# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import sqlite3

home = pathlib.Path.home()
(home / ".config/tool").mkdir(parents=True)
(home / ".config/tool/settings").write_text("190")
(home / ".cache").mkdir(exist_ok=True)
sqlite3.connect(home / ".cache/a.db").execute("create table t(n)")
print((pathlib.Path(os.environ["HOME"]) / ".config/tool/settings").read_text())
