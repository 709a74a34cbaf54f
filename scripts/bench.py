#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Count what operations cost, on stock and on rework.

usage: bench.py [OPERATION]...

QEMU counts the guest's instructions, so that the numbers are the same on any
machine. Fails if the rework needs more of what stock needs than LIMITS says, or more
than LIMIT_OF_GROWTH times as much among 1,000 attachments as with one.
"""

import itertools
import pathlib
import re
import subprocess
import sys

MODES = ["legacy", "scalable-ss", "scalable-fs"]
KERNELS = ["stock", "rework"]

# For many attachments. Functions of one slot are in one group of the iommu core,
# and attached at once.
DEVICES = [f"iommu-testdev,addr={slot}.{function},multifunction=on"
           for slot in range(8, 20) for function in range(8)] + 3 * ["iommu-testdev"]

# What of stock's instructions the rework may need
LIMITS = {"replace": 0.5, "detach+attach": 0.8}
LIMIT_OF_MAPS = 1.0

# What KUnit measures with many attachments, and how much more it may need
GROWTH = "intel_growth"
CASES = ["second_stage", "first_stage"]
SAME = ["attach", "replace", "detach"]
# Trees have levels.
LIMIT_OF_GROWTH = 1.2


def guest(kernel, mode, command, *options):
    """Run a command in a guest; returns what its result lines say."""
    run = subprocess.run(
        ["scripts/guest.py", "--log", "-".join([command[0], kernel, mode]),
         *options, f"build/bzImage-{kernel}", mode, "--", *command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    results = re.findall(r"^result: (.*)$", run.stdout, re.M)
    if run.returncode or not results:
        sys.exit(f"{kernel} in {mode}: {' '.join(command)} failed:\n{run.stdout}")
    return [dict(pair.split("=") for pair in result.split()) for result in results]


def count(kernel, mode, operations, devices=()):
    """What operations cost, by (name, number of attachments)"""
    results = guest(kernel, mode, ["bench", *operations], "--count",
                    *(f"--qemu={arg}" for device in devices for arg in ("-device", device)))
    return {(row.pop("op"), int(row.pop("attachments"))):
            {what: int(number) for what, number in row.items()} for row in results}


def count_all(kernel, mode, operations):
    """The same; where pages are mapped, with many devices, too"""
    counts = count(kernel, mode, operations)
    maps = [name for name, attachments in counts if not attachments]
    return counts | (count(kernel, mode, maps, DEVICES) if maps else {})


def count_growth():
    """What operations of the driver cost among many attachments:
    (case, operation): {number of attachments: what}"""
    subprocess.run(["scripts/guest.py", "--log", "growth", "--count", "--append",
                    f"kunit.enable=1 kunit.autorun=1 kunit.filter_glob={GROWTH}",
                    "build/bzImage-rework", "scalable-ss", "--", "true"],
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    console = pathlib.Path("build/logs/growth.log").read_text(encoding="utf-8",
                                                              errors="replace")
    growth = {}
    for case, line in re.findall(r"# (\w+): growth: (.*)$", console, re.M):
        row = dict(pair.split("=") for pair in line.split())
        operation, attachments = row.pop("op"), int(row.pop("attachments"))
        growth.setdefault((case, operation), {})[attachments] = {
            what: int(number) for what, number in row.items()}
    return growth


def print_growth(growth):
    """For people"""
    numbers = sorted(next(iter(growth.values())))
    print(f"\n{'the driver alone,':<26} instructions{'':12}waits{'':16}descriptors")
    print(f"{'attachments:':<26}" + 3 * "".join(f"{number:>8}" for number in numbers))
    for (case, operation), rows in growth.items():
        print(f"{case.replace('_', ' '):<13} {operation:<12}" + "".join(
            f"{rows[number][what]:>8}" for what in ("instructions", "submissions",
                                                    "descriptors") for number in numbers))


def find_growth(growth):
    """Where an operation takes longer because there are others"""
    for case, operation in itertools.product(CASES, SAME):
        rows = growth[case, operation]
        costs = [rows[number]["instructions"] for number in (1, 1000)]
        if costs[1] > LIMIT_OF_GROWTH * costs[0]:
            yield (f"{case}: {operation} grows from {costs[0]} to {costs[1]} instructions "
                   "with the number of attachments")


def ratio(stock, rework):
    """How many instructions the rework needs, in stock's"""
    return rework["instructions"] / stock["instructions"]


def print_table(mode, counts):
    """For people"""
    print(f"\n{mode:<17} {'attach-':>7}    instructions                 waits"
          "  descriptors  allocations      bytes")
    print(f"{'':<17} {'ments':>7}  {'stock':>8} {'rework':>8}  ratio"
          + 4 * "  stock rework")
    for (name, attachments), stock in counts["stock"].items():
        rework = counts["rework"][name, attachments]
        print(f"{name:<17} {attachments:>7}  {stock['instructions']:>8} "
              f"{rework['instructions']:>8} {ratio(stock, rework):>6.2f}"
              + "".join(f"{stock[what]:>7} {rework[what]:>6}" for what in
                        ("waits", "descriptors", "allocations", "bytes")), flush=True)


def find_failures(mode, counts):
    """Where the rework needs more than it may"""
    for (name, attachments), stock in counts["stock"].items():
        limit = LIMIT_OF_MAPS if "map" in name else LIMITS.get(name)
        needs = ratio(stock, counts["rework"][name, attachments])
        if limit and round(needs, 2) > limit:
            yield (f"{mode}: {name} with {attachments} attachments needs {needs:.2f} of "
                   f"stock's instructions, not at most {limit}")


def main():
    """Count all, print all, judge."""
    failures = []
    for mode in MODES:
        counts = {kernel: count_all(kernel, mode, sys.argv[1:]) for kernel in KERNELS}
        print_table(mode, counts)
        failures += find_failures(mode, counts)
    growth = count_growth()
    print_growth(growth)
    failures += find_growth(growth)
    print()
    for failure in failures:
        print(f"bench: FAILED: {failure}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
