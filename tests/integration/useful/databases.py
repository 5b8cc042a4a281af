# SPDX-License-Identifier: Apache-2.0
import os
import sqlite3
import tempfile

database = sqlite3.connect(os.path.join(tempfile.mkdtemp(), "a.db"))
database.execute("pragma journal_mode=wal")
database.execute("create table t(n)")
database.executemany("insert into t values(?)", [(n,) for n in range(20)])
database.commit()
print(database.execute("select sum(n) from t").fetchone()[0])
