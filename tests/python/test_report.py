# SPDX-License-Identifier: Apache-2.0
"""report.html in a browser: no error, marks in every chart, nothing too wide, readable."""

import json
import math
import os
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from browser import Browser
from programs import one_line_error, run, settings, write_fashion_mnist

SCREENSHOTS = Path(os.environ.get("SANAS_BINARY_DIR", "/tmp")) / "report-screenshots"
SMALL = {
    "dataset.subset": 0,
    "dataset.workers": 0,
    "supernet.channels": 2,
    "supernet.cells": 3,
    "supernet.nodes": 2,
    "attack.steps": 1,
    "search.batch_size": 8,
    "search.epochs": 2,
    "search.report_every": 1,
    "search.validate_every": 1,
    "evaluation.channels": 2,
    "evaluation.cells": 3,
    "evaluation.batch_size": 16,
    "evaluation.epochs": 2,
    "evaluation.report_every": 1,
    "threads": 1,
}
OPERATIONS = [
    "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect",
    "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
]  # fmt: skip

# Texts whose contrast with what lies behind them is below 4.5 to 1 (WCAG 2, AA), and lines of
# charts below 3 to 1.
LOW_CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, bottom) => top.slice(0, 3).map((v, i) => v * top[3] + bottom[i] * (1 - top[3]));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const color = rgba(getComputedStyle(element).backgroundColor);
    return color[3] >= 1 ? color.slice(0, 3) : over(color, behind(element.parentElement));
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((v) => {
      const part = v / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const found = [];
  const check = (element, color, least) => {
    const back = behind(element);
    const value = contrast(over(rgba(color), back), back);
    if (value < least) found.push(`${element.tagName}.${element.getAttribute('class')} ${value}`);
  };
  for (const element of document.querySelectorAll('body *')) {
    const style = getComputedStyle(element);
    const texts = [...element.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    if (!texts.length || ['SCRIPT', 'STYLE', 'TITLE', 'title'].includes(element.tagName)) continue;
    check(element, element.namespaceURI.includes('svg') ? style.fill : style.color, 4.5);
  }
  for (const line of document.querySelectorAll('path.line')) {
    check(line, getComputedStyle(line).stroke, 3);
  }
  return found;
})()"""

CHARTS_WITHOUT_MARKS = """[...document.querySelectorAll('svg.plot')].filter((plot) => {
  const marks = [...plot.querySelectorAll('path.line, circle.dot')];
  return !marks.some((mark) => {
    const box = mark.getBBox();
    return box.width > 0 || box.height > 0;
  });
}).map((plot) => plot.getAttribute('aria-label'))"""

# Elements that reach beyond the page, unless a frame of their own scrolls.
TOO_WIDE = """[...document.querySelectorAll('body *')].filter((element) =>
  !element.closest('.scroll, .skip, svg') &&
  element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
).map((element) => element.outerHTML.slice(0, 80))"""

UNNAMED = """[
  ...[...document.querySelectorAll('img')].filter((e) => !e.alt),
  ...[...document.querySelectorAll('svg.plot, [role=region], nav')]
      .filter((e) => !e.getAttribute('aria-label')),
  ...[...document.querySelectorAll('[aria-labelledby]')]
      .filter((e) => !document.getElementById(e.getAttribute('aria-labelledby'))),
  ...[...document.querySelectorAll('table')].filter((e) => !e.caption || !e.querySelector('th')),
].map((element) => element.outerHTML.slice(0, 80))"""


def finish(program, *arguments):
    result = run(program, *arguments)
    assert result.returncode == 0, result.stderr
    return result


@pytest.fixture(scope="module", name="runs")
def make_runs(tmp_path_factory):
    """A search, a training and saliency maps of its network."""
    folder = tmp_path_factory.mktemp("report")
    data = write_fashion_mnist(folder / "data" / "fashion-mnist", train=64, test=60).parent
    common = ("--config", "quickstart", "--data", data, "--quiet", *settings(SMALL))
    finish("sanas_search", *common, "--out", folder / "search")
    genotype = folder / "search" / "genotype.txt"
    finish("sanas_eval", *common, "--genotype", genotype, "--out", folder / "eval")
    checkpoint = folder / "eval" / "checkpoints" / "last.safetensors"
    images = ("--images", "fashion_mnist:test", "--data", data)
    methods = ("--method", "gradient", "--method", "gradcam")
    metrics = ("--metrics", "--checked", 2, "--curve-steps", 4)
    maps = ("--output", folder / "maps", "--quiet")
    finish("sanas_saliency", "--checkpoint", checkpoint, *images, *methods, *metrics, *maps)
    return folder


@pytest.fixture(scope="module", name="chain")
def make_chain(runs, tmp_path_factory):
    """The search, another training of its genotype, maps of that, and random genotypes."""
    folder = tmp_path_factory.mktemp("chain")
    values = {**SMALL, "evaluation.epochs": 1, "seed": 3}
    common = ("--config", "quickstart", "--data", runs / "data", "--quiet", *settings(values))
    genotype = runs / "search" / "genotype.txt"
    finish("sanas_eval", *common, "--genotype", genotype, "--out", folder / "eval")
    finish("sanas_eval", *common, "--random-genotypes", 2, "--out", folder / "random")
    checkpoint = folder / "eval" / "checkpoints" / "last.safetensors"
    images = ("--images", "fashion_mnist:test", "--count", 16, "--data", runs / "data")
    maps = ("--output", folder / "maps", "--quiet")
    finish("sanas_saliency", "--checkpoint", checkpoint, *images, *maps)
    shutil.copytree(runs / "search", folder / "search")
    return folder


def decay(step, start, end, length):
    return end + (start - end) * math.exp(-3.0 * step / length)


def write_long_search(folder, epochs=50, batches=390, tilt=1.0):
    """What a search on CIFAR-10 with the paper's sizes leaves, with numbers from a formula."""
    folder.mkdir()
    whole = epochs * batches
    lines = []
    for epoch in range(epochs):
        for step in range(epoch * batches, (epoch + 1) * batches):
            if step % 50 >= 5:
                continue
            wave = 0.15 * math.sin(1.7 * step)
            record = {"phase": "search", "stage": 0, "epoch": epoch, "step": step,
                      "learning_rate": 0.0125 * (1 + math.cos(math.pi * epoch / epochs))}  # fmt: skip
            levels = (("train1", 1, 2.3), ("train2", 3, 2.35))
            for level, every, start in levels:
                if step % every == 0:
                    loss = decay(step, start, 0.25 * tilt, whole) + wave
                    record |= {f"{level}_loss": loss, f"{level}_top1": math.exp(-loss),
                               f"{level}_gradient_norm": 3.0 + wave, f"{level}_seconds": 0.2,
                               f"{level}_passes": 1 if level == "train1" else 8,
                               f"{level}_peak_memory_bytes": 3 << 30}  # fmt: skip
            if step % 5 == 0:
                record |= {"validation1_loss": decay(step, 2.3, 0.6, whole) - wave,
                           "hypergradient_norm": decay(step, 0.2, 0.02, whole)}  # fmt: skip
                record |= {"attack_loss": 2.0 + wave, "validation2_loss": decay(step, 2.4, 0.9, whole)}
                for i, term in enumerate(("d1", "I1", "d2", "I2", "I3", "I4")):
                    record[f"norm_{term}"] = decay(step, 0.1, 0.01, whole) * 10.0 ** (-0.7 * i)
                    record[f"cosine_{term}"] = math.cos(0.4 * i + wave)
                record |= {"architecture_passes": 17, "architecture_seconds": 3.5,
                           "architecture_peak_memory_bytes": 5 << 30}  # fmt: skip
            lines.append(record)
        cells = {}
        for c, cell in enumerate(("normal", "reduce")):
            edges = []
            for edge in range(14):
                scores = [math.exp(0.03 * tilt * epoch * math.sin(2.1 * edge + 1.3 * k + c))
                          for k in range(len(OPERATIONS))]  # fmt: skip
                edges.append({name: score / sum(scores) for name, score in zip(OPERATIONS, scores)})
            cells[cell] = edges
        where = {"stage": 0, "epoch": epoch, "step": (epoch + 1) * batches}
        lines.append({"phase": "operation_weights", **where, **cells})
        top1 = 0.9 - 0.5 * math.exp(-0.06 * (epoch + 1) / tilt)
        lines.append({"phase": "search_epoch", **where, "learning_rate": 0.01,
                      "train1_loss": decay(epoch, 2.3, 0.3, epochs), "train1_top1": top1 + 0.05,
                      "train2_loss": decay(epoch, 2.3, 0.4, epochs), "train2_top1": top1,
                      "validation1_loss": decay(epoch, 2.3, 0.6, epochs),
                      "validation1_top1": top1 - 0.03, "skips_normal": epoch // 20,
                      "skips_reduce": epoch // 10, "margin": 1e-4 * (epoch + 1),
                      "architecture_change": 0.01 * (epoch + 1), "entropy": 2.08 - 0.012 * epoch,
                      "parameters": 3349342, "macs": 528876544, "seconds": 700.0})  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metrics.jsonl").write_text(text)
    genes = "('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('skip_connect', 1), " \
            "('dil_conv_5x5', 2), ('max_pool_3x3', 0), ('sep_conv_3x3', 3), ('avg_pool_3x3', 1)"  # fmt: skip
    cell = f"[{genes}], {{}}_concat=range(2, 6)"
    (folder / "genotype.txt").write_text(
        f"Genotype(normal={cell.format('normal')}, reduce={cell.format('reduce')})\n"
    )
    return folder


def fold(browser, closed):
    state = "false" if closed else "true"
    browser.run(f"for (const part of document.querySelectorAll('details')) part.open = {state}")


def check_in_browser(browser, page, name):
    """Everything that holds for any report; leaves screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    browser.emulate()
    browser.resize(1280)
    browser.open(page)
    assert browser.complaints() == []
    assert browser.requests() == []
    assert browser.run(CHARTS_WITHOUT_MARKS) == []
    assert browser.run(UNNAMED) == []
    for width in (1280, 400):
        browser.resize(width)
        fold(browser, False)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run(TOO_WIDE) == []
        for scheme in ("light", "dark"):
            browser.emulate(scheme)
            fold(browser, False)
            assert browser.run(LOW_CONTRAST) == []
            fold(browser, True)
            browser.screenshot(SCREENSHOTS / f"{name}-{width}-{scheme}.png")
    browser.resize(700)  # A4 within its margins
    browser.emulate(media="print")
    fold(browser, False)
    assert browser.run("document.documentElement.scrollWidth") <= 700
    assert browser.run(LOW_CONTRAST) == []
    browser.screenshot(SCREENSHOTS / f"{name}-print.png")


@pytest.fixture(scope="module", name="browser")
def open_browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def test_every_run_leaves_a_report(runs):
    for name in ("search", "eval", "maps"):
        assert (runs / name / "report.html").stat().st_size > 10000, name
    search = (runs / "search" / "report.html").read_text()
    assert "Keys that the command line changed" in search
    assert "Losses of the four levels" in search and "Operation weights of the normal" in search
    trained = (runs / "eval" / "report.html").read_text()
    assert "Test top-1" in trained and "Confusion matrix of 10 classes" in trained
    maps = (runs / "maps" / "report.html").read_text()
    for part in ("Comparison sheet", "Contact sheet of gradcam", "<dd>60</dd>", "insertion_area",
                 "checked <code>2</code>", "Predictions of 60 images"):
        assert part in maps, part


@pytest.mark.parametrize("name", ["search", "eval", "maps"])
def test_the_report_of_a_run(browser, runs, name):
    check_in_browser(browser, runs / name / "report.html", name)
    pictures = "[...document.images].filter((image) => !image.naturalWidth).length"
    assert browser.run("document.images.length") > 0
    assert browser.run(pictures) == 0
    squares = browser.run("document.querySelectorAll('.confusion path').length")
    assert (squares > 0) == (name == "eval")


def test_links_lead_to_the_files(browser, runs, tmp_path):
    page = tmp_path / "page.html"
    finish("sanas_inspect", "report", runs / "search", "--output", page)
    browser.open(page)
    links = browser.run("[...document.querySelectorAll('.files a')].map((link) => link.href)")
    files = [Path(unquote(link.removeprefix("file://"))) for link in links]
    assert runs / "search" / "metrics.jsonl" in files and all(file.exists() for file in files)


def test_a_long_search_is_small_and_two_stand_side_by_side(browser, tmp_path):
    one = write_long_search(tmp_path / "one")
    two = write_long_search(tmp_path / "two", tilt=1.4)
    single, both = tmp_path / "single.html", tmp_path / "both.html"
    finish("sanas_inspect", "report", one, "--output", single)
    finish("sanas_inspect", "report", one, two, "--output", both)
    assert single.stat().st_size < 3_000_000
    check_in_browser(browser, single, "long")
    assert browser.run("document.querySelectorAll('.chart.small').length") == 28
    check_in_browser(browser, both, "both")
    assert browser.run("document.querySelectorAll('#compared-curves path.line').length") >= 12


def configuration(run):
    """Keys and values of a run's config.yaml, which has a line for each and for each section."""
    values, sections = {}, []
    for line in (run / "config.yaml").read_text().splitlines():
        key, _, value = line.strip().partition(": ")
        sections[(len(line) - len(line.lstrip())) // 2 :] = [key.rstrip(":")]
        if value:
            values[".".join(sections)] = value
    return values


def test_a_chain_is_told_in_the_order_of_its_readers_questions(browser, chain, tmp_path):
    page, moved = tmp_path / "page.html", tmp_path / "moved"
    parts = [chain / name for name in ("random", "maps", "eval", "search")]
    finish("sanas_inspect", "report", *parts, "--output", page)
    assert page.stat().st_size < 1_500_000
    check_in_browser(browser, page, "chain")
    headings = browser.run("[...document.querySelectorAll('h2')].map((h) => h.textContent)")
    assert headings == ["What was found", "How good it is", "What it looks at",
                        "How the search went", "How the training went",
                        "Costs, logs and files", "Configurations"]  # fmt: skip
    links = browser.run("[...document.querySelectorAll('nav a')].map((a) => a.textContent)")
    assert links == headings
    dots = "[...document.querySelectorAll('.scores .plot circle')].map((dot) => dot.r.baseVal.value)"
    radii = browser.run(dots)
    assert len(radii) == 3 and radii[0] > radii[1] == radii[2]
    closed = "[...document.querySelectorAll('#configurations-all details')].map((part) => part.open)"
    browser.open(page)
    states = browser.run(closed)
    assert states and not any(states)

    # The folder that holds them, after it was moved, tells the same.
    shutil.copytree(chain, moved)
    os.rename(chain, chain.with_name("away"))
    try:
        finish("sanas_inspect", "report", moved, "--output", page)
    finally:
        os.rename(chain.with_name("away"), chain)
    browser.open(page)
    assert browser.run("[...document.querySelectorAll('h2')].map((h) => h.textContent)") == headings


def test_a_chain_lists_the_keys_that_differ(browser, chain, tmp_path):
    page = tmp_path / "page.html"
    parts = [chain / name for name in ("search", "eval", "maps")]
    finish("sanas_inspect", "report", *parts, "--output", page)
    browser.open(page)
    rows = browser.run("""[...document.querySelectorAll('#configurations-differences tbody tr')]
        .map((row) => [...row.cells].map((cell) => cell.textContent))""")
    for key, *values in rows:
        assert len({value for value in values if value != "–"}) > 1, key
    search, trained = configuration(chain / "search"), configuration(chain / "eval")
    differing = {key for key in search if search[key] != trained[key]}
    assert {"evaluation.epochs", "seed"} <= differing  # what make_chain changed
    assert {key for key, *_ in rows} == differing


def test_the_keyboard_reads_a_chart(browser, tmp_path):
    page = tmp_path / "page.html"
    finish("sanas_inspect", "report", write_long_search(tmp_path / "run", 3), "--output", page)
    browser.resize(1280)
    browser.open(page)
    browser.run("document.querySelector('figure.chart:not(.small) svg.plot').focus()")
    browser.press("End")
    text = browser.run("document.querySelector('figure.chart output').textContent")
    assert text.startswith("mini-batch ") and "I: W1, training" in text
    browser.press("Escape")
    assert browser.run("document.querySelector('figure.chart output').textContent") == ""


def test_markup_in_names_and_files_stays_text(browser, runs, tmp_path):
    hostile = "<img src=x onerror=alert(1)> \"double\" 'single' & <script>alert(2)<:script> #?%41"
    folder = write_long_search(tmp_path / hostile, 2)
    (folder / f"{hostile}.txt").write_text("")
    (folder / "log.txt").write_text(f"{hostile}</pre><script>alert(3)</script>\n")
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(4)</script></svg>'
    (folder / f"{hostile}.svg").write_text(drawing)
    text = (folder / "metrics.jsonl").read_text()
    line = json.dumps({"phase": "search", "stage": 0, "epoch": 0, "step": 0, hostile: 1.0})
    (folder / "metrics.jsonl").write_text(f"{text}{line}\n{line[: len(line) // 2]}")
    finish("sanas_inspect", "report", folder, "--output", folder / "report.html")
    check_in_browser(browser, folder / "report.html", "hostile")
    assert browser.run("document.querySelector('h1').textContent") == hostile
    assert browser.run("document.querySelectorAll('img[src=x]').length") == 0
    assert "cut in the middle" in browser.run("document.querySelector('.problems').textContent")
    links = browser.run("[...document.querySelectorAll('.files a')].map((link) => link.href)")
    files = [Path(unquote(link.removeprefix("file://"))) for link in links]
    assert folder / f"{hostile}.txt" in files and all(file.exists() for file in files)


def test_a_folder_that_is_no_run_is_a_file_error(tmp_path):
    page = tmp_path / "page.html"
    result = run("sanas_inspect", "report", tmp_path, "--output", page)
    one_line_error("sanas_inspect", result, 3, tmp_path, "metrics.jsonl")
    result = run("sanas_inspect", "report", tmp_path / "missing", "--output", page)
    one_line_error("sanas_inspect", result, 3, "missing")
    assert not page.exists()
