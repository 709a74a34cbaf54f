# SPDX-License-Identifier: GPL-2.0
"""What a live update costs, by how much a device reaches.

One is handed over that reaches 1 GiB, then one that reaches 64 GiB, in pages of 4
KiB. Instructions of each step are counted, see calls.py.
"""

import subprocess
import sys
import threading

from calls import Counter

SIZES = (1, 64)
# What the kernel calls the steps, and which call is meant: files are preserved
# before devices, and the last kernel shuts down, too.
STEPS = {"preserve": ("luo_session_preserve_fd", 1),
         "freeze": ("liveupdate_reboot", 0),
         "last CPU": ("intel_iommu_shutdown", 0),
         "boot": ("intel_liveupdate_restore", 0),
         "KHO's boot": ("kho_memory_init", 1),
         "finish": ("luo_session_finish", 0)}
# No user code runs from the begin of the one to the begin of the other.
BLACK_OUT = ("liveupdate_reboot", 0), ("run_init_process", 1)
# Which steps may not depend on what the device reaches, but for an interrupt, or an
# allocator that has to look further: 160 instructions for each GiB more, where a walk
# through its page tables takes 500 times as many. At boot most is the page
# allocator's, which depends on what it finds free.
SAME = ("freeze", "last CPU")
SLACK = 10000


def follow(kernel, mode, size):
    """An update in which a device reaches SIZE GiB; returns the kernel's calls."""
    counter = Counter(f"build/obj-{kernel}/System.map",
                      {name for name, _ in (*STEPS.values(), *BLACK_OUT)})
    with subprocess.Popen(
            ["scripts/guest.py", "--count", "--timeout", "1200",
             "--log", f"cost-{kernel}-{mode}-{size}",
             "--append", "kho=on liveupdate=on",
             "--initrd", f"build/initramfs-kexec-{kernel}.gz",
             *(f"--qemu={word}" for word in counter.arguments()),
             f"build/bzImage-{kernel}", mode, "--", "live-update", "1",
             "reach", str(size), "next", "reach", "done"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as guest:
        threading.Thread(target=counter.follow, daemon=True).start()
        output = guest.stdout.read()
    if guest.returncode:
        sys.exit(f"live-update: {kernel} in {mode} with {size} GiB failed:\n{output}")
    return counter.calls


def count(kernel, mode, size):
    """Instructions of each step, and of all without user code"""
    calls = follow(kernel, mode, size)
    begin, end = (calls[name][index][0] for name, index in BLACK_OUT)
    steps = {step: calls[name][index] for step, (name, index) in STEPS.items()}
    return {step: end - begin for step, (begin, end) in
            {**steps, "black-out": (begin, end)}.items()}


def run_costs(kernels, modes):
    """Count all, print a table; yields what is wrong."""
    for kernel in kernels:
        print(f"{'instructions':<12} {'GiB':>3} "
              + " ".join(f"{step:>13}" for step in (*STEPS, "black-out")))
        for mode in modes:
            counts = {size: count(kernel, mode, size) for size in SIZES}
            for size, steps in counts.items():
                print(f"{mode:<12} {size:>3} "
                      + " ".join(f"{number:>13,}" for number in steps.values()),
                      flush=True)
            little, much = counts.values()
            for step in SAME:
                what = f"{step} costs the same, however much is mapped, {mode}"
                if abs(much[step] - little[step]) <= SLACK:
                    print(f"ok {what}", flush=True)
                else:
                    yield f"not ok {what}"
