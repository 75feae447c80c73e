# SPDX-License-Identifier: Apache-2.0
"""What sanas_search shows: its progress on a terminal, a line for each epoch, and its last words."""

import collections
import json
import os
import pty
import re
import subprocess
import time

import programs
import pytest
import torch
from reference import counting, genotypes
from reference.discrete import DiscreteNetwork

NODES, CHANNELS, CELLS, CLASSES = 4, 4, 3, 10
SMALL = {
    "dataset.workers": 0, "supernet.channels": 2, "supernet.cells": 3, "attack.steps": 1,
    "supernet.pdarts.added_cells": "[0, 0, 1]", "search.batch_size": 4, "search.saliency.every": 0,
    "search.validate_every": 0, "search.architecture.start_epoch": 0, "threads": 1,
    "search.random.candidates": 2, "evaluation.channels": CHANNELS, "evaluation.cells": CELLS,
    "evaluation.batch_size": 4, "evaluation.epochs": 1, "evaluation.max_steps": 1,
    "evaluation.auxiliary_weight": 0.0,
}  # fmt: skip
# Half of the 40 images are for the weights: epochs of five mini-batches.
# Large steps of the architecture, so that epochs differ in what they find.
RESTLESS = {
    "search.epochs": 4, "search.validate_every": 1, "search.architecture.learning_rate": 0.3,
    "search.architecture.init_std": 0.1, "search.update_every.architecture": 1,
    "hypergradient.order": "first",
}  # fmt: skip


@pytest.fixture(scope="module", name="data")
def small_cifar10(tmp_path_factory):
    return programs.write_cifar10(tmp_path_factory.mktemp("cifar10"))


def arguments(data, out, changes, config="cifar10_darts2nd"):
    file = programs.SOURCE / "configs" / f"{config}.yaml"  # from any folder
    return ("--config", file, "--data", data, "--out", out, *programs.settings(SMALL | changes))


def search(*words):
    result = programs.run("sanas_search", *words)
    assert result.returncode == 0, result.stderr
    return result


# Progress ---------------------------------------------------------------------------------------


