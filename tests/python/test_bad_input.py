# SPDX-License-Identifier: Apache-2.0
"""What is wrong ends with the promised status, one line that names it, and nothing half-written."""

import json
import re
import signal
import subprocess
import time

import programs
import pytest
import torch
from PIL import Image
from programs import one_line_error, run, settings
from safetensors.torch import load_file, save_file

CONFIGURATION, DATA, STOPPED = 2, 3, 4  # docs/architecture.md
SMALL = {
    "dataset.workers": 0,
    "supernet.channels": 2,
    "supernet.cells": 3,
    "attack.steps": 1,
    "search.batch_size": 2,
    "search.max_steps": 1,
    "search.report_every": 1,
    "search.validate_every": 0,
    "evaluation.channels": 2,
    "evaluation.cells": 3,
    "evaluation.batch_size": 2,
    "evaluation.max_steps": 1,
}
TINY = ("--threads", 1, "--quiet", *settings(SMALL))
CROP_30 = {"dataset.augment.crop_padding": 0, "dataset.augment.random_resized_crop": 30}


@pytest.fixture(name="cifar10")
def cifar10_folder(tmp_path):
    return programs.write_cifar10(tmp_path / "cifar10")


@pytest.fixture(name="out")
def output_folder(tmp_path):
    """Where a run would write; a refused one must not make it."""
    folder = tmp_path / "out"
    yield folder
    assert not folder.exists(), sorted(folder.rglob("*"))


def search(data, out, *arguments, config="cifar10_darts1st"):
    command = ("--config", config, "--data", data, "--out", out, *TINY, *arguments)
    return run("sanas_search", *command)


def evaluate(data, out, *arguments, config="cifar10_darts2nd"):
    command = ("--config", config, "--data", data, "--out", out, *TINY, *arguments)
    return run("sanas_eval", *command)


def saliency(searched, images, output):
    checkpoint = searched / "checkpoints" / "last.safetensors"
    return run("sanas_saliency", "--checkpoint", checkpoint, "--images", images, "--output", output,
               "--threads", 1, "--quiet")


