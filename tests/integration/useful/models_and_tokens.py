# SPDX-License-Identifier: Apache-2.0
# with: pydantic cryptography orjson
import orjson
import pydantic
from cryptography.fernet import Fernet


class Model(pydantic.BaseModel):
    number: int


key = Fernet(Fernet.generate_key())
text = key.decrypt(key.encrypt(orjson.dumps({"number": "190"})))
print(Model.model_validate_json(text).number)
