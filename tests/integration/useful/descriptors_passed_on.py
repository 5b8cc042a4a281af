# SPDX-License-Identifier: Apache-2.0
import array
import os
import socket

one, other = socket.socketpair()
reader, writer = os.pipe()
pid = os.fork()
if pid == 0:
    _, ancillary, _, _ = other.recvmsg(1, socket.CMSG_LEN(4))
    os.write(array.array("i", ancillary[0][2])[0], b"190")
    os._exit(0)
one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writer]))])
os.waitpid(pid, 0)
print(os.read(reader, 10).decode())
