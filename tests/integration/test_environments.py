# SPDX-License-Identifier: Apache-2.0
"""Environments made by uv: once, whole, from what the operator says, and without a stranger's code."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import textwrap
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import package_index
import pytest
import support

PASSWORD = package_index.PASSWORD


@pytest.fixture
def index():
    with package_index.serving(
        package_index.wheel("alpha", requires=["beta>=1"]),
        package_index.wheel("beta", "1.5"),
        package_index.source("onlysource"),
    ) as index:
        yield index


@pytest.fixture(scope="session")
def counting_uv(tmp_path_factory):
    """uv behind a script that writes down each install, where uv itself may write: its cache."""
    directory = tmp_path_factory.mktemp("uv")
    directory.chmod(0o755)
    shutil.copy(os.environ["CORDON_UV"], directory / "uv-itself")
    wrapper = directory / "uv"
    wrapper.write_text(
        "#!/bin/sh\n"
        'if [ -n "$UV_CACHE_DIR" ]; then\n'
        'echo "$@" >>"$UV_CACHE_DIR/calls"\n'
        'env | grep -v UV_DEFAULT_INDEX >"$UV_CACHE_DIR/env"\n'
        'readlink /proc/self/ns/net >"$UV_CACHE_DIR/net"\n'
        'fi\n'
        'exec "${0%/*}/uv-itself" "$@"\n'
    )
    wrapper.chmod(0o755)
    return wrapper


class Place:
    """A state directory of its own, an index, a uv that counts."""

    def __init__(self, run, start, state, index, uv):
        self.state, self.index = state, index
        self.env = {"CORDON_UV": str(uv), **index.env}
        self._run, self._start = run, start

    def run(self, *options, code="import alpha; print(alpha.version)", **more):
        return self._run("run", "--state", self.state, *options, "-c", code, env=self.env, **more)

    def start(self, *options, code):
        return self._start("run", "--state", self.state, *options, "-c", code, env=self.env)

    def env_command(self, *words):
        return self._run("--state", self.state, "env", *words, env=self.env)

    @property
    def installs(self):
        calls = self.state / "gate/uv-cache/local/calls"
        return len(calls.read_text().splitlines()) if calls.exists() else 0

    @property
    def kept(self):
        return sorted(entry.name for entry in (self.state / "gate/environments/local").iterdir())


@pytest.fixture
def place(run, start, tmp_path, index, counting_uv):
    return Place(run, start, tmp_path / "state", index, counting_uv)


# --- made once, whole ---------------------------------------------------------------------------


def test_a_requirement_and_what_it_needs_are_there(place):
    result = place.run("--with", "alpha", "--json", code="import alpha, beta; print(beta.version)")
    made = result.json()
    assert made["stdout"] == "1.5\n", made
    assert made["execution_strategy"] == "uv-run"
    assert made["installed"] == ["alpha==1.0", "beta==1.5"]
    assert made["resolved_dependencies"] == ["alpha"]
    assert made["environment"]["cached"] is False


def test_the_second_run_starts_no_uv(place):
    assert place.run("--with", "alpha").out == "1.0\n"
    assert place.installs == 1
    asked = len(place.index.requests)
    second = place.run("--with", "alpha", "--json").json()
    assert second["stdout"] == "1.0\n"
    assert second["environment"]["cached"] is True
    assert place.installs == 1
    assert len(place.index.requests) == asked


def test_callers_at_the_same_time_make_it_once(place):
    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(lambda _: place.run("--with", "alpha"), range(5)))
    assert [(result.exit, result.out) for result in results] == [(0, "1.0\n")] * 5, results
    assert place.installs == 1
    assert len(place.kept) == 1


def test_the_environment_is_compiled_and_cannot_be_written(place):
    code = """
        import alpha, os
        assert os.path.exists(alpha.__cached__), alpha.__cached__
        for path in (alpha.__file__, alpha.__cached__, '/box/env/new', '/box/env/bin/python'):
            try:
                open(path, 'a')
            except OSError as error:
                print(error.strerror)
    """
    result = place.run("--with", "alpha", code=textwrap.dedent(code))
    assert result.exit == 0, result.err
    assert len(result.out.splitlines()) == 4


def test_a_maker_that_is_killed_leaves_nothing_that_is_used(place):
    place.index.held.clear()
    first = place.start("--with", "alpha", code="import alpha")
    support.soon(lambda: place.index.requests)
    assert [name for name in place.kept if name.startswith(".making-")]
    for pid in support.descendants(first.pid):
        if "cordon-sandbox" in support.processes().get(pid, ""):
            os.kill(pid, signal.SIGKILL)
    assert support.finish(first).exit == 125
    place.index.held.set()
    assert place.run("--with", "alpha").out == "1.0\n"
    assert len(place.kept) == 1 and not place.kept[0].startswith(".")


def test_a_cancelled_run_ends_while_its_environment_is_made(place):
    place.index.held.clear()
    run = place.start("--with", "alpha", code="import alpha")
    support.soon(lambda: place.index.requests)
    run.send_signal(signal.SIGINT)
    assert support.finish(run).exit == 130
    assert place.kept == []


def test_one_that_is_made_anew_stays_for_who_uses_it(place):
    """The first run imports a module after its environment was replaced."""
    place.index.add(package_index.wheel("late", "1.0"))
    code = "import sys; print('ready', flush=True); sys.stdin.readline(); import late; print(late.version)"
    using = place.start("--with", "late", code=code)
    assert using.stdout.readline() == b"ready\n"
    place.index.add(package_index.wheel("late", "2.0"))
    anew = place.run("--with", "late", "--refresh", code="import late; print(late.version)")
    assert anew.out == "2.0\n", anew.err
    assert place.env_command("prune").exit == 0
    assert support.finish(using, b"\n").out == "1.0\n"
    assert place.run("--with", "late", code="import late; print(late.version)").out == "2.0\n"
    place.env_command("prune")
    assert len(place.kept) == 1


def test_offline_takes_what_there_is_and_makes_nothing(place):
    refused = place.run("--offline", "--with", "alpha")
    assert refused.exit == 125
    assert "offline" in refused.err
    assert place.installs == 0
    assert place.run("--with", "alpha").out == "1.0\n"
    assert place.run("--offline", "--with", "alpha").out == "1.0\n"


def made_long_ago(place):
    """The records of all environments say so, a month ago."""
    for record in place.state.glob("gate/environments/local/*/record"):
        text = record.read_text()
        then = (int(time.time()) - 30 * 86400) * 1000
        record.write_text(re.sub(r"^created \d+$", f"created {then}", text, flags=re.M))


def test_an_old_one_is_made_anew_while_there_is_an_index(place, tmp_path):
    assert place.run("--with", "alpha").out == "1.0\n"
    place.index.add(package_index.wheel("alpha", "2.0"))
    assert place.run("--with", "alpha").out == "1.0\n"
    made_long_ago(place)
    assert place.run("--offline", "--with", "alpha").out == "1.0\n"
    assert place.run("--with", "alpha").out == "2.0\n"
    place.index.add(package_index.wheel("alpha", "3.0"))
    made_long_ago(place)
    config = tmp_path / "config.json"
    config.write_text('{"uv": {"environment_max_age": "1000h"}}')
    assert place.run("--config", config, "--with", "alpha").out == "2.0\n"
    place.index.close()
    assert place.run("--with", "alpha").out == "2.0\n", "an old one is better than none"
    anew = place.run("--refresh", "--with", "alpha")
    assert anew.exit == 125 and anew.out == ""


def test_the_operator_sees_and_prunes_them(place):
    assert place.env_command("make", "--with", "alpha").exit == 0
    assert place.run("--with", "alpha", "--json").json()["environment"]["cached"] is True
    listed = place.env_command("list")
    assert "alpha" in listed.out and len(listed.out.splitlines()) == 2
    for record in place.state.glob("gate/environments/local/*/record"):
        os.utime(record, (0, 0))
    assert place.env_command("prune").out == "1 removed, 0 kept, 0 in use\n"
    assert place.kept == []


# --- how much room they take --------------------------------------------------------------------

MB = 1 << 20


def size_of(directory):
    """Bytes on disk of everything beneath; each name of a file answers for its part."""
    found = [path.lstat() for path in directory.rglob("*")]
    return sum(st.st_blocks * 512 // st.st_nlink for st in found)


def zeros(name, megabytes, requires=()):
    """A wheel that is small until it is unpacked."""
    files = {f"{name}/part{n}": "\0" * (MB * 4) for n in range(megabytes // 4)}
    files[f"{name}/__init__.py"] = "version = '1.0'\n"
    return package_index.wheel(name, files=files, requires=requires, packed=zipfile.ZIP_DEFLATED)


@pytest.fixture
def fetch(tmp_path):
    """fetch(LIMIT=..., ...) -> words for policies of ours, in which `fetch` has these limits."""

    def write(**limits):
        directory = tmp_path / "policies"
        directory.mkdir()
        for path in (support.SOURCE / "policies").glob("*.json"):
            shutil.copyfile(path, directory / path.name)
        policy = json.loads((directory / "fetch.json").read_text())
        policy["limits"].update(limits)
        (directory / "fetch.json").write_text(json.dumps(policy))
        for path in directory.iterdir():
            path.chmod(0o644)
        return "--policies", directory

    return write


def assert_too_much(place, result, limit):
    assert result.exit == 125 and result.out == "", result
    assert len(result.err.splitlines()) == 1, result.err
    assert re.search(f"{limit} .*reached: it (wrote|made) about [0-9]+", result.err)
    assert place.kept == []
    return True


def test_a_wheel_that_unpacks_to_too_much_leaves_nothing(place, fetch):
    place.index.add(zeros("blob", 120))
    few = fetch(workspace_growth="20M")
    assert_too_much(place, place.run(*few, "--with", "blob"), "workspace_growth limit of 20M")
    assert size_of(place.state) < 20 * MB
    code = "import alpha, blob; print(blob.version)"
    assert place.run(*few, "--with", "alpha").out == "1.0\n"
    # It was for the limit alone, and what has been removed from the cache is fetched again.
    assert place.run("--with", "alpha", "--with", "blob", code=code).out == "1.0\n"


def test_a_wheel_of_too_many_files_leaves_nothing(place, fetch):
    files = {f"crowd/f{n}.txt": "" for n in range(4000)}
    place.index.add(package_index.wheel("crowd", files=files))
    result = place.run(*fetch(inodes=1000), "--with", "crowd")
    assert_too_much(place, result, "inodes limit of 1000")
    assert len(list((place.state / "gate/uv-cache").rglob("*.txt"))) == 0


def test_what_packages_compile_to_is_bounded_too(place, fetch):
    # Each line of a few bytes is 4 KB of constants.
    lines = "".join(f"x{n} = '{n}' * 1000\n" for n in range(1000, 9999))
    place.index.add(package_index.wheel("swells", files={"swells.py": lines}))
    result = place.run(*fetch(workspace_growth="20M"), "--with", "swells")
    assert_too_much(place, result, "workspace_growth limit of 20M")


def spelled(n):
    return f'blob; python_version > "2.{n}"'


def bounded(tmp_path, size):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"uv": {"environment_max_bytes": size}}))
    config.chmod(0o644)
    return "--config", config


def test_all_together_are_bounded_and_the_oldest_go_first(place, tmp_path):
    place.index.add(zeros("blob", 12))
    words = bounded(tmp_path, "60M")
    code = "import blob; print(blob.version, flush=True); input()"
    held = place.start(*words, "--with", spelled(0), code=code)
    assert held.stdout.readline() == b"1.0\n"
    first = place.kept
    use = "import blob; print(blob.version)"
    for n in range(1, 7):
        assert place.run(*words, "--with", spelled(n), code=use).out == "1.0\n"
        assert size_of(place.state) < 61 * MB
        assert set(first) <= set(place.kept), "one that is in use stays"
    assert 2 <= len(place.kept) <= 4
    for n, cached in ((6, True), (1, False)):
        result = place.run(*words, "--with", spelled(n), "--json", code=use).json()
        assert result["environment"]["cached"] is cached
    held.stdin.write(b"\n")
    held.stdin.close()
    assert held.wait(120) == 0


def test_an_environment_larger_than_all_may_be_is_refused(place, tmp_path):
    place.index.add(zeros("blob", 60))
    result = place.run(*bounded(tmp_path, "20M"), "--with", "blob")
    assert_too_much(place, result, "limit of 20M for all environments")


def test_a_large_cache_goes_before_environments(place, tmp_path):
    for n in range(4):
        place.index.add(zeros(f"blob{n}", 8))
        assert place.run(f"--with=blob{n}", code=f"import blob{n}; print(1)").out == "1\n"
    cache = place.state / "gate/uv-cache/local"
    assert size_of(cache) > 30 * MB
    before = place.kept
    place.run(*bounded(tmp_path, "60M"), "--with", "alpha")
    assert size_of(cache) < MB
    assert set(before) < set(place.kept)
    assert place.run("--refresh", "--with=blob0", code="import blob0; print(1)").out == "1\n"


def test_the_operator_prunes_by_last_use_or_all(place):
    assert place.env_command("make", "--with", "alpha").exit == 0
    (old,) = place.state.glob("gate/environments/local/*/record")
    hours_ago = time.time() - 2 * 3600
    os.utime(old, (hours_ago, hours_ago))
    assert place.env_command("make", "--with", "beta").exit == 0
    assert place.env_command("prune").out == "0 removed, 2 kept, 0 in use\n"
    assert place.env_command("prune", "--unused", "3h").out == "0 removed, 2 kept, 0 in use\n"
    assert place.env_command("prune", "--unused", "1h").out == "1 removed, 1 kept, 0 in use\n"
    assert not old.exists()
    held = place.start("--with", "beta", code="print(1, flush=True); input()")
    assert held.stdout.readline() == b"1\n"
    assert place.env_command("prune", "--all").out == "0 removed, 0 kept, 1 in use\n"
    held.stdin.write(b"\n")
    held.stdin.close()
    assert held.wait(120) == 0
    assert place.env_command("prune", "--all").out == "1 removed, 0 kept, 0 in use\n"
    assert place.kept == [] and not list((place.state / "gate/uv-cache/local").iterdir())
    for words in (["--unused"], ["--unused", "soon"], ["--all", "--unused", "1h"], ["now"]):
        result = place.env_command("prune", *words)
        assert result.exit == 125 and "--unused DURATION" in result.err


def test_packages_that_people_use(python):
    code = """
        import numpy, pandas, requests, rich
        frame = pandas.DataFrame({'a': numpy.arange(4)})
        print(frame.a.sum(), requests.__version__ != '', rich.get_console() is not None)
    """
    wanted = [word for name in ("numpy", "pandas", "requests", "rich") for word in ("--with", name)]
    result = python(textwrap.dedent(code), *wanted, timeout=600)
    assert result.out == "6 True True\n", result.err


# --- a stranger's code --------------------------------------------------------------------------

HOSTILE = """
import os
tried = ('/box/env/ran-here', '/box/uv/cache/ran-here', '/box/env/../uv/ran-here')
for name in (*tried, os.environ.get('MARK', '')):
    try:
        open(name, 'w').close()
    except OSError:
        pass
