#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Replace domains under a device that does DMA, on stock and on rework.

usage: demo.py REPLACES

Fails if the rework loses a DMA, or lets one through to the old domain, or if
stock loses none: then the load proves nothing.
"""

import sys
import time

from bench import KERNELS, MODES, count, guest, ratio


def measure(mode, replaces):
    """All numbers of a mode, by kernel."""
    rows = {}
    for kernel in KERNELS:
        # DMAs that stock loses are faults.
        expect = ["--expect-faults"] if kernel == "stock" else []
        rows[kernel], *_ = guest(kernel, mode, ["vmm", "count", replaces],
                                 "--timeout", "3600", *expect)
        rows[kernel] |= count(kernel, mode, ["replace"])["replace", 1]
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
          f"{'lost':>8} {'stale':>7} {'instructions/replace':>21} {'ratio':>6} "
          f"{'waits/replace':>14}")
    for mode, rows in table.items():
        for kernel in KERNELS:
            row = rows[kernel]
            print(f"{mode:<12} {kernel:<7} {row['replaces']:>9} "
                  f"{row['dma']:>9} {row['lost']:>8} {row['stale']:>7} "
                  f"{row['instructions']:>21} {ratio(rows['stock'], row):>6.2f} "
                  f"{row['waits']:>14}")
    print()


def print_lines(table):
    """For machines"""
    for mode, rows in table.items():
        for kernel in KERNELS:
            row = rows[kernel]
            print(f"demo: mode={mode} kernel={kernel} "
                  f"replaces={row['replaces']} dma={row['dma']} "
                  f"lost={row['lost']} stale={row['stale']} "
                  f"instructions={row['instructions']} waits={row['waits']}")


def main():
    """Measure all, print all, judge."""
    table, failures = {}, []
    for mode in MODES:
        start = time.monotonic()
        print(f"demo: {mode}: {sys.argv[1]} replaces, stock and rework, "
              "then what one costs ...", flush=True)
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
