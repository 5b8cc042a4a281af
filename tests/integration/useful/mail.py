# SPDX-License-Identifier: Apache-2.0
import email
from email.message import EmailMessage

message = EmailMessage()
message["Subject"] = "number"
message.set_content("190")
message.add_attachment(b"\0" * 10, maintype="application", subtype="octet-stream", filename="a")
again = email.message_from_bytes(bytes(message))
print(again.get_payload()[0].get_payload().strip())