"""


def test_a_wheel_with_a_pth_file_gains_nothing(place, tmp_path):
    files = {
        "hostile_start.py": HOSTILE,
        "hostile.pth": "import hostile_start\n",
        "hostile.py": "import sys; print('hostile_start' in sys.modules)\n",
    }
    made = package_index.wheel("hostile", files=files)
    place.index.add(made)

    # It works: any interpreter of an environment that holds it runs it.
    (tmp_path / made[0]).write_bytes(made[1])
    bare, mark = tmp_path / "bare", tmp_path / "mark"
    subprocess.run([support.SYSTEM_PYTHON, "-m", "venv", "--without-pip", bare], check=True)
    library = next(bare.glob("lib/python3*/site-packages"))
    shutil.unpack_archive(tmp_path / made[0], library, "zip")
    subprocess.run([bare / "bin/python", "-c", ""], check=True, env={"MARK": str(mark)})
    assert mark.exists()

    # In the box it is the script's own; nothing ran while the environment was made.
    result = place.run("--with", "hostile", code="import hostile")
    assert result.out == "True\n", result.err
    assert place.run("--with", "hostile", code="import hostile").out == "True\n"
    assert not list(place.state.rglob("ran-here"))


def test_a_source_distribution_is_named_and_not_built(place):
    result = place.run("--with", "onlysource", code="")
    assert result.exit == 126
    assert "onlysource" in result.err and '"builds": "isolated"' in result.err
    assert "a build was started" not in result.err


# --- the operator's settings --------------------------------------------------------------------


def assert_nowhere(place, *texts):
    for text in texts:
        assert PASSWORD not in text
    for path in place.state.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path


def test_the_index_password_is_seen_by_uv_alone(place):
    code = """
        import os, pathlib
        found = [str(dict(os.environ))]
        for path in pathlib.Path('/proc').glob('*/environ'):
            try:
                found.append(path.read_text())
            except OSError:
                pass
        print(os.listdir('/box'), 'UV_' in ''.join(found), 'canary' in ''.join(found))
    """
    result = place.run("--with", "alpha", code=textwrap.dedent(code))
    assert result.exit == 0, result.err
    assert result.out.endswith("False False\n")
    assert "uv" not in result.out.split("]")[0].replace("env", "")
    assert place.index.requests, "the index was asked with the password"
    failed = place.run("--with", "nosuch", "--json", code="")
    assert_nowhere(place, result.err, failed.out, failed.err, place.env_command("list").out)


def test_a_password_in_a_failure_is_taken_out(place):
    place.env["UV_DEFAULT_INDEX"] = f"http://operator:{PASSWORD}@127.0.0.1:9/simple"
    result = place.run("--with", "alpha")
    assert result.exit == 125
    assert "127.0.0.1:9" in result.err
    assert_nowhere(place, result.err)


def test_netrc_serves_the_index(place, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text(f"machine 127.0.0.1\nlogin operator\npassword {PASSWORD}\n")
    (home / ".netrc").chmod(0o600)
    place.env.update(HOME=str(home), UV_DEFAULT_INDEX=place.index.url)
    result = place.run("--with", "alpha")
    assert result.out == "1.0\n", result.err
    assert_nowhere(place, result.err)


def test_uv_toml_serves_the_index(place, tmp_path):
    config = tmp_path / "config/uv"
    config.mkdir(parents=True)
    (config / "uv.toml").write_text(
        f'[[index]]\nurl = "{place.index.url_with_password}"\ndefault = true\n'
    )
    (config / "uv.toml").chmod(0o600)
    del place.env["UV_DEFAULT_INDEX"]
    place.env["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    result = place.run("--with", "alpha")
    assert result.out == "1.0\n", result.err
    assert_nowhere(place, result.err)


def test_wheels_in_a_directory_of_the_operator(place, tmp_path):
    links = tmp_path / "links"
    links.mkdir()
    name, content = package_index.wheel("local", "3.0")
    (links / name).write_bytes(content)
    del place.env["UV_DEFAULT_INDEX"]
    place.env.update(UV_FIND_LINKS=str(links), UV_NO_INDEX="1")
    result = place.run("--with", "local", code="import local; print(local.version)")
    assert result.out == "3.0\n", result.err
    assert place.index.requests == []


# --- the way to the index -----------------------------------------------------------------------


def written_by_uv(place, name):
    return (place.state / "gate/uv-cache/local" / name).read_text()


def test_uv_has_a_network_of_its_own_with_one_way_out(place):
    assert place.run("--with", "alpha").out == "1.0\n"
    assert written_by_uv(place, "net").strip() != os.readlink("/proc/self/ns/net")
    env = written_by_uv(place, "env").splitlines()
    assert "HTTPS_PROXY=http://127.0.0.1:3128" in env
    assert not [line for line in env if line.upper().startswith("NO_PROXY=")]


@pytest.mark.parametrize("elsewhere", ["elsewhere.test", "169.254.169.254", "127.0.0.1:9"])
def test_where_an_index_leads_is_named_and_not_followed(place, elsewhere):
    place.index.links["astray"] = f"http://{elsewhere}/astray-1.0-py3-none-any.whl"
    result = place.run("--with", "astray", code="")
    assert result.exit == 125
    assert f"the package index leads to {elsewhere}, which policy fetch does not let" in result.err
    assert len(result.err.splitlines()) == 1
    assert place.kept == []


@pytest.fixture
def certificates(tmp_path):
    """A private authority's certificate, and a server context for index.corp that it vouches for."""
    script = """
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ours
        openssl req -newkey rsa:2048 -nodes -keyout key.pem -out csr.pem -subj /CN=index.corp
        echo subjectAltName=DNS:index.corp >names
        openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -days 2 -extfile names -out cert.pem
    """
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make certificates with")
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return tmp_path / "ca.pem", context


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_the_operators_proxy_is_on_the_way_and_its_password_in_no_box(place, certificates, tls):
    authority, context = certificates
    index = package_index.Index(context if tls else None)
    index.add(package_index.wheel("alpha", "2.0"))
    proxy = package_index.Proxy(**{"index.corp": index.port})
    scheme = "https" if tls else "http"
    at = f"index.corp:{index.port}"
    place.env.update(
        UV_DEFAULT_INDEX=f"{scheme}://{package_index.USER}:{PASSWORD}@{at}/simple",
        SSL_CERT_FILE=str(authority),
        NO_PROXY="",
        no_proxy="",
        ALL_PROXY=proxy.url,
    )
    result = place.run("--with", "alpha")
    index.close()
    proxy.close()
    assert result.out == "2.0\n", result.err
    first = f"CONNECT {at}" if tls else f"GET http://{at}/simple/alpha/"
    assert proxy.requests[0] == first
    assert proxy.refused == 0
    env = urllib.parse.unquote(written_by_uv(place, "env"))
    assert "canary" not in env and "gateway" not in env


