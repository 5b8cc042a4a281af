# SPDX-License-Identifier: Apache-2.0
# with: polars
import polars

frame = polars.DataFrame({"n": range(20), "k": [n % 2 for n in range(20)]})
print(frame.lazy().group_by("k").agg(polars.col("n").sum()).collect()["n"].sum())
