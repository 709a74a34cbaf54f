#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Live-update the kernel under a NIC that receives all the time.

usage: live_update.py KERNEL...

The host sends numbered packets at a steady rate to the guest's NIC. The guest
hands NIC and memory to the next kernel and jumps; see tests/nic.c. What the
NIC does not take in time is lost, as it is on a wire. The NIC is behind a port,
and so there is a way to reset it.

Fails if the rework loses a packet or faults, or if stock loses none: then the
load proves nothing.
"""

import re
import socket
import struct
import subprocess
import sys
import threading
import time

MODES = ["legacy", "scalable-ss", "scalable-fs"]
RATE = 250
PACKETS = 500
# What may wait on the wire, in bytes: about 300 packets. A busy host may keep
# QEMU from taking them for a second, but a NIC that is off for the length of
# a kexec loses most of what is sent meanwhile.
WIRE = 200000

TOLD = ["mode", "sent", "received", "lost", "during-jump", "replaces-after",
        "faults"]
GOOD = {"lost": "0", "late": "0", "corrupt": "0", "skipped": "0",
        "faults": "0", "device": "handed-over", "state": "kept"}

# A frame as tests/nic.c expects it
BROADCAST = b"\xff" * 6
SENDER = b"\x52\x54\x00\x00\x00\x01"
ETHERTYPE = b"\x88\xb5"
PATTERN_SIZE = 482
PATTERN = bytes(i & 0xff for i in range(256 + PATTERN_SIZE))


def frame(number):
    """Packet NUMBER, stamped with the time"""
    start = number & 0xff
    return (BROADCAST + SENDER + ETHERTYPE +
            struct.pack("<QQ", number, time.monotonic_ns()) +
            PATTERN[start:start + PATTERN_SIZE])


class Sender(threading.Thread):
    """Sends until told to stop; a packet that is not taken is not repeated."""

    def __init__(self, wire):
        super().__init__(daemon=True)
        self.wire = wire
        self.stop = threading.Event()

    def run(self):
        number, due = 0, time.monotonic()
        while not self.stop.wait(due - time.monotonic()):
            try:
                self.wire.send(frame(number), socket.MSG_DONTWAIT)
            except (BlockingIOError, ConnectionError):
                pass
            number += 1
            # A host that is late does not make up for it with a burst.
            due = max(due + 1 / RATE, time.monotonic())


def read_lines(guest, wire):
    """The guest's output, and the host's time between jump and return"""
    sender, output, times = Sender(wire), [], {}
    for line in guest.stdout:
        output.append(line)
        if line.startswith("nic: "):
            times[line.split()[1].strip(",\n")] = time.monotonic()
        if line == "nic: ready\n":
            sender.start()
    sender.stop.set()
    if sender.is_alive():
        sender.join()
    jump_ms = 0
    if "jumping" in times and "back" in times:
        jump_ms = round(1000 * (times["back"] - times["jumping"]))
    return "".join(output), jump_ms


def run(kernel, mode):
    """One live update; returns what is to be told of it."""
    log = f"live-update-{kernel}-{mode}"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WIRE)
    with ours, theirs, subprocess.Popen(
            ["scripts/guest.py", "--log", log, "--expect-faults",
             "--timeout", "120", "--append", "kho=on liveupdate=on",
             "--initrd", f"build/initramfs-kexec-{kernel}.gz",
             "--qemu=-netdev",
             f"--qemu=dgram,id=net,local.type=fd,local.str={theirs.fileno()}",
             "--qemu=-device", "--qemu=pcie-root-port,id=above",
             "--qemu=-device", "--qemu=e1000,bus=above,netdev=net,romfile=",
             f"build/bzImage-{kernel}", mode, "--", "live-update",
             str(PACKETS)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            pass_fds=[theirs.fileno()]) as guest:
        output, jump_ms = read_lines(guest, ours)
    found = re.search(r"^result: (.*)$", output, re.M)
    if guest.returncode or not found:
        sys.exit(f"live-update: {kernel} in {mode} failed:\n{output}")
    result = dict(pair.split("=") for pair in found[1].split())
    result.update({"mode": mode, "kernel": kernel, "jump-ms": jump_ms})
    with open(f"build/logs/{log}.log", encoding="utf-8",
              errors="replace") as console:
        result["faults"] = sum("DMAR: [DMA" in line for line in console)
    return result


def find_failures(result):
    """What is not as promised"""
    where = f"{result['mode']}: {result['kernel']}"
    if result["kernel"] == "stock":
        if result["lost"] == "0":
            yield f"{where} lost no packet, so the load proves nothing"
        return
    for key, good in GOOD.items():
        if str(result[key]) != good:
            yield f"{where}: {key}={result[key]}, should be {good}"
    if int(result["during-jump"]) < RATE:
        yield f"{where} received nothing to speak of during the jump"


def main():
    """Update each kernel in each mode, judge."""
    failures = []
    for mode in MODES:
        for kernel in sys.argv[1:]:
            result = run(kernel, mode)
            # In this order come those that are told everywhere.
            keys = [*TOLD, *sorted(result.keys() - set(TOLD))]
            print("live-update: "
                  + " ".join(f"{key}={result[key]}" for key in keys),
                  flush=True)
            failures += find_failures(result)
    for failure in failures:
        print(f"live-update: FAILED: {failure}")
    sys.exit(bool(failures))


main()
