# SPDX-License-Identifier: Apache-2.0
"""cordon env make: what a run will ask for is there before it."""

import package_index
import pytest
import support


@pytest.fixture
def index():
    with package_index.serving(
        package_index.wheel("alpha", requires=["beta"]),
        package_index.wheel("beta", "1.5"),
        package_index.wheel("pyyaml", "6.1", {"yaml.py": "version = 'from the index'\n"}),
        package_index.source("reqeusts"),
    ) as index:
        yield index


@pytest.fixture
def cordon_there(run, index):
    """cordon_there(*WORDS): with an index of its own, which is part of every key."""
    return lambda *words, **more: run(*words, env=index.env, **more)


@pytest.fixture
def make(cordon_there):
    """make(*OPTIONS) -> the key of what was made, and what is in it."""

    def make(*options):
        result = cordon_there("env", "make", *options)
        assert (result.exit, result.err) == (0, ""), result
        head, *packages = result.out.splitlines()
        return head.split()[0], [package.strip() for package in packages]

    return make


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


HEADED = "# /// script\n# dependencies = ['beta']\n# ///\nimport beta; print(beta.version)\n"
PROJECT = "[project]\nname = 'mine'\nversion = '1'\ndependencies = ['alpha']\n"


def test_a_run_finds_what_was_made_for_it(make, cordon_there, index, workspace):
    write(workspace / "pyproject.toml", PROJECT)
    headed = write(workspace.parent / "headed.py", HEADED)
    importing = write(workspace.parent / "importing.py", "import yaml; print(yaml.version)\n")
    inside = write(workspace / "inside.py", "import alpha; print(alpha.version)\n")
    both = ["alpha==1.0", "beta==1.5"]
    cases = (
        (("--with", "alpha"), ("--with", "alpha", headed.parent / "bare.py"), both),
        (("--script", headed), (headed,), ["beta==1.5"]),
        (("--script", importing), (importing,), ["pyyaml==6.1"]),
        (("--directory", workspace, "--script", inside), ("--directory", workspace, inside), both),
    )
    write(headed.parent / "bare.py", "import alpha; print(alpha.version)\n")
    keys = {options: make(*options) for options, _, _ in cases}
    asked = len(index.seen)
    for options, words, packages in cases:
        key, made = keys[options]
        assert made == packages, options
        result = cordon_there("run", "--offline", "--json", *words).json()
        assert result["environment"] == {"key": key, "cached": True}, (options, result)
        assert result["exit_code"] == 0, result
    assert len(index.seen) == asked
    assert sorted(path.name for path in workspace.iterdir()) == ["inside.py", "pyproject.toml"]


def test_the_policy_counts(make, cordon_there, index, tmp_path):
    index.add(package_index.buildable("homemade"))
    building = support.policy_file(tmp_path, "building", builds="isolated", infer="off")
    refused = cordon_there("env", "make", "--with", "homemade")
    assert refused.exit == 126 and '"builds": "isolated"' in refused.err
    key, packages = make("--policy", building, "--with", "homemade")
    assert packages == ["homemade==1.0"]
    run = cordon_there("run", "--json", "--policy", building, "--with", "homemade", "-c", "import homemade")
    assert run.json()["environment"] == {"key": key, "cached": True}
    importing = write(tmp_path / "importing.py", "import yaml\n")
    nothing = cordon_there("env", "make", "--policy", building, "--script", importing)
    assert (nothing.exit, nothing.out) == (0, "")
    hint, last = nothing.err.splitlines()
    assert "import yaml: the project PyYAML" in hint and "no environment is needed" in last


def test_made_anew_or_taken_as_it_is(make, cordon_there, index):
    key, _ = make("--with", "beta")
    assert cordon_there("env", "make", "--with", "beta").out.startswith(f"{key}  was there\n")
    index.add(package_index.wheel("beta", "1.6"))
    assert make("--with", "beta", "--offline") == (key, ["beta==1.5"])
    assert make("--with", "beta", "--refresh") == (key, ["beta==1.6"])


def test_uvs_own_switch_is_heeded(run, index):
    result = run("env", "make", "--with", "beta", env={**index.env, "UV_OFFLINE": "1"})
    assert result.exit == 125 and "offline (configuration uv.offline or UV_OFFLINE)" in result.err
    assert index.seen == []


def test_what_is_inferred_must_be_there(cordon_there, index, tmp_path):
    """A run may do without it; who makes an environment for it may not."""
    script = write(tmp_path / "script.py", "import zeep\n")
    for _ in range(2):  # and is tried again at once
        asked = len(index.seen)
        result = cordon_there("env", "make", "--script", script)
        assert result.exit == 125 and "zeep was not found" in result.err, result
        assert len(index.seen) > asked


@pytest.mark.parametrize(
    ("words", "exit", "line"),
    [
        ((), 125, "nothing is asked for"),
        (("beta",), 125, "beta is no option: name requirements with --with"),
        (("--with",), 125, "--with needs a value: REQUIREMENT"),
        (("--all",), 125, "--all is an option of another word"),
        (("--frobnicate",), 125, "unknown option --frobnicate"),
        (("--script", "/no/such.py"), 127, "script /no/such.py: No such file or directory"),
        (("--directory", "/no/such"), 125, "--directory /no/such: No such file or directory"),
        (("--directory", "/etc/passwd"), 125, "--directory /etc/passwd: Not a directory"),
        (("--with", "beta", "--policy", "nosuch"), 125, 'no policy is named "nosuch"'),
        (("--with", "beta", "--python", "2.7"), 125, "python 2.7 is not on this host; found: "),
        (("--with", "beta", "--offline"), 125, "offline: there is no environment"),
        (("--with", "beta @ https://example.org/b.whl"), 125, "direct references"),
    ],
)
def test_what_is_wrong_is_one_line(cordon_there, words, exit, line):
    result = cordon_there("env", "make", *words)
    assert result.exit == exit and result.out == "", result
    assert len(result.err.splitlines()) == 1 and result.err.startswith("cordon: env make: "), result
    assert line in result.err
