# SPDX-License-Identifier: Apache-2.0
"""What CPython's own parser says that sources import: the oracle of test_imports.c.

    imports_oracle.py library EVERY    each EVERYth file of this interpreter's own library
    imports_oracle.py generated COUNT  sources made of what hides, or looks like, an import

For each source: a line "LENGTH LABEL NAME NAME ..." and its bytes.
"""

import ast
import os
import random
import sys
import warnings

warnings.simplefilter("ignore")
NEW = sys.version_info >= (3, 12)


SHARED = ("google", "azure")  # of these the whole name counts


def imports(tree):
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names.add(alias.name if top in SHARED else top)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            top = node.module.split(".")[0]
            if top not in SHARED:
                names.add(top)
                continue
            for alias in node.names:
                names.add(node.module if alias.name == "*" else node.module + "." + alias.name)
    return {name for name in names if name.isascii()}


def tell(label, source):
    try:
        names = imports(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    head = " ".join([str(len(source)), label.replace(" ", "?"), *sorted(names)])
    sys.stdout.buffer.write(head.encode() + b"\n" + source)
    return True


def library(every):
    number = 0
    for top, directories, files in os.walk(os.path.dirname(os.__file__)):
        directories[:] = sorted(set(directories) - {"site-packages", "dist-packages"})
        for name in sorted(files):
            number += 1
            path = os.path.join(top, name)
            if name.endswith(".py") and number % every == 0:
                with open(path, "rb") as file:
                    tell(path, file.read())


STATEMENTS = [
    "import a",
    "import a.b as c, d",
    "from e import f",
    "from g.h import (i,\n    j as k, # import not\n)",
    "from . import l",
    "from .m import n",
    "from .. o import p",
    "from ... import q",
    "from r import *",
    "import \\\n  s",
    "from t \\\r\n import u",
    "import v; import w",
    "x = 1; from y import z; pass",
    "if 1: import ab",
    "try: import bc\nexcept ImportError: bc = None",
    "def f():\n\timport cd\n\tyield from de",
    "class X:\n  from ef import gh",
    "raise X from Y",
    "raise X[1:2] from Y",
    "x = lambda: 1",
    "x: int = {1: 2}[1:]",
    "match = 1; case = 2; type = 3",
    "match[case: type]",
    "print(import_, from_)",
    "x.from_.import_(y)",
    "'''\nimport hidden\n'''",
    '"""a"b""c\\"""\nimport hidden\n"""',
    "r'\\'; import visible",
    "r'''\\''' + '''\nimport hidden\n'''",
    "x = 'a' 'b' \\\n 'c'; import seen",
    "b'\\\\'; import shown",
    "Rb'\\\\'; import told",
    "'\\\nimport hidden'",
    "# import hidden\nimport open # import hidden",
    "x = [\nimport_,\n]",
    "f'{x}'; import fa",
    "f'{{import}}' ; import fb",
    "f'{x!r:>{width}}'; import fc",
    "f'''{\nx\n}'''; import fd",
    "f'{x:%H:%M}'; import fe",
    "f'{x[\"a\"]}' + f\"{x['a']:{y['b']}}\"; import ff",
    "f'{(lambda: 1)()}'; import fg",
    "f'\\N{DIGIT ONE}{x}'; import fh",
    "rf'\\{x}'; import fi",
    "f'\\{x}'; import fj",
    "f'{x!r}' '\"' ; import fk",
    "fR'''{x}\\' '''; import fl",
    "f'{x:\"^10}'; import fm",
    "f'{ {1: 2}[1] }'; import fn",
    "f'{x != y}{x:=5}'; import fo",
    "f'''{x:\n}'''; import fp" if NEW else "import fp",
    "1if x else y; import na",
    "x = 0xfor y",
    "x = 1_0.5e3; import nb",
    "x = ...; import nc",
    "@a.b\ndef f(): import da",
    "async def f():\n    import db",
    "with a as b: import wa",
    "for x in y: import fz\nelse: import fy",
    "é = 1; import été",
    "global_import = 1",
    "\f",
    "import bom",
]
STATEMENTS += [
    'f"{x["a"]}"; import ga',
    "f'{f'{f'{1}'}'}'; import gb",
    "f'{x # import hidden }\n}'; import gc",
    "f'{'\\n'.join(x)}'; import gd",
    "f'{x:{y:{z}}}'; import ge",
    "f'{\"import hidden\"}{'}'}'; import gf",
    "f'{'''\nimport hidden\n'''}'; import gg",
    "f'''{f\"{'''a'''}\"}'''; import gh",
    "f'{x\n}'; import gi",
    "f'{{{x}}}'; import gj",
    "f'{x:\\'}'; import gk",
    "f'{x:}}'",
    "type X = int; import gl",
    "match x:\n  case {'a': 1}: import gm",
]
STATEMENTS += [
    "import google",
    "import google.cloud.storage as s, azure, os.path",
    "from google.cloud import storage, bigquery as b",
    "from google import (genai,\n  protobuf as p, # and\n)",
    "from google.protobuf import *",
    "from google . auth import x; import y",
    "from .google import x",
    "from .. import google",
    "import a.google, google_auth, googleapiclient.discovery",
    "from azure.storage.blob import A; x = google.y",
]
TOKENS = ["google", "import ", "from ", "a", "b", ".", ",", " as ", "\n", "\n", "\n ", ";", ":"]
TOKENS += ["(", ")", "[", "]"]
TOKENS += ["{", "}", "'", '"', "'''", '"""', "f'", 'f"', "rf'", "b'", "\\", "\\\n", "#", "!r", "1", "1.", "x"]
TOKENS += ["=", "if 1:", "lambda:", "raise ", "yield ", "{{", "}}", "\\N{DIGIT ONE}", "\r\n", "\r"]
TOKENS += ["\t", "é"]
FIELDS = ["f'{%s}'", 'f"{%s}"', "f'''{%s}'''", "rf'a{%s}b'", "f'{%s!r}'", "f'{x:{%s}}'", "(%s)"]
FIELDS += ["[%s]", "{1: %s}"]


def expression(chance, depth=0):
    if depth > 4 or chance.random() < 0.3:
        return chance.choice(["x", "1", "'a'", '"}"', "'{'", "'import c'", '"""\n"""', "x[1:2]", "b'#'"])
    return chance.choice(FIELDS) % expression(chance, depth + 1)


def generated(count):
    chance = random.Random(20261122)
    ends = ["\n", "\n", "\n", "\r\n", "\n\n", " \n"]
    for statement in STATEMENTS:
        tell("statement", (statement + "\nimport after\n").encode())
    told = 0
    while told < count:
        kind = chance.randrange(3)
        if kind == 0:
            parts = [chance.choice(STATEMENTS) for _ in range(chance.randint(1, 6))]
            source = "".join(part + chance.choice(ends) for part in parts)
            told += tell("statements", source.encode())
        elif kind == 1:
            source = "x = %s; import a\nimport b" % expression(chance)
            told += tell("expression", source.encode())
        else:
            for _ in range(60):  # few of them are Python
                source = "".join(chance.choice(TOKENS) for _ in range(chance.randint(2, 9)))
                told += tell("tokens", (source + "\nimport after").encode())


{"library": library, "generated": generated}[sys.argv[1]](int(sys.argv[2]))
