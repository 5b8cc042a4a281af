# SPDX-License-Identifier: Apache-2.0
"""A directory's own project: what its pyproject.toml and uv.lock ask for is there."""

import itertools
import os
import re
import subprocess
import textwrap

import package_index
import pytest
import support

PROJECT = """
    [project]
    name = "mine"
    version = "1"
    requires-python = ">=3.9"
    dependencies = ["alpha<3"]

    [build-system]
    requires = ["no-such-backend"]
    build-backend = "no_such_backend"
"""


@pytest.fixture
def index():
    with package_index.serving(
        package_index.wheel("alpha", requires=["beta"]),
        package_index.wheel("beta", "1.5"),
        package_index.wheel("rich"),
    ) as index:
        yield index


class Place:
    def __init__(self, run, directory, state, index):
        self.directory, self.index, self.env = directory, index, index.env
        self.state, self._run = state, run

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def lock(self):
        """As the project's owner does it."""
        env = {**os.environ, **self.env, "UV_CACHE_DIR": str(self.state.parent / "own-cache")}
        words = [os.environ["CORDON_UV"], "lock", "--quiet", "--no-python-downloads"]
        subprocess.run(words, cwd=self.directory, env=env, check=True)

    def run(self, code, *options):
        words = ("run", "--state", self.state, "--json", "--directory", self.directory, *options)
        return self._run(*words, "-c", textwrap.dedent(code), env=self.env).json()

    @property
    def names(self):
        return sorted(path.name for path in self.directory.iterdir())


@pytest.fixture
def place(run, workspace, tmp_path, index):
    place = Place(run, workspace, tmp_path / "state", index)
    place.write("pyproject.toml", PROJECT)
    return place


VERSIONS = "import alpha, beta; print(alpha.version, beta.version)"


def test_what_the_project_asks_for_is_there_and_nothing_is_left_behind(place):
    result = place.run(VERSIONS)
    assert result["stdout"] == "1.0 1.5\n", result
    assert result["resolved_dependencies"] == ["alpha<3"]
    assert result["installed"] == ["alpha==1.0", "beta==1.5"]
    assert place.names == ["pyproject.toml"]
    again = place.run(VERSIONS)
    assert again["environment"] == {"key": result["environment"]["key"], "cached": True}


def test_the_project_itself_is_importable_and_never_built(place):
    place.write("top.py", "where = 'top'")
    place.write("src/mine/__init__.py", "where = 'src'")
    place.write("scripts/tool.py", "import mine, top; print(mine.where, top.where)")
    result = place.run("import mine, top; print(mine.where, top.where)")
    assert result["stdout"] == "src top\n", result
    script = place.directory / "scripts/tool.py"
    words = ("run", "--state", place.state, "--directory", place.directory, script)
    assert place._run(*words, env=place.env).out == "src top\n"
    assert not any("no-such" in path for path in place.index.seen)


def test_a_lock_has_the_last_word(place):
    place.lock()
    locked = (place.directory / "uv.lock").read_text()
    place.index.add(package_index.wheel("alpha", "2.0", requires=["beta"]))
    place.index.add(package_index.wheel("beta", "1.6"))
    result = place.run(VERSIONS)
    assert result["stdout"] == "1.0 1.5\n", result
    assert result["resolved_dependencies"] == ["alpha==1.0", "beta==1.5"]
    assert place.names == ["pyproject.toml", "uv.lock"]
    assert (place.directory / "uv.lock").read_text() == locked
    assert place.run(VERSIONS)["environment"]["cached"] is True
    (place.directory / "uv.lock").unlink()
    assert place.run(VERSIONS)["stdout"] == "2.0 1.6\n"
    place.lock()
    assert place.run(VERSIONS)["stdout"] == "2.0 1.6\n"


def test_what_is_locked_does_not_grow_old(place):
    place.lock()
    key = place.run(VERSIONS)["environment"]["key"]
    record = place.state / "gate/environments/local" / key / "record"
    record.write_text(re.sub(r"^created \d+$", "created 1", record.read_text(), flags=re.M))
    assert place.run(VERSIONS)["environment"] == {"key": key, "cached": True}


def test_another_file_than_the_locked_one_is_refused(place):
    place.lock()
    name, _ = package_index.wheel("beta", "1.5")
    _, other = package_index.wheel("beta", "1.5", {"beta.py": "version = 'swapped'\n"})
    place.index.files["beta"][name] = other
    result = place.run(VERSIONS)
    assert result["end"] == "fault", result
    assert "hash" in result["error"].lower() and "swapped" not in result["stdout"]


