# SPDX-License-Identifier: GPL-2.0
"""When functions of a guest's kernel run, in instructions.

QEMU stops the guest where such a function begins and where it returns to, and
tells how many instructions have run so far. So nothing is built into the kernel for
it, and what is called at boot, or with all other CPUs stopped, is seen as well. The
guest must have one CPU, whose instructions are counted: guest.py --count.
"""

import contextlib
import json
import socket
import tempfile
import time

# Numbers of registers in GDB's remote protocol
RSP, RIP = 7, 16


def connect(path):
    """A stream to a socket of QEMU, which may not have begun yet"""
    with socket.socket(socket.AF_UNIX) as sock:
        for _ in range(600):
            with contextlib.suppress(OSError):
                sock.connect(path)
                return sock.makefile("rwb", buffering=0)
            time.sleep(0.1)
    raise TimeoutError(path)


class Clock:
    """How many instructions the guest has run"""

    def __init__(self, path):
        self.stream = connect(path)
        self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command):
        self.stream.write(json.dumps({"execute": command}).encode() + b"\n")
        while True:
            answer = json.loads(self.stream.readline())
            if "event" not in answer:
                return answer["return"]

    def read(self):
        return self.ask("query-replay")["icount"]


class Debugger:
    """As much of GDB's remote protocol as is needed"""

    def __init__(self, path):
        self.stream = connect(path)

    def receive(self):
        """The next packet; ConnectionError if the guest has ended"""
        text = b""
        while not text.endswith(b"#"):
            byte = self.stream.read(1)
            if not byte:
                raise ConnectionError
            text = b"" if byte == b"$" else text + byte
        self.stream.read(2)
        self.stream.write(b"+")
        return text[:-1].decode()

    def ask(self, text):
        self.stream.write(f"${text}#{sum(text.encode()) % 256:02x}".encode())
        return self.receive()

    def read_register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def read_word(self, address):
        return int.from_bytes(bytes.fromhex(self.ask(f"m{address:x},8")), "little")

    def stop_at(self, address):
        self.ask(f"Z0,{address:x},1")

    def stop_no_more_at(self, address):
        self.ask(f"z0,{address:x},1")

    def run(self):
        """Go on, from a place to stop at, too, to the next one; returns that."""
        self.ask("s")
        self.ask("c")
        return self.read_register(RIP)


class Counter:
    """When some functions ran: CALLS has a list of (begin, end) for each."""

    def __init__(self, symbols, names):
        self.dir = tempfile.TemporaryDirectory()
        with open(symbols, encoding="ascii") as lines:
            places = {name: int(address, 16) for address, _, name
                      in map(str.split, lines)}
        self.names = {places[name]: name for name in names}
        self.calls = {name: [] for name in names}
        # (where it returns to, stack pointer then): (name, begin)
        self.open = {}

    def arguments(self):
        """Of a QEMU that waits for us"""
        return ["-S", *(word for what in ("gdb", "qmp") for word in (
            f"-{what}", f"unix:{self.dir.name}/{what},server=on,wait=off"))]

    def note(self, debugger, place, now):
        """The guest has stopped at a place."""
        stack = debugger.read_register(RSP)
        if (place, stack) in self.open:
            name, begin = self.open.pop((place, stack))
            self.calls[name].append((begin, now))
            debugger.stop_no_more_at(place)
        elif place in self.names:
            back = debugger.read_word(stack)
            self.open[back, stack + 8] = self.names[place], now
            debugger.stop_at(back)

    def follow(self):
        """Count until the guest has ended."""
        clock = Clock(f"{self.dir.name}/qmp")
        debugger = Debugger(f"{self.dir.name}/gdb")
        for place in self.names:
            debugger.stop_at(place)
        with contextlib.suppress(ConnectionError):
            while True:
                place = debugger.run()
                self.note(debugger, place, clock.read())
