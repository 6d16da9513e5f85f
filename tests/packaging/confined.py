#!/usr/bin/env python3
"""confined: the installed daemon within what its unit leaves it.

    confined.py ROOT      ROOT is a folder that `make install DESTDIR=` filled

What systemd would do is done here by hand, from the words of the unit itself: the system-call filter,
the capability bounding set, a file system that is read-only but for ReadWritePaths.  The daemon must come
up (READY=1), answer `sshtether status`, reload, and go at TERM without leaving anything behind.
Everything happens in a mount namespace of its own, with its own /etc, /var and /run.  Prints a line a test.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

AUDIT_LOCK = "/run/sshtether-audit.lock"  # audit is one for the whole machine; the e2e lab takes it too
PATIENCE = 20  # seconds
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
CLONE_NEWNS = 0x00020000
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
ACT_ERRNO, ACT_ALLOW = 0x00050000, 0x7FFF0000  # seccomp.h

CAPS = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT "
    "SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE "
    "AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ "
    "PERFMON BPF CHECKPOINT_RESTORE"
).split()  # include/uapi/linux/capability.h, by number

libc = ctypes.CDLL(None, use_errno=True)


def must(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


class Unit:
    """The few settings of a unit file that are played here."""

    def __init__(self, path: str) -> None:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip().split("=", 1) for line in file if "=" in line and line[0] not in "#["]
        self._words = [(key, word) for key, value in lines for word in value.split()]
        self._values = lines

    def words(self, key: str) -> list[str]:
        return [word for name, word in self._words if name == key]

    def system_calls(self) -> set[str]:
        calls: set[str] = set()
        for value in (value for key, value in self._values if key == "SystemCallFilter"):
            taken_away = value.startswith("~")
            for word in value.lstrip("~").split():
                group = group_of(word)
                calls = calls - group if taken_away else calls | group
        return calls

    def dropped_capabilities(self) -> list[int]:
        kept = {word.removeprefix("CAP_") for word in self.words("CapabilityBoundingSet")}
        assert kept <= set(CAPS), kept - set(CAPS)
        return [number for number, name in enumerate(CAPS) if name not in kept]


def group_of(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    out = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter", word], capture_output=True, text=True, check=True
    ).stdout
    found: set[str] = set()
    for line in out.splitlines()[1:]:
        name = line.strip()
        if name and not name.startswith("#"):
            found |= group_of(name)
    return found


# --- the surroundings --------------------------------------------------------------------------------


def mount(source: str, target: str, kind: str | None, flags: int = 0, data: str = "") -> int:
    return libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, data.encode())


def own_folders() -> None:
    """Own /run, and /etc and /var on top of the machine's; nothing of it is seen outside."""
    must(libc.unshare(CLONE_NEWNS), "unshare")
    must(mount("none", "/", None, MS_REC | MS_PRIVATE), "private mounts")
    must(mount("tmpfs", "/run", "tmpfs"), "/run")
    for name in ("etc", "var"):
        for part in ("upper", "work"):
            os.makedirs(f"/run/overlay/{name}/{part}")
        layers = f"lowerdir=/{name},upperdir=/run/overlay/{name}/upper,workdir=/run/overlay/{name}/work"
        must(mount("overlay", f"/{name}", "overlay", 0, layers), f"overlay on /{name}")


def installed(root: str) -> None:
    shutil.rmtree("/etc/sshtether", ignore_errors=True)
    shutil.copytree(f"{root}/etc/sshtether", "/etc/sshtether")
    for program, name in (("systemd-sysusers", "sysusers.d"), ("systemd-tmpfiles", "tmpfiles.d")):
        argv = [program, f"{root}/usr/lib/{name}/sshtether.conf"]
        if program == "systemd-tmpfiles":
            argv.insert(1, "--create")
        subprocess.run(argv, check=True, capture_output=True)


