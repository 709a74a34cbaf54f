#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build and try each patch of the series.

usage: check_series.py [STEP...]

Of each step, or of those that are named: does it build without a warning that was
not there before (W=1), do guests attach and replace domains in each mode, do the KUnit
suites that there are pass? The file "checks" of a step says what else: a line with

  kdump, live-update    is done in the tree of this step alone;
  lost=0, stale=0       with modes, is promised from this step on.

SMMUv3's driver is compiled, for arm64. What was found in the very same tree is not
looked for again. While guests run, the next step is built. Runs in the toolbox, with a
tree and an object directory of its own at /usr/src.
"""

import collections
import concurrent.futures
import contextlib
import hashlib
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import series

TREE, OBJ = pathlib.Path("/usr/src/linux"), pathlib.Path("/usr/src/obj")
STOCK = pathlib.Path("build/linux-stock")
DONE = pathlib.Path("build/series-checked")
# Warnings of trees that steps were put to
KNOWN = DONE / "warnings"
# All that was ever written to the tree
WRITTEN = pathlib.Path("build/linux-series.files")
# What make series has told
TABLE = pathlib.Path("build/series/table")
FRAGMENTS = ["tests/host/kernel.config", "tests/host/rework.config",
             "hooks/drivers/iommu/.kunitconfig", "tests/host/amd.config",
             "hooks/drivers/iommu/amd/.kunitconfig"]
# What a result depends on, besides the tree
JUDGES = [*FRAGMENTS, "scripts/check_series.py", "scripts/guest.py",
          "scripts/live_update.py", "tests/host/kunit", "tests/host/arm64.config",
          *sorted(map(str, pathlib.Path("tests/guest").iterdir()))]
MODES = ["legacy", "scalable-ss", "scalable-fs"]
REPLACES = "300"
COPIED = "Copied translation tables from previous kernel"
# Whose KUnit suites have to be run again
TESTED = ("drivers/iommu/", "drivers/pci/")
SELFTESTS = "tools/testing/selftests/"
# What no kernel here is made of
NO_KERNEL = ("Documentation/", "MAINTAINERS", "scripts/", "tools/")
# What the kernel that boots is not made of
ARM64 = "drivers/iommu/arm/"
ELSEWHERE = (*NO_KERNEL, ARM64)
ARM64_MAKE = ["ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-"]
ARM64_OBJ = pathlib.Path("build/obj-series-arm64")


def fingerprint(trees, step):
    """Of the tree of a step, and of what is asked of it"""
    text = hashlib.sha256(repr(promises(trees, step)).encode())
    for path in (STOCK / "Makefile", *map(pathlib.Path, JUDGES)):
        text.update(path.read_bytes())
    here = set(changed(trees, step))
    for target in trees.targets():
        ours = trees.read(target, step.index)
        if target in here or not target.startswith(NO_KERNEL) and \
                ours != series.stage.kernels(STOCK, target):
            text.update(f"{target}\0{ours}\0".encode())
    return text.hexdigest()


def promises(trees, step):
    """(what is done here, {promise: modes} that hold from some step on)"""
    here, holds = [], {}
    for other in trees.steps[:step.index + 1]:
        for line in other.text("checks").splitlines():
            word, *modes = line.split()
            if set(modes) - set(MODES) or not re.match(
                    r"(lost|stale)=" if modes else r"(kdump|live-update)$", word):
                series.fail(f"{other.path}/checks: what is meant by {line}")
            if modes:
                holds.setdefault(word, []).extend(modes)
            elif other == step:
                here.append(word)
    return here, holds


def changed(trees, step):
    """The files that a step changes"""
    for target in trees.targets():
        before = trees.read(target, step.index - 1) if step.index else \
            series.stage.kernels(STOCK, target)
        if before != trees.read(target, step.index):
            yield target


def run(*command):
    """Run a command; returns (whether it went well, what it said)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode == 0, done.stdout


def run_apart(*command):
    """Run a command whose mounts end with it: what it needs in the place of ours"""
    return run("unshare", "--mount", "--propagation", "unchanged", *command)


def bring_tree(trees, index):
    """Make /usr/src/linux the tree of a step. What is not ours any more is stock's."""
    written = set(WRITTEN.read_text().split()) if WRITTEN.exists() else set()
    for target in written - set(trees.targets()):
        (TREE / target).unlink(missing_ok=True)
        if (STOCK / target).exists():
            shutil.copy(STOCK / target, TREE / target)
    WRITTEN.write_text("\n".join(sorted(written | set(trees.targets()))) + "\n")
    series.write_files(TREE, trees, index)


def configure():
    """As the rework is configured, as far as the tree has that"""
    known = set()
    for path in TREE.glob("**/Kconfig*"):
        known.update(re.findall(r"^(?:menu)?config (\w+)", path.read_text(), re.M))
    wanted = []
    for fragment in FRAGMENTS:
        for line in pathlib.Path(fragment).read_text().splitlines():
            found = re.match(r"CONFIG_(\w+)=", line)
            if not found or found[1] in known:
                wanted.append(line)
    pathlib.Path("/tmp/step.config").write_text("\n".join(wanted) + "\n")
    return run("scripts/configure", "/tmp/step.config")


