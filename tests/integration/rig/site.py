"""A scripted web site: a table from path to behaviour, and a log of what came.

    site = Site({"/": page("/a", "/b"), "/slow": Reply(delay=2)})

It answers on every 127.x.y.z and on several ports, in one thread with an
asyncio loop. Each request is logged with the time of its first byte.
"""

import asyncio
import contextlib
import dataclasses
import gzip
import itertools
import socket
import threading
import time


@dataclasses.dataclass
class Reply:
    """What one path answers with."""

    status: int = 200
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    content_type: str = "text/html; charset=utf-8"
    delay: float = 0  # seconds before the first byte
    drip: float = 0  # seconds between the bytes of the body
    chunked: bool = False
    hold: float = 0  # seconds before the last chunk
    gzip: bool = False
    cut: int = -1  # this many bytes of the body, then the line is cut
    close: bool = False  # Connection: close
    raw: bytes = None  # these bytes and nothing else, then the line is closed
    hang: bool = False  # never a byte

    def encoded(self):
        body = self.body.encode() if isinstance(self.body, str) else self.body
        headers = {"Content-Type": self.content_type, **self.headers}
        if self.gzip:
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
        if self.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers.setdefault("Content-Length", str(len(body)))
        if self.close:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {self.status} X", *(f"{k}: {v}" for k, v in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), body


def page(*links, title="a page"):
    """A page with these links."""
    anchors = "".join(f'<p><a href="{link}">{link}</a>' for link in links)
    return Reply(body=f"<!DOCTYPE html><title>{title}</title>{anchors}".encode())


def redirect(location, status=302):
    return Reply(status=status, headers={"Location": location})


@dataclasses.dataclass
class Request:
    at: float  # monotonic, first byte received
    host: str
    path: str
    connection: int
    headers: dict
    address: str  # the address the client connected to
    method: str = "GET"
    body: bytes = b""
    ended_at: float = None  # the answer is out, or the client gone


def listen_on_loopback():
    """All of 127.0.0.0/8 on one free port, and nothing that comes from outside."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    listener.bind(("0.0.0.0", 0))
    listener.listen(1024)
    return listener


class Site:
    """|table|: path -> Reply, or a function (Request) -> Reply."""

    def __init__(self, table, default=None, tls=None):
        """|tls|: an ssl.SSLContext, where it speaks TLS."""
        self.tls = tls
        self.table = table
        self.default = default or Reply(status=404, body=b"nothing here")
        self.requests = []
        self.connections = itertools.count()
        self.opened = []  # the local address of each connection, also of those without a request
        self.in_flight = 0
        self._loop = asyncio.new_event_loop()
        self._tasks = set()
        self.socket = self.listen()
        self.port = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def listen(self):
        return listen_on_loopback()

    def url(self, path="/", host="127.0.0.1"):
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def paths(self):
        return [r.path for r in list(self.requests)]

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    # --- the loop's thread ---

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self.socket, ssl=self.tls))
        self._loop.run_forever()
        self.socket.close()
        for task in list(self._tasks):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self.opened.append(writer.get_extra_info("sockname")[0])
        number = next(self.connections)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._answer(reader, writer, number):
                    pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader, writer, number):
        first = await reader.read(1)
        if not first:
            return False
        at = time.monotonic()
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.split("\r\n")
        headers = {}
        for field in filter(None, rest):
            name, _, value = field.partition(":")
            name, value = name.strip().lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        address = writer.get_extra_info("sockname")[0]
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = line.split(" ", 2)
        request = Request(at, headers.get("host"), path, number, headers, address, method, body)
        self.requests.append(request)
        reply = self.table.get(request.path, self.default)
        self.in_flight += 1
        try:
            return await self._send(reply(request) if callable(reply) else reply, writer)
        finally:
            self.in_flight -= 1
            request.ended_at = time.monotonic()

    async def _send(self, reply, writer):
        if reply.hang:
            await asyncio.sleep(3600)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.raw is not None:
            writer.write(reply.raw)
            await writer.drain()
            return False
        head, body = reply.encoded()
        writer.write(head)
        sent = body if reply.cut < 0 else body[: reply.cut]
        if reply.drip:
            await self._drip(sent, reply, writer)
        else:
            writer.write(self._chunk(sent, reply))
        if reply.hold:
            await writer.drain()
            await asyncio.sleep(reply.hold)
        if reply.chunked and reply.cut < 0:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return reply.cut < 0 and not reply.close

    @staticmethod
    def _chunk(piece, reply):
        if not reply.chunked or not piece:
            return piece
        return b"%x\r\n%b\r\n" % (len(piece), piece)

    async def _drip(self, body, reply, writer):
        for i in range(len(body)):
            writer.write(self._chunk(body[i : i + 1], reply))
            await writer.drain()
            await asyncio.sleep(reply.drip)


class Sentinel:
    """Listens on one address and remembers every connection: none should come."""

    def __init__(self, address="127.0.0.1", family=socket.AF_INET):
        self.socket = socket.create_server((address, 0), family=family, backlog=64)
        self.port = self.socket.getsockname()[1]
        self.seen = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            try:
                connection, peer = self.socket.accept()
            except OSError:
                return
            self.seen.append(peer)
            connection.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join()