def files_of(folder):
    """Name and content of every file but the log and the lock."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("log.txt", ".lock")
    }


# Data -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["data_batch_1.bin", "batches.meta.txt"])
def test_a_missing_data_file(name, cifar10, out):
    (cifar10 / name).unlink()
    one_line_error("sanas_search", search(cifar10, out), DATA, cifar10, name)


def test_a_missing_test_file(cifar10, out):
    (cifar10 / "test_batch.bin").unlink()
    result = evaluate(cifar10, out, "--genotype", "DARTS_V2")
    one_line_error("sanas_eval", result, DATA, cifar10, "test_batch.bin")


def test_a_truncated_data_file(cifar10, out):
    file = cifar10 / "data_batch_1.bin"
    file.write_bytes(file.read_bytes()[:-100])
    one_line_error("sanas_search", search(cifar10, out), DATA, file, "truncated", 3073)


def test_a_truncated_archive(tmp_path, cifar10, out):
    archive = tmp_path / "cifar-10-binary.tar.gz"
    subprocess.run(["tar", "czf", archive, "-C", tmp_path, cifar10.name], check=True)
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    one_line_error("sanas_search", search(tmp_path, out), DATA, archive)


def test_a_truncated_idx_file(tmp_path, out):
    data = programs.write_fashion_mnist(tmp_path / "fashion_mnist")
    file = data / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])
    result = search(data, out, "--set", "dataset.subset=0", config="quickstart")
    one_line_error("sanas_search", result, DATA, file, 40 * 28 * 28)


@pytest.mark.parametrize("dataset, labels, limit", [("cifar10", 1, 10), ("cifar100", 2, 100)])
def test_a_label_out_of_range(dataset, labels, limit, tmp_path, out):
    data = getattr(programs, f"write_{dataset}")(tmp_path / dataset)
    file = data / {"cifar10": "data_batch_1.bin", "cifar100": "train.bin"}[dataset]
    content = bytearray(file.read_bytes())
    content[3 * (labels + programs.PIXELS) + labels - 1] = limit
    file.write_bytes(content)
    result = search(data, out, config=f"{dataset}_darts2nd")
    one_line_error("sanas_search", result, DATA, file, "record 3", f"label {limit}", "below")


def test_a_label_out_of_range_in_an_idx_file(tmp_path, out):
    data = programs.write_fashion_mnist(tmp_path / "fashion_mnist")
    file = data / "train-labels-idx1-ubyte"
    file.write_bytes(file.read_bytes()[:8] + bytes(39) + bytes([10]))
    result = search(data, out, "--set", "dataset.subset=0", config="quickstart")
    one_line_error("sanas_search", result, DATA, file, "record 39", "label 10", "below")


def test_a_class_without_images(tmp_path, out):
    data = programs.write_image_folders(tmp_path / "imagenet", classes=3)
    for image in (data / "train" / "class0001").iterdir():
        image.unlink()
    result = search(data, out, config="imagenet_pcdarts")
    one_line_error("sanas_search", result, DATA, data / "train" / "class0001", "no image")


UNDECODABLE = {"truncated": programs.png(240)[:60], "text": b"no image", "empty": b""}


@pytest.mark.parametrize("damage", UNDECODABLE)
def test_an_undecodable_image(damage, tmp_path):
    """Seen only when its turn comes: the folder of the run is there, but none of its results."""
    out = tmp_path / "out"
    data = programs.write_image_folders(tmp_path / "imagenet", classes=2, train=2)
    for image in (data / "train").rglob("*.png"):
        image.write_bytes(UNDECODABLE[damage])
    result = search(data, out, config="imagenet_pcdarts")
    one_line_error("sanas_search", result, DATA, data / "train", ".png")
    names = {path.name.split(".tfevents.")[0] for path in out.rglob("*") if path.is_file()}
    records = {"config.yaml", "config.base.yaml", "log.txt", "metrics.jsonl", "sessions.jsonl"}
    assert names <= records | {"report.html", "events.out", ".lock"}
    assert (out / "metrics.jsonl").read_text() == ""


FOLDERS = {"dataset.name": "folder", "dataset.augment.crop_padding": 0,
           "dataset.augment.resize": 32, "dataset.augment.center_crop": 32}  # fmt: skip


def test_images_that_are_left_out_are_named_and_counted(tmp_path, monkeypatch):
    """A whole mini-batch of them ends nothing, and each accuracy says what it was measured on."""
    data = programs.write_image_folders(tmp_path / "data", 3, train=4, test=10, side=32)
    for i in range(8):
        (data / "val" / "class0001" / f"{i}.png").write_bytes(b"nope")
    for i in range(3):
        (data / "train" / "class0002" / f"{i}.png").write_bytes(b"nope")
    link = data / "train" / "class0000" / "0.png"
    link.unlink()
    link.symlink_to("gone.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    skip = {**FOLDERS, "dataset.on_bad_sample": "skip", "search.validate_every": 1}

    out = tmp_path / "eval"
    result = evaluate("~/data", out, "--genotype", "DARTS_V2", *settings(skip),
                      "--set", "evaluation.test_batch_size=2")  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = json.loads((out / "test_report.json").read_text())
    assert (found["images"], found["skipped_images"]) == (22, 8)
    assert [one["images"] for one in found["classes"]] == [10, 2, 10]
    tested = [line for line in metrics(out) if line["phase"] == "test"]
    assert [(line["images"], line["skipped_images"]) for line in tested] == [(22, 8)]
    log = (out / "log.txt").read_text()
    assert "22 of 30 images" in log and "22 of 30" in (out / "report.html").read_text()
    assert f"folder from {data}/train: 12 training images" in log
    assert f"folder from {data}/val: 30 test images" in log
    assert all(f"{data}/val/class0001/{i}.png: " in log for i in range(8))

    out = tmp_path / "search"
    result = search(data, out, *settings(skip))
    assert result.returncode == 0, result.stderr
    (epoch,) = [line for line in metrics(out) if line["phase"] == "search_epoch"]
    assert epoch["validation_images"] + epoch["validation_skipped_images"] == 6
    assert epoch["validation_skipped_images"] >= 1

    # What is known to be bad from outside is an error before anything is written.
    out = tmp_path / "fail"
    result = search(data, out, *settings(FOLDERS))
    one_line_error("sanas_search", result, DATA, link, "No such file")
    assert not out.exists()


@pytest.mark.parametrize("damage", UNDECODABLE)
def test_an_undecodable_image_of_saliency_maps(damage, searched, tmp_path):
    images, maps = tmp_path / "images", tmp_path / "maps"
    images.mkdir()
    (images / "broken.png").write_bytes(UNDECODABLE[damage])
    result = saliency(searched, images, maps)
    one_line_error("sanas_saliency", result, DATA, images / "broken.png")
    assert not list(maps.rglob("*.png"))


def test_maps_among_the_files_of_a_run(searched, tmp_path):
    programs.write_image_folders(tmp_path / "images", classes=1, train=2, side=32)
    before = files_of(searched)
    result = saliency(searched, tmp_path / "images", searched)
    one_line_error("sanas_saliency", result, DATA, searched, "holds a run")
    assert files_of(searched) == before


def test_images_of_extreme_shapes(searched, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for name, size in {"wide": (9000, 2), "tall": (2, 9000), "dot": (1, 1)}.items():
        Image.new("RGB", size, "red").save(images / f"{name}.png")
    out = tmp_path / "maps"
    result = saliency(searched, images, out)
    assert result.returncode == 0, result.stderr
    with Image.open(out / "contact_sheet.png") as sheet:
        assert sheet.width < 4000
    with Image.open(out / "00002_wide_overlay.png") as overlay:
        assert overlay.size == (9000, 2)


def test_a_batch_larger_than_the_data(cifar10, out):
    result = search(cifar10, out, "--set", "search.batch_size=21")  # half of 40 images are 20
    one_line_error("sanas_search", result, DATA, "cifar10", "20 images", "21")
    more = ("--genotype", "DARTS_V2", "--set", "evaluation.batch_size=41")
    result = evaluate(cifar10, out, *more)
    one_line_error("sanas_eval", result, DATA, "cifar10", "40 images", "41")


def test_odd_feature_maps(cifar10, out):
    result = search(cifar10, out, *settings(CROP_30))
    assert result.returncode in (CONFIGURATION, DATA)  # size of the images, or what changed it
    one_line_error("sanas_search", result, result.returncode, "15", "supernet.odd_size: pad")


# Genotypes --------------------------------------------------------------------------------------

CELL = "[('skip_connect', 0), ('skip_connect', 1)]"
GOOD = f"Genotype(normal={CELL}, normal_concat=[2], reduce={CELL}, reduce_concat=[2])"


@pytest.mark.parametrize(
    "text, word",
    [
        ("", "Genotype("),
        ("\0\1\2", "Genotype("),
        (GOOD[:-20], "expected"),
        (GOOD.replace("skip_connect', 1", "skip_conect', 1"), "skip_connect"),  # the nearest
        (GOOD.replace("1)]", "2)]"), "2"),  # a node as its own source
        (GOOD.replace("reduce_concat", "normal_concat"), "normal_concat"),  # given twice
        (GOOD.replace("'skip_connect', 0", "'skip_connect'"), "','"),
    ],
)
def test_a_genotype_that_does_not_parse(text, word, cifar10, tmp_path, out):
    file = tmp_path / "genotype.txt"
    file.write_text(text)
    result = evaluate(cifar10, out, "--genotype", file)
    one_line_error("sanas_eval", result, DATA, file, word)


def test_a_genotype_that_is_not_there(cifar10, tmp_path, out):
    result = evaluate(cifar10, out, "--genotype", tmp_path / "genotype.txt")
    one_line_error("sanas_eval", result, DATA, tmp_path / "genotype.txt", "DARTS_V2")


def test_no_genotype(cifar10, out):
    one_line_error("sanas_eval", evaluate(cifar10, out), CONFIGURATION, "--genotype")


# Configuration and command line -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text, words",
    [
        ("search:\n  epoch: 3\n", (":2:", "search.epoch", "'search.epochs'")),
        ("serch: {epochs: 3}\n", (":1:", "serch", "'search'")),
        ("seed: 1\nname: x\nseed: 2\n", (":3:", "seed", "twice", ":1")),
        ("search: {epochs: many}\n", (":1:", "search.epochs", "'many'", "integer")),
        ("search: {epochs: 1.5}\n", (":1:", "search.epochs", "'1.5'", "integer")),
        ('search: {epochs: "50"}\n', (":1:", "search.epochs", "text '50'", "integer")),
        ("dataset: {augment: {flip: 1}}\n", ("dataset.augment.flip", "true or false")),
        ("search: [1, 2]\n", (":1:", "search", "a list")),
        ("search: {epochs: -1}\n", ("search.epochs", "'-1'", "expected")),
        ("dataset: {train_portion: 1.5}\n", ("dataset.train_portion", "'1.5'", "expected")),
        ("attack: {epsilon: 1e300}\n", ("attack.epsilon", "'1e300'", "too large")),
        ("attack: {epsilon: inf}\n", ("attack.epsilon", "'inf'", "expected")),
        ("method: sanaz\n", ("method", "'sanaz'", "plain")),
        ("method: ec\n", ("method", "'ec'", "sanas or plain")),
        ("supernet: {family: dart}\n", ("supernet.family", "'dart'", "darts")),
        ("seed: 1\n  name: x\n", (":2:",)),
        ("", ("empty",)),
    ],
)
def test_a_configuration_file(text, words, tmp_path, out):
    file = tmp_path / "run.yaml"
    file.write_text(text)
    result = run("sanas_search", "--config", file, "--out", out)
    one_line_error("sanas_search", result, CONFIGURATION, file, *words)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--set", "search.epoch=3"), ("--set", "search.epoch", "'search.epochs'")),
        (("--set", "attack.epochs=3"), ("--set", "attack.epochs", "'search.epochs'")),
        (("--set", "search.epochs"), ("--set", "search.epochs", "=")),
        (("--set", "search.epochs=x"), ("--set", "search.epochs", "'x'", "integer")),
        (("--set", "search.epochs=0"), ("--set", "search.epochs", "'0'", "1")),
        (("--epochs", "3"), ("--epochs", "--help")),
        (("--threads", "-1"), ("--threads", "-1")),
        (("--device", "gpu"), ("--device", "cuda:N")),
        (("--seed",), ("--seed",)),
        (("extra",), ("extra",)),
        (("--data", ""), ("--data", "empty")),
        (("--strategy", "randon"), ("--strategy", "gradient, random")),
        (("--gammas", "1"), ("--gammas", "--tune-gamma")),
        (("--tune-gamma", "--dry-run"), ("--tune-gamma", "--dry-run")),
        (("--tune-gamma", "--strategy", "random"), ("--tune-gamma", "gradients")),
        (("--dry-run", "--strategy", "random"), ("--dry-run", "search.strategy")),
        (("--dry-run", "--resume"), ("--dry-run", "--resume")),
    ],
)
def test_a_command_line(arguments, words, out):
    result = run("sanas_search", "--config", "cifar10_darts2nd", "--out", out, *arguments)
    one_line_error("sanas_search", result, CONFIGURATION, *words)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--checkpoint", "missing.safetensors"), ("--checkpoint", "--test-only")),
        (("--second", "missing.safetensors"), ("--second", "--test-only")),
        (("--test-only", "--seeds", "1"), ("--test-only", "--seeds")),
        (("--test-only", "--checkpoint", "x", "--weights", "x"), ("--test-only", "--weights")),
        (("--test-only", "--checkpoint", "x", "--second", "x"), ("--second", "two_networks")),
        (("--test-only",), ("--checkpoint",)),
        (("--seeds", "1", "--seed", "2"), ("--seeds", "--seed")),
        (("--random-genotypes", "1", "--genotype", "DARTS_V2"), ("--random-gen", "--genotype")),
        (("compare", "a", "b"), ("--config", "compare")),
    ],
)
def test_options_that_do_not_apply(arguments, words):
    result = run("sanas_eval", "--config", "cifar10_darts2nd", *arguments)
    one_line_error("sanas_eval", result, CONFIGURATION, *words)


def test_help_names_what_may_be_chosen():
    for program, words in (("sanas_search", "--strategy NAME"), ("sanas_eval", "--seeds LIST")):
        text = run(program, "--help").stdout
        assert words in text and "ENUM" not in text and "->" not in text


@pytest.mark.parametrize(
    "settings_, word",
    [
        ({"evaluation.batch_size": 1}, "evaluation.batch_size"),
        ({"evaluation.batch_size": 3, "evaluation.max_steps": 0}, "evaluation.batch_size"),  # of 40
        ({"evaluation.cells": 1}, "evaluation.cells"),
    ],
)
def test_what_the_auxiliary_head_can_not_do(settings_, word, cifar10, out):
    result = evaluate(cifar10, out, "--genotype", "DARTS_V2", *settings(settings_))
    one_line_error("sanas_eval", result, CONFIGURATION, word, "evaluation.auxiliary_weight: 0")


@pytest.mark.parametrize(
    "tensors, words",
    [
        ({"x": torch.zeros(2, 1, 32, 32)}, ("'x'", "N×3×H×W")),
        ({"x": torch.zeros(3, 32)}, ("'x'", "N×3×H×W")),
        ({"x": torch.zeros(2, 3, 32, 32, dtype=torch.int64)}, ("'x'", "floating-point")),
        ({"y": torch.tensor([0.0, 1.0])}, ("'y'", "int64")),
        ({"y": torch.tensor([0, 10])}, ("'y'", "0 to 9")),
        ({"y": torch.tensor([-100, 1])}, ("'y'", "0 to 9")),
        ({"y": torch.tensor([1])}, ("'y'", "2 labels")),
    ],
)
def test_what_a_network_is_given(tensors, words, searched, tmp_path):
    inputs = {"x": torch.zeros(2, 3, 32, 32), "y": torch.tensor([0, 1])} | tensors
    save_file(inputs, tmp_path / "in.safetensors")
    files = ("--weights", searched / "checkpoints" / "last.safetensors")
    files += ("--input", tmp_path / "in.safetensors", "--output", tmp_path / "out.safetensors")
    result = run("sanas_inspect", "forward", "--config", searched / "config.yaml", *files)
    one_line_error("sanas_inspect", result, DATA, tmp_path / "in.safetensors", *words)
    assert not (tmp_path / "out.safetensors").exists()


def test_output_that_can_not_be_printed():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [programs.program("sanas_inspect"), "genotype", "DARTS_V2"],
            stdout=full, stderr=subprocess.PIPE, text=True,
        )
    one_line_error("sanas_inspect", result, DATA, "standard output", "No space left on device")


def test_an_unknown_configuration(out):
    result = run("sanas_search", "--config", "cifar10_dart2nd", "--out", out)
    one_line_error("sanas_search", result, CONFIGURATION, "'cifar10_dart2nd'", "cifar10_darts2nd")


def test_no_configuration(out):
    one_line_error("sanas_search", run("sanas_search", "--out", out), CONFIGURATION, "--config")


@pytest.mark.parametrize("program", ["sanas_eval", "sanas_saliency", "sanas_inspect"])
def test_an_unknown_option(program, out):
    one_line_error(program, run(program, "--sped", 3), CONFIGURATION)


# Output folders and checkpoints -----------------------------------------------------------------


@pytest.fixture(scope="module", name="searched")
def search_of_one_step(tmp_path_factory):
    """The run folder of a search; its data set lies beside it."""
    folder = tmp_path_factory.mktemp("searched")
    data = programs.write_cifar10(folder / "cifar10")
    result = search(data, folder / "run")
    assert result.returncode == 0, result.stderr
    return folder / "run"


def test_an_unwritable_output_folder(cifar10, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    for out in (file, file / "out"):
        one_line_error("sanas_search", search(cifar10, out), DATA, out)
    assert file.read_text() == "mine"


def test_a_refused_run_leaves_the_empty_folder_that_was_named(tmp_path):
    out = tmp_path / "empty"
    out.mkdir()
    one_line_error("sanas_search", search(tmp_path / "none", out), DATA, "none")
    assert out.is_dir()


def test_an_output_folder_with_other_files(cifar10, tmp_path):
    out = tmp_path / "holds"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    one_line_error("sanas_search", search(cifar10, out), DATA, out, "mine.txt", "--out")
    assert list(out.iterdir()) == [out / "mine.txt"]


def test_resuming_where_no_run_is(cifar10, out):
    one_line_error("sanas_search", search(cifar10, out, "--resume"), DATA, out, "config.yaml")


@pytest.mark.parametrize(
    "key, value", [("search.batch_size", 3), ("seed", 3), ("supernet.channels", 3)]
)
def test_a_checkpoint_of_another_configuration(key, value, searched):
    before = files_of(searched)
    data = searched.parent / "cifar10"
    result = search(data, searched, "--resume", "--set", f"{key}={value}")
    one_line_error("sanas_search", result, CONFIGURATION, searched, key)
    assert files_of(searched) == before


def test_a_truncated_checkpoint(searched, cifar10, tmp_path):
    run_folder = tmp_path / "copy"
    subprocess.run(["cp", "-r", searched, run_folder], check=True)
    checkpoint = run_folder / "checkpoints" / "last.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1])
    before = files_of(run_folder)
    result = search(cifar10, run_folder, "--resume")
    one_line_error("sanas_search", result, DATA, checkpoint)
    assert files_of(run_folder) == before


def test_a_checkpoint_of_another_genotype(cifar10, tmp_path):
    trained = tmp_path / "eval"
    result = evaluate(cifar10, trained, "--genotype", "DARTS_V2")
    assert result.returncode == 0, result.stderr
    before = files_of(trained)
    result = evaluate(cifar10, trained, "--genotype", "PDARTS", "--resume")
    assert result.returncode in (CONFIGURATION, DATA)
    one_line_error("sanas_eval", result, result.returncode, trained, "genotype")
    assert files_of(trained) == before


# Signals ----------------------------------------------------------------------------------------


def metrics(folder):
    """The lines of metrics.jsonl without what no two runs share: times, and memory in use."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if not re.search("seconds|memory", k)} for line in lines]