def test_a_proxy_of_another_kind_is_one_line(place):
    place.env.update(NO_PROXY="", ALL_PROXY=f"socks5://gateway:{PASSWORD}@127.0.0.1:1080")
    result = place.run("--with", "alpha", code="")
    assert result.exit == 125
    assert "ALL_PROXY: only a proxy that is spoken to by http://" in result.err
    assert_nowhere(place, result.err)


# --- source distributions ------------------------------------------------------------------------


@pytest.fixture
def building(place, tmp_path):
    """building(CODE, *OPTIONS) -> Result under a policy that builds what has only a source."""
    policy = support.policy_file(tmp_path, "building", builds="isolated")

    def run(code, *options, **more):
        return place.run("--policy", policy, *options, code=code, **more)

    return run


def test_a_source_is_built_and_what_it_needs_is_installed(place, building):
    place.index.add(package_index.buildable("homemade", requires=["alpha"]))
    code = "import alpha, homemade; print(homemade.version, alpha.version)"
    first = building(code, "--with", "homemade")
    assert first.out == "1.0 1.0\n", first.err
    asked = len(place.index.requests)
    assert building(code, "--with", "homemade").out == "1.0 1.0\n"
    assert len(place.index.requests) == asked
    (key,) = place.kept
    entries = {path.name for path in (place.state / "gate/environments/local" / key).iterdir()}
    assert entries == {"env", "record"}
    # A policy without builds gets no environment that a stranger's code has made.
    assert place.run("--with", "homemade", code=code).exit == 126


