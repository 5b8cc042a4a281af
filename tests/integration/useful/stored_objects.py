# SPDX-License-Identifier: Apache-2.0
import dbm.dumb
import os
import pickle
import shelve
import tempfile

os.chdir(tempfile.mkdtemp())
with shelve.Shelf(dbm.dumb.open("store")) as store:
    store["n"] = list(range(20))
with shelve.Shelf(dbm.dumb.open("store")) as store:
    print(sum(pickle.loads(pickle.dumps(store["n"]))))
