#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make the patches that a maintainer can take one by one.

usage: series.py STOCK OUT [TREE]

STOCK is the kernel's tree, TREE the staged one, if that is made from it. Each directory in series/ is a
series: "order" has the names of its steps, "cover" is its cover letter. A step is a
directory of that name:

  message     that of the patch
  items       files of ours that come with it
  until/STEP  glue, which is there from this step on and gone with STEP: files as for
              stage.py, under their places in the kernel's tree. It is put to what
              both steps leave of a file.
  reason      why the patch is longer than a reviewer likes, if it is
  apart       why the series goes on without it where it does not fit

A file of ours that comes bit by bit has lines of the form "Step: NAME" instead,
each for what stands behind it.

Writes OUT/SERIES/*.patch for git am and git send-email, and OUT/table. Fails if a
file belongs to no step or to several, if a patch does not fit STOCK, if the last step
does not leave TREE, if git am does not, or if checkpatch has anything to say. Series
that fit as a whole are written all the same. Runs in the toolbox.
"""

import pathlib
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

import stage

# Lines that a patch may add besides tests, until it needs a reason
LONG = 1500
TESTS = re.compile(r"/tests/|test|_check\.|_kunit\.|_layout\.|\.kunitconfig")
AUTHOR = ["-c", "user.name=Hitless VT-d",
          "-c", "user.email=hitless-vtd@localhost"]


class Step(NamedTuple):
    """One patch; INDEX counts through all series."""
    series: str
    name: str
    index: int
    path: pathlib.Path

    def text(self, name):
        """What one of its files says, nothing if there is none"""
        path = self.path / name
        return path.read_text() if path.exists() else ""

    @property
    def subject(self):
        """The first line of the message"""
        return self.text("message").split("\n", maxsplit=1)[0]


def fail(text):
    """End with an error"""
    raise SystemExit(f"series: {text}")


def read_steps(root):
    """All steps in their order"""
    steps = []
    for series in sorted(path for path in root.iterdir() if path.is_dir()):
        names = (series / "order").read_text().split()
        there = {path.name for path in series.iterdir() if path.is_dir()}
        for name in sorted(there ^ set(names)):
            fail(f"{series.name}/{name}: {'not in order' if name in there else 'missing'}")
        for name in names:
            if any(step.name == name for step in steps):
                fail(f"{series.name}/{name}: there are two")
            steps.append(Step(series.name, name, len(steps), series / name))
            if not (series / name / "message").exists():
                fail(f"{series.name}/{name}: no message")
    return steps


class Part(NamedTuple):
    """A file of ours, or glue: in the trees from step FIRST on, before UNTIL

    STEPS are those of its lines, if they come bit by bit.
    """
    path: pathlib.Path
    first: int
    until: int
    steps: dict

    def read(self, index, left_out):
        """What is there of it in the tree of a step; None if nothing"""
        if not self.first <= index < self.until or \
                (self.first in left_out and not self.steps):
            return None
        return stage.read(self.path, lambda step: self.steps[step] <= index and
                          self.steps[step] not in left_out)


def steps_of_lines(path, known):
    """The steps of a file that comes bit by bit"""
    try:
        lines = path.read_text().split("\n")
    except UnicodeDecodeError:
        return {}
    names = set()
    for line in lines:
        found = stage.STEP.fullmatch(line)
        if found:
            names.add(found[1])
        elif re.match(r"\s*(//|#|/\*)\s*step:", line, re.I):
            fail(f"{path}: what is meant by {line}")
    for name in names - known.keys():
        fail(f"{path}: no step {name}")
    return {name: known[name] for name in names}


def read_parts(ours, steps):
    """By target, what is put to the kernel's file, in order"""
    known = {step.name: step.index for step in steps}
    owners = {}
    for step in steps:
        for item in step.text("items").split():
            owners.setdefault(item, []).append(step)
    parts = {}
    for target, paths in stage.by_target(stage.sources(ours)).items():
        for path in paths:
            item = str(path.relative_to(ours))
            own = owners.pop(item, [])
            lines = steps_of_lines(path, known)
            if len(own) + bool(lines) != 1:
                fail(f"{item}: belongs to {len(own) + bool(lines)} steps: "
                     f"{' '.join([step.name for step in own] + sorted(lines))}")
            first = min(lines.values(), default=None)
            first = own[0].index if own else first
            parts.setdefault(target, []).append(Part(path, first, len(steps), lines))
    for item, own in owners.items():
        fail(f"{own[0].series}/{own[0].name}: there is no {item}")
    return parts


def read_glue(steps):
    """By target, glue; what lasts longest comes first: it is closest to the end"""
    known = {step.name: step.index for step in steps}
    glue = {}
    for step in steps:
        for path in sorted(step.path.glob("until/*/**/*")):
            if path.is_dir():
                continue
            name, *place = path.relative_to(step.path / "until").parts
            if known.get(name, -1) <= step.index:
                fail(f"{path}: {name} is no later step")
            target = "/".join(place)
            if path.suffix in stage.PATCHES:
                target = target.removesuffix(path.suffix)
            glue.setdefault(target, []).append(
                Part(path, step.index, known[name], {}))
    for parts in glue.values():
        parts.sort(key=lambda part: -part.until)
    return glue


def drop_objects(text, folder, stock, there):
    """A makefile without objects that have no source yet"""
    lines = []
    for line in text.split("\n"):
        found = re.match(r"(\S+ [+:]= )(.*)", line)
        if found:
            kept = [name for name in found[2].split()
                    if there(f"{folder}/{name.removesuffix('.o')}.c")
                    or there(f"{folder}/{name}Makefile")
                    or (stock / folder / f"{name.removesuffix('.o')}.c").exists()]
            if not kept:
                continue
            line = found[1] + " ".join(kept)
        lines.append(line)
    return "\n".join(lines)


class Trees:
    """The tree of each step, as far as it differs from the kernel's"""

    def __init__(self, ours, stock, scratch):
        self.stock, self.scratch = stock, scratch
        self.steps = read_steps(ours / "series")
        self.parts = read_parts(ours, self.steps)
        self.glue = read_glue(self.steps)
        self.made, self.left_out = {}, set()
        for target in self.glue.keys() - self.parts.keys():
            fail(f"{target}: glue for what is not ours")

    def targets(self):
        """All files that differ anywhere"""
        return sorted(self.parts)

    def pieces(self, target, index):
        """What is put to a file in the tree of a step"""
        folder, _, name = target.rpartition("/")
        for part in self.parts.get(target, []) + self.glue.get(target, []):
            text = part.read(index, self.left_out)
            if text is not None and name in ("Makefile", "Kbuild"):
                text = drop_objects(text, folder, self.stock, lambda place: any(
                    part.read(index, self.left_out) is not None
                    for part in self.parts.get(place, [])))
            if text is not None:
                yield part.path, text

    def read(self, target, index):
        """The text of a file in the tree of a step, None if there is none"""
        pieces = tuple(self.pieces(target, index))
        key = target, pieces
        if key not in self.made:
            text = stage.kernels(self.stock, target)
            if target in stage.REPLACED and any(
                    path.suffix not in stage.PATCHES and "until" not in path.parts
                    for path, _ in pieces):
                text = None
            for piece in pieces:
                made = stage.apply([piece], target, text, self.scratch)
                if made == text and "until" in piece[0].parts:
                    fail(f"{piece[0]}: changes nothing in the tree of "
                         f"{self.name_of(index)}")
                text = made
            self.made[key] = text
        return self.made[key]

    def name_of(self, index):
        """The name of a step"""
        return next(step.name for step in self.steps if step.index == index)

    def misfit(self, step):
        """Why the tree of a step cannot be made, None if it can"""
        for target in self.targets():
            try:
                self.read(target, step.index)
            except SystemExit as error:
                return str(error)
        return None

    def fit(self):
        """Leave out what does not fit this kernel; yields that, and why.

        What others depend on takes its series along, and those after it.
        """
        for step in list(self.steps):
            why = self.misfit(step)
            if not why:
                continue
            yield f"{step.series}/{step.name} does not fit: {why}"
            if not step.text("apart"):
                self.steps = [one for one in self.steps if one.series < step.series]
                return
            self.left_out.add(step.index)
            self.steps.remove(step)


def git(where, *words, **more):
    """Run git; returns what it says."""
    run = subprocess.run(["git", *AUTHOR, "-C", where, *words], text=True,
                         stdout=subprocess.PIPE, check=False, **more)
    if run.returncode:
        fail(f"git {words[0]} failed")
    return run.stdout


def write_files(where, trees, index):
    """Write all files of a step; None are the kernel's."""
    for target in trees.targets():
        text = trees.read(target, index) if index is not None else \
            stage.kernels(trees.stock, target)
        path = where / target
        if text is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def commit(where, message):
    """Commit all that differs; returns how many lines of code are new or gone."""
    git(where, "add", "-A")
    git(where, "commit", "-q", "-F", "-", input=message)
    lines = tests = 0
    for line in git(where, "show", "--numstat", "--format=").splitlines():
        added, removed, name = line.split("\t")
        count = int(added) + int(removed)
        lines += count
        tests += count if TESTS.search(name) else 0
    return lines - tests, tests


def check_lengths(rows):
    """A long patch has a reason, and no other; yields what is wrong."""
    for step, code, _ in rows:
        if (code > LONG) != bool(step.text("reason")):
            yield (f"{step.series}/{step.name}: {code} lines besides tests, "
                   f"{'without' if code > LONG else 'and still'} a reason")


def checkpatch(stock, patches):
    """What checkpatch has to say"""
    run = subprocess.run(["scripts/checkpatch", stock, *patches],
                         stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.splitlines()


def cover(path, text):
    """Put what a cover letter says into its form."""
    subject, _, body = text.partition("\n")
    letter = path.read_text()
    letter = letter.replace("*** SUBJECT HERE ***", subject)
    letter = letter.replace("*** BLURB HERE ***", body.strip())
    path.write_text(letter)
    if "***" in letter:
        fail(f"{path}: the cover letter has a gap")


def compare(trees, tree):
    """The last step leaves the staged tree; yields files of which it does not."""
    for target in trees.targets():
        last = trees.read(target, trees.steps[-1].index)
        path = tree / target
        if last != (path.read_text() if path.exists() else None):
            yield f"{target}: the last step does not leave what is staged"


def write_series(trees, out, work):
    """Write the patches of all series; yields rows of the table."""
    git(work, "init", "-q")
    write_files(work, trees, None)
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "stock")
    git(work, "tag", "stock")
    for series in dict.fromkeys(step.series for step in trees.steps):
        steps = [step for step in trees.steps if step.series == series]
        for step in steps:
            write_files(work, trees, step.index)
            yield step, *commit(work, step.text("message"))
        git(work, "format-patch", "-q", "--cover-letter", "--no-base", "-o", out / series,
            f"HEAD~{len(steps)}")
        path, = (out / series).glob("0000-*")
        cover(path, (steps[0].path.parent / "cover").read_text())


def patches(out, series="*"):
    """The patches of a series, without its cover letter"""
    return sorted(path for path in out.glob(f"{series}/*.patch")
                  if not path.name.startswith("0000-"))


def apply_series(trees, out, work):
    """git am takes all patches on a clean tree."""
    end = git(work, "rev-parse", "HEAD^{tree}")
    git(work, "checkout", "-q", "stock")
    for series in dict.fromkeys(step.series for step in trees.steps):
        git(work, "am", "-q", *patches(out, series))
    if git(work, "rev-parse", "HEAD^{tree}") != end:
        fail("git am leaves another tree")


def main():
    """Make the series, and look at it"""
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    ours = pathlib.Path(__file__).resolve().parent.parent
    stock, out, *tree = map(pathlib.Path, sys.argv[1:])
    out = out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    work = pathlib.Path("/tmp/series")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    trees = Trees(ours, stock, out)
    wrong = list(trees.fit())
    if tree and not wrong:
        wrong = list(compare(trees, *tree))
    rows = list(write_series(trees, out, work))
    table = [f"{step.series}/{step.name}\t{code}\t{tests}\t{step.subject}"
             for step, code, tests in rows]
    (out / "table").write_text("\n".join(table) + "\n")
    apply_series(trees, out, work)
    wrong += [*check_lengths(rows), *checkpatch(stock, patches(out))]
    for text in wrong:
        print(f"series: {text}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
