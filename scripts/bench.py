#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Count what operations cost, on stock and on rework.

usage: bench.py [OPERATION]...

QEMU counts the guest's instructions, so that the numbers are the same on any
machine. Fails if the rework needs more of what stock needs than LIMITS says.
"""

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
LIMITS = {"replace": 0.5, "detach+attach": 1.0}
LIMIT_OF_MAPS = 1.0


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
    print()
    for failure in failures:
        print(f"bench: FAILED: {failure}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
