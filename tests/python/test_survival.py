# SPDX-License-Identifier: Apache-2.0
"""Runs that are killed, stopped or robbed of their disk go on as if nothing had happened."""

import ctypes
import errno
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import programs
import pytest
from programs import one_line_error, settings
from safetensors import safe_open

STOPPED, DATA, USAGE, KILLED = 4, 3, 2, -signal.SIGKILL
FAULTS = Path(os.environ.get("SANAS_BINARY_DIR", "missing")) / "bin" / "libsanas_faults.so"
SMALL = {
    "search.saliency.count": 2,
    "threads": 1,
    "dataset.workers": 1,
    "supernet.channels": 2,
    "supernet.cells": 3,
    "supernet.nodes": 1,
    "attack.steps": 1,
    "search.batch_size": 2,
    "search.epochs": 4,
    "search.report_every": 1,
    "search.update_every.architecture": 2,
    "evaluation.channels": 2,
    "evaluation.cells": 3,
    "evaluation.batch_size": 4,
    "evaluation.epochs": 4,
    "evaluation.report_every": 1,
    "checkpoint.every_steps": 1,
}
SEARCH = ("sanas_search", "--config")
TRAINING = ("sanas_eval", "--config", "cifar10_darts2nd", "--genotype", "DARTS_V2")
HOST = {"search.epochs": 2, "search.architecture.start_epoch": 0}
# Command lines, with what they need besides to be small.
PROGRAMS = {
    "pdarts": (
        (*SEARCH, "cifar10_pdarts"),
        HOST | {"search.epochs": 1, "supernet.pdarts.added_cells": [0, 1, 2]},
    ),
    "pcdarts": ((*SEARCH, "cifar10_pcdarts"), HOST | {"supernet.channels": 4}),
    "prdarts": ((*SEARCH, "cifar10_prdarts"), HOST),
    "gammas": (
        (*SEARCH, "cifar10_darts2nd", "--tune-gamma", "--gammas", "0.5,2"),
        {"evaluation.epochs": 3, "dataset.holdout": 0.5},
    ),
    "seeds": ((*TRAINING, "--seeds", "0,1"), {"evaluation.epochs": 3}),
    "random": (
        (*SEARCH, "cifar10_darts2nd", "--strategy", "random"),
        {"search.random.candidates": 2, "search.random.epochs": 1},
    ),
    "two_networks": (TRAINING, {"evaluation.epochs": 2, "evaluation.inference": "two_networks"}),
    # It ends within an epoch, with all that only some searches have.
    "persistent": (
        (*SEARCH, "cifar10_darts2nd"),
        HOST
        | {
            "search.max_steps": 8,
            "attack.persistent": "true",
            "attack.steps": 2,
            "search.eigenvalue.every": 1,
            "search.eigenvalue.stop": "true",
        },
    ),
    "training": (TRAINING, {}),
}
OF_SEVERAL_PARTS = ["pdarts", "gammas", "seeds"]  # stages or runs