def test_a_lock_of_another_time_is_said_with_what_to_do(place):
    place.lock()
    more = '"alpha<3", "Ri_ch", "old; os_name == \'nt\'"'
    place.write("pyproject.toml", PROJECT.replace('"alpha<3"', more))
    result = place.run(VERSIONS)
    assert result["end"] == "fault", result
    assert 'uv.lock: it does not have "Ri_ch"' in result["error"] and "uv lock" in result["error"]
    (place.directory / "uv.lock").write_text('version = 1\nrequires-python = ">=3.9"\n')
    place.write("pyproject.toml", PROJECT.replace('"alpha<3"', ""))
    result = place.run("print(1)")
    assert result["end"] == "fault", result
    assert "uv.lock: it is not of the pyproject.toml beside it: run `uv lock`" in result["error"]


@pytest.fixture
def building(place, tmp_path):
    """The same with a lock whose `homemade` comes as a source only, and what builds it too."""
    place.index.add(package_index.buildable("tool", requires=["beta"]))
    made = package_index.buildable("homemade", requires=["alpha", "tool"], needs=["tool"], dynamic=["rich"])
    place.index.add(made)
    place.write("pyproject.toml", PROJECT.replace("alpha<3", "homemade"))
    place.lock()
    place.policy = support.policy_file(tmp_path, "building", builds="isolated")
    return place


BUILT = "import homemade, tool, alpha; print(homemade.version, tool.version, alpha.version)"


def test_what_a_lock_has_as_a_source_is_built_where_the_policy_lets_it(building):
    refused = building.run(BUILT)
    assert refused["end"] == "refused" and refused["exit_code"] == 126, refused
    assert '"builds": "isolated"' in refused["error"], refused
    built = building.run(BUILT, "--policy", building.policy)
    assert built["stdout"] == "1.0 1.0 1.0\n", built
    assert built["installed"] == ["alpha==1.0", "beta==1.5", "homemade==1.0", "tool==1.0"]
    asked = len(building.index.requests)
    again = building.run(BUILT, "--policy", building.policy)
    assert again["environment"] == {"key": built["environment"]["key"], "cached": True}
    assert len(building.index.requests) == asked
    assert building.names == ["pyproject.toml", "uv.lock"]


def test_another_source_than_the_locked_one_is_never_built(building):
    """Not even where it is first met as what a build needs: of that no lock knows a hash."""
    swapped = "raise SystemExit('a build of something else was started')"
    building.index.add(package_index.buildable("tool", prelude=swapped))
    building.index.add(package_index.buildable("homemade", needs=["tool"], prelude=swapped))
    result = building.run(BUILT, "--policy", building.policy)
    assert result["end"] == "fault", result
    assert "hash mismatch" in result["error"].lower(), result
    assert "was started" not in result["error"]
    assert not list((building.state / "gate/environments/local").iterdir())


def test_locks_that_lead_elsewhere_are_refused_by_name(place):
    place.lock()
    path = place.directory / "uv.lock"
    good = path.read_text()
    source = next(line for line in good.splitlines() if line.startswith("source = { registry"))
    for other in (
        'source = { git = "https://example.org/alpha?rev=main#0123456789012345678901234567890123456789" }',
        'source = { url = "https://example.org/alpha-1.0.tar.gz" }',
        'source = { directory = "../alpha" }',
    ):
        path.write_text(good.replace(source, other, 1))
        result = place.run(VERSIONS)
        assert result["end"] == "fault" and "uv.lock" in result["error"], result
        assert "alpha" in result["error"], result
    path.write_text("this is no lock\n")
    broken = place.run(VERSIONS)
    assert broken["end"] == "fault" and "uv.lock" in broken["error"], broken


@pytest.mark.parametrize(
    "more, named",
    [
        ('[[tool.uv.index]]\nurl = "https://example.org/simple"', "tool.uv.index"),
        ('[tool.uv.sources]\nalpha = { git = "https://example.org/alpha" }', "tool.uv.sources"),
        ('[tool.uv]\nfind-links = ["https://example.org/"]', "tool.uv.find-links"),
        ('[tool.uv]\nconstraint-dependencies = ["beta<1"]', "uv.lock"),
    ],
)
def test_keys_that_lead_elsewhere_are_refused_by_name(place, more, named):
    place.write("pyproject.toml", textwrap.dedent(PROJECT) + more + "\n")
    result = place.run(VERSIONS)
    assert result["end"] == "fault" and named in result["error"], result
    assert place.run("print(1)", "--no-uv")["stdout"] == "1\n"


