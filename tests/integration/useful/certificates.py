# SPDX-License-Identifier: Apache-2.0
import ssl

context = ssl.create_default_context()
assert context.verify_mode == ssl.CERT_REQUIRED
assert ssl.get_default_verify_paths().openssl_cafile
context.load_default_certs()
print(190)
