# SPDX-License-Identifier: Apache-2.0
"""From imports to packages: what is known is installed, nothing else ever is."""

import subprocess
import sysconfig
import textwrap

import package_index
import pytest
import verify_infer_table


@pytest.fixture
def index():
    with package_index.serving(
        package_index.wheel("pyyaml", "6.1", {"yaml.py": "version = 'from the index'\n"}),
        package_index.wheel("rich"),
        package_index.wheel("reqeusts"),
    ) as index:
        yield index


@pytest.fixture
def place(index, tmp_path):
    """Environment variables and options under which only this index is known."""
    return index.env, ("--state", tmp_path / "state")


@pytest.fixture
def infer(run, place):
    """infer(CODE, *OPTIONS) -> the result object of that code."""
    env, options = place

    def infer(code, *more):
        words = ("run", *options, "--json", *more, "-c", textwrap.dedent(code))
        return run(*words, env=env).json()

    return infer


def test_a_known_import_is_installed(infer):
    result = infer("import yaml; print(yaml.version)")
    assert result["stdout"] == "from the index\n", result
    assert result["resolved_dependencies"] == ["PyYAML"]
    assert result["installed"] == ["pyyaml==6.1"]
    again = infer("def f():\n    from yaml import version\n    print(version)\nf()")
    assert again["stdout"] == "from the index\n"
    assert again["environment"] == {"key": result["environment"]["key"], "cached": True}


def test_a_misspelt_import_installs_nothing(infer, index):
    """The index even has a project of that name: whoever registered it waits for this."""
    result = infer("import reqeusts")
    assert result["exit_code"] == 1
    assert "resolved_dependencies" not in result and result["environment"]["key"] is None
    last = result["stderr"].splitlines()[-1]
    assert last.startswith("cordon: import reqeusts: ")
    assert "--with PROJECT" in last and "PEP 723" in last and "dependencies" in last
    assert index.seen == []


def test_the_hint_is_one_line_at_the_terminal(python):
    result = python("import reqeusts")
    ours = [line for line in result.err.splitlines() if line.startswith("cordon: ")]
    assert len(ours) == 1 and "import reqeusts" in ours[0]
    quiet = python("try:\n    import reqeusts\nexcept ImportError:\n    print(1)")
    assert (quiet.out, quiet.err) == ("1\n", "")


def test_imports_in_strings_and_comments_are_none(infer, index):
    code = """
        # import yaml
        '''
        import yaml
        '''
        print(f"{'import yaml'}")
    """
    assert infer(code)["stdout"] == "import yaml\n"
    assert index.seen == []


def test_what_is_asked_for_and_what_is_inferred_are_there_together(infer):
    result = infer("import yaml, rich; print(yaml.version, rich.version)", "--with", "pyyaml<7")
    assert result["stdout"] == "from the index 1.0\n", result
    assert result["resolved_dependencies"] == ["pyyaml<7", "rich"]


def test_a_header_that_lists_dependencies_means_all_of_them(infer):
    listed = infer("# /// script\n# dependencies = ['rich']\n# ///\nimport yaml")
    assert listed["installed"] == ["rich==1.0"]
    assert "import yaml: the project PyYAML" in listed["stderr"]
    silent = infer("# /// script\n# requires-python = '>=3.9'\n# ///\nimport yaml; print(1)")
    assert silent["stdout"] == "1\n", silent


def test_modules_of_the_directory_are_its_own(infer, workspace, index):
    (workspace / "yaml.py").write_text("version = 'my own'\n")
    (workspace / "src").mkdir()
    (workspace / "src" / "rich.py").write_text("")
    result = infer("import yaml; print(yaml.version)", "--directory", workspace)
    assert result["stdout"] == "my own\n", result
    assert infer("import rich", "--directory", workspace)["exit_code"] == 1
    assert index.seen == []


