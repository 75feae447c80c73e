#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pictures of the README and of docs/gallery.md from what scripts/quickstart.sh left: its cell, its
maps, and its page in Chromium, whole and in parts.

    scripts/figures/gallery.py [--run runs/quickstart] [--output docs/figures]
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

from PIL import Image

sys.path.append(str(pathlib.Path(__file__).parents[2] / "tests" / "python"))
from browser import Browser

# File: width of the window, scheme, the section that is shown (the page's beginning without one),
# and at most so many pixels of its height.
SHOTS = {
    "gallery_page.png": (1280, "light", None, 1500),
    "gallery_phone.png": (400, "dark", None, 1200),
    "gallery_quality.png": (1280, "light", "quality", 900),
    "gallery_search.png": (1280, "light", "search", 1300),
}


def lay_out(overlays, output, side=96, gap=4):
    """The images, their maps, and both over each other: a column for each image."""
    kinds = ("image", "heat", "overlay")
    sheet = Image.new("RGB", ((side + gap) * len(overlays), (side + gap) * len(kinds)), "white")
    for column, overlay in enumerate(overlays):
        for row, kind in enumerate(kinds):
            picture = Image.open(overlay.with_name(overlay.name.replace("_overlay", f"_{kind}")))
            picture = picture.convert("RGB").resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(picture, ((side + gap) * column, (side + gap) * row))
    sheet.save(output, optimize=True)


def take_shots(page, output, work):
    with Browser(f"{work}/profile") as browser:
        for name, (width, scheme, section, height) in SHOTS.items():
            browser.emulate(scheme)
            browser.resize(width)
            browser.open(page)
            top, bottom = 0, height
            if section:
                box = f"document.getElementById('{section}').getBoundingClientRect()"
                top = int(browser.run(f"{box}.top + scrollY"))
                bottom = min(top + height, int(browser.run(f"{box}.bottom + scrollY")))
            shot = pathlib.Path(work) / name
            browser.screenshot(shot)
            # A palette keeps a page of text and lines as it is in a third of the bytes.
            picture = Image.open(shot).convert("RGB").crop((0, top, width, bottom))
            picture.quantize(256, dither=Image.Dither.NONE).save(output / name, optimize=True)
            print(output / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", default="runs/quickstart", help="folder of the quickstart")
    parser.add_argument("--output", default="docs/figures")
    options = parser.parse_args()
    run, output = pathlib.Path(options.run), pathlib.Path(options.output)
    shutil.copy(run / "search" / "cells" / "normal.svg", output / "cell.svg")
    lay_out(sorted((run / "saliency").glob("*_overlay.png")), output / "heat_maps.png")
    with tempfile.TemporaryDirectory() as work:
        take_shots(run / "report.html", output, work)


if __name__ == "__main__":
    main()
