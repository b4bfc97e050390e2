"""A network namespace in which every address is this machine, and somebody who sees each packet."""

import ipaddress
import socket
import struct
import subprocess
import threading

from rig.site import Site

ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD
SYN, ACK = 0x02, 0x10
TCP, UDP = 6, 17


def is_alone():
    """Nothing but a loopback interface: not the machine's own network."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def become_everyone():
    for command in (
        "ip link set lo up",
        "ip route replace local 0.0.0.0/0 dev lo",
        "ip -6 route replace local ::/0 dev lo",
    ):
        subprocess.run(command.split(), check=True)


class Watch:
    """Who was asked for a connection, or was sent a datagram: (protocol, address, port)."""

    def __init__(self):
        self.seen = []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind(("lo", 3))
        self.socket.settimeout(0.1)
        self.is_over = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self.is_over:
            try:
                packet, (_, kind, direction, *_) = self.socket.recvfrom(2048)
            except TimeoutError:
                continue
            if direction == socket.PACKET_OUTGOING:
                self._look_at(packet, kind)

    def _look_at(self, packet, kind):
        if kind == ETH_P_IP:
            protocol, address = packet[9], socket.inet_ntop(socket.AF_INET, packet[16:20])
            rest = packet[4 * (packet[0] & 15) :]
        elif kind == ETH_P_IPV6:
            protocol, address = packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40])
            rest = packet[40:]
        else:
            return
        if protocol == UDP or (protocol == TCP and rest[13] & (SYN | ACK) == SYN):
            (port,) = struct.unpack_from(">H", rest, 2)
            self.seen.append((protocol, ipaddress.ip_address(address), port))

    def asked(self, port):
        """The addresses, each once, that connections to |port| were asked of."""
        return {address for protocol, address, to in list(self.seen) if (protocol, to) == (TCP, port)}

    def close(self):
        self.is_over = True
        self._thread.join()
        self.socket.close()


class Both(Site):
    """A site on every address of both families."""

    def __init__(self, table, default, port):
        self.wanted_port = port
        super().__init__(table, default)

    def listen(self):
        listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::", self.wanted_port))
        listener.listen(1024)
        return listener


class World:
    def __init__(self, table, default=None, port=0):
        self.site = Both(table, default, port)
        self.port = self.site.port
        self.watch = Watch()

    def url(self, path="/", host="93.184.216.34"):
        return f"http://{host}:{self.port}{path}"

    def asked(self):
        return self.watch.asked(self.port)

    def close(self):
        self.watch.close()
        self.site.close()