def test_builds_may_need_builds_and_what_only_they_know_of(place, building):
    place.index.add(package_index.buildable("tool"))
    place.index.add(package_index.buildable("outer", needs=["tool"], dynamic=["alpha>=1"]))
    result = building("import outer; print(outer.version)", "--with", "outer")
    assert result.out == "1.0\n", result.err


def test_a_build_finds_neither_network_nor_secrets_nor_anything_to_write(place, building):
    look = f"""
        import glob, json, socket, sys, urllib.request

        def reaches(address):
            try:
                socket.create_connection(address, 3).close()
                return True
            except OSError:
                return False

        def fetches(url):
            try:
                return urllib.request.build_opener(
                    urllib.request.ProxyHandler({{"http": "http://127.0.0.1:3128"}})
                ).open(url, timeout=3).status
            except OSError as error:
                return getattr(error, "code", None)

        def writes(path):
            try:
                with open(path, "w") as file:
                    file.write("x")
                return True
            except OSError:
                return False

        MARK = fetches("http://{place.index.host}/mark")

        def examine(directory):
            write_wheel(directory, "alpha", "9.0", {{"alpha.py": "version = 'poisoned'"}})
            os.symlink("/etc/passwd", os.path.join(directory, "homemade-3.0-py3-none-any.whl"))
            read = ""
            for path in glob.glob("/box/uv/**", recursive=True) + glob.glob("/proc/*/environ"):
                try:
                    read += open(path, "rb").read().decode("latin-1")
                except OSError:
                    pass
            return {{
                "proxy": reaches(("127.0.0.1", 3128)),
                "index": reaches(("127.0.0.1", {place.index.port})),
                "mark": MARK,
                "secret": "can" "ary" in read + str(dict(os.environ)),
                "cache": writes("/box/uv/cache/x"),
                "environment": writes("/box/env/lib/x"),
                "interpreter": writes(os.path.realpath(sys.executable) + ".x"),
            }}
    """
    place.index.add(
        package_index.buildable("homemade", requires=["alpha"], prelude=textwrap.dedent(look))
    )
    result = building(
        "import alpha, homemade; print(alpha.version); print(homemade.found)", "--with", "homemade"
    )
    version, found = result.out.splitlines() or ["", result.err]
    assert version == "1.0"
    assert eval(found) == {
        "proxy": False,
        "index": False,
        "mark": None,
        "secret": False,
        "cache": False,
        "environment": False,
        "interpreter": False,
    }
    assert "/mark" not in place.index.seen
    # Nothing of it is left where other environments are made from.
    assert place.run("--with", "alpha").out == "1.0\n"
    cache = place.state / "gate/uv-cache/local"
    assert not [path for path in cache.rglob("*homemade*") if "simple" not in str(path)]


