#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Live-update the kernel under a NIC that receives all the time.

usage: live_update.py [--plot FILE] [--only NAME] KERNEL...

The host sends numbered packets at a steady rate to the guest's NIC. The guest
hands NIC and memory to the next kernel and jumps; see tests/guest/nic.c. What the
NIC does not take in time is lost, as it is on a wire. The NIC is behind a port
or a bridge, and so there is a way to reset it.

Fails if the rework loses a packet or faults, or if stock loses none: then the
load proves nothing. FILE gets a picture of it.

NAME is update, or rounds: one jump after the other, nothing may get less; or
cost: the same for 1 GiB as for 64, see live_update_cost.py; or one of CASES below.
"""

import argparse
import contextlib
import fcntl
import itertools
import re
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from typing import NamedTuple

from live_update_cost import run_costs

MODES = ("legacy", "scalable-ss", "scalable-fs")
RATE = 250
PACKETS = 500
REPLACES = 1000
# KASAN's shadow needs memory, and what KHO keeps for the next kernel with it.
# A jump takes 20 seconds then, which is more than the ring has room for.
GUEST = {"debug": ["--cpu", "max,-la57", "--qemu=-m", "--qemu=2G",
                   "--timeout", "900"],
         "coverage": ["--gcov", "--timeout", "900"]}
APPEND = {"debug": "kho_scratch=64M,256M,256M"}
# Half as many for virtual functions, whose ring has less room
RATES = {"debug": 60, "coverage": 125}
# For each packet a blocked NIC looks through its whole ring, and each descriptor is
# a fault: QEMU and the guest are busy for a while.
RATE_OF_FAULTS = 40
# What may wait on the wire, in bytes: about 300 packets. A busy host may keep
# QEMU from taking them for a second, but a NIC that is off for the length of
# a kexec loses most of what is sent meanwhile.
WIRE = 200000
# What waits there for longer than this many seconds, no wire would have kept.
KEPT = 0.05
# How long a step of the picture is
STEP = 0.2

TOLD = ["mode", "nic", "kernel", "sent", "received", "lost", "during-jump",
        "replaces-after", "faults"]
GOOD = {"lost": "0", "late": "0", "corrupt": "0", "skipped": "0", "restarts": "0",
        "device": "handed-over", "state": "kept"}


class Case(NamedTuple):
    """A guest that judges itself: it prints KTAP, and results.

    MODES are all where page tables matter; a first stage is like a second one in
    all else. {n} packets are those of a second. FAULTS tells whether there are some, None
    that it is no matter. CONSOLE says by which regular expressions something is
    seen there. The jump is to the kernel NEXT, if given. APPEND are more
    parameters of kernels, GUEST of guest.py. There are as many results as NICS,
    of QEMU's MODEL, if one is taken over; if LOSSY, packets may be lost. With
    BRIDGE, NICs are conventional PCI, and do DMA by the requester ID of a bridge.
    With VFS, they are virtual functions of one virtio NIC, and with ATS they have
    that. If REFUSES, the kernel says that it refuses something, which is an error to
    it. RATE is of packets in a second: where memory is stirred, the ring has to
    last for longer.
    """
    command: str
    modes: tuple = ("legacy", "scalable-ss")
    faults: bool = False
    console: dict = {}
    next: str = None
    append: str = ""
    guest: tuple = ()
    nics: int = 1
    model: str = "e1000"
    bridge: bool = False
    vfs: bool = False
    ats: bool = False
    lossy: bool = False
    rate: int = RATE
    refuses: bool = False


# What it says then
REFUSAL = "live update: |is preserved for a live update|luo_file: Freeze failed"
TRANSLATES = {"translation is found on": "DMAR: Translation already enabled"}
COPIED = "Copied translation tables from previous kernel"
# The crash kernel's memory is in what KHO keeps for the next kernel.
# VFIO there blocks the device before it resets it.
CRASH = {"console": {"tables are copied twice":
                     f"{COPIED}.* Kernel panic .*{COPIED}",
                     "nothing faults before the crash kernel's init":
                     r"\A(?!.*DMAR: \[DMA.*Run /init)"},
         "faults": None,
         "rate": RATE_OF_FAULTS,
         "append": "crashkernel=128M kho_scratch=16M,32M,192M",
         "guest": ("--expect-crash",)}

# Two virtual functions, in different domains
VFS = {"vfs": True, "nics": 2, "rate": 100}

# What is updated for people to see
KINDS = {"nic": Case(""), "vf": Case("", **VFS, ats=True)}

CASES = {
    # No jump: what cannot be done with a device that is preserved
    "refuse": Case("nic refuse {n}", MODES, refuses=True),
    # Nobody claims the device after the jump.
    "abandon": Case("live-update 1 nic update {n} next nic abandon {n}", MODES,
                    faults=True),
    # Who claims it does not attach it.
    "bound": Case("live-update 1 nic update {n} next nic bound {n}",
                  faults=True, console={
                      "it says so": "finished, but not attached: blocked"}),
    # One of two devices is detached, and no obstacle to the other one.
    "detached": Case("live-update 1 nic detach {n} next nic others {n}",
                     nics=2, rate=100, refuses=True, console=TRANSLATES | {
                         "it says so":
                         "left out, and blocked at the jump: is not attached"}),
    # Memory stays where it is until the device has left it.
    "hold": Case("live-update 1 nic update {n} next nic hold {n}", MODES,
                 rate=20),
    "poor": Case("live-update 1 nic update {n} next nic poor {n}",
                 ("scalable-ss",), faults=True, console={
                     "it fails half way": "failed to add to page cache"},
                 guest=("--expect=failed to add to page cache",)),
    # So it does if who retrieves it may not have as much.
    "limited": Case("live-update 1 nic update {n} next nic limited {n}",
                    ("scalable-ss",), faults=True, console={
                        "it fails half way": "failed to charge folio"},
                    guest=("--expect=failed to charge folio",
                           "--expect=Memory cgroup out of memory")),
    # A device that is not there any more is blocked, and its page table freed.
    "unplugged": Case("live-update 1 nic update {n} next nic unplugged {n}",
                      ("scalable-ss",), faults=True),
    # Nor does another one that is plugged into its place reach anything.
    "swapped": Case("live-update 1 nic update {n} next nic swapped {n}",
                    ("scalable-ss",), faults=True, refuses=True, console={
                        "it says so": "is where another device is awaited"}),
    "gone": Case("live-update 1 reach 16 next reach gone", ("scalable-ss",)),
    # The domain id that a device has in tables of the kernel before
    "ids": Case("live-update 1 nic low {n} next nic ids {n}", ("scalable-ss",),
                rate=100),
    # The next kernel knows no such blob.
    "version": Case("live-update 1 nic update {n} next nic blocked {n}",
                    faults=True, next="next", refuses=True, console=TRANSLATES | {
                        "the blob is refused":
                        "all devices are blocked: unknown version",
                        "and so is PCI's": "PCI: live update: what the kernel "
                        "before has left is refused.* unknown version"}),
    # Two NICs in one domain: they share page tables and a domain id.
    "pair": Case("live-update 1 nic update {n} next nic resume {n}", nics=2),
    # Devices are translated by their bus numbers, and so these stay.
    "busses": Case("live-update 1 nic update {n} "
                   "next with pci=assign-busses,hpbussize=4 nic resume {n}",
                   ("scalable-ss",), nics=2, console={
                       "it says so": "bus numbers are not assigned anew"}),
    # What the next kernel is told does not matter to what is handed over.
    "iommu-off": Case(
        "live-update 1 nic update {n} next with intel_iommu=off nic resume {n}",
        console=TRANSLATES | {
            "the unit stays on": "stays on: intel_iommu=on is assumed"}),
    "sm-off": Case(
        "live-update 1 nic update {n} next with intel_iommu=sm_off "
        "nic resume {n}", ("scalable-fs",), console=TRANSLATES | {
            "the mode stays": "handed over in scalable mode"}),
    "sm-on": Case(
        "live-update 1 nic update {n} next with intel_iommu=sm_on "
        "nic resume {n}", ("legacy",), console=TRANSLATES | {
            "the mode stays": "handed over in legacy mode"},
        guest=("--unit", "scalable-mode=on")),
    # The next kernel cannot have what was handed over.
    "liveupdate-off": Case(
        "live-update 1 nic update {n} next with liveupdate=off nic receive {n}",
        faults=True, refuses=True, console=TRANSLATES | {
            "it says so": "cannot be had .*all devices are blocked"}),
    # Virtual functions without ATS
    "vfs": Case("live-update 1 nic update {n} next nic resume {n}", MODES,
                **VFS),
    # One of three is not preserved, and does nothing until it has a driver.
    "vf-spare": Case("live-update 1 nic spare {n} next nic spared {n}",
                     ("legacy", "scalable-ss"), **VFS | {"nics": 3}, ats=True),
    # No jump: what cannot be done with VFs that are preserved
    "vf-refuse": Case("nic vf-refuse {n}", refuses=True, **VFS),
    # Nor can it be done in the next kernel before the finish.
    "vf-fixed": Case("live-update 1 nic update {n} next nic vf-fixed {n}",
                     refuses=True, **VFS),
    # The next kernel does without ATS.
    "vf-noats": Case("live-update 1 nic update {n} next with pci=noats "
                     "nic noats {n}", **VFS, ats=True),
    # Their physical function has a user, too.
    # When all is closed in the end, the reset of it may come before they sleep.
    "vf-owner": Case("live-update 1 nic owner {n} next nic owned {n}",
                     **VFS, ats=True, refuses=True,
                     guest=("--expect=to D3hot, device inaccessible",)),
    "vf-intrude": Case("live-update 1 nic owner {n} next nic intrude {n}",
                       ("scalable-ss",), faults=True, refuses=True, **VFS),
    # One jump after the other, and one before the finish
    "vf-again": Case("live-update 1 nic update {n} next live-update 1 "
                     "nic again {n} next nic resume {n}", **VFS),
    "vf-unfinished": Case("live-update 1 nic update {n} next live-update 1 "
                          "nic unfinished {n} next nic stopped {n}", **VFS),
    # A device with another requester ID besides its own
    "alias": Case("live-update 1 nic update {n} next nic resume {n}",
                  ("legacy",), bridge=True),
    "group": Case("nic refused {n}", ("legacy",), bridge=True,
                  guest=("--qemu=-device",
                         "--qemu=pci-testdev,bus=above0,addr=4"),
                  console={"it says why": "is not alone in its group"},
                  refuses=True),
    # What the file could do before the jump it can do after it.
    "reset": Case("live-update 1 nic update {n} next nic reset {n}", rate=100),
    # Nobody opens a device that has power management.
    "awake": Case("live-update 1 nic update {n} next nic awake {n}",
                  model="e1000e", rate=50),
    # Messages that a device sends during the jump are lost, and made up for.
    "signal": Case("live-update 1 nic signal {n} next nic signalled {n}",
                   model="e1000e", rate=50),
    # A kexec at any moment: before anything is retrieved, and before the finish
    "early": Case("live-update 1 nic update {n} next "
                  "live-update 1 nic early {n} next nic stopped {n}"),
    "unfinished": Case("live-update 1 nic update {n} next "
                       "live-update 1 nic unfinished {n} next nic stopped {n}",
                       MODES),
    # The same, with another device handed over by then
    "meanwhile": Case("live-update 1 nic update {n} next "
                      "live-update 1 nic meanwhile {n} next nic kept {n}"),
    # A suspended NIC receives nothing, and does so again afterwards.
    "suspend": Case("live-update 1 nic suspend {n} next nic wake {n}",
                    lossy=True),
    # The next kernel crashes, with the device taken over and before that.
    "crash": Case("live-update 1 nic update {n} next "
                  "kdump nic crash {n} next nic receive {n}", **CRASH),
    "early-crash": Case("live-update 1 nic update {n} next "
                        "kdump true next nic receive {n}", ("scalable-ss",),
                        **CRASH),
    "vf-crash": Case("live-update 1 nic update {n} next "
                     "kdump nic crash {n} next nic receive {n}",
                     **VFS | CRASH),
}

# A frame as tests/guest/nic.c expects it
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


def waiting(wire):
    """How much is on its way, in bytes of the host's memory"""
    return struct.unpack("i", fcntl.ioctl(wire, termios.TIOCOUTQ, bytes(4)))[0]


