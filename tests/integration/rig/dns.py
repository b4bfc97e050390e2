"""A small scripted DNS server on loopback UDP.

    names = Dns({"a.test": A("127.0.0.2"), "gone.test": NXDOMAIN, "slow.test": SILENT})

A value may be a list: the first query gets its first entry, the last one stays.
"""

import dataclasses
import ipaddress
import socket
import struct
import threading

TYPE_A, TYPE_AAAA = 1, 28


@dataclasses.dataclass
class Records:
    addresses: tuple = ()
    ttl: int = 60
    rcode: int = 0
    silent: bool = False


def A(*addresses, ttl=60):
    """Addresses of either family."""
    return Records(addresses, ttl)


NXDOMAIN = Records(rcode=3)
SERVFAIL = Records(rcode=2)
SILENT = Records(silent=True)


def name_of(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii"))
        at += 1 + query[at]
    return ".".join(labels).lower(), at + 1


def answer_to(query, records):
    _, end = name_of(query)
    kind = struct.unpack_from(">H", query, end)[0]
    wanted = {TYPE_A: 4, TYPE_AAAA: 6}.get(kind)
    found = [ipaddress.ip_address(a) for a in records.addresses]
    found = [a.packed for a in found if a.version == wanted]
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | records.rcode, 1, len(found), 0, 0)
    rows = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, records.ttl, len(a)) + a for a in found
    )
    return head + query[12 : end + 4] + rows


class Dns:
    def __init__(self, table):
        self.table = table
        self.queries = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.options = ("--dns-server", self.address)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _records(self, name):
        entry = self.table.get(name, NXDOMAIN)
        if not isinstance(entry, list):
            return entry
        return entry.pop(0) if len(entry) > 1 else entry[0]

    def _run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            if len(query) <= 12:  # the end, from close()
                return
            name, _ = name_of(query)
            self.queries.append(name)
            records = self._records(name)
            if not records.silent:
                self.socket.sendto(answer_to(query, records), peer)

    def close(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self._thread.join()
        self.socket.close()
