# SPDX-License-Identifier: Apache-2.0
"""The examples that --help begins with, run at tiny sizes, and --list-configs."""

import re
import shlex
import shutil
import subprocess

import pytest
import torch
import trained
from programs import SOURCE, program, run, settings, write_cifar100
from safetensors.torch import load_file, save_file
from test_docs import TINY
from test_saliency_ratings import make_sheet, write_ratings
from test_verbs import HELPS

NETWORK = ("--channels", TINY["evaluation.channels"], "--cells", TINY["evaluation.cells"])
SMALL = settings(TINY | {"evaluation.auxiliary_weight": 0.0})
CONFIGS = sorted((SOURCE / "configs").glob("*.yaml"))


def examples(words):
    """The command lines that --help of a program or a verb begins with."""
    text = run(*words, "--help").stdout
    found = re.match(r"[^\n]+\n\nExamples:\n((?:  [^\n]+\n)+)\nUsage: ", text)
    assert found, text
    return found[1].splitlines()


# Examples ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module", name="prepared")
def what_the_examples_begin_with(tmp_path_factory):
    """A folder with all that some example reads."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "configs").symlink_to(SOURCE / "configs")
    data = write_cifar100(folder / "data", train=400, test=20)
    common = ("--data", data, "--quiet", *SMALL)

    def make(name, *arguments):
        result = run(name, *arguments, cwd=folder)
        assert result.returncode == 0, result.stderr

    train = ("--config", "eval_cifar100", "--genotype", "DARTS_V2", *common)
    make("sanas_search", "--config", "cifar100_darts2nd", *common, "--out", "runs/first")
    make("sanas_eval", *train, "--out", "runs/trained")
    make("sanas_eval", *train, "--seeds", "0-2", "--out", "runs/seeds")
    shutil.copytree(folder / "runs" / "seeds", folder / "runs" / "others")
    checkpoint = folder / "runs" / "trained" / "checkpoints" / "last.safetensors"
    make("sanas_saliency", "--checkpoint", checkpoint, "--images", "cifar100:test", "--data", data,
         "--count", 4, "--method", "gradient", "--out", "maps", "--quiet")  # fmt: skip
    trained.write_images(folder / "photos", 2, (32, 32))
    _, sheet = make_sheet(folder / "maps", folder / "sheet.html")
    write_ratings(folder, sheet, {"ann": [1, 5, 3, 4], "ben": [2, 5, 3, 3]})
    x, y = torch.rand(2, 3, 32, 32).float(), torch.tensor([1, 3])
    save_file({"x": x, "y": y}, folder / "batch.safetensors")
    state = load_file(folder / "runs" / "first" / "checkpoints" / "last.safetensors")
    state = {name: state[name] for name in state if name.startswith(("w1.", "w2.", "alphas_"))}
    state |= {"x_train": x, "y_train": y, "x_val": x.flip(0), "y_val": y.flip(0)}
    save_file(state | {"delta": 0.01 * torch.randn_like(x)}, folder / "state.safetensors")
    return folder


def at_tiny_size(words):
    """What makes the example fast."""
    name, *arguments = words
    if name == "sanas_probe" and "--genotype" in arguments:
        return NETWORK
    return SMALL if "--config" in arguments else ()


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_examples_work(words, prepared, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder, symlinks=True)
    lines = examples(words)
    assert len(lines) == 2
    for line in lines:
        name, *arguments = shlex.split(line.replace("~/data", str(folder / "data")))
        assert (name, *arguments)[: len(words)] == words
        out = folder / arguments[arguments.index("--out") + 1] if "--out" in arguments else None
        if out and "--resume" not in arguments:
            shutil.rmtree(out, ignore_errors=True)
        result = run(name, *arguments, *at_tiny_size([name, *arguments]), cwd=folder)
        assert result.returncode == 0, f"{line}\n{result.stderr}"
        if out and out.suffix != ".svg":  # of which there are two, with other names
            assert out.exists(), line


# Configurations ---------------------------------------------------------------------------------


def listed(name, *verb, cwd=SOURCE):
    """The lines of --list-configs by the name in front."""
    result = run(name, *verb, "--list-configs", cwd=cwd)
    assert result.returncode == 0 and not result.stderr
    return dict(re.split(r"  +", line, maxsplit=1) for line in result.stdout.splitlines())


@pytest.mark.parametrize("words", [("sanas_search",), ("sanas_eval",), ("sanas_eval", "train")])
def test_all_configurations_are_listed(words):
    lines = listed(*words)
    assert {path.stem for path in CONFIGS} <= lines.keys()
    assert list(lines) == sorted(lines)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_line_says_what_its_file_says(path):
    text, line = path.read_text(encoding="utf-8"), listed("sanas_search")[path.stem]
    search, _, training = line.rpartition("training on ")
    dataset = re.search(r"dataset: \{name: (\w+)", text)[1]
    if "evaluation:" in text:
        channels, cells, epochs, batch = re.search(
            r"evaluation: \{channels: (\d+), cells: (\d+), epochs: (\d+), batch_size: (\d+)", text
        ).groups()
        assert training.startswith(
            f"{dataset}: {epochs} epochs in batches of {batch}, {channels} channels, {cells} cells, "
        )
        drop_path = re.search(r"drop_path: ([\d.]+)", text)[1]
        assert float(re.search(r"drop-path ([\d.]+)$", line)[1]) == float(drop_path)
    else:
        search, training = line, ""
    if "supernet:" not in text:
        assert search == ""
        return
    family, channels, cells = re.search(
        r"supernet: \{family: (\w+), space: darts, channels: (\d+), cells: (\d+)", text
    ).groups()
    epochs = re.search(r"^search:\n  epochs: (\d+)", text, re.MULTILINE)[1]
    order = re.search(r"hypergradient: \{order: (\w+)", text)[1]
    batch = re.search(r"^  batch_size: (\d+)", text, re.MULTILINE)[1]
    assert search.removesuffix("; ") == (
        f"search by sanas, {order} order, on {family}, {dataset}: {epochs} epochs in batches of "
        f"{batch}, {channels} channels, {cells} cells"
    )


def test_configurations_of_the_working_folder_come_first(tmp_path):
    (tmp_path / "mine.yaml").write_text("search: {epochs: 41}\n")
    (tmp_path / "broken.yaml").write_text("serch: {epochs: 41}\n")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "mine.yaml").write_text("search: {epochs: 42}\n")
    lines = listed("sanas_search", cwd=tmp_path)
    assert ": 41 epochs" in lines["mine"]
    assert lines["broken"].startswith("can't be read: ") and "serch" in lines["broken"]


def test_nothing_is_run_beside_the_list(tmp_path):
    result = subprocess.run(
        [program("sanas_search"), "--list-configs", "--config", "missing", "--out", "run"],
        capture_output=True, text=True, check=False, cwd=tmp_path)  # fmt: skip
    assert result.returncode == 0
    assert not list(tmp_path.iterdir())
