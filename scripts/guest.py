#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run one guest under QEMU and judge how it went.

The guest runs COMMAND as the child of init and powers off. What the command
prints is printed; the kernel's console goes to build/logs. The guest has failed
if the command has, if it does not end in time, or if the kernel complains.
"""

import argparse
import ctypes
import mmap
import os
import re
import subprocess
import sys
import time

# A level of the kernel's log in front of each line
FORMAT = "console_msg_format=syslog"
# LOG_ERR and worse, of the kernel, which also tells at such a level that it ends
ERROR = re.compile(r"<[0-3]>(?!.*reboot: )")

FIRMWARE = "/usr/share/ovmf/OVMF.fd"

# What makes a unit of each mode, and what the kernel is told
MODES = {
    "legacy": ("", "sm_off"),
    "scalable-ss": ("scalable-mode=on", "sm_on"),
    "scalable-fs": ("scalable-mode=on,fsts=on", "sm_on"),
}

# What is said at other levels, too
COMPLAINTS = re.compile(
    r"WARNING:|BUG:|Oops|Kernel panic|general protection|KASAN:|KCSAN:|"
    r"possible (circular|recursive)|inconsistent lock|unreferenced object|"
    r"INFO: (task|rcu|trying to register)|QI (HEAD|PRIOR)|"
    r"DMAR: .*(error|[Ff]ail|no domain id left|uses other tables)|"
    r"Invalidation .*(Error|Time-out)|\[INTR-REMAP\]|(KHO|LUO|luo_).*[Ff]ail")
CRASH = re.compile(r"Kernel panic - not syncing: sysrq triggered crash")
FAULTS = re.compile(r"DMAR: \[DMA|DMAR: DRHD: handling fault")

# rdtsc; shl $32,%rdx; or %rdx,%rax; ret
RDTSC = bytes.fromhex("0f31 48c1e220 4809d0 c3")


def tsc_khz():
    """The rate of the host's TSC, which is the guest's, too"""
    code = mmap.mmap(-1, mmap.PAGESIZE,
                     prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(RDTSC)
    rdtsc = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))

    def sample():
        """Time in ns and ticks at it, from the least disturbed of some readings"""
        readings = [(time.monotonic_ns(), rdtsc(), time.monotonic_ns()) for _ in range(100)]
        before, ticks, _ = min(readings, key=lambda reading: reading[2] - reading[0])
        return before, ticks

    begin = sample()
    time.sleep(0.05)
    end = sample()
    return (end[1] - begin[1]) * 1000000 // (end[0] - begin[0])


def clock(khz):
    """Parameters that keep a kernel on a busy host from losing its clock.

    It would measure the TSC by timers of which QEMU delays some: a rate that is
    wrong by a factor of nine has been seen. And its watchdog of the TSC waits for
    another CPU with interrupts off, for a time that it reads from the jiffies if
    the TSC is not yet the clock: with these standing still, it waits forever.
    """
    return [f"tsc_early_khz={khz}", "tsc=reliable"]


def cpus(args):
    """(arguments that make the CPUs, the rate of their TSC in kHz)

    One whose instructions are counted takes 1 ns of the guest's time for each, on
    any host, and has no other beside it.
    """
    if args.count:
        return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
                "-cpu", args.cpu, "-smp", "1"], 1000000
    return ["-accel", "tcg,thread=multi", "-cpu", args.cpu, "-smp", "2"], tsc_khz()


def start_kernel(args, parameters):
    """Arguments that start a kernel whose init runs the command"""
    return ["-device", "iommu-testdev", "-kernel", args.kernel, "-initrd", args.initrd,
            "-append", " ".join([*parameters, "--", *args.command])]


def start_disk(args, parameters):
    """Arguments that start what is on a disk, by UEFI and systemd-boot

    The command are parameters of its kernel, too. The disk stays as it is.
    """
    parameters = " ".join([*parameters, *args.command]).replace(",", ",,")
    return ["-bios", FIRMWARE,
            "-drive", f"id=disk,if=none,format=raw,snapshot=on,file={args.kernel}",
            "-device", "nvme,drive=disk,serial=disk",
            "-smbios", f"type=11,value=io.systemd.boot.kernel-cmdline-extra={parameters}"]


def qemu(args):
    """The command line of a guest."""
    machine, khz = cpus(args)
    unit, option = MODES[args.mode]
    unit = ",".join(filter(None, ["intel-iommu,intremap=on", unit, args.unit]))
    parameters = ["console=ttyS0", FORMAT, "panic=-1", "no_timer_check", *clock(khz),
                  f"intel_iommu=on,{option}", "iommu.strict=1", args.append]
    start = start_disk if args.disk else start_kernel
    return ["qemu-system-x86_64", *machine, "-machine", "q35", "-m", "1G",
            "-nodefaults", "-display", "none", "-no-reboot",
            "-device", unit, *start(args, parameters), *args.qemu]


def find_complaints(args, lines):
    """Lines in which something is wrong that the test does not expect"""
    expected = [re.compile(text) for text in args.expect]
    expected += [CRASH] * args.expect_crash + [FAULTS] * args.expect_faults
    for line in lines:
        if (ERROR.match(line) or COMPLAINTS.search(line) or
                FAULTS.search(line)) and \
           not any(text.search(line) for text in expected):
            yield line.rstrip()


def console(path):
    """What the guest's kernel has said so far"""
    with open(f"{path}.log", encoding="utf-8", errors="replace") as log:
        return log.read()


