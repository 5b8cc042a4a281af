# SPDX-License-Identifier: Apache-2.0
"""image.py WORK INTO MACHINE...: INTO/cordon-VERSION-oci.tar, an image for each machine behind one
name, as the OCI image specification 1.1 lays it out: blobs under their sums, and an index.

Two layers: a Python with what it and scripts need, which changes when the distribution does, and
cordon with uv. No engine is asked, nothing of the image runs, and nobody has to be root.
"""

import datetime
import gzip
import hashlib
import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import common

USER = 65532  # what images without root use by custom
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
OCI = "application/vnd.oci.image."

# Of a package's files an image has no use for these; what is said of licences stays.
LEFT_OUT = re.compile(
    r"usr/share/(man|info|locale|lintian|bash-completion|zsh|fish|perl5|python3/runtime\.d)/"
    r"|usr/share/doc/(?!cordon/)[^/]+/(?!copyright$)|etc/(dpkg|cron\.|kernel|update-motd\.d)|var/"
    r"|usr/(s?bin/(dpkg|update-alternatives|start-stop-daemon|tar|rmt)|lib/dpkg|share/dpkg)"
)

# name | mode | owner: what has to be there without being a file.
DIRECTORIES = (
    *((name, 0o755, 0) for name in ("dev", "proc", "sys", "run", "home", "var/lib")),
    ("root", 0o700, 0),
    ("tmp", 0o1777, 0),
    ("var/tmp", 0o1777, 0),
    ("home/cordon", 0o700, USER),
    ("var/lib/cordon", 0o700, USER),
    ("work", 0o755, USER),
)
MADE = {
    "etc/passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\n"
    f"cordon:x:{USER}:{USER}:cordon:/home/cordon:/usr/sbin/nologin\n",
    "etc/group": f"root:x:0:\ncordon:x:{USER}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
LINKS = {"usr/bin/sh": "dash"}  # which a script of the package would make
CERTIFICATES = "usr/share/ca-certificates/mozilla"


class Layer:
    """A tar file in the making: sorted, dated once, directories before what is in them."""

    def __init__(self):
        self.entries = {}  # name: (TarInfo, bytes)

    def put(self, member, data=b"", owner=0):
        member.mtime, member.uid, member.gid, member.size = common.moment(), owner, owner, len(data)
        self.entries[member.name] = member, data
        for parent in Path(member.name).parents:
            if parent.name and parent.as_posix() not in self.entries:
                self.directory(parent.as_posix(), 0o755)

    def directory(self, name, mode, owner=0):
        member = tarfile.TarInfo(name)
        member.type, member.mode = tarfile.DIRTYPE, mode
        self.put(member, owner=owner)

    def text(self, name, data, mode=0o644):
        member = tarfile.TarInfo(name)
        member.mode = mode
        self.put(member, data)

    def link(self, name, target):
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.linkname = tarfile.SYMTYPE, 0o777, target
        self.put(member)

    def tree(self, tree, below=""):
        for name in common.files_of(tree):
            if not LEFT_OUT.match(below + name):
                path = tree / name
                data = b"" if path.is_symlink() else path.read_bytes()
                self.put(common.tar_member(path, below + name), data)

    def done(self):
        """(the tar file compressed, the sum of it uncompressed)"""
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in sorted(self.entries):
                member, data = self.entries[name]
                archive.addfile(member, io.BytesIO(data))
        return gzip.compress(raw.getvalue(), 9, mtime=0), sum_of(raw.getvalue())


def sum_of(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def system_layer(image):
    layer = Layer()
    for name, mode, owner in DIRECTORIES:
        layer.directory(name, mode, owner)
    for tree in ("system", "data"):
        layer.tree(image / tree)
    for name, text in MADE.items():
        layer.text(name, text.encode())
    for name, target in LINKS.items():
        layer.link(name, target)
    certificates = sorted((image / "data" / CERTIFICATES).glob("*.crt"))
    everybody = b"".join(path.read_bytes() for path in certificates)
    layer.text("etc/ssl/certs/ca-certificates.crt", everybody)
    return layer.done()


def uv_of(image):
    (wheel,) = (image / "uv").glob("uv-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        return archive.read(name)


def cordon_layer(tree, image):
    layer = Layer()
    layer.tree(tree, "usr/local/")
    layer.text("usr/local/bin/uv", uv_of(image), 0o755)
    return layer.done()


class Layout:
    """An OCI layout in one tar file."""

    def __init__(self):
        self.blobs = {}

    def blob(self, kind, data, **more):
        """Its descriptor, by which others refer to it."""
        self.blobs[sum_of(data)] = data
        return {"mediaType": OCI + kind, "digest": sum_of(data), "size": len(data), **more}

    def document(self, kind, content, **more):
        return self.blob(kind, json.dumps(content, indent=1).encode(), **more)

    def write(self, target, index):
        layer = Layer()
        layer.text("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        layer.text("index.json", json.dumps(index, indent=1).encode())
        for digest, data in self.blobs.items():
            layer.text(f"blobs/{digest.replace(':', '/')}", data)
        unfinished = target.with_name(target.name + common.UNFINISHED)
        with tarfile.open(unfinished, "w", format=tarfile.USTAR_FORMAT) as archive:
            for name in sorted(layer.entries):
                member, data = layer.entries[name]
                archive.addfile(member, io.BytesIO(data))
        unfinished.replace(target)


def config_of(machine, sums):
    """packaging/oci/image.json says what the image is started with; here is what is counted."""
    created = datetime.datetime.fromtimestamp(common.moment(), datetime.timezone.utc)
    config = json.loads(common.filled("oci/image.json"))
    config["User"] = f"{USER}:{USER}"
    return {
        "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "architecture": ARCHITECTURES[machine],
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": sums},
    }


def image_of(layout, work, machine):
    image = work / f"image-{machine}"
    layers = [system_layer(image), cordon_layer(work / machine / "tree", image)]
    config = config_of(machine, [unpacked for _, unpacked in layers])
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI + "manifest.v1+json",
        "config": layout.document("config.v1+json", config),
        "layers": [layout.blob("layer.v1.tar+gzip", packed) for packed, _ in layers],
        "annotations": config["config"]["Labels"],
    }
    platform = {"architecture": ARCHITECTURES[machine], "os": "linux"}
    return layout.document("manifest.v1+json", manifest, platform=platform)


def index_of(manifests, **more):
    kind = OCI + "index.v1+json"
    return {"schemaVersion": 2, "mediaType": kind, "manifests": manifests, **more}


def main(work, into, *machines):
    layout = Layout()
    images = [image_of(layout, Path(work), machine) for machine in machines]
    named = {"org.opencontainers.image.ref.name": common.VERSION}
    all_of_them = layout.document("index.v1+json", index_of(images), annotations=named)
    target = Path(into) / f"cordon-{common.VERSION}-oci.tar"
    layout.write(target, index_of([all_of_them]))
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