class Run:
    """A program's command line, and the process that runs it in a folder."""

    def __init__(self, name, *arguments):
        self.name = name
        self.command = [programs.program(name), *map(str, arguments), "--quiet", *settings(SMALL)]

    def start(self, out, **options):
        resume = ["--resume"] if any(out.rglob("config.yaml")) else []
        return subprocess.Popen(
            [*self.command, "--out", out, *resume],
            cwd=programs.SOURCE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def finish(self, out, **options):
        with self.start(out, **options) as process:
            _, errors = process.communicate(timeout=600)
        return subprocess.CompletedProcess(self.command, process.returncode, "", errors)


def small_search(cifar10):
    return Run("sanas_search", "--config", "cifar10_darts1st", "--data", cifar10)


@pytest.fixture(scope="module", name="cifar10")
def cifar10_folder(tmp_path_factory):
    return programs.write_cifar10(tmp_path_factory.mktemp("data") / "cifar10", train=24, test=8)


@pytest.fixture(name="search")
def search_program(cifar10):
    return small_search(cifar10)


@pytest.fixture(scope="module", name="whole_search")
def uninterrupted_search(cifar10, tmp_path_factory):
    """The run folder of a search that nobody disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    result = small_search(cifar10).finish(out)
    assert result.returncode == 0, result.stderr
    return out


def small_program(name, cifar10):
    command, changes = PROGRAMS[name]
    program = Run(*command, "--data", cifar10)
    program.command += settings(changes)
    return program


@pytest.fixture(name="evaluate")
def evaluation_program(cifar10):
    return small_program("training", cifar10)


@pytest.fixture(scope="module", name="undisturbed")
def undisturbed_program(request, cifar10, tmp_path_factory):
    """One of PROGRAMS, and what it leaves where nobody disturbs it."""
    program = small_program(request.param, cifar10)
    whole = tmp_path_factory.mktemp(request.param) / "run"
    result = program.finish(whole)
    assert result.returncode == 0, result.stderr
    return program, whole


def metrics(file):
    """The lines of metrics.jsonl without what no two runs share: times, and memory in use."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [{k: v for k, v in line.items() if not re.search("seconds|memory", k)} for line in lines]


def progress(out):
    """How far a program has got: lines in metrics.jsonl, of all its runs."""
    return sum(file.read_bytes().count(b"\n") for file in out.rglob("metrics.jsonl"))


def files_of(folder):
    """Name and content of every file; of metrics.jsonl without times; without logs and the lock."""
    contents = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in ("log.txt", ".lock", "metrics.jsonl", "sessions.jsonl")
        and not path.name.startswith("events.") and path.name != "report.html"
    }
    return contents | {
        str(path.relative_to(folder)): metrics(path) for path in folder.rglob("metrics.jsonl")
    }


def assert_same_files(folder, expected):
    found, wanted = files_of(folder), files_of(expected)
    assert found.keys() == wanted.keys()
    assert not [name for name in wanted if found[name] != wanted[name]]


def assert_checkpoints_are_whole(folder):
    """Each can be read, by a reader that is not ours."""
    for file in folder.rglob("checkpoints/*.safetensors"):
        with safe_open(file, "pt") as checkpoint:
            assert [checkpoint.get_tensor(key) for key in checkpoint.keys()]


def kill_at_random_moments(program, out, whole, moments, seed, pace=1):
    """Kills a run that often while it works, goes on each time, and compares the result.

    In between it gets 1 to `pace` lines further. Returns how many there were at each kill.
    """
    chance = random.Random(seed)
    killed = []
    while len(killed) < moments:
        # It is at work when there are more lines: they get fewer first, then they grow.
        with program.start(out) as process:
            wait_for(has_steps(out, progress(out) + chance.randint(1, pace)), process)
            time.sleep(chance.uniform(0.0, 0.02))  # some steps
            process.kill()
        if process.returncode != KILLED:
            assert process.returncode == 0
            break
        assert_checkpoints_are_whole(out)
        killed.append(progress(out))
    result = program.finish(out)
    assert result.returncode == 0, result.stderr
    assert_same_files(out, whole)
    return killed


def test_a_search_that_is_killed_again_and_again_ends_alike(search, whole_search, tmp_path):
    assert len(kill_at_random_moments(search, tmp_path / "out", whole_search, 20, seed=1)) >= 15


def test_a_training_that_is_killed_again_and_again_ends_alike(evaluate, tmp_path):
    out, whole = tmp_path / "out", tmp_path / "whole"
    assert evaluate.finish(whole).returncode == 0
    assert len(kill_at_random_moments(evaluate, out, whole, 20, seed=2)) >= 10


OTHERS = ["pcdarts", "prdarts", "random", "two_networks", "persistent"]


