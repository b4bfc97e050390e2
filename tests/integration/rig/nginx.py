"""A real nginx with a configuration of its own, serving one folder."""

import http.client
import os
import pathlib
import shutil
import socket
import subprocess
import time

import pytest

CONFIG = """
{top}
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type text/html;
  types {{ text/html html; }}
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 100000;
  server {{
    {listen}
    root {root};
    {server}
  }}
  {blocks}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Nginx:
    """|server|: further lines of its server block; |addresses|: of it, on loopback;
    |blocks|: port -> further servers; |top|: lines before all others."""

    def __init__(
        self, folder, root, server="", addresses=("127.0.0.1",), blocks=lambda port: "", top=""
    ):
        self.binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if not self.binary:
            pytest.skip("nginx is not installed")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.server = server
        self.addresses = addresses
        self.blocks = blocks
        self.top = top
        for _ in range(5):  # somebody may be quicker to take the port
            if self._start():
                return
        raise AssertionError((self.folder / "error.log").read_text())

    def _start(self):
        self.port = free_port()
        config = self.folder / "nginx.conf"
        config.write_text(
            CONFIG.format(
                top=self.top,
                folder=self.folder,
                listen="\n".join(f"listen {a}:{self.port} backlog=4096;" for a in self.addresses),
                root=self.root,
                server=self.server,
                blocks=self.blocks(self.port),
                user="user root;" if os.getuid() == 0 else "",  # tmp_path is ours alone
            )
        )
        log = self.folder / "error.log"
        self.process = subprocess.Popen(
            [self.binary, "-c", str(config), "-e", str(log), "-p", str(self.folder)],
            stdin=subprocess.DEVNULL,
        )
        while self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection(self.addresses[0], self.port, timeout=5)
                connection.request("HEAD", "/")
                connection.getresponse()
                connection.close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        self.process.terminate()
        self.process.wait(10)
