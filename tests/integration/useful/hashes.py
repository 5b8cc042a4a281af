# SPDX-License-Identifier: Apache-2.0
import hashlib
import hmac
import secrets

key = hashlib.scrypt(b"x", salt=b"salt", n=1024, r=8, p=1)
assert hmac.compare_digest(hmac.digest(key, b"m", "sha256"), hmac.new(key, b"m", "sha256").digest())
assert len(hashlib.sha3_512(secrets.token_bytes(100)).digest()) == 64
print(len(hashlib.shake_128(b"x").digest(190)))
