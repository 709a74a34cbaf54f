#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make all files in which the rework differs from the kernel.

usage: stage.py STOCK OUT

STOCK is the kernel's tree, OUT a new directory for the files under their places
in it. A file of ours of the name

  X        is the kernel's X where the kernel has none, or stands behind it: its
           includes among the kernel's includes, the rest before a closing
           #endif or endif, or at the end;
  X.drop   lists functions of the kernel's X that go, one in a line, with their
           comments and prototypes;
  X.cocci  is a semantic patch for X, X.sed a script for what is not C. What it
           adds it names: a line that begins with a text after "Once:" must not
           be in the kernel's X, and must be in the result once. A text after
           "Gone:" must be in the kernel's X, and not in the result.

What stands behind a line with "Step:" and a name belongs to that patch of the
series, see series.py. Here all steps are taken.

Whatever does not fit is an error that says what, and leaves no OUT. Runs in the
toolbox.
"""

import pathlib
import re
import shutil
import subprocess
import sys

DRIVER = "drivers/iommu/intel"
MANUAL = "Documentation/driver-api/intel-iommu"
# These take the place of the kernel's.
REPLACED = {f"{DRIVER}/{name}" for name in ("cache.c", "pasid.c", "pasid.h")}
PATCHES = (".drop", ".cocci", ".sed")
STEP = re.compile(r"(?://|#|/\*) Step: (\S+)(?: \*/)?")


def sources(ours):
    """All files of ours and their places in the kernel's tree.

    This directory is the driver's. The library that any driver may use stands
    above it, and so do its tests; hooks/ is a mirror of the kernel's tree.
    """
    def driver(path, below=""):
        if path.name.startswith("entry_sync"):
            return path, f"drivers/iommu/{path.name}"
        return path, f"{DRIVER}/{below}{path.name}"

    for pattern in ("*.[ch]", "Kconfig"):
        yield from map(driver, ours.glob(pattern))
    yield ours / "Kbuild", f"{DRIVER}/Makefile"
    for path in (ours / "tests/kunit").iterdir():
        yield driver(path, "tests/")
    for top, place in (("Documentation", MANUAL), ("hooks", "")):
        for path in (ours / top).rglob("*"):
            if path.is_file():
                yield path, f"{place}/{path.relative_to(ours / top)}".lstrip("/")


def read(path, wanted=lambda step: True):
    """A file of ours, with what belongs to steps that are wanted"""
    lines, step = [], None
    for line in path.read_text().split("\n"):
        found = STEP.fullmatch(line)
        step = found[1] if found else step
        if not found and (step is None or wanted(step)):
            lines.append(line)
    return "\n".join(lines)


def fail(path, text):
    """End with an error about a file of ours"""
    raise SystemExit(f"{path}: {text}")


def declaration(lines, name):
    """Where functions of this name are declared: (first line, line after)"""
    found = []
    for i, line in enumerate(lines):
        if not re.match(rf"(\w[^;=(]*\W)?{name}\(", line):
            continue
        first, last = i, i
        # The type may have a line of its own, and a comment is part of it.
        if first and re.match(r"(static |const |struct |void|int|u?\d+|bool|"
                              r"VISIBLE_IF_KUNIT)[^;(){}]*$", lines[first - 1]):
            first -= 1
        if first and lines[first - 1].strip().endswith("*/"):
            first -= 1
            while not lines[first].lstrip().startswith("/*"):
                first -= 1
        while lines[last] != "}" and not lines[last].endswith(";"):
            last += 1
            if lines[last].startswith("{"):
                last = lines.index("}", last)
        found.append((first, last + 1))
    return found


def drop(path, ours, text):
    """Take the functions out that a list names"""
    lines = text.split("\n")
    for name in ours.split("\n"):
        name = name.split("#")[0].strip()
        if not name:
            continue
        found = declaration(lines, name)
        bodies = sum(lines[last - 1] == "}" for first, last in found)
        if not found or bodies > 1 or len(found) > bodies + 1:
            fail(path, f"{name}: found {len(found)} times")
        for first, last in reversed(found):
            # Its export goes with it, and one empty line.
            last += bool(re.match(rf"EXPORT_SYMBOL\w*\({name}[,)]",
                                  "".join(lines[last:last + 1])))
            blank = last < len(lines) and lines[last] == "" and \
                lines[first - 1] == ""
            del lines[first:last + blank]
    return "\n".join(lines)


def begins(text, start):
    """How many lines begin with this"""
    return sum(line.lstrip().startswith(start) for line in text.split("\n"))


def columns(text):
    """How wide a line is"""
    return len(text.expandtabs(8))


def indent(column):
    """White space up to a column"""
    return "\t" * (column // 8) + " " * (column % 8)


def open_columns(text):
    """Where what stands in each parenthesis that is open at the end begins"""
    columns_of = []
    text = text.expandtabs(8)
    quoted = re.compile(r"\"(\\\\.|[^\"\\\\])*\"|'(\\\\.|[^'\\\\])+'")
    for i, char in enumerate(quoted.sub(lambda found: "x" * len(found[0]), text)):
        if char == "(":
            columns_of.append(i + 1)
        elif char == ")" and columns_of:
            columns_of.pop()
    return columns_of


def wrap(line):
    """Break a long line where a person would: between the outermost operands"""
    best = None
    for found in re.finditer(r"(&&|\|\||,) ", line):
        before = line[:found.end() - 1]
        if columns(before) > 80 or before.count('"') % 2:
            continue
        depth = len(open_columns(before))
        if best is None or depth <= best[0]:
            best = depth, before, line[found.end():]
    if columns(line) <= 80 or best is None:
        return [line]
    _, before, after = best
    start = re.match(r"\s*(return |)", before)
    below = (open_columns(before) or [columns(start[0]) + (0 if start[1] else 8)])[-1]
    return [before, *wrap(indent(below) + after)]


def tidy(text, kernel):
    """Give lines that a semantic patch has made the form of others.

    It makes one line of an expression, and leaves what stands below a header
    that it has shortened.
    """
    known = set(kernel.split("\n"))
    lines, below = [], None
    for line in text.split("\n"):
        if below:
            line = indent(below) + line.lstrip()
        elif line not in known:
            line = indent(columns(re.match(r"\s*", line)[0])) + line.lstrip()
        made = wrap(line) if line not in known and not below else [line]
        lines += made
        header = line not in known and re.match(r"\w.*,$", made[-1])
        if header or below:
            below = below or open_columns(made[-1])[-1]
            below = None if line.endswith((")", "{", ";")) else below
    return "\n".join(lines)


def patch(path, ours, target, text, out):
    """Apply a semantic patch or a sed script to the kernel's file"""
    said = re.findall(r"^(?://|#) (Once|Gone): (.*)$", ours, re.M)
    for kind, start in said:
        if bool(begins(text, start)) != (kind == "Gone"):
            fail(path, f"the kernel has {'no' if kind == 'Gone' else 'this already:'} {start}")
    name = pathlib.Path(target).name
    # A directory of its own: spatch looks for headers next to the file.
    work = out / "patch" / name
    work.parent.mkdir(exist_ok=True)
    work.write_text(text)
    kernel = text
    script = work.with_name(f"ours{path.suffix}")
    script.write_text(ours)
    command = ["sed", "-i", "-E", "-f", script, work] if path.suffix == ".sed" else \
        ["spatch", "--sp-file", script, "--no-includes", "--very-quiet",
         "--no-show-diff", "--in-place", work]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        fail(path, f"does not fit this kernel: {run.stderr.strip()[-500:]}")
    text = tidy(work.read_text(), kernel)
    shutil.rmtree(work.parent)
    for kind, start in said:
        count = begins(text, start)
        if count != (kind == "Once"):
            fail(path, f"place found {count} times: {start}")
    return text