@pytest.mark.parametrize("by", ["variable", "uv.toml"])
def test_a_build_sees_no_address_of_an_index(place, building, tmp_path, by):
    """Private indexes have tokens in the path, which are no user information."""
    look = f"""
        import glob

        def examine(directory):
            found = []
            token, host = "-".join(["token", "in", "path", "4e1f"]), "{place.index.host}"
            places = ["/box/**", "/tmp/**", "/proc/*/environ", "/proc/*/cmdline"]
            for path in [file for place in places for file in glob.glob(place, recursive=True)]:
                try:
                    read = open(path, "rb").read().decode("latin-1")
                except OSError:
                    continue
                # Its own source names the host; nothing else does.
                if token in read or host in read and "backend" not in path:
                    found.append(path)
            names = sorted(name for name in os.environ if name.startswith("UV_") and "IND" in name)
            return (len(os.listdir("/box/uv")) > 1, found, names)
    """
    place.index.prefix = "/token-in-path-4e1f"
    if by == "variable":
        place.env["UV_DEFAULT_INDEX"] = place.index.url_with_password
        place.env["UV_INDEX"] = "more=" + place.index.url
    else:
        config = tmp_path / "config/uv"
        config.mkdir(parents=True)
        index = f'[[index]]\nurl = "{place.index.url_with_password}"\ndefault = true\n'
        (config / "uv.toml").write_text(index)
        del place.env["UV_DEFAULT_INDEX"]
        place.env["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    place.index.add(
        package_index.buildable(
            "homemade", needs=["beta"], dynamic=["alpha"], prelude=textwrap.dedent(look)
        )
    )
    result = building("import homemade; print(homemade.found)", "--with", "homemade")
    assert result.out == "(True, [], [])\n", result


