"""Certificates of an authority of the tests' own, made by openssl."""

import datetime
import ssl
import subprocess
import warnings

DAY = datetime.timedelta(days=1)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """|name| tells several apart. `file` is what trusts it."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.file, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", self.key, "-out", self.file, "-days", 9, "-subj", f"/CN={name}")  # fmt: skip

    def context(self, *names, begins=-DAY, ends=DAY, most=None):
        """Of a server with these names, from and until so long from now. |most|: of TLS."""
        at = self.folder / f"{self.name}-{len(list(self.folder.iterdir()))}"
        request, certificate, key, extra = (at.with_suffix(s) for s in (".csr", ".crt", ".key", ".ext"))
        extra.write_text("subjectAltName=" + ",".join(
            ("IP:" if name.replace(".", "").isdigit() else "DNS:") + name for name in names
        ))  # fmt: skip
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                "-out", request, "-subj", "/CN=server")  # fmt: skip
        now = datetime.datetime.now(datetime.timezone.utc)
        times = [(now + t).strftime("%y%m%d%H%M%SZ") for t in (begins, ends)]
        self.sign(request, certificate, extra, *times)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if most:
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            with warnings.catch_warnings(action="ignore"):
                context.maximum_version = most
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    def sign(self, request, certificate, extra, begins, ends):
        index = self.folder / f"{self.name}.index"
        index.touch()
        config = self.folder / f"{self.name}.cnf"
        config.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={index}\nnew_certs_dir={self.folder}\nrand_serial=yes\n"
            "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n"
        )
        openssl("ca", "-batch", "-notext", "-config", config, "-in", request, "-out", certificate,
                "-cert", self.file, "-keyfile", self.key, "-extfile", extra,
                "-startdate", begins, "-enddate", ends)  # fmt: skip
