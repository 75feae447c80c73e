# SPDX-License-Identifier: Apache-2.0
"""The pages say what is so: commands run at tiny sizes, tables equal what they are made from, links
lead somewhere, and messages are those of the programs."""

import re
import shlex
import subprocess
import sys

import pytest
from programs import SOURCE, program, settings, write_cifar100

sys.path += [str(SOURCE / "scripts"), str(SOURCE / "tests" / "docs")]
import check_layers
import library_table
import snippets

DOCS = SOURCE / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), SOURCE / "README.md", SOURCE / "CONTRIBUTING.md",
         SOURCE / "CHANGELOG.md"]  # fmt: skip

TINY = {
    "dataset.workers": 1, "threads": 1, "supernet.channels": 2, "supernet.cells": 3,
    "search.batch_size": 8, "search.max_steps": 1, "search.epochs": 1, "search.validate_every": 0,
    "evaluation.channels": 2, "evaluation.cells": 3, "evaluation.batch_size": 10, "evaluation.epochs": 1,
    "evaluation.max_steps": 1, "evaluation.test_images": 20, "attack.steps": 1,
    "search.random.candidates": 2,
}  # fmt: skip


def read(path):
    return path.read_text(encoding="utf-8")


def commands(page):
    blocks = re.findall(r"```console\n(.*?)```", read(page), re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", "").splitlines() if line]


PAGES_OF_COMMANDS = [SOURCE / "README.md", *(DOCS / f"{name}.md" for name in ("evaluation", "datasets", "search"))]


@pytest.mark.parametrize("page", PAGES_OF_COMMANDS, ids=lambda path: path.stem)
def test_every_command_of_the_page_works(page, tmp_path):
    found = commands(page)
    assert len(found) >= 2
    (tmp_path / "configs").symlink_to(SOURCE / "configs")
    (tmp_path / "runs" / "search").mkdir(parents=True)
    preset = subprocess.run([program("sanas_inspect"), "genotype", "DARTS_V1"], check=True,
                            capture_output=True, text=True)  # fmt: skip
    (tmp_path / "runs" / "search" / "genotype.txt").write_text(preset.stdout)
    write_cifar100(tmp_path / "data", train=2000, test=20)
    for command in found:
        name, *arguments = shlex.split(command.replace("~/data", str(tmp_path / "data")))
        if "--config" in arguments:
            arguments += settings(TINY)
        result = subprocess.run([program(name), *arguments], cwd=tmp_path, capture_output=True,
                                text=True, check=False)  # fmt: skip
        assert result.returncode == 0, f"{command}\n{result.stderr}"


def test_the_table_of_headers_is_made_from_their_comments():
    assert read(library_table.PAGE) == library_table.page_with(library_table.table()), (
        "run scripts/library_table.py --write"
    )


def test_the_table_of_layers_is_the_one_that_is_checked():
    section = read(DOCS / "architecture.md").partition("## Layers\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*?)\|$", section, re.MULTILINE)
    assert {layer: re.findall(r"`(\w+)`", uses) for layer, uses in rows} == check_layers.USES


def test_every_folder_of_src_is_described():
    page = read(DOCS / "architecture.md")
    sources = [path.relative_to(SOURCE / "src").parts for path in (SOURCE / "src").rglob("*.cpp")]
    assert {parts[0] for parts in sources} == set(check_layers.USES)
    rooms = {"/".join(("src", *parts[:-1])) for parts in sources if len(parts) > 2}
    assert rooms == set(re.findall(r"`(src/\w+/\w+)`", page))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_file_that_is_named_is_there(page):
    if page.name == "CHANGELOG.md":
        pytest.skip("it tells of the past")
    tests = {path.name for path in (SOURCE / "tests").rglob("*_test.*")}
    text = read(page)
    for path in re.findall(r"`((?:src|tests|include|apps|scripts|configs)/[a-z0-9_./]+)`", text):
        assert (SOURCE / path).exists(), path
    for name in re.findall(r"`(\w+_test\.cpp)`", text):
        assert name in tests, name


def test_every_package_is_named():
    script = read(SOURCE / "scripts" / "install.sh")
    lists = re.findall(r"^ *packages\+?=\((.*?)\)", script, re.MULTILINE | re.DOTALL)
    packages = " ".join(lists).split()
    assert len(lists) == 2
    assert "libboost-dev" in packages
    named = set(re.findall(r"`([^`]+)`", read(DOCS / "install.md")))
    assert [package for package in packages if package not in named] == []


def test_examples_keep_their_lines_and_programs_get_names(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Text\n\n```cpp\n#include <a.h>\n\nint main() {}\n```\n"
                    "```cpp\n#include <b.h>\nint two();\n```\n")  # fmt: skip
    source, programs = snippets.source(page)
    assert programs == ["page_page::program_1"]
    assert source.splitlines()[1:] == [
        "#include <a.h>", "#include <b.h>", "", "namespace page_page {", f'#line 4 "{page}"', "",
        "", "int program_1() {}", f'#line 9 "{page}"', "", "int two();", "}"]  # fmt: skip
    page.write_text("```cpp\nint three();\n```\n")
    with pytest.raises(SystemExit):
        snippets.source(page)


def anchors(page):
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_link_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(read(target)), link


def test_every_page_is_listed():
    listed = set(re.findall(r"\(([a-z_]+\.md)\)", read(DOCS / "README.md")))
    assert listed == {path.name for path in DOCS.glob("*.md")} - {"README.md"}


def test_messages_of_the_page_are_those_of_the_programs():
    files = [path for top in ("src", "apps") for path in sorted((SOURCE / top).rglob("*.cpp"))]
    sources = re.sub(r'"\s*\n\s*"', "", "\n".join(map(read, files)))  # one text, on several lines
    blocks = re.findall(r"^ *```text\n(.*?)```", read(DOCS / "troubleshooting.md"),
                        re.MULTILINE | re.DOTALL)  # fmt: skip
    messages = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    assert len(messages) > 20
    for message in messages:
        for part in message.split("…"):
            assert part.strip(" :;,") in sources, message


def test_the_citation_names_this_version():
    version = re.search(r"project\(sanas VERSION (\S+)", read(SOURCE / "CMakeLists.txt"))[1]
    assert f"\nversion: {version}\n" in read(SOURCE / "CITATION.cff")