def on_a_terminal(*words):
    """What a program writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    command = [programs.program("sanas_search"), *map(str, words)]
    with subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            written += part
    os.close(ours)
    assert process.returncode == 0, written.decode()
    return written.decode()


def test_a_terminal_shows_which_level_is_at_work(data, tmp_path):
    text = on_a_terminal(*arguments(data, tmp_path / "run", {"search.max_steps": 7}))
    shown = re.findall(r"search +\d+% \[[=> ]+\] (\d+)/7  (W1  |δ/W2|A   )  ", text)
    expected = []
    for step in range(7):  # supplement §A.4, in the order of its algorithm 1
        levels = ["A"] * (step % 5 == 0) + ["W1"] + ["δ/W2"] * (step % 3 == 0)
        expected += [(str(step), level) for level in levels]
    assert [(step, level.strip()) for step, level in shown] == expected
    assert re.search(r"[1-6]/7  W1    [\d.]+ s/step  ETA \d+:\d\d", text)
    bars = re.findall(r"search +\d+% \[[=> ]+\] \d/7  [^\r\n]*", text)
    assert [bar for bar in bars if " s/step  " not in bar] == []


def test_levels_of_a_plain_search(data, tmp_path):
    changes = {"search.max_steps": 2, "method": "plain"}
    text = on_a_terminal(*arguments(data, tmp_path / "run", changes))
    shown = re.findall(r" (\d+)/2  (W1|δ/W2|A) ", text)
    assert shown == [("0", "A"), ("0", "W1"), ("1", "W1")]


def test_lines_of_a_file_stay_as_few(data, tmp_path):
    begin = time.monotonic()
    result = search(*arguments(data, tmp_path / "run", {"search.max_steps": 7}))
    seconds = time.monotonic() - begin
    lines = [line for line in result.stderr.splitlines() if line.startswith("search:")]
    assert 1 <= len(lines) <= 1 + seconds / 15
    for line in lines:
        assert re.fullmatch(
            r"search: \d/7 \(\d+%\), [\d.]+ s/step, (ETA|in) [\d:]+, epoch \d  loss .*", line
        ), line
    assert "\r" not in result.stderr and "\x1b" not in result.stderr


# Epochs -----------------------------------------------------------------------------------------

LINE = re.compile(
    r"epoch (?P<epoch>\d+)/4: training [^,]+, validation (?P<loss>[\d.]+) \((?P<top1>[\d.]+) %\), "
    r"(?P<normal>\d+) normal and (?P<reduction>\d+) reduction skips, "
    r"(?P<parameters>[\d.]+) M parameters, margin (?P<margin>\S+), [\d.]+ s(; (?P<changes>.*))?$"
)


def epoch_lines(out):
    """What log.txt says of each epoch; of one that was reported again the last."""
    found = [LINE.search(line) for line in (out / "log.txt").read_text().splitlines()
             if re.search(r"\bepoch \d+/", line)]  # fmt: skip
    assert all(found), "a line of an epoch is other than expected"
    return [match.groupdict() for match in found]


def records(out, phase):
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["phase"] == phase]


def nodes_of(cell):
    """What each node reads, in any order."""
    return [collections.Counter(cell[2 * i : 2 * i + 2]) for i in range(NODES)]


def nodes(genotype):
    genotype = genotypes.parse(genotype)
    return {"normal": nodes_of(genotype.normal), "reduction": nodes_of(genotype.reduce)}


def changed(before, changes):
    """The nodes after the changes that a line tells of, and how many these are."""
    after = {name: [node.copy() for node in cell] for name, cell in before.items()}
    count = 0
    for part in changes.split("; ") if changes != "no change" else ():
        name, text = part.split(": ", 1)
        for change in text.split(", "):
            node, old, old_source, new, new_source = re.fullmatch(
                r"node (\d): (\w+) of (\d) -> (\w+) of (\d)", change
            ).groups()
            genes = after[name][int(node) - 2]
            assert genes[old, int(old_source)] > 0, change
            genes[old, int(old_source)] -= 1
            genes[new, int(new_source)] += 1
            count += 1
    return {name: [+node for node in cell] for name, cell in after.items()}, count


def margin_of(cell):
    """How narrowly the weakest choice of a cell was made, from the weights of its edges."""
    margin, first = float("inf"), 0
    for node in range(NODES):
        edges = []
        for weights in cell[first : first + node + 2]:
            best, second = sorted((w for op, w in weights.items() if op != "none"), reverse=True)[:2]
            edges.append((best, best - second))
        edges.sort(key=lambda edge: -edge[0])
        margin = min(margin, *(lead for _, lead in edges[:2]))
        if len(edges) > 2:
            margin = min(margin, edges[1][0] - edges[2][0])
        first += node + 2
    return margin


def check_line(line, record):
    """All but the changes, from the genotype and the numbers of the run folder."""
    assert float(line["loss"]) == pytest.approx(record["validation1_loss"], abs=6e-5)
    assert float(line["top1"]) == pytest.approx(100 * record["validation1_top1"], abs=6e-3)
    genotype = genotypes.parse(record["genotype"])
    assert int(line["normal"]) == sum(op == "skip_connect" for op, _ in genotype.normal)
    assert int(line["reduction"]) == sum(op == "skip_connect" for op, _ in genotype.reduce)
    network = DiscreteNetwork(genotype, CHANNELS, CLASSES, CELLS, auxiliary=False)
    parameters = counting.parameters(network)
    assert record["parameters"] == parameters
    assert float(line["parameters"]) == pytest.approx(parameters / 1e6, abs=6e-4)


def check_changes(lines, found):
    """Of neighbouring epochs; returns how many changes there were."""
    total = 0
    for line, before, record in zip(lines[1:], found, found[1:]):
        before, after = nodes(before["genotype"]), nodes(record["genotype"])
        told, count = changed(before, line["changes"])
        assert told == after
        assert count == sum((a - b).total() for name in after
                            for a, b in zip(after[name], before[name]))  # fmt: skip
        total += count
    return total


def check_margins(lines, out):
    for line, weights in zip(lines, records(out, "operation_weights")):
        expected = min(margin_of(weights["normal"]), margin_of(weights["reduce"]))
        assert float(line["margin"]) == pytest.approx(expected, rel=6e-3, abs=1e-7)


def test_a_line_for_each_epoch(data, tmp_path):
    search(*arguments(data, tmp_path / "run", RESTLESS))
    lines, found = epoch_lines(tmp_path / "run"), records(tmp_path / "run", "search_epoch")
    assert [line["epoch"] for line in lines] == ["1", "2", "3", "4"]
    for line, record in zip(lines, found):
        check_line(line, record)
    check_margins(lines, tmp_path / "run")
    assert lines[0]["changes"] is None, "there is no epoch before it"
    assert check_changes(lines, found) > 0, "nothing moved, and so nothing was tested"


def test_changes_after_a_resume_are_those_since_the_epoch_before(data, tmp_path):
    out = tmp_path / "run"
    search(*arguments(data, out, RESTLESS | {"search.max_steps": 8}))  # in the second epoch
    search("--resume", "--out", out, "--set", "search.max_steps=0")
    lines = epoch_lines(out)
    assert [line["epoch"] for line in lines] == ["1", "2", "2", "3", "4"]
    found = records(out, "search_epoch")  # the second epoch as a whole
    assert [record["epoch"] for record in found] == [0, 1, 2, 3]
    assert lines[2]["changes"] is not None, "what is known from the run folder is told"
    check_changes(lines[:1] + lines[2:], found)


def test_a_stage_of_pdarts_begins_without_changes(data, tmp_path):
    out = tmp_path / "run"
    changes = RESTLESS | {"search.epochs": 4, "search.max_steps": 6}
    search(*arguments(data, out, changes, "cifar10_pdarts"))
    lines, found = epoch_lines(out), records(out, "search_epoch")
    assert [(r["stage"], r["epoch"]) for r in found] == [(s, e) for s in range(3) for e in (0, 1)]
    for stage in range(3):
        own = slice(2 * stage, 2 * stage + 2)
        assert lines[own][0]["changes"] is None
        check_changes(lines[own], found[own])
    for line, record in zip(lines, found):
        check_line(line, record)


# Last words -------------------------------------------------------------------------------------


def last_words(stderr):
    """The six lines of the summary by what stands in front."""
    lines = stderr.splitlines()[-6:]
    return dict(re.fullmatch(r"([A-Z][a-z ]+): +(.*)", line).groups() for line in lines)


@pytest.mark.parametrize("config, changes", [
    ("cifar10_darts2nd", {}),
    ("cifar10_pdarts", {}),
    ("cifar10_darts1st", {"search.strategy": "random"}),
])  # fmt: skip
def test_the_summary_and_its_commands(config, changes, data, tmp_path):
    place, elsewhere = tmp_path / "Ann's runs", tmp_path / "elsewhere"
    place.mkdir()
    elsewhere.mkdir()
    out = place / "one $HOME run"
    # Everything relative, as one types it.
    words = arguments(os.path.relpath(data, place), out.name, changes | {"search.max_steps": 2}, config)
    command = [os.path.relpath(programs.program("sanas_search"), place), *map(str, words)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)
    assert result.returncode == 0, result.stderr
    genotype = (out / "genotype.txt").read_text()
    assert result.stdout == genotype, "what scripts read is alone"
    told = last_words(result.stderr)
    assert list(told) == ["Genotype", "Network", "Run folder", "Report", "Train it", "Then maps"]
    assert told["Genotype"] == genotype.strip()
    assert (told["Run folder"], told["Report"]) == (str(out), str(out / "report.html"))
    assert (out / "report.html").exists()
    network = DiscreteNetwork(genotypes.parse(genotype), CHANNELS, CLASSES, CELLS, auxiliary=False)
    parameters = counting.parameters(network)
    macs = counting.macs(network.float(), torch.zeros(1, 3, 32, 32).float())
    assert told["Network"] == (
        f"{parameters / 1e6:.3f} M parameters, {macs / 1e6:.3f} M multiply-adds "
        f"({CHANNELS} channels, {CELLS} cells)"
    )
    for name in ("Train it", "Then maps"):
        result = subprocess.run(["bash", "-c", told[name]], capture_output=True, text=True,
                                check=False, cwd=elsewhere)  # fmt: skip
        assert result.returncode == 0, f"{told[name]}\n{result.stderr}"
    trained, maps = (place / f"{out.name}-{what}" for what in ("trained", "maps"))
    assert (trained / "genotype.txt").read_text() == genotype
    assert f"channels: {CHANNELS}" in (trained / "config.yaml").read_text()
    assert (trained / "test_accuracy.txt").exists() and (maps / "contact_sheet.png").exists()
    assert not list(elsewhere.iterdir())


def test_programs_that_the_shell_has_found_are_named_alone(data, tmp_path):
    found = programs.program("sanas_search")
    words = arguments(data, tmp_path / "run", {"search.max_steps": 1})
    environment = os.environ | {"PATH": f"{found.parent}:{os.environ['PATH']}"}
    result = subprocess.run(["sanas_search", *map(str, words)], capture_output=True, text=True,
                            check=True, env=environment)  # fmt: skip
    told = last_words(result.stderr)
    assert told["Train it"].startswith("sanas_eval --config ")
    assert told["Then maps"].startswith("sanas_saliency --checkpoint ")


def test_quiet_keeps_the_summary_off_the_terminal(data, tmp_path):
    out = tmp_path / "run"
    result = search(*arguments(data, out, {"search.max_steps": 1}), "--quiet")
    assert result.stdout == (out / "genotype.txt").read_text()
    assert "Genotype: " not in result.stderr and "Train it" not in result.stderr
    assert "Train it: " in (out / "log.txt").read_text()
