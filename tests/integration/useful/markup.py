# SPDX-License-Identifier: Apache-2.0
# with: lxml pyyaml
import lxml.etree
import yaml

tree = lxml.etree.fromstring(b"<a><b>190</b></a>")
print(yaml.safe_load(yaml.safe_dump({"n": int(tree.findtext("b"))}))["n"])
