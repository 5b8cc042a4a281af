# SPDX-License-Identifier: Apache-2.0
import threading
import xmlrpc.client
import xmlrpc.server

server = xmlrpc.server.SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False)
server.register_function(lambda n: n * 10, "ten")
threading.Thread(target=server.handle_request, daemon=True).start()
port = server.server_address[1]
print(xmlrpc.client.ServerProxy(f"http://127.0.0.1:{port}/").ten(19))
