# SPDX-License-Identifier: Apache-2.0
# Read by the interpreter before the script, as `sitecustomize`: everything of it is gone from
# what the script can see when the script begins. See standing.h.
def matters(name, loaded):
    """Has this variable been read by now, by the interpreter, its libraries or what is loaded?"""
    early = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "GLIBC_", "OPENSSL_", "SSL_")
    if name == "TZ":  # of the interpreter's own modules only `time` keeps it: become() tells it
        import sys

        return not loaded <= getattr(sys, "stdlib_module_names", frozenset())
    return loaded or name.startswith(early)


def wait():
    """The order: its descriptors, counts and texts."""
    import _socket
    import os
    import sys

    CHANNEL = 9
    os.write(CHANNEL, b"r")
    channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, CHANNEL)
    text, extra, _, _ = channel.recvmsg(1 << 18, 64)
    if not text:
        os._exit(0)
    os.write(CHANNEL, b"t")
    channel.close()
    del sys.modules["_socket"]
    sent = extra[0][2]
    fds = [int.from_bytes(sent[at : at + 4], sys.byteorder) for at in (0, 4, 8)]
    return fds, [os.fsdecode(field) for field in text.split(b"\0")]


def fork(library):
    """The order, in a process of its own and a box of its own: what waits makes one for each."""
    import os

    class Spec:
        name, origin = "cordon_branch", library

    import _imp

    try:
        _imp.create_dynamic(Spec)
    except StopIteration as order:
        return [], [os.fsdecode(field) for field in order.value.split(b"\0")]


def settle(library):
    """What is there now is not taken apart when the interpreter ends, where nothing that the script
    leaves can notice (branch/leave.c)."""

    class Spec:
        name, origin = "cordon_end", library

    import _imp

    try:
        _imp.create_dynamic(Spec)
    except BaseException:
        pass  # then it ends as any


def load(names):
    """Top-level names of all that was loaded ahead."""
    import sys

    before = set(sys.modules)
    for name in names:
        try:
            __import__(name)
        except BaseException:
            pass  # the script's own import says it
    return {name.partition(".")[0] for name in set(sys.modules) - before}


def begun_with():
    """Top-level names of what every start of an interpreter reads from files."""
    import sys

    specs = {name: getattr(module, "__spec__", None) for name, module in sys.modules.items()}
    return {
        name.partition(".")[0]
        for name, spec in specs.items()
        if getattr(spec, "origin", None) not in (None, "built-in", "frozen")
    }


def shadowed(own, loaded, begun):
    """Does a module of the script's own have the name of one that is loaded?"""
    import os

    for place in own:
        for name in begun:
            if any(os.path.exists(os.path.join(place, name + end)) for end in ("", ".py", ".pyc")):
                return True
    for place in own if loaded else ():
        try:
            if any(entry.partition(".")[0] in loaded for entry in os.listdir(place)):
                return True
        except OSError:
            pass
    return False


def open_input():
    """Standard input as the interpreter itself opens it."""
    import io
    import sys

    buffer = io.open(0, "rb", -1, closefd=False)
    buffer.raw.name = "<stdin>"
    text = io.TextIOWrapper(
        buffer, encoding=sys.stdin.encoding, errors=sys.stdin.errors, newline="\n"
    )
    text.mode = "r"
    sys.stdin = sys.__stdin__ = text


def become(argv, arguments, variables):
    """What a fresh interpreter would have been given."""
    import os
    import sys

    zone = os.environ.get("TZ")
    for name in [name for name in os.environ if name not in variables]:
        del os.environ[name]
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    if os.environ.get("TZ") != zone:
        import time

        time.tzset()
    sys.argv.extend(argv[len(argv) - arguments :])
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = argv


def main():
    import os
    import sys

    here = os.path.dirname(__file__)
    library = os.environ.pop("CORDON_STANDING_LIBRARY", None)
    forks = os.environ.pop("CORDON_STANDING_FORK", None)
    names = os.environ.pop("CORDON_STANDING_LOAD").split(",")
    own = os.environ.pop("CORDON_STANDING_OWN").split(os.pathsep)
    rest = os.environ.pop("CORDON_STANDING_PATH")
    del os.environ["PYTHONPATH"]
    if rest:
        os.environ["PYTHONPATH"] = rest
    places = [place for place in sys.path if place != here]
    sys.path[:] = places
    begun = begun_with() - {"sitecustomize"}
    loaded = load([name for name in names if name])
    nowhere = os.fstat(0)
    if library:
        settle(library)
    fds, fields = fork(library) if forks else wait()
    asked = [os.path.abspath(place) for place in rest.split(os.pathsep) if rest]
    sys.path[:] = list(dict.fromkeys(asked + places))
    for place in [here] + own:
        sys.path_importer_cache.pop(place, None)
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    argc, envc, arguments = [int(field) for field in fields[:3]]
    argv = fields[3 : 3 + argc]
    variables = dict(field.split("=", 1) for field in fields[3 + argc : 3 + argc + envc])
    changed = set(variables.items()) ^ set(os.environ.items())
    if shadowed(own, loaded, begun) or any(matters(name, loaded) for name, _ in changed):
        os.execve(argv[0], argv, variables)
    become(argv, arguments, variables)
    now = os.fstat(0)
    if (now.st_dev, now.st_ino) != (nowhere.st_dev, nowhere.st_ino):
        open_input()


def follow():
    """The interpreter's own sitecustomize, whose place we took. False: there is none."""
    import sys

    del sys.modules["sitecustomize"]
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        return False
    return True


main()
if not follow():
    raise ImportError(name="sitecustomize")
