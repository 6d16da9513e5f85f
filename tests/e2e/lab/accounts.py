"""Users, groups, keys and certificates of the lab.  Keys are made anew for every run."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field

from .host import Host


@dataclass(frozen=True)
class User:
    name: str
    uid: int
    groups: tuple[str, ...] = ()
    keys: tuple[str, ...] = ("id_ed25519",)
    may_sudo: bool = False
    certified: bool = False  # logs in with a certificate only
    ca: str = "ca"  # that signed it
    principals: tuple[str, ...] = ()  # beside the name


USERS = (
    User("alice", 7001, keys=("id_ed25519", "id_other")),
    User("bob", 7002),
    User("mallory", 7003, may_sudo=True),
    User("deploy", 7004, keys=("id_ed25519", "id_other"), may_sudo=True),
    User("contractor", 7005, certified=True, principals=("audited",)),
    User("rescue", 7006, groups=("breakglass",)),
    # Of the fleets: accounts that several people or programs use, and who comes with the wrong certificate.
    User("ansible", 7010, groups=("automation",), keys=("id_ed25519", "id_other")),
    User("ci", 7011),
    User("git", 7012),
    User("postgres", 7013),
    User("dora", 7014, groups=("automation", "dba"), may_sudo=True),
    User("visitor", 7015, certified=True, ca="other_ca", principals=("contractor",)),
    User("impostor", 7016, certified=True),
)
CAS = ("ca", "other_ca")  # that every sshd trusts
SIGNER = "policies@lab"  # of policies
BY_NAME = {user.name: user for user in USERS}
GROUPS = {"automation": 7091, "breakglass": 7090, "dba": 7092, "sshtether": 7100}
SERVICE = ("_sshtether", 7100)


@dataclass
class Keys:
    """All private keys lie in one directory of the lab and are copied to the hosts that hold them."""

    directory: str
    fingerprints: dict[tuple[str, str], str] = field(default_factory=dict)

    def make(self) -> None:
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        for ca in CAS:
            self._keygen(ca, f"lab {ca}")
        self._keygen(SIGNER, SIGNER)
        for user in USERS:
            for key in user.keys:
                self._keygen(f"{user.name}.{key}", f"{user.name}@laptop")
                self.fingerprints[user.name, key] = self._fingerprint(f"{user.name}.{key}")
        self.ca_fingerprint = self._fingerprint("ca")
        for user in (user for user in USERS if user.certified):
            subprocess.run(
                ["ssh-keygen", "-q", "-s", self._path(user.ca), "-I", f"ticket-17 {user.name}",
                 "-n", ",".join((user.name, *user.principals)), "-z", "17", "-V", "-1h:+1d",
                 self._path(f"{user.name}.{user.keys[0]}.pub")],
                check=True,
            )  # fmt: skip

    def host_key(self, host: str) -> str:
        """Makes a host's key and returns its private part's name."""
        self._keygen(f"host.{host}", host)
        return self._path(f"host.{host}")

    def signature(self, text: str) -> str:
        """Of a policy's file."""
        argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", "sshtether-policy", "-f", self._path(SIGNER)]
        return subprocess.run(argv, input=text, capture_output=True, text=True, check=True).stdout

    def text(self, name: str) -> str:
        with open(self._path(name), encoding="ascii") as file:
            return file.read()

    def _path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def _keygen(self, name: str, comment: str) -> None:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", self._path(name)], check=True
        )

    def _fingerprint(self, name: str) -> str:
        done = subprocess.run(
            ["ssh-keygen", "-l", "-f", self._path(name + ".pub")], capture_output=True, text=True, check=True
        )
        return done.stdout.split()[1]


def install(host: Host, keys: Keys, *, private: bool) -> None:
    """The lab's users on a host; private: the host where they sit, with their keys."""
    _databases(host)
    host.write("/etc/sudoers.d/lab", _sudoers(), 0o440)
    for user in USERS:
        owner = (user.uid, user.uid)
        home = f"/home/{user.name}"
        host.mkdir(home, 0o755, owner)
        host.mkdir(f"{home}/.ssh", 0o700, owner)
        host.write(f"{home}/.hushlogin", "", 0o644, owner)
        if private:
            for key in user.keys:
                _copy_key(host, keys, user, key)
        elif not user.certified:
            authorized = "".join(keys.text(f"{user.name}.{key}.pub") for key in user.keys)
            host.write(f"{home}/.ssh/authorized_keys", authorized, 0o600, owner)


def _copy_key(host: Host, keys: Keys, user: User, key: str) -> None:
    owner = (user.uid, user.uid)
    place = f"/home/{user.name}/.ssh/{key}"
    host.write(place, keys.text(f"{user.name}.{key}"), 0o600, owner)
    host.write(f"{place}.pub", keys.text(f"{user.name}.{key}.pub"), 0o644, owner)
    if user.certified:
        host.write(f"{place}-cert.pub", keys.text(f"{user.name}.{key}-cert.pub"), 0o644, owner)


def _sudoers() -> str:
    names = [user.name for user in USERS if user.may_sudo]
    keep = 'Defaults env_keep += "SSH_AUTH_SOCK"\n'
    return keep + "".join(f"{name} ALL=(ALL) NOPASSWD: ALL\n" for name in names)


def _databases(host: Host) -> None:
    service, service_id = SERVICE
    passwd = [f"{u.name}:x:{u.uid}:{u.uid}::/home/{u.name}:/bin/bash" for u in USERS]
    passwd.append(f"{service}:x:{service_id}:{service_id}::/nonexistent:/usr/sbin/nologin")
    shadow = [f"{u.name}:*:19000:0:99999:7:::" for u in USERS] + [f"{service}:!:19000::::::"]
    members = {name: ",".join(u.name for u in USERS if name in u.groups) for name in GROUPS}
    group = [f"{u.name}:x:{u.uid}:" for u in USERS]
    group += [f"{name}:x:{gid}:{members[name]}" for name, gid in GROUPS.items()]
    group.append(f"{service}:x:{service_id + 1}:")
    gshadow = [line.split(":")[0] + ":!::" for line in group]
    passwd[-1] = passwd[-1].replace(f":{service_id}:{service_id}:", f":{service_id}:{service_id + 1}:")
    for name, lines, mode in (
        ("passwd", passwd, 0o644),
        ("shadow", shadow, 0o640),
        ("group", group, 0o644),
        ("gshadow", gshadow, 0o640),
    ):
        _merge(host, f"/etc/{name}", lines, mode)
    host.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")


def _merge(host: Host, path: str, lines: list[str], mode: int) -> None:
    """Our lines replace those of the same name."""
    ours = {line.split(":")[0] for line in lines}
    theirs = [line for line in host.read(path).splitlines() if line.split(":")[0] not in ours]
    host.write(path, "\n".join(theirs + lines) + "\n", mode)
