#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Replace domains under a device that does DMA, on stock and on rework.

usage: demo.py REPLACES

Fails if the rework loses a DMA, or lets one through to the old domain, or if
stock loses none: then the load proves nothing.
"""

import re
import statistics
import subprocess
import sys
import time

MODES = ["legacy", "scalable-ss", "scalable-fs"]
KERNELS = ["stock", "rework"]

TIMED_BOOTS = 7
TIMED_REPLACES = 18000
TRACED_REPLACES = 900
TRACE = "build/logs/trace"


def guest(kernel, mode, command, *options):
    """Run a vmm command in a guest; returns what its result line says."""
    # vmm prints one result line; options are guest.py's.
    run = subprocess.run(
        ["scripts/guest.py", "--log", f"demo-{kernel}-{mode}-{command[0]}",
         *options, f"build/bzImage-{kernel}", mode, "--", "vmm", *command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    result = re.search(r"^result: (.*)$", run.stdout, re.M)
    if run.returncode or not result:
        sys.exit(f"demo: {kernel} in {mode}: vmm {' '.join(command)} failed:\n"
                 + run.stdout)
    return dict(pair.split("=") for pair in result[1].split())


def count_waits(kernel, mode):
    """Waits for the invalidation queue in one replace.

    The difference of two runs leaves out what set-up and shut-down need.
    """
    counts = []
    for replaces in (TRACED_REPLACES, 2 * TRACED_REPLACES):
        guest(kernel, mode, ["time", str(replaces)], "--qemu=-d",
              "--qemu=trace:vtd_inv_desc_wait_sw", "--qemu=-D",
              f"--qemu={TRACE}")
        with open(TRACE, encoding="utf-8") as trace:
            counts.append(sum("vtd_inv_desc_wait_sw" in line for line in trace))
    return (counts[1] - counts[0]) / TRACED_REPLACES


def measure_times(mode):
    """Time per replace of each kernel: the median of boots in turn."""
    times = {kernel: [] for kernel in KERNELS}
    for _ in range(TIMED_BOOTS):
        for kernel in KERNELS:
            result = guest(kernel, mode, ["time", str(TIMED_REPLACES)])
            times[kernel].append(float(result["us"]))
    return {kernel: statistics.median(times[kernel]) for kernel in KERNELS}


def measure(mode, replaces):
    """All numbers of a mode, by kernel."""
    rows = {}
    for kernel in KERNELS:
        # DMAs that stock loses are faults.
        expect = ["--expect-faults"] if kernel == "stock" else []
        rows[kernel] = guest(kernel, mode, ["count", replaces],
                             "--timeout", "3600", *expect)
        rows[kernel]["waits"] = count_waits(kernel, mode)
    for kernel, us in measure_times(mode).items():
        rows[kernel]["us"] = us
    return rows


def find_failures(mode, rows):
    """What of a mode is not as promised"""
    rework = rows["rework"]
    if int(rework["lost"]) or int(rework["stale"]):
        yield (f"{mode}: rework lost {rework['lost']} DMAs, "
               f"{rework['stale']} were stale")
    if not int(rows["stock"]["lost"]):
        yield f"{mode}: stock lost no DMA, so the load proves nothing"


def print_table(table):
    """For people"""
    print(f"\n{'mode':<12} {'kernel':<7} {'replaces':>9} {'DMAs':>9} "
          f"{'lost':>8} {'stale':>7} {'us/replace':>11} {'ratio':>6} "
          f"{'waits/replace':>14}")
    for mode, rows in table.items():
        for kernel in KERNELS:
            row = rows[kernel]
            ratio = row["us"] / rows["stock"]["us"]
            print(f"{mode:<12} {kernel:<7} {row['replaces']:>9} "
                  f"{row['dma']:>9} {row['lost']:>8} {row['stale']:>7} "
                  f"{row['us']:>11.1f} {ratio:>6.2f} {row['waits']:>14.1f}")
    print()


def print_lines(table):
    """For machines"""
    for mode, rows in table.items():
        for kernel in KERNELS:
            row = rows[kernel]
            print(f"demo: mode={mode} kernel={kernel} "
                  f"replaces={row['replaces']} dma={row['dma']} "
                  f"lost={row['lost']} stale={row['stale']} "
                  f"us={row['us']:.1f} waits={row['waits']:.1f}")


def main():
    """Measure all, print all, judge."""
    table, failures = {}, []
    for mode in MODES:
        start = time.monotonic()
        print(f"demo: {mode}: {sys.argv[1]} replaces, stock and rework, "
              "then time and waits ...", flush=True)
        table[mode] = measure(mode, sys.argv[1])
        failures += find_failures(mode, table[mode])
        print(f"demo: {mode}: done in {time.monotonic() - start:.0f} s",
              flush=True)
    print_table(table)
    print_lines(table)
    for failure in failures:
        print(f"demo: FAILED: {failure}")
    sys.exit(bool(failures))


main()
