# SPDX-License-Identifier: Apache-2.0
import csv
import html.parser
import io
import json
import xml.etree.ElementTree as xml

table = io.StringIO()
csv.writer(table).writerows([[n, n * n] for n in range(20)])
table.seek(0)
total = sum(int(row[0]) for row in csv.reader(table))
assert json.loads(json.dumps({"n": total}))["n"] == total
assert xml.fromstring(f"<a><b n='{total}'/></a>").find("b").get("n") == str(total)
html.parser.HTMLParser().feed("<p>x</p>")
print(total)