def test_a_neighbour_that_is_not_shown_is_no_project(run, place, index, tmp_path):
    env, options = place
    (tmp_path / "treelib.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text("import treelib")
    result = run("run", *options, script, env=env)
    assert f"--directory {tmp_path}" in result.err.splitlines()[-1]
    assert index.seen == []


def test_a_policy_switches_it_off(infer, index):
    result = infer("import treelib", "--policy", "strict")
    assert result["exit_code"] == 1 and result["environment"]["key"] is None
    assert "the project treelib has it" in result["stderr"]
    assert infer("import treelib", "--no-uv")["exit_code"] == 1
    assert index.seen == []


def test_a_script_that_can_do_without_runs_where_nothing_can_be_installed(infer, index):
    code = """
        try:
            import zeep
        except ImportError:
            print('without')
    """
    assert infer(code)["stdout"] == "without\n"
    assert infer(code, "--offline")["stdout"] == "without\n"
    failed = infer("import zeep")
    assert failed["end"] == "exited" and failed["exit_code"] == 1
    assert "import zeep: zeep could not be installed: " in failed["stderr"]


def test_what_failed_is_not_tried_again_at_once(infer, index):
    code = "import zeep"
    first = infer(code)
    asked = len(index.seen)
    assert asked > 0
    again = infer(code)
    assert len(index.seen) == asked
    assert first["stderr"] == again["stderr"] and "not found" in again["stderr"]
    index.add(package_index.wheel("zeep"))
    assert infer(code, "--refresh")["exit_code"] == 0
    made = infer(code)  # an environment that is there counts more than an old failure
    assert made["exit_code"] == 0 and made["environment"]["cached"] is True


def test_rows_of_the_table_are_true_of_the_packages_here():
    if not verify_infer_table.TABLE.exists():
        pytest.skip("the table is not here")
    assert len(verify_infer_table.rows()) > 250
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    good, wrong = verify_infer_table.judge(places)
    assert wrong == [] and "pytest" in good


# --- the standard library -----------------------------------------------------------------------

EVERYTHING = """
import contextlib, importlib, io, os, pkgutil, sys
names = getattr(sys, 'stdlib_module_names', None)
if names is None:  # before 3.10
    library = os.path.dirname(os.__file__)
    names = set(sys.builtin_module_names)
    names.update(m.name for m in pkgutil.iter_modules([library, library + '/lib-dynload']))
names = sorted(n for n in names if n.isidentifier() and n not in ('this', 'antigravity'))
names = [n for n in names if n in sys.argv[1:] or not sys.argv[1:]]
failed = []
for name in names:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            importlib.import_module(name)
    except Exception:
        failed.append(name)
print(os.path.realpath(sys.executable), ' '.join(names), ' '.join(failed), sep='\\n')
"""


def pythons(run):
    """Versions that a box can have, one of each minor from 3.8 on."""
    found = run("run", "--python", "3.1", "-c", "").err.rsplit("found: ", 1)[1].split()
    minors = {int(version.split(".")[1]) for version in found if version.startswith("3.")}
    return [f"3.{minor}" for minor in sorted(minors) if minor >= 8]


def test_every_module_of_every_library_is_imported_and_leads_to_no_install(run, infer, index):
    """Runners that skip a list of names try to install `random`, or whoever registered that name."""
    assert pythons(run)
    for version in pythons(run):
        result = run("run", "--python", version, "-c", EVERYTHING)
        program, names, failed = (line.split() for line in result.out.split("\n")[:3])
        assert {"random", "csv", "hashlib", "argparse"} < set(names) and len(names) > 200, result
        # What this machine's Python was built without is not there outside either.
        outside = subprocess.run([*program, "-c", EVERYTHING, *failed], capture_output=True, text=True)
        assert not failed or outside.stdout.split("\n")[2].split() == failed, (version, outside)
        # A frame has room for so many names: IMPORTS_MAX.
        for part in (names[:200], names[200:]):
            lines = "".join(f"    import {name}\n" for name in part)
            code = f"def never():\n{lines}\nimport nosuchmodule"
            result = infer(code, "--python", version)
            assert result["exit_code"] == 1
            assert "import nosuchmodule: " in result["stderr"], result
            assert result["environment"]["key"] is None, (version, result)
    assert index.seen == []


PUBLIC = ["random", "csv", "hashlib", "argparse", "tempfile", "base64", "sqlite3", "string", "zipfile"]


def test_modules_of_the_library_that_people_use(serve, tmp_path):
    client = serve("--root", tmp_path, env={"SMART_ASYNC_TIMEOUT_SECONDS": "0"})
    code = "import " + ", ".join(PUBLIC) + "; print(random.__name__)"
    for number, (tool, more) in enumerate((
        ("py_run_script_in_dir", {"directory": str(tmp_path)}),
        ("py_run_script_with_dependencies", {}),
    ), 1):
        answer = client.call(number, tool, script_content=code, **more)["structuredContent"]
        assert answer["stdout"] == "random\n", answer
        assert answer["environment"]["key"] is None


# --- the real index -----------------------------------------------------------------------------


def test_imports_whose_projects_are_called_otherwise(serve, tmp_path):
    client = serve("--root", tmp_path, env={"SMART_ASYNC_TIMEOUT_SECONDS": "0"})
    few = {"yaml": "pyyaml", "bs4": "beautifulsoup4", "google.protobuf": "protobuf"}
    all_of_them = {**few, "PIL": "pillow", "sklearn": "scikit-learn"}
    for number, (tool, imports, more) in enumerate((
        ("py_run_script_in_dir", all_of_them, {"directory": str(tmp_path)}),
        ("py_run_script_with_dependencies", few, {"dependencies": ["beautifulsoup4"]}),
    ), 1):
        code = f"import {', '.join(imports)}; print(yaml.safe_load('[1]'))"
        arguments = {"script_content": code, "timeout_seconds": 0, **more}
        answer = client.call(number, tool, timeout=600, **arguments)["structuredContent"]
        assert answer["stdout"] == "[1]\n", answer
        names = set(imports.values())
        assert {name.lower() for name in answer["resolved_dependencies"]} == names
        assert names <= {line.split("==")[0].lower() for line in answer["installed"]}
        assert answer["python_version_used"].startswith("3.")


def test_off_is_off_for_a_client_too(serve, tmp_path):
    client = serve("--root", tmp_path, env={"SMART_ASYNC_TIMEOUT_SECONDS": "0"})
    for number, (tool, name, more) in enumerate((
        ("py_run_script_in_dir", "auto_install_deps", {"directory": str(tmp_path)}),
        ("py_run_script_with_dependencies", "auto_parse_imports", {}),
    ), 1):
        arguments = {"script_content": "import treelib", name: False, **more}
        answer = client.call(number, tool, **arguments)["structuredContent"]
        assert answer["exit_code"] == 1 and "resolved_dependencies" not in answer
