# SPDX-License-Identifier: Apache-2.0
"""documents.py WORK MACHINE: what lies beside the programs in WORK/tree, in share/doc/cordon: our
own pages, a bill of materials (SPDX), and the licences of everything that is linked."""

import datetime
import hashlib
import json
import platform
import re
import shutil
import sys
import uuid
from pathlib import Path

import common
import linked

PAGES = ("LICENSE", "NEWS.md", "README.md", "SECURITY.md")
PROGRAMS = {"cordon": "bin/cordon", "cordon-sandbox": "libexec/cordon/cordon-sandbox"}
BRANCH = "libexec/cordon/cordon-branch.so"  # loaded by a host's Python, and linked with nothing
BILL = "cordon.spdx.json"
DISTRIBUTION = platform.freedesktop_os_release()  # whose packages are linked

LICENCES_SAY = """cordon itself is under the Apache Licence 2.0 (LICENSE, one directory up).

Its programs are linked statically with the libraries below; for each there is the file of licences
and copyrights that the distribution it was taken from has, and the licences these refer to.
Whoever wants to use a changed library (as the LGPL lets him) builds cordon from its source against
it: cmake --preset release && cmake --build --preset release.

"""


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", name)


def package_of_library(library):
    return {
        "SPDXID": spdx_id(library.package),
        "name": library.package,
        "versionInfo": library.version,
        "supplier": f"Organization: {DISTRIBUTION['NAME']}",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "sourceInfo": f"built from the source {library.source} {library.source_version}",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": library.licence,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:deb/{DISTRIBUTION['ID']}/{library.package}@"
                f"{library.version.replace('+', '%2B').replace(':', '%3A')}?arch={library.machine}",
            }
        ],
    }


def verification_code(files):
    """SPDX 2.3, 7.9: of the sorted checksums of the files, one after the other."""
    sums = sorted(each["checksums"][0]["checksumValue"] for each in files)
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def package_of_cordon(files):
    return {
        "SPDXID": "SPDXRef-cordon",
        "name": "cordon",
        "versionInfo": common.VERSION,
        "primaryPackagePurpose": "APPLICATION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": verification_code(files)},
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:pypi/cordon-mcp@{common.VERSION}",
            }
        ],
    }


def file_of(tree, name):
    data = (tree / name).read_bytes()
    return {
        "SPDXID": spdx_id(name),
        "fileName": f"./{name}",
        "fileTypes": ["BINARY"],
        "checksums": [
            {"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
            {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()},
        ],
        "licenseConcluded": "NOASSERTION",
        "copyrightText": "NOASSERTION",
    }


def related(who, how, what):
    return {"spdxElementId": who, "relationshipType": how, "relatedSpdxElement": what}


def relations(by_program):
    yield related("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-cordon")
    for name in [*PROGRAMS.values(), BRANCH]:
        yield related("SPDXRef-cordon", "CONTAINS", spdx_id(name))
    for program, libraries in by_program.items():
        for library in libraries:
            yield related(spdx_id(PROGRAMS[program]), "STATIC_LINK", spdx_id(library.package))


def bill_of(tree, machine, by_program):
    files = [file_of(tree, name) for name in [*PROGRAMS.values(), BRANCH]]
    libraries = sorted({library for each in by_program.values() for library in each})
    created = datetime.datetime.fromtimestamp(common.moment(), datetime.timezone.utc)
    # A name for this very set of programs: the same for the same, wherever they are built.
    named = json.dumps([machine, files])
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"cordon-{common.VERSION}-linux-{machine}",
        "documentNamespace": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, named)}",
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: cordon-package-{common.VERSION}"],
        },
        "packages": [package_of_cordon(files), *map(package_of_library, libraries)],
        "files": files,
        "relationships": list(relations(by_program)),
    }


def licences_write(libraries, into):
    """Of each library its notices, and the common licences that these name by their path."""
    into.mkdir()
    said, referred = [LICENCES_SAY], set()
    for library in libraries:
        text = library.notices.read_text(errors="replace")
        referred |= set(re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.-]*[A-Za-z0-9])", text))
        (into / f"{library.package}.txt").write_text(text)
        said.append(f"{library.package} {library.version}: {library.licence}\n")
    for name in sorted(referred):
        shutil.copyfile(Path("/usr/share/common-licenses") / name, into / name)
    (into / "README").write_text("".join(said))


def main(work, machine):
    work = Path(work).resolve()
    tree, sysroot = work / "tree", work.parent / f"sysroot-{machine}"
    into = tree / "share/doc/cordon"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for page in PAGES:
        shutil.copyfile(common.SOURCE / page, into / page)
    by_program = {
        name: linked.libraries_of(work / f"maps/{name}.map", sysroot, work) for name in PROGRAMS
    }
    bill = json.dumps(bill_of(tree, machine, by_program), indent=2)
    (into / BILL).write_text(bill + "\n")
    licences_write(
        sorted({library for each in by_program.values() for library in each}), into / "licenses"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