def split_includes(text):
    """(include lines, what stands behind the last of them and a guard)"""
    lines = text.split("\n")
    guard = [i + 1 for i, line in enumerate(lines) if line.startswith("#ifndef _")][:1]
    last = max([i for i, line in enumerate(lines) if line.startswith("#include")] +
               guard, default=-1)
    includes = [line for line in lines[:last + 1] if line.startswith("#include")]
    return includes, lines[last + 1:]


def add_include(lines, include):
    """Put an include among those of its kind"""
    def kind(line):
        return re.match(r'#include (<\w+/|"\.\./|"|<)', line)[1]

    peers = [i for i, line in enumerate(lines)
             if line.startswith("#include") and kind(line) == kind(include)]
    later = [i for i in peers if lines[i] > include]
    lines.insert(later[0] if later else peers[-1] + 1, include)


def merge(path, ours, target, text):
    """Put our file behind the kernel's of the same name"""
    lines = text.rstrip("\n").split("\n")
    includes, rest = [], ours.rstrip("\n").split("\n")
    if path.suffix in (".c", ".h"):
        includes, rest = split_includes(ours.rstrip("\n"))
    for include in includes:
        if include not in lines:
            add_include(lines, include)
    end = len(lines)
    closing = {".h": "#endif", "": "endif"}.get(pathlib.Path(target).suffix)
    if path.suffix == ".h":
        rest = rest[:max(i for i, line in enumerate(rest) if line.startswith("#endif"))]
    if closing:
        ends = [i for i, line in enumerate(lines) if line.startswith(closing)]
        end = ends[-1] if ends else end
    while rest and (not rest[0] or rest[0].startswith("# ") or "SPDX-" in rest[0]):
        rest.pop(0)
    while rest and not rest[-1]:
        rest.pop()
    if not rest:
        return "\n".join(lines) + "\n"
    before = lines[:end]
    while not before[-1]:
        before.pop()
    gap = [] if pathlib.Path(target).name == "Makefile" else [""]
    after = gap + lines[end:] if lines[end:] else []
    return "\n".join(before + gap + rest + after) + "\n"


