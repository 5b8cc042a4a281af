# SPDX-License-Identifier: Apache-2.0
import os
import socket
import socketserver
import tempfile
import threading


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline())


path = os.path.join(tempfile.mkdtemp(), "socket")
with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.sendall(b"190\n")
    print(client.recv(10).decode(), end="")
    server.shutdown()
