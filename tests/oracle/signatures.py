#!/usr/bin/env python3
"""signatures: what we say of an SSH signature against what `ssh-keygen -Y verify` says.

Every kind of key that ssh-keygen makes signs a policy; FIDO tokens are played with OpenSSL.  Then files,
signatures, signers and names are broken in many ways.  Both must say the same of each case, but for the
reasons of STRICTER: there we refuse on purpose what ssh-keygen takes, and each of them must be seen.
That we take what ssh-keygen refuses is never right.  Prints a line a group.  Environment: B.
"""

from __future__ import annotations

import base64
import json
import os
import random
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from forge import (
    END, POLICY, SPACE, WORK, Token, certified, certify, fields_of, listed, make_key, read, run, sign, string,
    take, unwrap, wrap,
)  # fmt: skip

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SSHTETHER = os.path.join(os.path.abspath(os.environ.get("B", os.path.join(TOP, "build"))), "sshtether")
AT = "2026-11-22T12:00:00Z"

# Our reason → what we are stricter in than ssh-keygen 9.2.  A case says for which of them it is.
STRICTER = {
    "key-type": "DSA keys",
    "key-weak": "RSA keys of less than 2048 bits",
    "version": "a version below 1",
    "after-end": "something after the end of the armour",
    "cert-ca-key": "a CA whose key or signature algorithm (SHA-1) would not be taken from a signer",
    "cert-option": "critical options of a certificate",
    "no-touch": "a token that nobody touched",
    "no-verification": "verify-required in a certificate, and neither PIN nor fingerprint",
    "wrong": "an ed25519 signature whose S is not reduced (RFC 8032, 5.1.7)",
    "bad-line": "lines of allowed_signers that are sloppy, or hold a certificate",
}
# Options of allowed_signers that ssh-keygen does not know: what it refuses for them, we may take.
OUR_OPTIONS = (b"no-touch-required", b"verify-required")

@dataclass(frozen=True)
class Case:
    name: str
    signature: bytes
    signers: bytes
    policy: bytes = POLICY
    principal: str = "alice"
    at: str = AT
    wanted: bool | None = None  # of ssh-keygen; None: whatever it says
    stricter: tuple[str, ...] = ()  # reasons of ours to refuse what it takes
    alone: bool | None = None  # of ours, where an option of OUR_OPTIONS is in the signers


# --- the two -----------------------------------------------------------------------------------------


def theirs(case: Case, at: str) -> bool:
    when = case.at.replace("-", "").replace(":", "").replace("T", "")
    done = run(
        "ssh-keygen", "-Y", "verify", "-I", case.principal, "-n", SPACE, "-f", f"{at}/signers", "-s", f"{at}/sig",
        f"-Overify-time={when}", stdin=case.policy,
    )  # fmt: skip
    return done.returncode == 0


def ours(case: Case, at: str) -> dict:
    done = run(
        SSHTETHER, "policy", "verify-signature", "--json", "--allowed-signers", f"{at}/signers", "--signature",
        f"{at}/sig", "--principal", case.principal, "--at", case.at, f"{at}/policy",
    )  # fmt: skip
    answer = json.loads(done.stdout)
    if answer["ok"] != (done.returncode == 0) or done.returncode not in (0, 1):
        raise RuntimeError(f"{case.name}: exit {done.returncode}: {done.stdout!r} {done.stderr!r}")
    return answer


def judge(case: Case) -> tuple[str, str]:
    """"agree", "stricter" and the reason, or "differ" and how."""
    with tempfile.TemporaryDirectory(dir=WORK) as at:
        for name, content in (("sig", case.signature), ("signers", case.signers), ("policy", case.policy)):
            with open(f"{at}/{name}", "wb") as file:
                file.write(content)
        they, we = theirs(case, at), ours(case, at)
    reason = "bad-line" if we["reason"] == "unlisted" and we["bad_lines"] else we["reason"]
    if case.wanted is not None and case.wanted != they:
        return "differ", f"{case.name}: ssh-keygen says {they}, the test thought otherwise; we say {reason}"
    if case.alone is not None:
        fits = not they and we["ok"] == case.alone and any(option in case.signers for option in OUR_OPTIONS)
        return ("alone", reason) if fits else ("differ", f"{case.name}: ssh-keygen says {they}, we say {reason}")
    if we["ok"] == they:
        return "agree", "accepted" if they else reason
    if they and reason in case.stricter:
        return "stricter", reason
    return "differ", f"{case.name}: ssh-keygen says {they}, we say {reason}"