def test_a_search_that_is_stopped_goes_on_as_if_nothing_had_happened(tmp_path):
    data = programs.write_cifar10(tmp_path / "cifar10")
    # Ten mini-batches an epoch; every level has updates before and after the signal. PR-DARTS
    # draws its operations at random and has a temperature that depends on the epoch. The run has
    # the name of its file, which need be no word; a resume needs nothing but the run's folder.
    host = tmp_path / "my run (γ=0.5), v1+v2.yaml"
    text = (programs.SOURCE / "configs" / "cifar10_prdarts.yaml").read_text()
    host.write_text(text.replace("name: cifar10_prdarts\n", ""))
    more = {"search.max_steps": 12, "search.epochs": 2, "search.validate_every": 1}
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    result = search(data, whole, *settings(more), config=host)
    assert result.returncode == 0, result.stderr

    arguments = ("--config", host, "--data", data, "--out", stopped, *TINY, *settings(more))
    with subprocess.Popen(
        [programs.program("sanas_search"), *map(str, arguments)],
        cwd=programs.SOURCE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        written = stopped / "metrics.jsonl"
        while process.poll() is None and not (written.exists() and b"\n" in written.read_bytes()):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
    assert process.returncode == STOPPED, message
    assert "--resume" in message and str(stopped) in message
    checkpoint = stopped / "checkpoints" / "last.safetensors"
    assert load_file(checkpoint)
    assert 0 < len(metrics(stopped)) < len(metrics(whole))

    host.unlink()
    result = run("sanas_search", "--out", stopped, "--resume", "--quiet")
    assert result.returncode == 0, result.stderr
    assert 'name: "my run (γ=0.5), v1+v2"' in (stopped / "config.yaml").read_text()
    expected, found = load_file(whole / "checkpoints" / "last.safetensors"), load_file(checkpoint)
    assert found.keys() == expected.keys()
    different = [key for key in expected if not torch.equal(found[key], expected[key])]
    assert not different
    assert metrics(stopped) == metrics(whole)
    for name in ("genotype.txt", "config.yaml"):
        assert (stopped / name).read_text() == (whole / name).read_text()