def warnings(text):
    """What anything warns of, without places in files: how often"""
    found = re.findall(r"^.*warning:.*$", text, re.M | re.I)
    return collections.Counter(re.sub(r":\d+", "", line) for line in found)


def build_base(trees, step):
    """Build the tree that a step is put to; returns all warnings, old ones, too.

    Of a file that is not built again nothing is said.
    """
    print("# building what comes before, some 10 minutes the first time", flush=True)
    bring_tree(trees, step.index - 1 if step.index else None)
    known = collections.Counter()
    if KNOWN.exists():
        known.update(json.loads(KNOWN.read_text()))
    _, known = build(step, known)
    KNOWN.write_text(json.dumps(known))
    return known


def build(step, old):
    """Build the kernel of a step; returns what is wrong, and all warnings."""
    good, text = configure()
    if not good:
        return [f"is not configured: {text}"], old
    good, text = run("make", "-s", "-C", TREE, f"O={OBJ}", "-j2", "W=1", "bzImage")
    if not good:
        return ["does not build: " + "\n".join(
            line for line in text.splitlines() if re.search("rror|undefined", line))], old
    shutil.copy(OBJ / "arch/x86/boot/bzImage", f"build/bzImage-series-{step.name}")
    found = warnings(text)
    return sorted(found - old), found | old


def build_selftests(paths):
    """Build the kernel's own tests, if a step changes them: (what is wrong, cells)"""
    if not any(path.startswith(SELFTESTS) for path in paths):
        return [], []
    # They are built in a copy of the tree, which must not stay in its place.
    good, text = run_apart("tests/host/selftests", "build/selftests-series", "vfio")
    return ([], ["selftests are built"]) if good else \
        (["selftests do not build: " + "\n".join(text.splitlines()[-5:])], [])


def compile_arm64(paths):
    """Compile the drivers for arm64, if a step changes one: (what is wrong, cells)"""
    if not any(path.startswith(ARM64) for path in paths):
        return [], []
    ARM64_OBJ.mkdir(exist_ok=True)
    kunitconfig = TREE / ARM64 / "arm-smmu-v3/.kunitconfig"
    configure_it = ["scripts/configure", *ARM64_MAKE, "tests/host/arm64.config",
                    str(kunitconfig)]
    make = ["make", "-s", "-C", str(TREE), f"O={OBJ}", "-j2", "W=1", *ARM64_MAKE,
            "drivers/iommu/"]
    # Its objects stand in the place of the others, as long as that takes.
    good, text = run_apart("sh", "-c", f"busybox mount --bind {ARM64_OBJ} {OBJ} && "
                           f"{shlex.join(configure_it)} && {shlex.join(make)}")
    if not good:
        return ["does not build for arm64: " + "\n".join(text.splitlines()[-5:])], []
    found = [line for line in warnings(text) if any(path in line for path in paths)]
    return found, ["compiled for arm64"]


def try_modes(kernel, holds):
    """Replace domains in each mode; yields what is wrong, and a cell of the table."""
    for mode in MODES:
        good, text = run("scripts/guest.py", kernel, mode, "--log", f"series-{mode}",
                         "--expect-faults", "--", "vmm", "count", REPLACES)
        result = dict(pair.split("=", 1) for pair in re.findall(r"\S+=\S+", text))
        yield None, f"{mode}: lost={result.get('lost')} stale={result.get('stale')}"
        if not good:
            yield f"{mode}: {text.strip()}", None
        for promise, modes in holds.items():
            name, _, value = promise.partition("=")
            if mode in modes and result.get(name) != value:
                yield f"{mode}: {name}={result.get(name)}, promised {value}", None


def try_kunit(kernel, sources, paths):
    """Run the suites that there are; yields what is wrong, and a cell of the table.

    Cases that are slow run where tests change, and in the end.
    """
    if not list(sources.rglob("*_test.c")):
        return
    slow = any(re.search("_test|/tests/|_check|_layout", path) for path in paths)
    good, text = run("tests/host/kunit", "--tree", sources, *[] if slow else ["--quick"],
                     kernel, "scalable-ss")
    yield None, f"KUnit: {len(re.findall(r'^ok ', text, re.M))}"
    if not good:
        yield "KUnit: " + "\n".join(line for line in text.splitlines()
                                    if line.startswith(("not ok", "#"))), None


@contextlib.contextmanager
def kexec_initramfs(kernel):
    """An initramfs by which a guest can start this kernel by kexec: (name, file)"""
    name = pathlib.Path(kernel).name.removeprefix("bzImage-")
    image = pathlib.Path(f"build/initramfs-kexec-{name}.gz")
    good, text = run("scripts/initramfs", image, name, "build/initramfs.gz")
    if not good:
        series.fail(f"{image}: {text}")
    try:
        yield name, image
    finally:
        image.unlink()


