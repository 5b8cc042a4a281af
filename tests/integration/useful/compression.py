# SPDX-License-Identifier: Apache-2.0
import bz2
import lzma
import mmap
import secrets
import zlib

secret = secrets.token_bytes(95) * 2
for module in (zlib, bz2, lzma):
    assert module.decompress(module.compress(secret)) == secret
room = mmap.mmap(-1, 4096)
room[: len(secret)] = secret
print(len(bytes(room[:190])))
