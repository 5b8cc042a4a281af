# SPDX-License-Identifier: Apache-2.0
"""What went wrong in the server that cordon takes over: each fault, and the tests that it stays away.

FAULTS names them; what is below it are those that no other file has a place for."""

import os
import re
from pathlib import Path

import pytest
import support
from jobs import IN_DIR, JobClient

FAULTS = {
    "a job whose status is asked for while it runs never ends in the records": [
        "test_jobs.py::test_polling_a_job_does_not_keep_it_from_ending",
    ],
    "each question for what is new brings everything again": [
        "test_job_output.py::test_what_is_new_is_told_once_and_whole",
        "test_job_output.py::test_any_number_of_readers_each_read_everything",
    ],
    "a job that is called cancelled goes on, with uv and without": [
        "test_jobs.py::test_cancelling_kills_everything_before_it_answers",
        "test_old_faults.py::test_cancelled_is_dead_with_uv_and_without",
    ],
    "scripts and their children outlive the server, and calls that were given up are answered": [
        "test_jobs.py::test_a_server_that_ends_takes_its_jobs_along_and_their_output_stays",
        "test_jobs.py::test_giving_up_a_call_ends_its_job_and_leaving_it_does_not",
    ],
    "a server that starts calls the jobs of another failed, and of two servers' jobs half are lost": [
        "test_jobs.py::test_two_servers_see_and_cancel_each_others_jobs",
        "test_jobs.py::test_no_job_of_two_servers_is_lost",
        "test_shared_state.py::test_every_job_is_in_the_store_with_its_end_and_its_output",
    ],
    "records that are damaged are dropped and overwritten, and each line of output writes all anew": [
        "test_state.py::test_a_damaged_database_is_told_and_left_alone",
        "test_output.py::test_many_jobs_that_print_many_lines",
        "test_job_output.py::test_a_flood_in_the_background_costs_the_server_nothing",
    ],
    "a line of more than 64 KiB fails a job and leaves it running": [
        "test_job_output.py::test_long_lines_and_much_output_are_read_in_bounded_parts",
    ],
    "a time limit ends uv and not the script, and no script that has children or much to say": [
        "test_old_faults.py::test_a_time_limit_ends_whatever_it_falls_on",
        "test_jobs.py::test_a_limit_ends_a_job_and_its_output_stays",
    ],
    "what was printed before a time limit is lost, and detached children live on": [
        "test_mcp.py::test_output_before_a_limit_is_kept",
        "test_old_faults.py::test_a_time_limit_ends_whatever_it_falls_on",
    ],
    "bytes that are no UTF-8 lose all output, and a signal has another exit status without uv": [
        "test_mcp.py::test_bytes_that_are_not_utf8_do_not_lose_the_rest",
        "test_output.py::test_any_bytes_fit_a_reply",
        "test_old_faults.py::test_a_signal_has_one_exit_status",
    ],
    "no benchmark works; it blocks the server, has no time limit, hangs at much output, measures uv": [
        "test_takeover.py::test_a_benchmark_measures_the_script",
        "test_job_output.py::test_a_benchmark_measures_the_script_alone",
        "test_job_output.py::test_a_benchmark_in_the_background_is_a_job_like_any_other",
        "test_bench.py::test_errors_are_results_and_long_ones_block_nothing",
    ],
    "`import random` installs whatever is called so, and `import yaml` finds nothing": [
        "test_infer.py::test_every_module_of_every_library_is_imported_and_leads_to_no_install",
        "test_infer.py::test_modules_of_the_library_that_people_use",
        "test_infer.py::test_imports_whose_projects_are_called_otherwise",
        "test_infer.py::test_a_misspelt_import_installs_nothing",
    ],
    "requires-python is never read, versions match by their beginning, what cannot be is accepted": [
        "test_projects.py::test_requires_python_chooses_and_refuses",
        "test_mcp.py::test_bad_input_is_one_clear_line",
        "test_mcp.py::test_only_directories_beneath_a_root_can_be_named",
        "test_old_faults.py::test_what_cannot_be_is_refused_and_leaves_nothing",
    ],
    "the output of a job as a resource is always an error": [
        "test_takeover.py::test_the_output_of_a_job_is_a_resource",
        "test_job_output.py::test_the_stream_of_a_job_is_read_while_it_runs_and_afterwards",
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_tests(fault):
    for place in FAULTS[fault]:
        file, name = place.split("::")
        text = Path(__file__).with_name(file).read_text()
        assert re.search(rf"^def {name}\(", text, re.M), f"{place} is not there any more"


@pytest.fixture
def client(serve, tmp_path):
    return JobClient(serve("--root", tmp_path, env={"SMART_ASYNC_TIMEOUT_SECONDS": "0"}))


# Each holds the pipe, or would never fall silent, or stay in its group.
LASTING = {
    "quiet": "time.sleep(600)",
    "child on the pipe": "subprocess.run(['sleep', MARK])",
    "detached": "subprocess.Popen(['sleep', MARK], start_new_session=True); time.sleep(600)",
    "endless": "\nwhile True: print('y' * 1000)",
    "deaf": "\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(600)",
}


def results_of_all_at_once(client, directory, seconds, mark):
    """(kind, use_uv) -> the result of each under that limit."""
    head = f"import signal, subprocess, time; MARK = '{mark}'; print('early'); "
    calls = {(kind, uv): next(client.numbers) for kind in LASTING for uv in (True, False)}
    for (kind, uv), number in calls.items():
        words = {"directory": str(directory), "use_uv": uv, "timeout_seconds": seconds}
        client.raw.start_call(number, IN_DIR, script_content=head + LASTING[kind], **words)
    return {
        call: client.raw.reply(number, 120)["result"]["structuredContent"]
        for call, number in calls.items()
    }


def test_a_time_limit_ends_whatever_it_falls_on(client, tmp_path):
    mark = f"{600 + os.getpid()}.5"
    for seconds in (1, 20):
        results = results_of_all_at_once(client, tmp_path, seconds, mark)
        # A busy machine may not even have started all of them in a second.
        if all(result["stdout"].startswith("early\n") for result in results.values()):
            break
    for call, result in results.items():
        assert (result["end"], result["exit_code"]) == ("wall", 124), (call, result["error"])
        assert result["stdout"].startswith("early\n"), call
        assert result["stderr"].endswith(f"[TIMEOUT] wall limit of {seconds} s reached\n"), call
    assert not support.alive(mark)


def test_a_signal_has_one_exit_status(client, tmp_path):
    code = "import os, signal; print('x', flush=True); os.kill(os.getpid(), signal.SIGSEGV)"
    for uv in (True, False):
        result = client.call(IN_DIR, directory=str(tmp_path), script_content=code, use_uv=uv)
        assert (result["end"], result["signal"], result["exit_code"]) == ("signalled", "SIGSEGV", 139)
        assert result["execution_strategy"] == ("uv-run" if uv else "system-python")


def test_cancelled_is_dead_with_uv_and_without(client, tmp_path):
    mark = f"{600 + os.getpid()}.25"
    code = f"import subprocess; subprocess.run(['sleep', '{mark}'])"
    for uv in (True, False):
        job = client.start(code, IN_DIR, directory=str(tmp_path), use_uv=uv)
        support.soon(lambda: support.alive(mark), 60)
        assert client.call("py_cancel_job", job_id=job) == {"job_id": job, "status": "cancelled"}
        assert not support.alive(mark)


def test_what_cannot_be_is_refused_and_leaves_nothing(client, tmp_path, at_home):
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "x.py").write_text("print('above')")
    (at_home / "secrets.env").write_text("A=1\n")
    inside = {"directory": str(project)}
    for arguments, words in (
        ({"script_content": "1", "script_path": "../x.py"}, "script_path"),
        ({"script_path": "../x.py"}, "script_path"),
        ({"script_content": "1", "env_file": str(at_home / "secrets.env")}, "env_file"),
        ({"script_content": "1", "env_file": "/proc/self/environ"}, "env_file"),
        ({"script_content": "1", "timeout_seconds": -5}, "timeout_seconds"),
        ({"script_content": "1", "python_version": "3.1"}, "found: "),
    ):
        assert words in client.error(IN_DIR, **inside, **arguments), arguments
    assert "limit" in client.error("py_list_jobs", limit=-1)
    assert client.call(IN_DIR, **inside, script_content="print(1)")["stdout"] == "1\n"
    assert list(project.iterdir()) == []