def test_the_mark_would_be_seen(place):
    """The attack of the test above, where there is a network: else it would prove nothing."""
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://{place.index.host}/mark")
    assert "/mark" in place.index.seen


@pytest.mark.parametrize(
    ("prelude", "words"),
    [
        ("def examine(directory): raise ValueError('no such compiler')", "the build of broken==1.0"),
        ("def examine(directory): os._exit(0)", "the build of broken==1.0"),
        ("def examine(directory): os.kill(0, 9)", "the build of broken==1.0"),
    ],
    ids=["raises", "exits", "kills"],
)
def test_a_build_that_fails_is_one_line(place, building, prelude, words):
    place.index.add(package_index.buildable("broken", prelude=prelude))
    result = building("", "--with", "broken")
    assert result.exit == 125
    assert len(result.err.splitlines()) == 1 and words in result.err, result.err
    assert place.kept == []


def test_a_build_that_writes_too_much_leaves_nothing(place, building, fetch):
    look = """
        def examine(directory):
            with open(os.path.join(directory, "homemade-9-py3-none-any.whl"), "wb") as file:
                for _ in range(40):
                    file.write(bytes(4 << 20))
                    file.flush()
                    os.fsync(file.fileno())
    """
    place.index.add(package_index.buildable("homemade", prelude=textwrap.dedent(look)))
    result = building("", *fetch(workspace_growth="40M"), "--with", "homemade")
    assert_too_much(place, result, "workspace_growth limit of 40M")


