# SPDX-License-Identifier: Apache-2.0
import locale
import sys

locale.setlocale(locale.LC_ALL, "")
assert sys.getfilesystemencoding() == "utf-8"
assert "\u00e4".encode() == b"\xc3\xa4"
assert locale.getpreferredencoding(False).lower().replace("-", "") == "utf8"
print(locale.format_string("%d", 190))