def run(args, path):
    """Run the guest; returns (exit status of its command or None, complaints).

    The kernel's console and the command have a serial port each, or their
    lines would run into each other. Descriptors that were handed to this
    program are QEMU's, too.
    """
    status, output = None, []
    with open(f"{path}.qemu", "w", encoding="utf-8") as errors, \
         subprocess.Popen(
             ["timeout", str(args.timeout), *qemu(args),
              "-serial", f"file:{path}.log", "-serial", "stdio",
              *["-serial", f"file:{path}.gcov"] * args.gcov],
             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
             text=True, errors="replace", close_fds=False) as guest:
        for line in guest.stdout:
            output.append(line)
            marker = re.match(r"guest: exit status (\d+)", line)
            if marker:
                status = int(marker[1])
            else:
                print(line, end="", flush=True)
    lines = [*console(path).split("\n"), *output]
    complaints = list(find_complaints(args, lines))
    if guest.returncode == 124:
        complaints.append(f"no end after {args.timeout} s")
    return status, complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernel")
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("command", nargs="*", metavar="COMMAND")
    parser.add_argument("--disk", action="store_true",
                        help="KERNEL is a disk that boots by UEFI, with a system of its "
                        "own, which gets COMMAND as parameters")
    parser.add_argument("--cpu", default="max", help="QEMU's -cpu")
    parser.add_argument("--count", action="store_true",
                        help="one CPU, whose TSC counts instructions")
    parser.add_argument("--unit", default="",
                        help="more properties of intel-iommu")
    parser.add_argument("--append", default="",
                        help="more kernel parameters")
    parser.add_argument("--qemu", action="append", default=[],
                        help="one more argument of QEMU")
    parser.add_argument("--timeout", type=int, default=600, help="in seconds")
    parser.add_argument("--expect", action="append", default=[],
                        help="a complaint that is part of the test, as a regular "
                        "expression; can be repeated")
    parser.add_argument("--expect-faults", action="store_true",
                        help="DMA faults are part of the test")
    parser.add_argument("--expect-crash", action="store_true",
                        help="a crash on purpose is part of the test")
    parser.add_argument("--initrd", default="build/initramfs.gz")
    parser.add_argument("--gcov", action="store_true",
                        help="write what the kernel's gcov has counted to a file, "
                        "see tests/guest/coverage")
    parser.add_argument("--interactive", action="store_true")
    parser.add_argument("--log", help="name of the logs in build/logs")
    args = parser.parse_args()

    if args.interactive:
        print("Leave with 'exit' in the guest, or with Ctrl-A X.", flush=True)
        os.execvp("qemu-system-x86_64", [*qemu(args), "-serial", "mon:stdio"])

    os.makedirs("build/logs", exist_ok=True)
    path = f"build/logs/{args.log or time.time_ns()}"
    status, complaints = run(args, path)
    for line in complaints[:10]:
        print(f"guest: {line}")
    if status == 0 and not complaints:
        return
    if status is None:
        print("guest: ended before its command did")
    sys.exit(f"guest: failed, see {path}.log and {path}.qemu")


main()
