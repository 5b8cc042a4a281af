# SPDX-License-Identifier: Apache-2.0
"""What must still work in a box works in one that waited, and in one that was forked."""

import json
import os
import shutil

import pytest
import support
from test_box import USEFUL, wishes
from test_pool import run, started, until

STARTS = ("pool", "fork")

# What leans on how its process came to be; FULL=1 tries all of them.
TOUCHY = (
    "callbacks_from_c child_on_a_terminal descriptors_passed_on event_loop executors "
    "inherited_descriptors log_files lower_limits names own_home process_groups programs_made_of_modules "
    "shared_memory signals signals_of_children subprocesses temporary_files threads timers unit_tests"
).split()


def tried():
    for program in USEFUL:
        for start in STARTS:
            if os.environ.get("FULL") or (program.stem in TOUCHY and not wishes(program)[0]):
                yield pytest.param(program, start, id=f"{program.stem}-{start}")


@pytest.fixture(scope="module")
def client(cordon, tmp_path_factory):
    base = tmp_path_factory.mktemp("useful")
    place, policies = base / "place", base / "policies"
    place.mkdir()
    policies.mkdir()
    for start in STARTS:
        support.policy_file(policies, f"by-{start}", start=start)
    configuration = base / "config.json"
    configuration.write_text(json.dumps({"client_policies": [f"by-{start}" for start in STARTS]}))
    command = [cordon, "serve", "--root", str(place), "--policies", str(policies)]
    environment = support.clean_environment(
        CORDON_STATE=str(base / "state"), SMART_ASYNC_TIMEOUT_SECONDS="0"
    )
    client = support.RawClient(
        [*command, "--config", str(configuration)], environment, str(place)
    )
    client.initialize()
    client.place, client.number = place, 0
    yield client
    client.close()


def test_the_list_names_programs_that_are_there():
    assert set(TOUCHY) <= {program.stem for program in USEFUL}


@pytest.mark.parametrize("program, start", list(tried()))
def test_useful_work(program, start, client):
    packages, directory = wishes(program)
    tool = "py_run_script_in_dir" if directory else "py_run_script_with_dependencies"
    more = {"policy": f"by-{start}", **({"dependencies": packages} if packages else {})}

    def attempt():
        for left in client.place.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        result = run(client, program.read_text(), tool, **more)
        # What has packages is never forked.
        return result if started(result) == "on" or (packages and start == "fork") else None

    result = until(attempt)
    if result["exit_code"] == 1 and result["stderr"].startswith("skip: "):
        pytest.skip(result["stderr"].strip().removeprefix("skip: "))
    assert (result["exit_code"], result["stdout"]) == (0, "190\n"), result["stderr"]
