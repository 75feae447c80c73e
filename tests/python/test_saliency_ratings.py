# SPDX-License-Identifier: Apache-2.0
"""The page for raters, what it downloads, and what `aggregate` makes of it."""

import base64
import html.parser
import io
import json
import re

import krippendorff
import numpy as np
import programs
import pytest
import torch
import trained
from browser import Browser
from PIL import Image
from programs import one_line_error
from test_report import check_in_browser

CONFIGURATION, DATA = 2, 3
METHODS = ("gradient", "gradcam")
IMAGES = 4


def saliency(*arguments):
    return programs.run("sanas_saliency", *arguments)


@pytest.fixture(scope="module", name="maps")
def folder_of_maps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ratings")
    checkpoint, _ = trained.discrete(folder / "discrete")
    trained.write_images(folder / "images", IMAGES, (24, 36))
    methods = [word for method in METHODS for word in ("--method", method)]
    command = ("--checkpoint", checkpoint, "--images", folder / "images", "--threads", 1)
    result = saliency(*command, "--output", folder / "maps", *methods, "--quiet")
    assert result.returncode == 0, result.stderr
    return folder / "maps"


def make_sheet(maps, page, *arguments):
    result = saliency("rate", "--maps", maps, "--output", page, *arguments)
    assert result.returncode == 0, result.stderr
    text = page.read_text()
    match = re.search(r'<script type="application/json" id="sheet">(.*?)</script>', text, re.S)
    return text, json.loads(match[1])


@pytest.fixture(scope="module", name="sheet")
def rating_sheet(maps, tmp_path_factory):
    return make_sheet(maps, tmp_path_factory.mktemp("sheet") / "sheet.html")


