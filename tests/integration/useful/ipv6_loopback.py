# SPDX-License-Identifier: Apache-2.0
import socket

if not socket.has_ipv6:
    raise SystemExit("skip: this Python has no IPv6")
try:
    server = socket.create_server(("::1", 0), family=socket.AF_INET6)
except OSError as problem:
    raise SystemExit(f"skip: this host has no IPv6: {problem}") from None
client = socket.create_connection(server.getsockname()[:2], 5)
connection, _ = server.accept()
connection.sendall(b"190")
print(client.recv(3).decode())