class Sender(threading.Thread):
    """Sends until told to stop; a packet that is not taken is not repeated.

    Of the first wire, SENT has the times of packets that are on it, and TAKEN
    those when the NIC had taken as many, which is when it next sends.
    """

    def __init__(self, wires, rate):
        super().__init__(daemon=True)
        self.wires = wires
        self.rate = rate
        self.stop = threading.Event()
        self.sent, self.taken = [], []

    def note_taken(self, size):
        """SIZE is how much one packet is on its way."""
        now = time.monotonic()
        left = -(-waiting(self.wires[0]) // size)
        self.taken += [now] * (len(self.sent) - len(self.taken) - left)

    def send(self, wire, number):
        """Says whether the wire had room."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            wire.send(frame(number), socket.MSG_DONTWAIT)
            return True
        return False

    def run(self):
        number, due, size = 0, time.monotonic(), None
        while not self.stop.wait(due - time.monotonic()):
            if size:
                self.note_taken(size)
            for wire in self.wires:
                if self.send(wire, number) and wire is self.wires[0]:
                    self.sent.append(time.monotonic())
                    # Nobody had time to take the first one.
                    size = size or waiting(wire)
            number += 1
            # A host that is late does not make up for it with a burst.
            due = max(due + 1 / self.rate, time.monotonic())


def read_lines(guest, sender):
    """The guest's output, and the host's time of each step"""
    output, times = [], {}
    for line in guest.stdout:
        output.append(line)
        if line.startswith("nic: "):
            times[line.split()[1].strip(",\n")] = time.monotonic()
        if line == "nic: ready\n" and not sender.is_alive():
            sender.start()
    sender.stop.set()
    if sender.is_alive():
        sender.join()
    return "".join(output), times


def make_wire(stack):
    """Both ends of a wire, until STACK is left"""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WIRE)
    return stack.enter_context(ours), stack.enter_context(theirs)


def describe_nic(i, case):
    """QEMU's words for a NIC, and what is above it"""
    above, slot = (("pcie-pci-bridge", 3) if case.bridge else
                   (f"pcie-root-port,chassis={i}", 0))
    return ["-device", f"{above},id=above{i}", "-device",
            f"{case.model},bus=above{i},addr={slot},netdev=net{i},romfile="]


def describe_vfs(case):
    """QEMU's words for virtual functions; the physical one comes last there"""
    model = ("virtio-net-pci,bus=above,romfile=,disable-legacy=on,"
             f"iommu_platform=on,ats={'on' if case.ats else 'off'}")
    vfs = [["-device", f"{model},addr=0.{i + 1},netdev=net{i},sriov-pf=physfn,"
            "rx_queue_size=1024"] for i in reversed(range(case.nics))]
    return ["-device", "pcie-root-port,id=above", *sum(vfs, []),
            "-device", f"{model},addr=0.0,id=physfn"]


def describe_nics(wires, case):
    """QEMU's words for NICs at that end of wires"""
    wired = [["-netdev",
              f"dgram,id=net{i},local.type=fd,local.str={wire.fileno()}"]
             for i, wire in enumerate(wires)]
    nics = (describe_vfs(case) if case.vfs else
            sum((describe_nic(i, case) for i in range(case.nics)), []))
    return sum(wired, []) + nics


def run_guest(kernel, mode, name, case):
    """Boot, send packets; returns output, times, console and the sender."""
    rate = RATE_OF_FAULTS if case.faults else case.rate
    log = f"{name}-{kernel}-{mode}"
    with contextlib.ExitStack() as stack:
        wires = [make_wire(stack) for _ in range(case.nics)]
        guest = stack.enter_context(subprocess.Popen(
            ["scripts/guest.py", "--log", log, "--expect-faults",
             "--timeout", "300", "--append",
             f"kho=on liveupdate=on {APPEND.get(kernel, '')} {case.append}",
             *GUEST.get(kernel, []),
             "--initrd", f"build/initramfs-kexec-{case.next or kernel}.gz",
             *(f"--qemu={word}" for word in
               describe_nics([theirs for _, theirs in wires], case)),
             *["--unit", "device-iotlb=on"] * case.ats, *case.guest,
             *[f"--expect={REFUSAL}"] * case.refuses,
             f"build/bzImage-{kernel}", mode, "--",
             *case.command.format(n=rate).split()],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            pass_fds=[theirs.fileno() for _, theirs in wires]))
        sender = Sender([ours for ours, _ in wires],
                        min(rate, RATES.get(kernel, RATE) // (1 + case.vfs)))
        output, times = read_lines(guest, sender)
    if guest.returncode:
        sys.exit(f"live-update: {kernel} in {mode} failed:\n{output}")
    with open(f"build/logs/{log}.log", encoding="utf-8",
              errors="replace") as console:
        return output, times, console.read(), sender


def count_faults(console):
    """How often a unit has told of a DMA that it blocked"""
    return console.count("DMAR: [DMA")


def read_results(output):
    """What nic says of each stream"""
    for found in re.findall(r"^result: (.*)$", output, re.M):
        yield dict(pair.split("=") for pair in found.split())


def update(kernel, mode, kind, rounds=0):
    """Live updates; returns what is to be told of each NIC."""
    packets = 50 if rounds else PACKETS
    again = f"live-update {rounds} nic again {packets} next " if rounds else ""
    case = KINDS[kind]._replace(
        command=f"live-update 1 nic update {packets} next {again}"
                f"nic resume {packets}")
    output, times, console, sender = run_guest(
        kernel, mode, f"{'rounds' if rounds else 'live-update'}-{kind}", case)
    results = list(read_results(output))
    if len(results) != case.nics:
        sys.exit(f"live-update: {kernel} in {mode} has no result:\n{output}")
    told = {"mode": mode, "nic": kind, "kernel": kernel,
            "faults": count_faults(console),
            "waited": sum(taken - sent > KEPT for sent, taken in
                          zip(sender.sent, sender.taken)),
            "jump-ms": round(1000 * (times["back"] - times["jumping"]))}
    for result in results:
        result.update(told)
        # In this order come those that are told everywhere.
        keys = [*TOLD, *sorted(result.keys() - set(TOLD))]
        print("live-update: " + " ".join(f"{key}={result[key]}" for key in keys),
              flush=True)
    return results, output, times, sender


def find_wrong(result, rate=RATE, lossy=False):
    """What is not as promised of a NIC that was taken over"""
    for key, good in GOOD.items():
        if result[key] != good and not (lossy and key == "lost"):
            yield f"{key}={result[key]}, should be {good}"
    if int(result["during-jump"]) < rate:
        yield "received nothing to speak of during the jump"
    if result.get("waited", 0) >= rate:
        yield f"{result['waited']} packets had to wait, a second's worth"
    if int(result["replaces-after"]) < REPLACES:
        yield f"only {result['replaces-after']} replaces"


def find_failures(result):
    """What is not as promised of an update"""
    where = f"{result['mode']}, {result['nic']}: {result['kernel']}"
    if result["kernel"] == "stock":
        if result["lost"] == "0":
            yield f"{where} lost no packet, so the load proves nothing"
        return
    rate = KINDS[result["nic"]].rate
    yield from (f"{where}: {wrong}" for wrong in find_wrong(result, rate))
    if result["faults"]:
        yield f"{where}: {result['faults']} faults"


def rates(times, origin):
    """Of some events, how many there are in a second: (time, rate) since ORIGIN"""
    if not times:
        return []
    first = min(times)
    counts = [0] * (int((max(times) - first) / STEP) + 1)
    for when in times:
        counts[int((when - first) / STEP)] += 1
    return [(first + (i + 0.5) * STEP - origin, count / STEP)
            for i, count in enumerate(counts)]


def curves_of(sender, origin):
    """What a NIC took, when it took it: in time, and what no wire had kept"""
    pairs = list(zip(sender.sent, sender.taken))
    for late, dash in ((False, ""), (True, " dt 3")):
        taken = [taken for sent, taken in pairs
                 if (taken - sent > KEPT) == late]
        yield (", waited" if late else ""), dash, rates(taken, origin)


def plot_one(title, rate, runs):
    """One part of the picture, of a list of (kernel, times, sender)"""
    curves, end = [], 0
    for kernel, times, sender in runs:
        colour = {"stock": "#b03030"}.get(kernel, "#3060b0")
        for late, dash, points in curves_of(sender, times["jumping"]):
            if not points:
                continue
            end = max(end, points[-1][0])
            name = f"{kernel}{'_late' if late else ''}"
            yield from [f"${name} << END",
                        *(f"{x:.3f} {y:.1f}" for x, y in points), "END"]
            curves.append(f"${name} with steps lw 2 lc rgb '{colour}'{dash} "
                          f"title '{kernel}{late}'")
        if kernel != "stock":
            back = times["back"] - times["jumping"]
    yield from [
        "unset label", "unset arrow", "unset object",
        f"set xrange [-2.5:{end:.1f}]", f"set yrange [0:{1.6 * rate}]",
        f"set title '{title}'", "set xlabel 'seconds since the jump'",
        f"set object rectangle from 0,0 to {back:.2f},{1.6 * rate} "
        "fc rgb '#e8e8e8' fs solid noborder behind",
        f"set label 'preserves' at -1.2,{1.2 * rate} center",
        f"set label 'no user code runs' at {back / 2:.2f},{1.2 * rate} center",
        f"set label 'replaces domains' at {back + 0.1:.2f},{1.2 * rate}",
        "plot " + ", ".join(curves)]


def plot(path, runs):
    """RUNS are by (mode, kind) lists of (kernel, times, sender)."""
    script = ["set terminal svg size 1200,700 font 'sans,12'",
              f"set multiplot layout {len(runs) // len(KINDS)},{len(KINDS)}",
              "set ylabel 'packets/s'", "set key inside right top horizontal"]
    for (mode, kind), part in runs.items():
        script += plot_one(f"{mode}, {kind}", KINDS[kind].rate, part)
    script.append("unset multiplot")
    gnuplot = subprocess.run(["gnuplot"], input="\n".join(script) + "\n",
                             stdout=subprocess.PIPE, text=True, check=True)
    # It ends lines with blanks, and the file with empty lines.
    lines = [line.rstrip() for line in gnuplot.stdout.rstrip().split("\n")]
    with open(path, "w", encoding="utf-8") as picture:
        picture.write("\n".join(lines) + "\n")


def run_updates(kernels, path):
    """Update each kernel in each mode; yields what is wrong."""
    runs = {}
    for mode, kind, kernel in itertools.product(MODES, KINDS, kernels):
        results, _, times, sender = update(kernel, mode, kind)
        runs.setdefault((mode, kind), []).append((kernel, times, sender))
        failures = [failure for result in results
                    for failure in find_failures(result)]
        yield from failures
        if kernel != "stock" and not failures:
            print(f"ok live update, {mode}, {kind}")
    if path:
        plot(path, runs)


def judge_case(case, output, console):
    """KTAP of what the guest says and what can be seen"""
    for line in output.splitlines():
        if line.startswith(("ok ", "not ok ")):
            yield line.startswith("ok "), line.split("ok ", 1)[1]
    # A stream that began while the host was sending has a gap there.
    resumed = [result for result in read_results(output) if "state" in result]
    for result in resumed:
        wrong = ", ".join(find_wrong(result, case.rate, case.lossy))
        yield not wrong, f"a NIC is taken over {wrong}".rstrip()
    if re.search("nic (resume|hold|ids|awake|reset|wake|crash|vf-fixed|owned|noats)",
                 case.command):
        yield len(resumed) == case.nics, "and so are all that there are"
    for what, text in case.console.items():
        yield bool(re.search(text, console, re.DOTALL)), what
    if case.faults is not None:
        yield (case.faults == bool(count_faults(console)),
               f"{'some' if case.faults else 'no'} packets are faults")


def run_case(kernels, name):
    """Run a guest that judges itself; yields what is wrong."""
    case = CASES[name]
    for mode in case.modes:
        for kernel in kernels:
            output, _, console, _ = run_guest(kernel, mode, name, case)
            for good, what in judge_case(case, output, console):
                if good:
                    print(f"ok {what}, {mode}")
                else:
                    yield f"not ok {what}, {mode}"


def run_rounds(kernels, kind, rounds):
    """Many updates in a row; yields what is less in the end than it was."""
    for kernel in kernels:
        results, output, *_ = update(kernel, "scalable-ss", kind, rounds - 1)
        for result in results:
            yield from find_failures(result)
        found = re.findall(r"^nic: resources free-kB=(\d+) ids=(\d+)$",
                           output, re.M)
        memory = [int(free) for free, _ in found]
        ids = {int(ids) for _, ids in found}
        print(f"live-update: rounds={len(found)} ids={ids} free-kB={memory}")
        if len(found) != rounds:
            yield f"{len(found)} updates, not {rounds}"
        if len(ids) != 1:
            yield f"domain ids in use differ: {ids}"
        # It varies by some 10 MB, and the last kernel has a smaller initramfs.
        if sum(memory[-8:-2]) / 6 < sum(memory[:6]) / 6 - 5000:
            yield f"there is less and less memory: {memory}"
        print(f"ok {rounds} updates in a row, {kind}")


def main():
    """Do what is asked for, and say what went wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kernels", nargs="+")
    parser.add_argument("--plot")
    parser.add_argument("--only", default="update",
                        choices=["update", "rounds", "cost", *CASES])
    args = parser.parse_args()
    if args.only == "update":
        failures = list(run_updates(args.kernels, args.plot))
    elif args.only == "rounds":
        failures = [failure for kind in KINDS
                    for failure in run_rounds(args.kernels, kind, 20)]
    elif args.only == "cost":
        failures = list(run_costs(args.kernels, MODES))
    else:
        failures = list(run_case(args.kernels, args.only))
    for failure in failures:
        print(f"live-update: FAILED: {failure}")
    sys.exit(bool(failures))


main()