# --- breaking -------------------------------------------------------------------------------------------


def broken(case: Case, n: int, dice: random.Random) -> Iterator[Case]:
    """The signature's bytes, inside the armour and of it."""
    case = replace(case, stricter=(*case.stricter, "version", "after-end"))
    blob = unwrap(case.signature)
    for _ in range(n):
        bit = dice.randrange(len(blob) * 8)
        flipped = bytearray(blob)
        flipped[bit // 8] ^= 1 << bit % 8
        yield replace(case, name=f"{case.name}, bit {bit}", signature=wrap(bytes(flipped)), wanted=None)
    for _ in range(n // 4):
        cut = dice.randrange(len(blob))
        yield replace(case, name=f"{case.name}, cut at {cut}", signature=wrap(blob[:cut]), wanted=False)
        cut = dice.randrange(len(case.signature) - len(END))
        yield replace(case, name=f"{case.name}, armour cut at {cut}", signature=case.signature[:cut], wanted=False)
        at, value = dice.randrange(len(case.signature)), dice.randrange(256)
        text = bytearray(case.signature)
        text[at] = value
        yield replace(case, name=f"{case.name}, armour byte {at} {value}", signature=bytes(text), wanted=None)
    yield replace(case, name=f"{case.name}, a byte more", signature=wrap(blob + b"\0"), wanted=False)


def around(case: Case, other: str) -> Iterator[Case]:
    """The signature as it is, and everything else wrong in turn."""
    yield replace(case, name=f"{case.name}: good", wanted=True)
    yield replace(case, name=f"{case.name}: another file", policy=POLICY + b"\n", wanted=False)
    yield replace(case, name=f"{case.name}: an empty file", policy=b"", wanted=False)
    yield replace(case, name=f"{case.name}: another name", principal="bob", wanted=False)
    yield replace(case, name=f"{case.name}: another signer", signers=listed(other), wanted=False)
    yield replace(case, name=f"{case.name}: nobody", signers=b"# nobody\n", wanted=False)
    blob = fields_of(case.signature)
    swapped = b"sha256" if blob.hash == b"sha512" else b"sha512"
    for change in (
        {"key": fields_of(sign(other)).key}, {"space": b"file"}, {"space": b""}, {"hash": swapped}, {"hash": b"md5"},
        {"version": 2}, {"magic": b"SSHSIX"}, {"signature": fields_of(sign(other)).signature}, {"signature": b""},
        {"key": b""},
    ):  # fmt: skip
        yield replace(case, name=f"{case.name}: {change}", signature=replace(blob, **change).text(), wanted=False)
    yield replace(case, name=f"{case.name}: reserved", signature=replace(blob, reserved=b"x").text(), wanted=True)


# --- the groups -----------------------------------------------------------------------------------------

KINDS = {
    "ed25519": ("ed25519",),
    "ecdsa-256": ("ecdsa", "-b", "256"),
    "ecdsa-384": ("ecdsa", "-b", "384"),
    "ecdsa-521": ("ecdsa", "-b", "521"),
    "rsa-2048": ("rsa", "-b", "2048"),
    "rsa-3072": ("rsa", "-b", "3072"),
}


def plain_keys(kind: str) -> Iterator[Case]:
    dice = random.Random(kind)
    other = "rsa-2048" if kind == "ed25519" else "ed25519"
    for hashed in ("sha256", "sha512"):
        case = Case(f"{kind} {hashed}", sign(kind, f"-Ohashalg={hashed}"), listed(kind))
        yield from around(case, other)
        yield from broken(case, 24, dice)
    yield Case("for files", sign(kind, space="file"), listed(kind), wanted=False)


# What its certificate says is its CA's to sign: every change of it is refused.
CAS = ("ca-ed25519", "ca-ecdsa", "ca-rsa")


def certificates_of(kind: str) -> Iterator[Case]:
    dice = random.Random(kind)
    for ca in CAS:
        certify(kind, ca)
        case = Case(f"{kind} by {ca}", sign(f"{kind}-cert.pub"), listed(ca, "cert-authority"))
        yield replace(case, wanted=True)
        yield from broken(case, 12, dice)
    yield from around(case, "rsa-2048" if kind == "ed25519" else "ed25519")


def certificate_names() -> Iterator[Case]:
    plain = sign("ed25519")
    text = certified(plain, certify("ed25519", "ca-ed25519"))
    for line, principal, wanted in (
        ("alice", "alice", True), ("al*", "alice", True), ("*", "carol", True), ("bob,carol", "carol", True),
        ("alice", "carol", False), ("!alice,*", "alice", False), ("!alice,*", "carol", True), ("*", "bob", False),
        ("*", "al*", False), ("a?ice", "alice", True), ("a[l]ice", "alice", False), ("\\*", "alice", False),
        ("alice,carol", "alice,carol", False),
    ):  # fmt: skip
        signers = listed("ca-ed25519", "cert-authority", line)
        yield Case(f"{principal} by the line {line}", text, signers, principal=principal, wanted=wanted)
    many = [f"user{i}" for i in range(256)]
    text = certified(plain, certify("ed25519", "ca-ed25519", who=",".join(many)))
    signers = listed("ca-ed25519", "cert-authority", "*")
    yield Case("the last of 256", text, signers, principal=many[-1], wanted=True)
    text = certified(plain, certify("ed25519", "ca-ed25519", who=""))
    yield Case("no name", text, signers, wanted=False)


def certificate_worth() -> Iterator[Case]:
    plain = sign("ed25519")
    signers = listed("ca-ed25519", "cert-authority")
    good = certified(plain, certify("ed25519", "ca-ed25519"))
    yield Case("the CA is no authority", good, listed("ca-ed25519"), wanted=False)
    yield Case("the key is listed", good, listed("ed25519"), wanted=False)
    yield Case("the key as authority", good, listed("ed25519", "cert-authority"), wanted=False)
    yield Case("another CA", good, listed("ca-ecdsa", "cert-authority"), wanted=False)
    yield Case("no certificate, the CA listed", plain, signers, wanted=False)
    itself = b"alice " + read("ed25519-cert.pub")
    yield Case("the certificate is listed", good, itself, wanted=True, stricter=("bad-line",))
    forged = certified(plain, _with_ca(certify("ed25519", "ca-ecdsa"), "ca-ed25519"))
    yield Case("names one CA, signed by another", forged, signers, wanted=False)
    for validity, at, wanted in (
        ("20250101:20260101", AT, False), ("20270101:20280101", AT, False), ("20261122210000:20270101", AT, True),
        ("20261122210001:20270101", AT, False), ("20260101:20261122210000", AT, False),
        ("20260101:20261122210001", AT, True), ("always:forever", AT, True),
        ("20260101:forever", "2199-01-01T00:00:00Z", True),
    ):  # fmt: skip
        text = certified(plain, certify("ed25519", "ca-ed25519", "-V", validity))
        yield Case(f"valid {validity}", text, signers, at=at, wanted=wanted)
    yield Case("a host's", certified(plain, certify("ed25519", "ca-ed25519", "-h")), signers, wanted=False)
    for option in ("force-command=true", "source-address=10.0.0.0/8", "critical:x@example.org=1"):
        text = certified(plain, certify("ed25519", "ca-ed25519", "-O", option))
        yield Case(option, text, signers, wanted=True, stricter=("cert-option",))
    for option in ("no-pty", "clear", "extension:x@example.org=1", "verify-required"):
        yield Case(option, certified(plain, certify("ed25519", "ca-ed25519", "-O", option)), signers, wanted=True)
    for ca, options in (("dsa", ()), ("rsa-1024", ()), ("ca-rsa", ("-t", "ssh-rsa"))):
        text = certified(plain, certify("ed25519", ca, *options))
        yield Case(f"by {ca} {options}", text, listed(ca, "cert-authority"), wanted=True, stricter=("cert-ca-key",))


def _with_ca(certificate: bytes, ca: str) -> bytes:
    """The signature stays that of the CA before."""
    at = certificate.rindex(string(base64.b64decode(read("ca-ecdsa.pub").split()[1])))
    _, signature = take(certificate[at:])
    return certificate[:at] + string(base64.b64decode(read(f"{ca}.pub").split()[1])) + signature


# Options of a line, and whether a signature of AT in our namespace passes.
OPTIONS = (
    ('namespaces="sshtether-policy"', True), ('namespaces="file"', False), ('namespaces="file,sshtether-*"', True),
    ('namespaces="!sshtether-policy,*"', False), ('namespaces=""', False), ('NameSpaces="sshtether-?olicy"', True),
    ('namespaces="sshtether-policy",namespaces="file"', False), ("namespaces=sshtether-policy", False),
    ('namespaces="sshtether-policy', False), ('namespaces="a\\"b,sshtether-policy"', True),
    ('valid-after="20261122120000Z"', True), ('valid-after="20261122120001Z"', False),
    ('valid-before="20261122120000Z"', True), ('valid-before="20261122115959Z"', False),
    ('valid-before="20261122210000"', True), ('valid-before="20261122205959"', False),
    ('valid-before="202611221200Z"', True), ('valid-before="202611221159UTC"', False),
    ('valid-after="20261122z"', True), ('valid-before="20261122"', False), ('valid-before="20261123"', True),
    ('valid-after="20260101Z",valid-before="20270101Z"', True),
    ('valid-after="20270101Z",valid-before="20260101Z"', False),
    ('valid-after="20260101Z",valid-after="20260101Z"', False), ('valid-after="2026"', False),
    ('valid-after="20261322"', False), ('valid-after="2026112224"', False), ('valid-after="19700101Z"', False),
    ('valid-before="20270101Z",namespaces="sshtether-policy"', True), ("cert-authority", False),
    ('valid-before="20270101Z",cert-authority', False), ("CERT-AUTHORITY", False), ("no-such-option", False),
    ('command="ls"', False), ("cert-authority,", False), ('namespaces="sshtether-policy",', False),
    ('namespaces="sshtether-policy",,valid-after="20260101Z"', None), (',namespaces="sshtether-policy"', None),
    ('valid-after="20260231Z"', None), ('valid-after=""', False), ('namespaces="sshtether-policy"x', False),
)  # fmt: skip


def signer_lines() -> Iterator[Case]:
    text = sign("ed25519")
    good, other, key = listed("ed25519"), listed("ecdsa-256"), read("ed25519.pub")
    for options, wanted in OPTIONS:
        sloppy = ("bad-line",) if wanted is None else ()
        yield Case(options, text, listed("ed25519", options), wanted=wanted, stricter=sloppy)
    for name, signers, wanted in (
        ("comments", b"# alice\n\n   \n  # x\n" + good, True), ("tabs", good.replace(b" ", b"\t"), True),
        ("CRLF", good.replace(b"\n", b"\r\n"), True),
        ("no newline", good.rstrip(), True), ("blanks", b"  \t" + good, True),
        ("a comment behind", good.rstrip() + b" # alice\n", True), ("no comment", b" ".join(good.split()[:3]), True),
        ("the second line", other + good, True), ("a bad line before", b"alice ssh-ed25519 AAAA\n" + good, True),
        ("a half line before", b"alice\n" + good, True), ("an option too many before", b"alice x " + key + good, True),
        ("over, then good", listed("ed25519", 'valid-before="20200101Z"') + good, True),
        ("good, then over", good + listed("ed25519", 'valid-before="20200101Z"'), True),
        ("another's name, then good", listed("ed25519", who="bob") + good, True),
        ("only another's", listed("ed25519", who="bob"), False), ("quoted", b'"alice" ' + key, True),
        ("quoted with a blank", b'"alice b,alice" ' + key, True), ("no end of quote", b'"alice ' + key, False),
        ("patterns", b"bob,al?c* " + key, True), ("not her", b"!alice,* " + key, False),
        ("not her, late", b"*,!alice " + key, False),
        ("capitals", b"ALICE " + key, False), ("no name", key, False), ("an empty name", b'"" ' + key, False),
        ("nobody but not bob", b"!bob " + key, False),
        ("damaged", good.replace(b"AAAA", b"AAAB"), False),
        ("another type", good.replace(b"ssh-ed25519", b"ssh-rsa"), False), ("empty", b"", False),
        ("an unpadded key", good.replace(b"=", b""), None), ("a name of 1100", b"x" * 1100 + b",alice " + key, None),
        ("quote within", b'al"ice" ' + key, None), ("no blank behind the quote", b'"alice"' + key, None),
        ("a NUL", good.replace(b" ", b" \0", 1), None), ("a NUL behind", good.rstrip() + b" \0\n", None),
        ("a comma behind", b"alice, " + key, True), ("a comma before", b",alice " + key, True),
        ("a long comment", good.rstrip() + b" " + b"x" * 20000, None),
    ):  # fmt: skip
        yield Case(name, text, signers, wanted=wanted, stricter=("bad-line",) if wanted is None else ())


def damaged_lines() -> Iterator[Case]:
    """Any byte of the signers is another, is gone, or is there twice."""
    dice = random.Random("signers")
    text = sign("ed25519")
    whole = (
        listed("ecdsa-256", 'namespaces="file",valid-before="20300101Z"') + b"# and\n"
        + listed("ed25519", 'valid-after="20260101Z",namespaces="sshtether-*"', '"alice"')
    )  # fmt: skip
    for _ in range(300):
        at, value = dice.randrange(len(whole)), dice.choice(b'\0\t\n\r "#,!*?=\\aZ09-\xff')
        middle = dice.choice((bytes([value]), b"", whole[at : at + 1] * 2))
        signers = whole[:at] + middle + whole[at + 1 :]
        yield Case(f"{middle!r} at {at}", text, signers, stricter=("bad-line",))


def tokens() -> Iterator[Case]:
    dice = random.Random("tokens")
    for kind, application in (("ed25519", b"ssh:"), ("ecdsa", b"ssh:"), ("ed25519", b"ssh:fleet"), ("ecdsa", b"")):
        token = Token(f"sk-{kind}-{len(application)}", kind, application)
        name, signers = token.name, listed(token.name)
        case = Case(name, token.sign(), signers)
        yield from around(case, "ed25519")
        yield from broken(case, 24, dice)
        yield Case(f"{name}: verified", token.sign(5, 0xFFFFFFFF), signers, wanted=True)
        yield Case(f"{name}: all flags", token.sign(0xFF), signers, wanted=True)
        for flags in (0, 4):
            yield Case(f"{name}: flags {flags}", token.sign(flags), signers, wanted=True, stricter=("no-touch",))
        text = fields_of(token.sign())
        for said in (b"\1", struct.pack(">BI", 1, 8), struct.pack(">BI", 5, 7), struct.pack(">BI", 1, 7) + b"\0"):
            changed = replace(text, signature=text.signature[:-5] + said).text()
            yield Case(f"{name}: {said!r}", changed, signers, wanted=False)
        for option, flags, alone in (
            ("no-touch-required", 0, True), ("no-touch-required", 1, True), ("verify-required", 1, False),
            ("verify-required", 5, True), ("no-touch-required,verify-required", 4, True),
        ):  # fmt: skip
            yield Case(f"{name}: {option}, flags {flags}", token.sign(flags), listed(token.name, option), alone=alone)


def token_certificates() -> Iterator[Case]:
    for kind in ("ed25519", "ecdsa"):
        token = Token(f"skc-{kind}", kind)
        signers = listed("ca-ed25519", "cert-authority")
        idle = listed("ca-ed25519", "cert-authority,no-touch-required")
        plain = certify(token.name, "ca-ed25519")
        case = Case(f"{kind}, certified", token.sign(key=plain), signers)
        yield replace(case, wanted=True)
        yield from broken(case, 12, random.Random(kind))
        untouched = token.sign(0, key=plain)
        yield Case(f"{kind}: untouched", untouched, signers, wanted=True, stricter=("no-touch",))
        yield Case(f"{kind}: untouched, by the line alone", untouched, idle, alone=False)
        excused = token.sign(0, key=certify(token.name, "ca-ed25519", "-O", "no-touch-required"))
        name = f"{kind}: untouched, by the certificate alone"
        yield Case(name, excused, signers, wanted=True, stricter=("no-touch",))
        yield Case(f"{kind}: untouched, by both", excused, idle, alone=True)
        verified = certify(token.name, "ca-ed25519", "-O", "verify-required")
        yield Case(f"{kind}: verified", token.sign(5, key=verified), signers, wanted=True)
        text = token.sign(1, key=verified)
        yield Case(f"{kind}: not verified", text, signers, wanted=True, stricter=("no-verification",))
    yield from by_token_ca()


def by_token_ca() -> Iterator[Case]:
    """A CA whose key is a token; it can be made to sign what ssh-keygen does not write."""
    plain, certificate = sign("ed25519"), certify("ed25519", "ca-ed25519")
    body = certificate[: certificate.rindex(string(base64.b64decode(read("ca-ed25519.pub").split()[1])))]
    names = string(b"".join(map(string, (b"alice", b"carol"))))
    for kind in ("ed25519", "ecdsa"):
        ca = Token(f"sk-ca-{kind}", kind)
        signers = listed(ca.name, "cert-authority")
        for name, new, wanted in (
            ("as it is", names, True), ("256 names", string(string(b"alice") * 256), True),
            ("257 names", string(string(b"alice") * 257), False), ("a half name", string(string(b"alice")[:-1]), False),
            ("a name with a NUL", string(string(b"alice\0bob")), False), ("no name", string(b""), False),
            ("a NUL behind the name", string(string(b"alice\0")), True),
            ("an empty name too", string(string(b"") + string(b"alice")), True),
        ):  # fmt: skip
            signed = body.replace(names, new) + string(ca.blob)
            text = certified(plain, signed + string(ca.signature(signed)))
            yield Case(f"a token's CA, {kind}: {name}", text, signers, wanted=wanted)
        signed = body + string(ca.blob)
        text = certified(plain, signed + string(ca.signature(signed + b"x")))
        yield Case(f"a token's CA, {kind}: another signature", text, signers, wanted=False)
        certificate = signed + string(ca.signature(signed))
        for change, wanted in ((certificate + b"\0", False), (certificate[:-1], False)):
            yield Case(f"a token's CA, {kind}: length", certified(plain, change), signers, wanted=wanted)


def stricter() -> Iterator[Case]:
    for name, reason in (("dsa", "key-type"), ("rsa-1024", "key-weak")):
        yield Case(name, sign(name), listed(name), wanted=True, stricter=(reason,))
    text, signers = sign("ed25519"), listed("ed25519")
    blob = fields_of(text)
    yield Case("version 0", replace(blob, version=0).text(), signers, wanted=True, stricter=("version",))
    yield Case("a second armour", text + text, signers, wanted=True, stricter=("after-end",))
    yield Case("newlines behind", text + b"\r\n\n", signers, wanted=True)
    algorithm, rest = take(blob.signature)
    raw = take(rest)[0]
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(raw[32:], "little") + order
    large = string(algorithm) + string(raw[:32] + s.to_bytes(32, "little"))
    yield Case("S + L", replace(blob, signature=large).text(), signers, wanted=True, stricter=("wrong",))


def forms() -> Iterator[Case]:
    """Numbers and texts that may be written in several ways."""
    text, signers = sign("ecdsa-256"), listed("ecdsa-256")
    blob = fields_of(text)
    algorithm, rest = take(blob.signature)
    pair = take(rest)[0]
    r, after = take(pair)
    s = take(after)[0]
    for name, numbers, wanted in (
        ("zeros before r", string(b"\0\0" + r) + string(s), True), ("a byte behind s", pair + b"\0", False),
        ("r negative", string(b"\x80" + r) + string(s), False), ("r is 0", string(b"") + string(s), False),
        ("s is 0", string(r) + string(b""), False), ("r and s swapped", string(s) + string(r), False),
        ("r of 200 bytes", string(b"\1" * 200) + string(s), False), ("r alone", string(r), False),
    ):  # fmt: skip
        changed = replace(blob, signature=string(algorithm) + string(numbers)).text()
        yield Case(name, changed, signers, wanted=wanted)
    nul = SPACE.encode() + b"\0"
    for change, wanted in (({"hash": b"sha512\0"}, True), ({"space": nul}, True), ({"hash": b"SHA512"}, False)):
        yield Case(f"{change}", replace(blob, **change).text(), signers, wanted=wanted)
    for name, key in (
        ("compressed point", blob.key[:-65] [:-4] + string(b"\2" + blob.key[-64:-32])),
        ("a point beside the curve", blob.key[:-1] + bytes([blob.key[-1] ^ 1])),
    ):  # fmt: skip
        signers = b"alice ecdsa-sha2-nistp256 " + base64.b64encode(key) + b"\n"
        yield Case(name, replace(blob, key=key).text(), signers, wanted=False)
    yield from _rsa_forms()


def _rsa_forms() -> Iterator[Case]:
    signers = listed("rsa-2048")
    blob = fields_of(sign("rsa-2048"))
    raw = take(take(blob.signature)[1])[0]
    for name, algorithm, number_, wanted in (
        ("as it is", b"rsa-sha2-512", raw, True), ("the other hash", b"rsa-sha2-256", raw, False),
        ("SHA-1 by name", b"ssh-rsa", raw, False), ("a zero before", b"rsa-sha2-512", b"\0" + raw, False),
        ("empty", b"rsa-sha2-512", b"", False), ("all ones", b"rsa-sha2-512", b"\xff" * 256, False),
        ("another's algorithm", b"ssh-ed25519", raw, False), ("zero", b"rsa-sha2-512", b"\0" * 256, False),
    ):  # fmt: skip
        changed = replace(blob, signature=string(algorithm) + string(number_)).text()
        yield Case(f"RSA, {name}", changed, signers, wanted=wanted)
    for i in range(2000):  # one in 256 begins with a zero, which some signers leave out
        policy = POLICY + str(i).encode()
        blob = fields_of(sign("rsa-2048", policy=policy))
        raw = take(take(blob.signature)[1])[0]
        if raw[0] == 0:
            changed = replace(blob, signature=string(b"rsa-sha2-512") + string(raw[1:])).text()
            yield Case("RSA, a leading zero left out", changed, signers, policy=policy, wanted=True)
            return


GROUPS = {
    **{f"keys, {kind}": (lambda kind=kind: plain_keys(kind)) for kind in KINDS},
    **{f"certificates, {kind}": (lambda kind=kind: certificates_of(kind)) for kind in KINDS},
    "names in certificates": certificate_names,
    "what a certificate is worth": certificate_worth,
    "lines of allowed_signers": signer_lines,
    "damaged lines": damaged_lines,
    "security keys": tokens,
    "certificates of security keys": token_certificates,
    "forms": forms,
    "where we are stricter": stricter,
}


def main() -> int:
    others = {"ca-ed25519": ("ed25519",), "ca-ecdsa": ("ecdsa",), "ca-rsa": ("rsa",), "dsa": ("dsa",)}
    for kind, options in (KINDS | others | {"rsa-1024": ("rsa", "-b", "1024")}).items():
        make_key(kind, *options)
    seen: Counter[str] = Counter()
    failed = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, cases in GROUPS.items():
            verdicts = list(pool.map(judge, cases()))
            wrong = [what for verdict, what in verdicts if verdict == "differ"]
            counts = Counter(verdict for verdict, _ in verdicts)
            accepted = sum(what == "accepted" for _, what in verdicts)
            seen.update(what for verdict, what in verdicts if verdict == "stricter")
            for line in wrong:
                print(f"# {line}")
            print(
                f"{'not ok' if wrong else 'ok'} signatures: {name}: {len(verdicts)} cases, "
                f"{accepted} accepted by both, {counts['stricter']} by ssh-keygen alone",
                flush=True,
            )
            failed += bool(wrong)
    for reason, what in STRICTER.items():
        print(f"{'ok' if seen[reason] else 'not ok'} signatures: stricter, {reason}: {what}: {seen[reason]} cases")
        failed += not seen[reason]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
