# SPDX-License-Identifier: Apache-2.0
import socket
import ssl
import threading


def context(kind):
    made = ssl.SSLContext(kind)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    # Without a certificate: it is the machinery that is tried, not trust.
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    return made


def serve(end):
    context(ssl.PROTOCOL_TLS_SERVER).wrap_socket(end, server_side=True).sendall(b"190")


one, other = socket.socketpair()
threading.Thread(target=serve, args=(one,)).start()
print(context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(other).recv(3).decode())