def own_cgroup() -> str:
    """Where the daemon of the test lives, and where its gates stand: nothing else on the machine is touched."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        roots = [line.split()[4] for line in file if " - cgroup2 " in line]
    if not roots:
        return ""
    path = f"{roots[0]}/sshtether-confined-{os.getpid()}"
    os.mkdir(path)
    with open("/etc/sshtether/sshtetherd.conf", "a", encoding="utf-8") as file:
        file.write(f'\ngate-cgroup "{path}"\n')
    return path


def give_back(cgroup: str) -> None:
    """The engine may end a moment after the monitor."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return os.rmdir(cgroup)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def read_only(writable: list[str]) -> None:
    """ProtectSystem=strict: everything but /dev, /proc, /sys and these."""
    for path in writable:
        must(mount(path, path, None, MS_BIND), path)
    with open("/proc/self/mounts", encoding="utf-8") as file:
        points = [line.split()[1] for line in file]
    for point in points:
        if not point.startswith(("/dev", "/proc", "/sys")) and point not in writable:
            mount("none", point, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def confine(unit: Unit, cgroup: str) -> None:
    """In the child, just before the daemon takes its place.  It does not outlive the test."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if cgroup:
        with open(f"{cgroup}/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write("0")
    for number in unit.dropped_capabilities():
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ACT_ERRNO | 1))  # EPERM
    for name in confine.calls:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number != -1:
            seccomp.seccomp_rule_add(context, ACT_ALLOW, number, 0)
    if seccomp.seccomp_load(context) != 0:
        os._exit(99)


# --- the tests ---------------------------------------------------------------------------------------


class Run:
    def __init__(self, root: str, unit: Unit, cgroup: str) -> None:
        self.root = root
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind("/run/sshtether/notify")
        self.notify.settimeout(PATIENCE)
        confine.calls = unit.system_calls()
        read_only([path.lstrip("-") for path in unit.words("ReadWritePaths")])
        self.log = open("/run/sshtether/log", "w+", encoding="utf-8", errors="replace")
        self.daemon = subprocess.Popen(
            [f"{root}/usr/sbin/sshtetherd", "-f"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={"NOTIFY_SOCKET": "/run/sshtether/notify", "PATH": "/usr/sbin:/usr/bin"},
            preexec_fn=lambda: confine(unit, cgroup),
        )  # fmt: skip

    def hears(self, word: str) -> str:
        """Waits for the state; what went wrong, or nothing."""
        try:
            while word not in self.notify.recv(4096).decode().split("\n"):
                pass
        except TimeoutError:
            return f"{word} never came"
        return ""

    def status(self) -> str:
        argv = [f"{self.root}/usr/bin/sshtether", "status", "--json"]
        said = "no answer"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                return "it accepts and does not answer"
            said = done.stdout + done.stderr
            if done.returncode == 0:
                return ""
            time.sleep(0.2)
        return said

    def refused(self) -> str:
        """What the log says that the unit did not grant."""
        self.log.flush()
        with open("/run/sshtether/log", encoding="utf-8", errors="replace") as file:
            words = ("not permitted", "denied", "not given", "read-only", "seccomp", "not implemented")
            return "".join(line for line in file if any(word in line.lower() for word in words))

    def gates(self) -> str:
        """Those that the unit's confinement, or the kernel, keeps from working."""
        self.log.flush()
        with open("/run/sshtether/log", encoding="utf-8", errors="replace") as file:
            return "".join(line for line in file if "gate" in line)

    def reload(self) -> str:
        self.daemon.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        return self.status() if self.daemon.poll() is None else "it ended at HUP"

    def stop(self) -> str:
        self.daemon.send_signal(signal.SIGTERM)
        try:
            status = self.daemon.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
            return "it did not end at TERM"
        return "" if status == 0 else f"exit {status}"

    def gone(self) -> str:
        return " ".join(name for name in os.listdir("/run/sshtether") if name.endswith(".sock"))


def audit_state() -> str:
    done = subprocess.run(["auditctl", "-l"], capture_output=True, text=True, check=False)
    enabled = subprocess.run(["auditctl", "-s"], capture_output=True, text=True, check=False).stdout
    return done.stdout + "\n".join(line for line in enabled.splitlines() if line.startswith(("enabled", "pid")))


def skip(why: str) -> int:
    print(f"skip unit: the daemon runs confined - {why}")
    return 0


def main() -> int:
    root = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0 or not shutil.which("auditctl"):
        return skip("root, and auditctl")
    failed = 0

    def test(name: str, trouble: str) -> None:
        nonlocal failed
        print(f"{'not ok' if trouble else 'ok'} unit: {name}", flush=True)
        for line in trouble.splitlines():
            print(f"# {line}")
        failed |= bool(trouble)

    # What ends the test goes through `finally` below: the daemon takes its audit rules back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with open(AUDIT_LOCK, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = audit_state()
        if "pid 0" not in before:
            return skip("the kernel's audit stream: an auditd of this machine has it")
        own_folders()
        installed(root)
        cgroup = own_cgroup()
        run = Run(root, Unit(f"{root}/usr/lib/systemd/system/sshtetherd.service"), cgroup)
        try:
            test("confined, the daemon comes up", run.hears("READY=1"))
            test("confined, it answers", run.status())
            if cgroup:
                test("confined, its kernel gates work", run.gates())
            else:
                print("skip unit: confined, its kernel gates work - a mounted cgroup v2 hierarchy")
            test("confined, it reloads", run.reload())
            test("confined, nothing is refused to it", run.refused())
            test("confined, it goes at TERM", run.hears("STOPPING=1") if run.stop() == "" else "no clean end")
            test("its sockets are gone", run.gone())
        finally:
            if run.daemon.poll() is None:
                run.stop()
            if cgroup:
                give_back(cgroup)
        after = audit_state()
        test("the kernel's audit is as it was", "" if after == before else f"{before}\n--- after:\n{after}")
        if failed:
            run.log.flush()
            with open("/run/sshtether/log", encoding="utf-8", errors="replace") as file:
                print("".join(f"# log: {line}" for line in file), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
