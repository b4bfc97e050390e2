"""What the documents say is what the program does."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OPTION = re.compile(r"^  (--\S+)(?: (\S+))?\n((?:      .*\n)+?)      \[(\S+), default: (.*)\]$", re.M)


def rows_of_help():
    text = subprocess.run(
        [os.environ["CRAWLD_BIN"], "serve", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for name, argument, meaning, variable, default in OPTION.findall(text):
        said = " ".join(line.strip() for line in meaning.splitlines())
        yield (f"{name} {argument}".strip(), variable, default, said)


def rows_of_readme():
    text = (ROOT / "README.md").read_text()
    for line in re.findall(r"^\| `--.*$", text, re.M):
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip("|"))]
        yield tuple(c.strip("`").replace("\\|", "|") for c in cells)


def test_readme_has_the_table_of_help():
    rows = list(rows_of_help())
    assert len(rows) > 15
    assert list(rows_of_readme()) == rows


def test_documents_name_files_that_exist():
    """Every `path/file.ext` and link in the documents of the tree."""
    missing = []
    for document in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/*/*.md")]:
        if "build" in document.relative_to(ROOT).parts[0]:
            continue
        text = document.read_text()
        named = re.findall(r"`((?:base|storage|crawler|api|server|tests|docs|bench)/[\w./-]+)`", text)
        linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
        missing += [(document.name, n) for n in named if not (ROOT / n).exists()]
        missing += [(document.name, n) for n in linked if not (document.parent / n).exists()]
    assert not missing


def test_the_tests_that_stand_guard_exist():
    """Those that docs/security.md names by their file alone are stories, or contracts of the store."""
    text = (ROOT / "docs" / "security.md").read_text()
    named = set(re.findall(r"`(\w+\.(?:py|c))`", text))
    folders = [ROOT / "tests" / name for name in ("integration", "contract")]
    assert len(named) > 20
    assert not [name for name in named if not any((folder / name).exists() for folder in folders)]
