"""Checks which way #include points, and that foreign headers stay on their floor.

Without arguments it checks the tree it stands in, after it has seen each of its
own checks fail on a made-up tree.
"""

import pathlib
import re
import sys
import tempfile

FLOORS = ["base", "storage", "crawler", "api", "server"]
HOMES = {
    "microhttpd.h": "server",
    "curl/": "crawler",
    "ares.h": "crawler",
    "unicase.h": "crawler",
    "unictype.h": "crawler",
    "uninorm.h": "crawler",
    "uchardet": "crawler",
    "libpsl.h": "crawler",
    "sqlite3.h": "storage",
    "jansson.h": "api",
    "zlib.h": "base",
    "xxhash.h": "base",
    "openssl/": "base",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)


def fault(floor, root, bracket, name):
    """Why a file of |floor| must not include |name|; None where it may."""
    if bracket == '"':
        target = name.split("/")[0]
        if target not in FLOORS:
            return "is not relative to the root"
        if FLOORS.index(target) > FLOORS.index(floor):
            return "points up"
        if not (root / name).is_file():
            return "does not exist"
    for header, home in HOMES.items():
        if name.startswith(header) and floor != home:
            return f"belongs to {home}/"
    return None


def faults(root):
    for floor in FLOORS:
        for path in sorted((root / floor).glob("**/*.[ch]")):
            for bracket, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
                why = fault(floor, root, bracket, name)
                if why:
                    yield f"{path.relative_to(root)}: {name} {why}"


def check_finds(path, line, wanted):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for floor in FLOORS:
            (root / floor).mkdir()
            (root / floor / "a.h").write_text("")
        (root / path).write_text(line + "\n")
        found = list(faults(root))
    if [f.split(": ", 1)[1] for f in found] != wanted:
        sys.exit(f"the check itself is broken: {path} with {line}: {found}")


def check_itself():
    check_finds("crawler/b.c", '#include "base/a.h"', [])
    check_finds("crawler/b.c", "#include <curl/curl.h>", [])
    check_finds("storage/b.c", '  #  include "crawler/a.h"', ["crawler/a.h points up"])
    check_finds("base/b.h", '#include "storage/a.h"', ["storage/a.h points up"])
    check_finds("api/b.c", '#include "a.h"', ["a.h is not relative to the root"])
    check_finds("api/b.c", '#include "base/gone.h"', ["base/gone.h does not exist"])
    for header, home in HOMES.items():
        for floor in FLOORS:
            name = header + "x.h" if header.endswith(("/", "t")) else header
            wanted = [] if floor == home else [f"{name} belongs to {home}/"]
            check_finds(f"{floor}/b.c", f"#include <{name}>", wanted)


def main():
    check_itself()
    found = list(faults(pathlib.Path(__file__).resolve().parent.parent))
    print("\n".join(found) or "every #include points down")
    sys.exit(1 if found else 0)


main()