def test_a_build_with_the_operators_uv_toml(place, building, tmp_path):
    config = tmp_path / "config/uv"
    config.mkdir(parents=True)
    index = f'[[index]]\nurl = "{place.index.url_with_password}"\ndefault = true\n'
    (config / "uv.toml").write_text(index)
    del place.env["UV_DEFAULT_INDEX"]
    place.env["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    place.index.add(package_index.buildable("homemade", needs=["beta"], dynamic=["alpha"]))
    result = building("import homemade; print(homemade.version)", "--with", "homemade")
    assert result.out == "1.0\n", result.err
    assert_nowhere(place, result.err)


# --- bad input: each one clear line ------------------------------------------------------------


@pytest.mark.parametrize(
    ("requirement", "exit", "words"),
    [
        ("nosuch-package", 125, "nosuch-package was not found"),
        ("alpha==9", 125, "no version of alpha==9"),
        ("alpha=>1", 125, "alpha=>1"),
        ("alpha @ https://example.org/alpha.whl", 125, "direct references"),
        ("git+https://example.org/alpha", 125, "direct references"),
        ("./alpha", 125, None),
        ("--index-url=https://example.org", 125, None),
    ],
)
def test_a_bad_requirement_is_one_line(place, requirement, exit, words):
    result = place.run(f"--with={requirement}", code="")
    assert result.exit == exit
    assert len(result.err.splitlines()) == 1 and result.err.startswith("cordon: ")
    assert words is None or words in result.err
    if place.installs:
        assert place.kept == []


def header(*lines):
    return "".join(f"# {line}\n" for line in ("/// script", *lines, "///"))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['[[tool.uv.index]]', 'url = "https://example.org"'], "tool.uv.index"),
        (["[tool.uv]", "no-build = false"], "tool.uv.no-build"),
        (['dependencies = ["a @ https://example.org/a.whl"]'], "direct references"),
        (['dependencies = ["-r other.txt"]'], "-r other.txt"),
        (["dependencies = ["], "TOML"),
        (['requires-python = ">=3.99"'], "requires-python"),
        (['requires-python = "new"'], "requires-python"),
    ],
)
def test_a_bad_header_is_one_line(place, lines, words):
    asked = len(place.index.requests)
    result = place.run(code=header(*lines) + "print('ran')")
    assert result.exit == 125
    assert result.out == ""
    assert len(result.err.splitlines()) == 1
    assert words in result.err
    assert place.installs == 0 and len(place.index.requests) == asked