def test_direct_references_are_refused_by_name(place):
    place.write("pyproject.toml", PROJECT.replace("alpha<3", "alpha @ https://example.org/a.whl"))
    result = place.run(VERSIONS)
    assert result["end"] == "fault", result["error"]
    assert "direct references" in result["error"] and "pyproject.toml" in result["error"]


def test_requires_python_chooses_and_refuses(place, run):
    found = run("run", "--python", "3.1", "-c", "").err.rsplit("found: ", 1)[1].split()
    minors = sorted({tuple(map(int, v.split(".")[:2])) for v in found if "rc" not in v})
    minors = [minor for minor in minors if minor >= (3, 9)]
    version = "{}.{}".format(*minors[0])
    place.write("pyproject.toml", PROJECT.replace(">=3.9", f"=={version}.*"))
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    result = place.run(code)
    assert result["stdout"] == version + "\n", result
    assert result["python_version_used"].startswith(version + ".")
    place.write("pyproject.toml", PROJECT.replace(">=3.9", f">{version}.99"))
    refused = place.run(code, "--python", version)
    assert refused["end"] == "fault" and "requires-python" in refused["error"]


def test_a_header_wins_and_a_file_of_tools_is_no_project(place):
    headed = place.run("# /// script\n# dependencies = ['rich']\n# ///\nimport rich; print(rich.version)")
    assert headed["installed"] == ["rich==1.0"]
    assert place.run("import rich")["exit_code"] == 1, "the project says all that is needed"
    place.write("pyproject.toml", "[tool.black]\nline-length = 100\n[[tool.uv.index]]\nurl = 'x'\n")
    inferred = place.run("import rich; print(rich.version)")
    assert inferred["stdout"] == "1.0\n", inferred
    place.write("pyproject.toml", "[project\n")
    broken = place.run("print(1)")
    assert broken["end"] == "fault" and "pyproject.toml" in broken["error"]


def test_what_is_asked_for_besides_is_there_too(place):
    code = "import alpha, rich; print(alpha.version, rich.version)"
    for _ in range(2):  # without and with a lock
        result = place.run(code, "--with", "rich")
        assert result["stdout"] == "1.0 1.0\n", result
        place.lock()
    # The hashes of the lock count beside it too, once uv has to fetch the file again.
    assert place._run("--state", place.state, "env", "prune", "--all").exit == 0
    name, _ = package_index.wheel("beta", "1.5")
    _, other = package_index.wheel("beta", "1.5", {"beta.py": "version = 'swapped'\n"})
    place.index.files["beta"][name] = other
    swapped = place.run(code, "--with", "rich>=1")
    assert swapped["end"] == "fault" and "hash" in swapped["error"].lower(), swapped


def test_offline_a_project_needs_what_was_made(place):
    refused = place.run(VERSIONS, "--offline")
    assert refused["end"] == "fault" and "offline" in refused["error"]
    place.run(VERSIONS)
    assert place.run(VERSIONS, "--offline")["stdout"] == "1.0 1.5\n"


def test_over_the_protocol(place, serve):
    place.write("script.py", VERSIONS)
    client = serve(
        "--root", place.directory, "--state", place.state,
        env={**place.env, "SMART_ASYNC_TIMEOUT_SECONDS": "0"},
    )

    numbers = itertools.count(1)

    def call(tool, **arguments):
        return client.call(next(numbers), tool, **arguments)["structuredContent"]

    inside = call("py_run_script_in_dir", directory=str(place.directory), script_path="script.py")
    assert inside["stdout"] == "1.0 1.5\n", inside
    bare = call("py_run_script_in_dir", directory=str(place.directory), script_path="script.py", use_uv=False)
    assert bare["exit_code"] == 1, bare
    tool = "py_run_script_with_dependencies"
    ignored = call(tool, script_path="script.py", python_version=None)
    assert ignored["exit_code"] == 1, ignored
    heeded = call(tool, script_path="script.py", python_version=None, ignore_project_requirements=False)
    assert heeded["stdout"] == "1.0 1.5\n", heeded