def try_kdump(kernel):
    """Crash, and go on with the tables of the crashed kernel"""
    with kexec_initramfs(kernel) as (_, image):
        for mode in MODES:
            log = f"series-kdump-{mode}"
            good, text = run("scripts/guest.py", kernel, mode, "--log", log,
                             "--append", "crashkernel=256M", "--initrd", str(image),
                             "--expect-faults", "--expect-crash", "--",
                             "kdump", "vmm", "count", "100",
                             "next", "vmm", "count", "100")
            console = pathlib.Path(f"build/logs/{log}.log").read_text(errors="replace")
            if not good:
                yield f"kdump, {mode}: {text.strip()}", None
            elif COPIED not in console:
                yield f"kdump, {mode}: no tables were copied", None
    yield None, "kdump"


def try_live_update(kernel):
    """Replace the kernel under a NIC in each mode, and under virtual functions"""
    with kexec_initramfs(kernel) as (name, _):
        good, text = run("scripts/live_update.py", name)
    yield None, f"live update: {len(re.findall(r'^ok ', text, re.M))}"
    if not good:
        yield f"live update: {text.strip()}", None


def try_step(trees, step, paths):
    """Boot a kernel that is built; returns what is wrong, and cells of the table."""
    kernel = f"build/bzImage-series-{step.name}"
    here, holds = promises(trees, step)
    found = list(try_modes(kernel, holds))
    if any(path.startswith(TESTED) for path in paths):
        with tempfile.TemporaryDirectory() as sources:
            series.write_files(pathlib.Path(sources), trees, step.index)
            found += try_kunit(kernel, pathlib.Path(sources), paths)
    for word in here:
        found += {"kdump": try_kdump, "live-update": try_live_update}[word](kernel)
    pathlib.Path(kernel).unlink()
    return [wrong for wrong, _ in found if wrong], [cell for _, cell in found if cell]


class Report:
    """Says what was found of each step, and keeps it for the next time"""

    def __init__(self, trees):
        self.trees, self.failed, self.begin = trees, 0, time.monotonic()
        self.lines = dict(re.findall(r"^(\S+)\t(\d+\t\d+)\t", TABLE.read_text(), re.M))
        self.marks = {}
        DONE.mkdir(parents=True, exist_ok=True)

    def name(self, step):
        """A step, and how many lines it has"""
        code, tests = self.lines[f"{step.series}/{step.name}"].split()
        return f"{step.series}/{step.name}: {code} lines, {tests} of tests"

    def find(self, step):
        """What was found in the same tree, if all was well"""
        self.marks[step] = fingerprint(self.trees, step)
        with contextlib.suppress(FileNotFoundError):
            mark, row = (DONE / step.name).read_text().split("\n", 1)
            if mark == self.marks[step]:
                return row
        return None

    def tell(self, step, wrong, cells):
        """Print, and keep"""
        self.failed += bool(wrong)
        row = ", ".join(cells)
        print(f"{'not ok' if wrong else 'ok'} {self.name(step)}; {row} "
              f"# {time.monotonic() - self.begin:.0f} s", flush=True)
        for text in wrong:
            print("".join(f"# {line}\n" for line in text.splitlines()), end="", flush=True)
        if not wrong:
            (DONE / step.name).write_text(f"{self.marks[step]}\n{row}")


def check(trees, steps, report):
    """Build a step while guests try the one before."""
    trying, known = None, None
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for step in steps:
            row = report.find(step)
            if row is not None:
                print(f"ok {report.name(step)}; {row} # as before", flush=True)
                continue
            paths = list(changed(trees, step))
            built = [path for path in paths if not path.startswith(ELSEWHERE)]
            if built and known is None:
                known = build_base(trees, step)
            bring_tree(trees, step.index)
            wrong, cells = [], []
            for compile_more in (build_selftests, compile_arm64):
                more, also = compile_more(paths)
                wrong += more
                cells += also
            if built:
                more, known = build(step, known)
                wrong += more
            if trying:
                report.tell(trying[0], *trying[1].result())
            trying = None
            if wrong or not built:
                report.tell(step, wrong, cells or ["not built here # SKIP"])
            else:
                trying = step, pool.submit(try_step, trees, step, built)
        if trying:
            report.tell(trying[0], *trying[1].result())


def main():
    """Check what is asked for"""
    ours = pathlib.Path(__file__).resolve().parent.parent
    trees = series.Trees(ours, STOCK, pathlib.Path("/tmp"))
    wanted = sys.argv[1:] or [step.name for step in trees.steps]
    for name in set(wanted) - {step.name for step in trees.steps}:
        series.fail(f"there is no step {name}")
    report = Report(trees)
    check(trees, [step for step in trees.steps if step.name in wanted], report)
    print(f"{len(wanted) - report.failed} passed, {report.failed} failed")
    sys.exit(bool(report.failed))


if __name__ == "__main__":
    main()