class Page(html.parser.HTMLParser):
    """Elements and the addresses that they ask for."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.addresses = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.addresses += [v for k, v in attrs if k in ("src", "href")]


def test_the_page_asks_for_nothing_from_outside(sheet):
    page = Page(sheet[0])
    assert all(address.startswith("data:") for address in page.addresses)
    assert "http" not in sheet[0].replace("http://www.w3.org", "")


def test_the_page_can_be_used_without_a_mouse_or_eyes(sheet):
    page = Page(sheet[0])
    labelled = {attrs["for"] for tag, attrs in page.elements if tag == "label" and "for" in attrs}
    assert {"rater", "progress"} <= labelled
    assert all("alt" in attrs for tag, attrs in page.elements if tag == "img")
    assert all("aria-label" in attrs for tag, attrs in page.elements if tag == "svg")
    choices = [a for tag, a in page.elements if tag == "input" and a.get("type") == "radio"]
    assert sorted(choice["value"] for choice in choices) == ["1", "2", "3", "4", "5"]


def test_methods_are_shuffled_and_hidden(maps, sheet, tmp_path):
    text, data = sheet
    assert not any(method in text for method in METHODS)
    assert len(data["items"]) == IMAGES * len(METHODS)
    columns = [column for _, column in key_of(data)]
    assert sorted(columns) == sorted(METHODS * IMAGES)
    orders = {tuple(columns)}
    for seed in (1, 2):
        orders.add(tuple(c for _, c in key_of(make_sheet(maps, tmp_path / "x", "--seed", seed)[1])))
    assert len(orders) > 1


def key_of(data):
    return json.loads(bytes.fromhex(data["key"]))


def picture(address):
    return Image.open(io.BytesIO(base64.b64decode(address.split(",")[1], validate=True)))


def test_items_show_what_the_key_says(maps, sheet):
    _, data = sheet
    for item, (image, column) in zip(data["items"], key_of(data)):
        for address, file in (
            (data["images"][item["image"]], maps / f"{image}_image.png"),
            (item["heat"], maps / column / f"{image}_heat.png"),
        ):
            assert np.array_equal(np.array(picture(address)), np.array(Image.open(file)))


def ratings_of(data, rater, values):
    return {
        "format": "sanas-ratings-1",
        "sheet": data["sheet"],
        "key": data["key"],
        "rater": rater,
        "ratings": {str(i): v for i, v in enumerate(values) if v is not None},
    }


def write_ratings(folder, data, raters):
    files = []
    for name, values in raters.items():
        files.append(folder / f"{name}.json")
        files[-1].write_text(json.dumps(ratings_of(data, name, values)))
    return files


RATERS = {
    "ada": [1, 5, 3, 4, 2, 2, 5, 1],
    "ben": [2, 5, 3, 3, 2, 1, None, 1],
    "cyd": [1, 4, None, 5, 4, 2, 5, 3],
}


def test_aggregate(sheet, tmp_path):
    _, data = sheet
    files = write_ratings(tmp_path, data, RATERS)
    result = saliency("aggregate", *files, "--json", "--seed", 5)
    assert result.returncode == 0, result.stderr
    summaries = {summary["column"]: summary for summary in json.loads(result.stdout)}
    assert set(summaries) == set(METHODS)
    for method, summary in summaries.items():
        items = sorted(
            (image, i) for i, (image, column) in enumerate(key_of(data)) if column == method
        )
        table = np.array(
            [[np.nan if v[i] is None else v[i] for _, i in items] for v in RATERS.values()]
        )
        alpha = krippendorff.alpha(table, level_of_measurement="interval")
        np.testing.assert_allclose(summary["alpha"], alpha, rtol=0, atol=1e-9)
        means = np.nanmean(table, axis=0)
        torch.manual_seed(5)
        draws = torch.randint(len(means), (2000, len(means))).numpy()
        limits = np.quantile(means[draws].mean(1), [0.025, 0.975])
        found = [summary["mean"], summary["low"], summary["high"]]
        np.testing.assert_allclose(found, [means.mean(), *limits], rtol=0, atol=1e-9)
        assert summary["ratings"] == np.isfinite(table).sum()
    text = saliency("aggregate", *files).stdout
    assert all(method in text for method in METHODS) and "alpha" in text


def test_one_rater_has_no_alpha(sheet, tmp_path):
    files = write_ratings(tmp_path, sheet[1], {"ada": RATERS["ada"]})
    summaries = json.loads(saliency("aggregate", *files, "--json").stdout)
    assert all(summary["alpha"] is None for summary in summaries)


def test_ratings_of_another_sheet(maps, sheet, tmp_path):
    other = tmp_path / "other.html"
    data = make_sheet(maps, other, "--count", 2)[1]
    (one,) = write_ratings(tmp_path, sheet[1], {"ada": RATERS["ada"]})
    (two,) = write_ratings(tmp_path, data, {"ben": [1, 2, 3, 4]})
    for arguments in ((one, two), (one, "--sheet", other)):
        result = saliency("aggregate", *arguments)
        one_line_error("sanas_saliency", result, DATA, "sheet", data["sheet"])


@pytest.mark.parametrize(
    "change, word",
    [
        (lambda r: "{", "no JSON"),
        (lambda r: "[]", "no ratings"),
        (lambda r: json.dumps(r | {"format": "x"}), "sanas-ratings-1"),
        (lambda r: json.dumps(r | {"ratings": {"0": 6}}), "1 to 5"),
        (lambda r: json.dumps(r | {"ratings": {"x": 3}}), "1 to 5"),
        (lambda r: json.dumps(r | {"ratings": {"99": 3}}), "99"),
        (lambda r: json.dumps(r | {"key": "zz"}), "key"),
        (lambda r: json.dumps({k: v for k, v in r.items() if k != "sheet"}), "sheet"),
    ],
)
def test_damaged_ratings(sheet, change, word, tmp_path):
    file = tmp_path / "ratings.json"
    file.write_text(change(ratings_of(sheet[1], "ada", RATERS["ada"])))
    one_line_error("sanas_saliency", saliency("aggregate", file), DATA, file, word)


def test_a_rater_counts_once(sheet, tmp_path):
    (one,) = write_ratings(tmp_path, sheet[1], {"ada": RATERS["ada"]})
    one_line_error("sanas_saliency", saliency("aggregate", one, one), DATA, one, "ada")


def test_a_folder_without_maps(tmp_path):
    page = tmp_path / "sheet.html"
    result = saliency("rate", "--maps", tmp_path, "--output", page)
    one_line_error("sanas_saliency", result, DATA, tmp_path / "saliency.json")
    assert not page.exists()


@pytest.mark.parametrize("verb", (("rate",), ("aggregate",)))
def test_what_is_required(verb):
    one_line_error("sanas_saliency", saliency(*verb), CONFIGURATION)


# In a browser -----------------------------------------------------------------------------------

# Of what is offered for download, the text.
CATCH_DOWNLOADS = """
downloads = [];
Blob = class extends Blob {
  constructor(parts, type) { super(parts, type); downloads.push(...parts); }
};
HTMLAnchorElement.prototype.click = () => {};
"""
CLICK = """(value => {
  const choice = document.querySelector(`input[value="${value}"]`);
  choice.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  choice.click();
})"""


@pytest.fixture(name="browser")
def open_browser(tmp_path):
    """A new one: it remembers no ratings."""
    with Browser(tmp_path / "profile") as browser:
        yield browser


@pytest.fixture(name="page")
def page_in_a_file(sheet, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(sheet[0])
    return page


def text_of(browser, element):
    return browser.run(f"find('{element}').textContent")


def enter_name(browser, name):
    event = "find('rater').dispatchEvent(new Event('input'))"
    browser.run(f"find('rater').value = {json.dumps(name)}; {event}")


def downloaded(browser):
    browser.run("find('download').click()")
    return browser.run("downloads.pop()")


def unobtrusive(browser):
    """It neither complains nor asks for anything."""
    assert browser.complaints() == []
    assert browser.requests() == []


def test_the_page_in_a_browser(browser, page):
    check_in_browser(browser, page, "ratings")


def test_a_browser_downloads_what_was_rated(browser, page, sheet, tmp_path):
    values = [1, 2, 3, 4, 5, 4, 3, 2]
    browser.resize(400)
    browser.open(page)
    browser.run(CATCH_DOWNLOADS)
    assert downloaded(browser) is None
    assert "name" in text_of(browser, "message")
    enter_name(browser, "Eve <b>")
    browser.run("document.activeElement.blur()")  # a digit in the name rates nothing
    for i, value in enumerate(values):
        if i < 4:
            browser.run(f"{CLICK}({value})")
        else:
            browser.press(str(value))
    assert "Thank you" in text_of(browser, "message")
    browser.press("ArrowLeft")
    browser.press("5")
    text = downloaded(browser)
    # The last key rated the last map but one again.
    expected = values[:-2] + [5, values[-1]]
    assert json.loads(text) == ratings_of(sheet[1], "Eve <b>", expected)
    assert browser.run("document.documentElement.scrollWidth") <= 400
    unobtrusive(browser)
    file = tmp_path / "eve.json"
    file.write_text(text)
    assert saliency("aggregate", file).returncode == 0


def test_a_browser_keeps_the_ratings(browser, page, sheet):
    """Whoever comes back finds the name and the ratings, and goes on where they stopped."""
    browser.open(page)
    enter_name(browser, "Zoë 'Z' <i>")
    for value in "524":
        browser.press(value)
    browser.open(page)  # once more
    browser.run(CATCH_DOWNLOADS)
    assert browser.run("find('rater').value") == "Zoë 'Z' <i>"
    assert browser.run("find('progress').value") == 3
    assert text_of(browser, "position") == f"Map 4 of {IMAGES * len(METHODS)}, 3 rated"
    checked = "document.querySelector('input:checked')?.value"
    assert browser.run(checked) is None
    for value in "425":  # back to the first one
        browser.press("ArrowLeft")
        assert browser.run(checked) == value
    ratings = json.loads(downloaded(browser))
    assert ratings == ratings_of(sheet[1], "Zoë 'Z' <i>", [5, 2, 4])
    unobtrusive(browser)


def test_pages_keep_their_ratings_apart(browser, page, maps, tmp_path):
    other = tmp_path / "other.html"
    make_sheet(maps, other, "--count", 2)
    browser.open(page)
    browser.press("3")
    browser.open(other)
    assert text_of(browser, "position") == "Map 1 of 4, 0 rated"
