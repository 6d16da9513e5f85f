"""forge: SSH keys, certificates and signatures for signatures.py: made with ssh-keygen as operators do,
and taken apart and put together again (PROTOCOL.sshsig, PROTOCOL.certkeys, PROTOCOL.u2f).
Everything is in WORK, which goes with the process.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass, replace

SPACE = "sshtether-policy"
POLICY = b"fleet lab\nserial 3\nblock relay user eve\n"
BEGIN, END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"

WORK = tempfile.mkdtemp(prefix="sshtether-signatures.")
atexit.register(shutil.rmtree, WORK)

# The environment of both: times without Z are local ones.
ENV = dict(os.environ, TZ="Asia/Tokyo", LC_ALL="C.UTF-8")


def run(*argv: str, stdin: bytes = b"") -> subprocess.CompletedProcess:
    return subprocess.run(argv, input=stdin, capture_output=True, check=False, env=ENV)


def keygen(*argv: str) -> None:
    done = run("ssh-keygen", "-q", *argv)
    if done.returncode != 0:
        raise RuntimeError(f"ssh-keygen {' '.join(argv)}: {done.stderr.decode()}")


# --- keys, and what they sign ----------------------------------------------------------------------------


def path(name: str) -> str:
    return os.path.join(WORK, name)


def read(name: str) -> bytes:
    with open(path(name), "rb") as file:
        return file.read()


def make_key(name: str, *kind: str) -> None:
    keygen("-t", *kind, "-N", "", "-C", name, "-f", path(name))


def listed(name: str, options: str = "", who: str = "alice") -> bytes:
    return f"{who} {options + ' ' if options else ''}".encode() + read(f"{name}.pub")


def sign(name: str, *options: str, space: str = SPACE, policy: bytes = POLICY) -> bytes:
    """As an operator does; name may be that of a certificate."""
    done = run("ssh-keygen", "-Y", "sign", "-n", space, *options, "-f", path(name), stdin=policy)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return done.stdout


def string(b: bytes) -> bytes:
    return struct.pack(">I", len(b)) + b


def number(b: bytes) -> bytes:
    b = b.lstrip(b"\0")
    return string(b"\0" + b if b and b[0] & 0x80 else b)


def take(b: bytes) -> tuple[bytes, bytes]:
    (n,) = struct.unpack(">I", b[:4])
    return b[4 : 4 + n], b[4 + n :]


def unwrap(text: bytes) -> bytes:
    return base64.b64decode(text[len(BEGIN) : text.index(b"\n" + END.strip())])


def wrap(blob: bytes) -> bytes:
    text = base64.b64encode(blob)
    lines = (text[i : i + 70] for i in range(0, len(text), 70))
    return BEGIN + b"\n".join(lines) + b"\n" + END


@dataclass(frozen=True)
class Blob:
    """The fields of a signature, to be changed one by one."""

    key: bytes
    signature: bytes
    version: int = 1
    space: bytes = SPACE.encode()
    reserved: bytes = b""
    hash: bytes = b"sha512"
    magic: bytes = b"SSHSIG"

    def text(self) -> bytes:
        fields = (self.key, self.space, self.reserved, self.hash, self.signature)
        return wrap(self.magic + struct.pack(">I", self.version) + b"".join(map(string, fields)))


def fields_of(text: bytes) -> Blob:
    key, rest = take(unwrap(text)[10:])
    space, rest = take(rest)
    reserved, rest = take(rest)
    hashed, rest = take(rest)
    return Blob(key, take(rest)[0], 1, space, reserved, hashed)


# --- FIDO tokens ---------------------------------------------------------------------------------------


def openssl(*argv: str) -> bytes:
    done = run("openssl", *argv)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(argv)}: {done.stderr.decode()}")
    return done.stdout


def sha256(b: bytes) -> bytes:
    return hashlib.sha256(b).digest()


class Token:
    """A security key whose private part is a file."""

    def __init__(self, name: str, kind: str, application: bytes = b"ssh:") -> None:
        self.name, self.kind, self.application = name, kind, application
        algorithm = ("ed25519",) if kind == "ed25519" else ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        openssl("genpkey", "-algorithm", *algorithm, "-out", path(f"{name}.pem"))
        der = openssl("pkey", "-in", path(f"{name}.pem"), "-pubout", "-outform", "DER")
        if kind == "ed25519":
            self.type, fields = b"sk-ssh-ed25519@openssh.com", string(der[-32:])
        else:
            self.type, fields = b"sk-ecdsa-sha2-nistp256@openssh.com", string(b"nistp256") + string(der[-65:])
        self.blob = string(self.type) + fields + string(application)
        with open(path(f"{name}.pub"), "wb") as file:
            file.write(self.type + b" " + base64.b64encode(self.blob) + b" token\n")

    def _raw(self, message: bytes) -> bytes:
        with tempfile.NamedTemporaryFile(dir=WORK) as file:
            file.write(message)
            file.flush()
            key = path(f"{self.name}.pem")
            if self.kind == "ed25519":
                return openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", file.name)
            der = openssl("dgst", "-sha256", "-sign", key, file.name)
        r = der[4 : 4 + der[3]]
        return number(r) + number(der[4 + len(r) + 2 :])

    def signature(self, message: bytes, flags: int = 1, counter: int = 7) -> bytes:
        said = struct.pack(">BI", flags, counter)
        raw = self._raw(sha256(self.application) + said + sha256(message))
        return string(self.type) + string(raw) + said

    def sign(self, flags: int = 1, counter: int = 7, key: bytes | None = None) -> bytes:
        signed = (SPACE.encode(), b"", b"sha512", hashlib.sha512(POLICY).digest())
        message = b"SSHSIG" + b"".join(map(string, signed))
        return Blob(key or self.blob, self.signature(message, flags, counter)).text()


# --- certificates -------------------------------------------------------------------------------------


def certify(name: str, ca: str, *options: str, who: str = "alice,carol") -> bytes:
    """A certificate's blob, for a key that exists."""
    keygen("-s", path(ca), "-I", f"{name} of the lab", *(("-n", who) if who else ()), *options, path(f"{name}.pub"))
    return base64.b64decode(read(f"{name}-cert.pub").split()[1])


def certified(text: bytes, certificate: bytes) -> bytes:
    """That signature, with the certificate in place of the key."""
    return replace(fields_of(text), key=certificate).text()