def test_a_header_says_what_it_needs(place):
    code = header('dependencies = ["alpha"]', 'requires-python = ">=3.9"', "[tool.other]", "x = 1")
    first = place.run("--json", code=code + "import alpha; print(alpha.version)").json()
    assert first["stdout"] == "1.0\n", first
    assert first["resolved_dependencies"] == ["alpha"]


def test_a_python_that_is_not_there_is_refused_with_those_that_are(place):
    result = place.run("--python", "3.99", code="")
    assert result.exit == 125
    assert "python 3.99 is not on this host; found: 3." in result.err


def test_a_script_is_no_interpreter(place, tmp_path):
    shim = tmp_path / "python3"
    shim.write_text("#!/bin/sh\nexec /usr/bin/python3 \"$@\"\n" + "#" * 100)
    shim.chmod(0o755)
    result = place.run("--python", str(shim), code="")
    assert result.exit == 125
    assert "shim" in result.err


def test_an_interpreter_by_path(place):
    result = place.run("--python", "/usr/bin/python3", code="import sys; print(sys.executable)")
    assert result.out.strip() == os.path.realpath("/usr/bin/python3"), result.err


def test_uv_that_is_not_there_is_one_line(place):
    place.env["CORDON_UV"] = "/nonexistent/uv"
    result = place.run("--with", "alpha")
    assert result.exit == 125
    assert "CORDON_UV names /nonexistent/uv" in result.err
    assert not Path(place.state / "gate/environments").exists()