@pytest.mark.parametrize("undisturbed", [*OF_SEVERAL_PARTS, *OTHERS], indirect=True)
def test_a_program_that_is_killed_all_along_ends_alike(undisturbed, tmp_path):
    """In every part: the kills go on until it has ended in spite of them."""
    program, whole = undisturbed
    lines = progress(whole)
    killed = kill_at_random_moments(program, tmp_path / "out", whole, lines, 3, pace=1 + lines // 8)
    assert min(killed) < lines / 2 < max(killed)  # the second half is another stage, γ or seed


def wait_for(condition, process=None, seconds=600):
    """Waits until the condition holds, or the process has ended."""
    end = time.monotonic() + seconds
    while not condition() and (process is None or process.poll() is None):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


def has_steps(out, count=1):
    return lambda: progress(out) >= count


def steps_of_last_checkpoint(out):
    with safe_open(out / "checkpoints" / "last.safetensors", "pt") as checkpoint:
        return int(checkpoint.metadata()["step"])


# Signals ----------------------------------------------------------------------------------------

ON_REQUEST = settings(
    {"checkpoint.every_steps": 0, "checkpoint.every_minutes": 0, "checkpoint.keep": 1}
)


@pytest.mark.parametrize("program", ["search", "evaluate"])
def test_a_requested_checkpoint_changes_nothing(program, request, tmp_path):
    """SIGUSR1 saves and goes on."""
    program, out, whole = request.getfixturevalue(program), tmp_path / "out", tmp_path / "whole"
    program.command += ON_REQUEST
    assert program.finish(whole).returncode == 0
    saved = out / "checkpoints" / "last.safetensors"
    with program.start(out) as process:
        wait_for(has_steps(out), process)
        process.send_signal(signal.SIGUSR1)
        wait_for(saved.exists, process)
        first = steps_of_last_checkpoint(out)
    assert process.returncode == 0
    assert 0 < first < 6  # within the first epoch, at whose end there would be one anyway
    assert_same_files(out, whole)


@pytest.mark.parametrize("undisturbed", [*OF_SEVERAL_PARTS, "training"], indirect=True)
def test_a_program_that_is_asked_to_end_says_how_to_go_on(undisturbed, tmp_path):
    """By SIGTERM, half-way: where there are several parts, not in the first."""
    (program, whole), out = undisturbed, tmp_path / "out"
    with program.start(out) as process:
        wait_for(has_steps(out, progress(whole) // 2 + 1), process)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=600)
    assert process.returncode == STOPPED, errors
    lines = [line for line in errors.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1 and f"--out {out} --resume" in lines[0], errors
    assert progress(out) < progress(whole)
    result = program.finish(out)
    assert result.returncode == 0, result.stderr
    assert_same_files(out, whole)


@pytest.mark.parametrize("send", ["hangup", "twice"])
def test_other_ways_to_be_asked_to_end(send, search, whole_search, tmp_path):
    """A terminal that is gone; `timeout` signals the process, and then its group."""
    out = tmp_path / "out"
    with search.start(
        out, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)
    ) as process:
        wait_for(has_steps(out, 2), process)
        for kind in [signal.SIGHUP] if send == "hangup" else [signal.SIGTERM, signal.SIGTERM]:
            process.send_signal(kind)
    assert process.returncode == STOPPED
    assert search.finish(out).returncode == 0
    assert_same_files(out, whole_search)


def test_nohup_and_output_that_nobody_reads_end_nothing(search, whole_search, tmp_path):
    out = tmp_path / "out"
    reading, writing = os.pipe()
    os.close(reading)
    search.command.remove("--quiet")
    command = ["nohup", *search.command, "--out", out]
    with subprocess.Popen(
        command, cwd=programs.SOURCE, stdin=subprocess.DEVNULL, stdout=writing, stderr=writing
    ) as process:
        wait_for(has_steps(out), process)
        process.send_signal(signal.SIGHUP)
    os.close(writing)
    assert process.returncode == 0
    assert_same_files(out, whole_search)


def test_closed_streams_get_nothing_that_belongs_to_the_run(search, whole_search, tmp_path):
    def close_all():
        for stream in range(3):
            os.close(stream)

    out = tmp_path / "out"
    search.command.remove("--quiet")
    command = [*search.command, "--out", out]
    assert subprocess.run(command, cwd=programs.SOURCE, preexec_fn=close_all).returncode == 0
    assert_same_files(out, whole_search)
    assert (out / ".lock").read_bytes() == b""


def test_a_training_that_is_asked_to_end_while_it_is_tested(evaluate, tmp_path):
    out, whole = tmp_path / "out", tmp_path / "whole"
    evaluate.command += settings({"evaluation.epochs": 1, "evaluation.inference": "reweighted"})
    evaluate.command += settings({"attack.steps": 300})
    assert evaluate.finish(whole).returncode == 0
    trained = sum(line["phase"] != "test" for line in metrics(whole / "metrics.jsonl"))
    with evaluate.start(out) as process:
        wait_for(has_steps(out, trained), process)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == STOPPED
    assert not (out / "test_report.json").exists()
    assert evaluate.finish(out).returncode == 0
    assert_same_files(out, whole)


# What makes the end of an epoch of 6 mini-batches last a second or so.
SLOW_ENDS = {
    "validation": ("search", {"search.validation_batch_size": 1}),
    "eigenvalue": (
        "search",
        {
            "search.validate_every": 0,
            "search.eigenvalue.every": 1,
            "search.eigenvalue.iterations": 1000,
        },
    ),
    "test": ("training", {"evaluation.test_batch_size": 1, "evaluation.test_each_epoch": "true"}),
}


@pytest.mark.parametrize("phase", SLOW_ENDS)
def test_a_run_that_is_asked_to_end_while_it_measures_an_epoch(phase, tmp_path):
    """It ends at once, and the resume measures the whole epoch anew."""
    kind, changes = SLOW_ENDS[phase]
    data = programs.write_cifar10(tmp_path / "data", train=300, test=300)
    program = small_search(data) if kind == "search" else small_program("training", data)
    program.command += settings(
        {
            "search.epochs": 2,
            "evaluation.epochs": 2,
            "dataset.train_portion": 0.04,
            "evaluation.test_on": "test",
            "dataset.subset": 0 if kind == "search" else 24,
            **changes,
        }
    )
    out, whole = tmp_path / "out", tmp_path / "whole"
    assert program.finish(whole).returncode == 0
    with program.start(out) as process:
        wait_for(has_steps(out, 6), process)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == STOPPED
    assert not any(line["phase"].endswith("_epoch") for line in metrics(out / "metrics.jsonl"))
    assert steps_of_last_checkpoint(out) == 6
    assert program.finish(out).returncode == 0
    assert_same_files(out, whole)


def test_a_second_interrupt_ends_at_once(search, tmp_path):
    """In the middle of a mini-batch; the last checkpoint stays whole."""
    out = tmp_path / "out"
    search.command += settings({"supernet.channels": 48, "supernet.nodes": 4})
    with search.start(out) as process:
        wait_for(has_steps(out), process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.08)  # 50 ms are taken for the same request
        process.send_signal(signal.SIGINT)
    assert process.returncode == 128 + signal.SIGINT
    assert_checkpoints_are_whole(out)


def test_a_slurm_job_is_queued_again_and_goes_on(cifar10, tmp_path):
    out, called = tmp_path / "out", tmp_path / "called"
    (tmp_path / "scontrol").write_text(f'#!/bin/sh\necho "$@" >> {called}\n')
    (tmp_path / "scontrol").chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SLURM_JOB_ID": "17",
        "SLURM_CPUS_PER_TASK": "1",
        "SANAS": str(programs.program("sanas_search")),
        "CONFIG": "cifar10_darts1st",
        "DATA": str(cifar10),
        "OUT": str(out),
        "ARGUMENTS": " ".join(settings(SMALL | {"search.epochs": 8})),
    }
    job = ["bash", programs.SOURCE / "scripts" / "slurm" / "search.sbatch"]
    with subprocess.Popen(job, env=environment, cwd=programs.SOURCE) as process:
        wait_for(has_steps(out), process)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == STOPPED
    assert called.read_text() == "requeue 17\n"
    stopped_at = steps_of_last_checkpoint(out)
    assert 0 < stopped_at < 48
    subprocess.run(job, env=environment, cwd=programs.SOURCE, check=True)
    assert called.read_text() == "requeue 17\n"
    assert steps_of_last_checkpoint(out) == 48


# Going on with something else -------------------------------------------------------------------


def test_a_longer_sweep_that_is_killed_is_not_taken_for_done(cifar10, tmp_path):
    """The seeds were done with fewer mini-batches; a kill finds the first one half-way to more."""
    short, long = (small_program("seeds", cifar10) for _ in range(2))
    short.command += settings({"evaluation.max_steps": 4})
    long.command += settings({"evaluation.max_steps": 16})
    out, whole = tmp_path / "out", tmp_path / "whole"
    assert long.finish(whole).returncode == 0
    assert short.finish(out).returncode == 0
    at_first = out / "seed-0"
    before = progress(at_first)
    with long.start(out) as process:
        wait_for(has_steps(at_first, before + 2), process)
        process.kill()
    assert progress(at_first) < progress(whole / "seed-0")
    assert long.finish(out).returncode == 0
    assert_same_files(out, whole)


def test_weights_to_begin_with_belong_to_the_run(cifar10, tmp_path):
    """Killed in its first epoch, it does not begin again with others, though their file is gone."""
    out, whole, first = tmp_path / "out", tmp_path / "whole", tmp_path / "first"
    plain, begun = (small_program("training", cifar10) for _ in range(2))
    plain.command += settings({"evaluation.epochs": 1})
    assert plain.finish(first).returncode == 0
    plain.command += ON_REQUEST
    begun.command = [*plain.command, "--weights", first / "weights.safetensors"]
    assert begun.finish(whole).returncode == 0
    with begun.start(out) as process:
        wait_for(has_steps(out, 2), process)
        process.kill()
    other = first / "checkpoints" / "last.safetensors"
    begun.command[-1] = other
    one_line_error(begun.name, begun.finish(out), USAGE, "evaluation.initial_weights")
    (first / "weights.safetensors").unlink()
    result = plain.finish(out)
    assert result.returncode == 0, result.stderr
    assert_same_files(out, whole)


def test_fewer_steps_than_are_done_are_refused(search, whole_search, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole_search, out)
    search.command += settings({"search.max_steps": 5})
    one_line_error("sanas_search", search.finish(out), USAGE, "24 mini-batches are done", "allows 5")
    assert_same_files(out, whole_search)


@pytest.mark.parametrize("name", ["pcdarts", "training"])
def test_other_images_are_refused(name, cifar10, tmp_path):
    out, data = tmp_path / "out", tmp_path / "data"
    shutil.copytree(cifar10, data)
    program = small_program(name, data)
    with program.start(out) as process:
        wait_for(has_steps(out, 2), process)
        process.kill()
    before = {name for name in files_of(out) if ".sanas-tmp" not in name}
    batch = data / "data_batch_1.bin"
    content = bytearray(batch.read_bytes())
    for label in range(0, len(content), 3073):
        content[label] = (content[label] + 1) % 10
    batch.write_bytes(content)
    one_line_error(program.name, program.finish(out), DATA, "begun with other images")
    assert files_of(out).keys() == before


def test_checkpoints_that_are_gone_are_missed(search, whole_search, tmp_path):
    """Beginning again would throw away what metrics.jsonl tells of."""
    out = tmp_path / "out"
    shutil.copytree(whole_search, out)
    for file in (out / "checkpoints").iterdir():
        file.unlink()
    before = files_of(out)
    one_line_error("sanas_search", search.finish(out), DATA, "checkpoints of this run are gone")
    assert files_of(out) == before


def test_several_runs_do_not_go_on_where_there_are_none(cifar10, whole_search, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole_search, out)
    before = files_of(out)
    sweep = small_program("seeds", cifar10)
    one_line_error(sweep.name, sweep.finish(out), DATA, out, "a single run")
    assert files_of(out) == before
    sweep.command.append("--resume")
    missing = tmp_path / "missing"
    one_line_error(sweep.name, sweep.finish(missing), DATA, missing, "no runs to resume")
    assert not missing.exists()


# Faults -----------------------------------------------------------------------------------------


def test_two_processes_in_one_folder(search, tmp_path):
    """The second is refused; a lock that a dead process left is none."""
    out = tmp_path / "out"
    with search.start(out) as process:
        wait_for(has_steps(out), process)
        second = search.finish(out)
        process.kill()
    one_line_error("sanas_search", second, DATA, out, "another process")
    assert (out / ".lock").exists()
    assert search.finish(out).returncode == 0


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS", "EACCES"])
def test_a_disk_that_fails_after_some_bytes(error, search, whole_search, tmp_path):
    if not FAULTS.exists():
        pytest.skip("no libsanas_faults.so in this build")
    out = tmp_path / "out"
    everything = sum(file.stat().st_size for file in whole_search.rglob("*") if file.is_file())
    environment = os.environ | {
        "LD_PRELOAD": str(FAULTS),
        "SANAS_FAULT_FOLDER": str(out),
        "SANAS_FAULT_BYTES": str(random.Random(error).randrange(everything // 2, 2 * everything)),
        "SANAS_FAULT_ERROR": str(getattr(errno, error)),
    }
    result = search.finish(out, env=environment)
    one_line_error("sanas_search", result, DATA, out, os.strerror(getattr(errno, error)))
    assert_checkpoints_are_whole(out)
    assert search.finish(out).returncode == 0
    assert_same_files(out, whole_search)


@pytest.mark.parametrize("limit", [10_000, 60_000])
def test_a_file_size_limit(limit, search, tmp_path):
    """Of the process, as `ulimit -f` or a quota sets it: below a checkpoint, and below the log."""
    out = tmp_path / "out"

    def restrict():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = search.finish(out, preexec_fn=restrict)
    one_line_error("sanas_search", result, DATA, out, os.strerror(errno.EFBIG))
    assert_checkpoints_are_whole(out)
    assert search.finish(out).returncode == 0


def test_a_folder_that_is_removed(search, tmp_path):
    out = tmp_path / "out"
    with search.start(out) as process:
        wait_for(has_steps(out), process)
        shutil.rmtree(out, ignore_errors=True)
        _, errors = process.communicate(timeout=600)
    result = subprocess.CompletedProcess([], process.returncode, "", errors)
    one_line_error("sanas_search", result, DATA, out)


def obey_permissions():
    """Takes from root, when it starts the next program, the right to write everywhere."""
    drop_bounding_capability, dac_override = 24, 1  # linux/prctl.h, linux/capability.h
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(drop_bounding_capability, dac_override) != 0:
        raise PermissionError("this root may not drop CAP_DAC_OVERRIDE")


def test_a_folder_that_becomes_read_only(search, tmp_path):
    out = tmp_path / "out"
    with search.start(out, preexec_fn=obey_permissions) as process:
        wait_for(has_steps(out), process)
        (out / "checkpoints").chmod(0o500)
        _, errors = process.communicate(timeout=600)
    (out / "checkpoints").chmod(0o700)
    result = subprocess.CompletedProcess([], process.returncode, "", errors)
    one_line_error("sanas_search", result, DATA, out / "checkpoints")
    assert_checkpoints_are_whole(out)
    assert search.finish(out).returncode == 0


def test_a_data_file_that_vanishes(tmp_path):
    data, out = tmp_path / "data", tmp_path / "out"
    programs.write_image_folders(data, classes=2, train=12, side=64)
    options = settings({"search.batch_size": 2, "dataset.augment.random_resized_crop": 32})
    search = Run("sanas_search", "--config", "imagenet_pcdarts", "--data", data)
    search.command += [*options, *settings({"supernet.channels": 4, "supernet.odd_size": "pad"})]
    with search.start(out) as process:
        wait_for(has_steps(out), process)
        for image in (data / "train").rglob("*.png"):
            image.unlink()
        _, errors = process.communicate(timeout=600)
    result = subprocess.CompletedProcess([], process.returncode, "", errors)
    one_line_error("sanas_search", result, DATA, data / "train", ".png")
    assert_checkpoints_are_whole(out)


def test_too_little_memory(cifar10, tmp_path):
    """The message says what the batch size is and what would help."""
    out = tmp_path / "out"
    search = Run("sanas_search", "--config", "cifar10_darts1st", "--data", cifar10)
    # The part of the configuration that a search does not use may be wrong.
    larger = {"supernet.channels": 2048, "supernet.cells": 8, "evaluation.cells": 1}
    search.command += settings(larger)

    def restrict():
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))

    result = search.finish(out, preexec_fn=restrict)
    one_line_error("sanas_search", result, 1, "out of memory", "search.batch_size is 2", "fewer")
