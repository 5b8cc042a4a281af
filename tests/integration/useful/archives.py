# SPDX-License-Identifier: Apache-2.0
import io
import os
import tarfile
import tempfile
import zipfile

os.chdir(tempfile.mkdtemp())
os.makedirs("tree/below")
with open("tree/below/file", "w") as file:
    file.write("x" * 95)
with tarfile.open("tree.tar.gz", "w:gz") as archive:
    archive.add("tree")
with tarfile.open("tree.tar.gz") as archive:
    archive.extractall("again", filter="data") if hasattr(
        tarfile, "data_filter"
    ) else archive.extractall("again")
size = os.path.getsize("again/tree/below/file")
room = io.BytesIO()
with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.write("tree/below/file")
with zipfile.ZipFile(room) as archive:
    size += len(archive.read("tree/below/file"))
print(size)