def by_target(places):
    """Of (file of ours, place): the files for each file of the kernel, in order"""
    targets = {}
    for path, place in places:
        target = place.removesuffix(path.suffix) if path.suffix in PATCHES else place
        targets.setdefault(target, []).append(path)
    for paths in targets.values():
        paths.sort(key=lambda path: (*PATCHES, path.suffix).index(path.suffix))
    return targets


def apply(parts, target, text, out):
    """What becomes of the text of a kernel's file, None if there is none

    PARTS are of (file of ours, what is taken of it). OUT is for scratch files.
    """
    for path, ours in parts:
        if path.suffix not in PATCHES:
            text = ours if text is None else merge(path, ours, target, text)
        elif text is None:
            fail(path, f"the kernel has no {target}")
        elif path.suffix == ".drop":
            text = drop(path, ours, text)
        else:
            text = patch(path, ours, target, text, out)
    return text


def kernels(stock, target):
    """The text of a kernel's file that ours is put to, None if there is none"""
    kernel = stock / target
    if target in REPLACED and not kernel.exists():
        fail(target, "the kernel has no such file to replace")
    return kernel.read_text() if kernel.exists() else None


def stage(ours, stock, out):
    """Make all files in OUT"""
    for target, paths in sorted(by_target(sources(ours)).items()):
        text = kernels(stock, target)
        text = apply([(path, read(path)) for path in paths], target,
                     None if target in REPLACED else text, out)
        (out / target).parent.mkdir(parents=True, exist_ok=True)
        (out / target).write_text(text)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    ours = pathlib.Path(__file__).resolve().parent.parent
    stock, out = map(pathlib.Path, sys.argv[1:])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    try:
        stage(ours, stock, out)
    except BaseException:
        shutil.rmtree(out)
        raise


if __name__ == "__main__":
    main()
