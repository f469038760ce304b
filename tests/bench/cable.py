"""A link with a chosen delay between two network namespaces of this computer: root, Linux.

Two TUN devices and a thread that forwards every packet after half the round trip: real sockets,
with TCP's handshake and slow start. No packet is lost.
"""

import fcntl
import os
import select
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

NEAR, FAR, NOWHERE = "10.99.7.1", "10.99.7.2", "10.99.8.1"
"""Both ends, and an address at which packets disappear."""


def sh(command: str) -> None:
    """Run a command of iproute2."""
    subprocess.run(command.split(), check=True)


class Cable(threading.Thread):
    """Forwards packets between two TUN devices, each after the same delay."""

    def __init__(self, delay: float) -> None:
        super().__init__(daemon=True)
        self._delay = delay
        self._ends = [_tun("msb0"), _tun("msb1")]
        self._stop_read, self._stop_write = os.pipe()

    def run(self) -> None:
        """Forward packets until `stop`."""
        waiting: deque[tuple[float, int, bytes]] = deque()
        while True:
            left = max(waiting[0][0] - time.monotonic(), 0) if waiting else None
            ready, _, _ = select.select([*self._ends, self._stop_read], [], [], left)
            if self._stop_read in ready:
                return
            now = time.monotonic()
            for end in ready:
                other = self._ends[1 - self._ends.index(end)]
                waiting.append((now + self._delay, other, os.read(end, 65536)))
            while waiting and waiting[0][0] <= time.monotonic():
                _, end, packet = waiting.popleft()
                os.write(end, packet)

    def stop(self) -> None:
        """End the thread and remove the devices."""
        os.write(self._stop_write, b"x")
        self.join()
        for fd in (*self._ends, self._stop_read, self._stop_write):
            os.close(fd)


def _tun(name: str) -> int:
    """A TUN device without packet information (linux/if_tun.h)."""
    set_interface, tun, no_info = 0x400454CA, 0x0001, 0x1000
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, set_interface, struct.pack("16sH14x", name.encode(), tun | no_info))
    return fd


@contextmanager
def cable(rtt: float) -> Iterator[tuple[str, str]]:
    """Two namespaces and the cable between them."""
    near, far = f"msn{os.getpid()}", f"msf{os.getpid()}"
    carrier = Cable(rtt / 2000)
    try:
        for space, device, address in ((near, "msb0", NEAR), (far, "msb1", FAR)):
            sh(f"ip netns add {space}")
            sh(f"ip link set {device} netns {space}")
            sh(f"ip -n {space} addr add {address}/24 dev {device}")
            sh(f"ip -n {space} link set {device} up")
            sh(f"ip -n {space} link set lo up")
        # The far side does not forward: what is sent there disappears without an answer.
        sh(f"ip -n {near} route add {NOWHERE}/32 dev msb0")
        carrier.start()
        yield near, far
    finally:
        carrier.stop()
        for space in (near, far):
            subprocess.run(["ip", "netns", "del", space], check=False)
