# SPDX-License-Identifier: Apache-2.0
import socket
import threading

MEGABYTES = 8
PIECE = bytes(65536)


def echo(connection):
    with connection:
        while piece := connection.recv(65536):
            connection.sendall(piece)


def serve(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=echo, args=(connection,), daemon=True).start()


def send(connection):
    for _ in range((MEGABYTES << 20) // len(PIECE)):
        connection.sendall(PIECE)
    connection.shutdown(socket.SHUT_WR)


def client(address, got):
    with socket.create_connection(address) as connection:
        sender = threading.Thread(target=send, args=(connection,))
        sender.start()
        count = 0
        while piece := connection.recv(65536):
            count += len(piece)
        sender.join()
        got.append(count)


listener = socket.create_server(("127.0.0.1", 0), backlog=64)
threading.Thread(target=serve, args=(listener,), daemon=True).start()
got = []
clients = [
    threading.Thread(target=client, args=(listener.getsockname(), got)) for _ in range(20)
]
for one in clients:
    one.start()
for one in clients:
    one.join()
print(sum(got) // 20 - (MEGABYTES << 20) + 190)
