"""The policies of policy/fleets, the files themselves, in enforce mode: real sessions do what the comments promise and
what they forbid.  The bastion is each fleet's host in turn; the laptop is where people come from, db what they reach.
"""

from __future__ import annotations

import contextlib
import datetime
import shutil
import subprocess
from collections.abc import Iterator, Mapping

from lab import fleets, sshd
from lab.accounts import BY_NAME
from lab.daemon import PROGRAMS, Watch, program
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import PATIENCE, until
from lab.world import BASTION, BASTION6, BASTION_INSIDE, DB, DB6, DB_OTHER, LAPTOP, LAPTOP6, LAPTOP_OTHER, LAPTOP_THIRD

# --- the places -----------------------------------------------------------------------------------------------------


def _days(first: int = 0) -> dict[str, str]:
    """Work is from that day on, today unless said otherwise, and the next: a test may run past midnight."""
    day = [datetime.date.today() + datetime.timedelta(first + days) for days in (0, 1, 3)]
    return {
        "mon-fri 07:00-20:00": f"{day[0]:%a}-{day[1]:%a} 00:00-24:00".lower(),
        "2026-11-23T09:00": f"{day[0]}T09:00",  # a Monday
        "2026-11-23T21:00": f"{day[2]}T21:00",
        "2026-11-22T09:00": f"{day[2]}T09:00",
    }


def _places(stage: Stage) -> dict[str, dict[str, str]]:
    """What the examples' addresses are here.  What is not named stays: it is no place of the lab."""
    keys = stage.world.keys
    return {
        "bastion": _days() | {
            "192.0.2.0/24": f"{LAPTOP}/32", "192.0.2.10": LAPTOP,
            "2001:db8:100::/48": f"{LAPTOP6}/128", "2001:db8:100::1": LAPTOP6,
            "203.0.113.0/24": f"{LAPTOP_THIRD}/32", "203.0.113.7": LAPTOP_THIRD,
            "10.20.0.0/16": f"{DB}/32", "10.20.1.1": DB,
            "2001:db8:200::/48": "fd00:9:2::/64", "2001:db8:200::1": "fd00:9:2::9",
            "10.20.7.0/24": f"{DB_OTHER}/32", "10.20.7.1": DB_OTHER,
            "2001:db8:200:7::/64": "fd00:9:2::7:0/112", "2001:db8:200:7::1": "fd00:9:2::7:1",
            "10.20.30.0/24": f"{DB6}/128", "10.20.30.1": DB6,
            "SHA256:fingerprint+of+the+contractors+CA+goes+here": keys.ca_fingerprint,
        },
        "ansible-control": {
            "192.0.2.0/24": f"{LAPTOP}/32", "192.0.2.5": LAPTOP,
            "10.20.0.0/16": f"{DB}/32", "10.20.1.1": DB,
            "10.30.0.0/16": f"{DB6}/128", "10.30.1.1": DB6,
        },
        "ci-runner": {
            "10.20.3.10": LAPTOP_OTHER,
            "10.20.0.10": LAPTOP, "2001:db8:200::10": LAPTOP6,
            "10.30.0.5": DB, "2001:db8:300::5": DB6, "10.30.0.6": DB_OTHER,
        },
        "database": {
            "10.20.0.10": LAPTOP, "2001:db8:200::10": LAPTOP6, "192.0.2.10": LAPTOP_OTHER,
            "10.20.8.5": DB, "10.20.7.2": DB_OTHER,
            "/usr/lib/postgresql/*/bin/postgres": _SERVER, "/usr/lib/postgresql/15/bin/postgres": _SERVER,
        },
        "workstation": _days() | {
            "10.99.0.0/16": f"{DB}/32", "10.99.1.1": DB,
            "10.20.0.10": DB6, "10.20.0.0/16": f"{DB_OTHER}/32", "10.20.1.1": DB_OTHER,
            "SHA256:fingerprint+of+this+desks+hardware+key+here": keys.fingerprints["alice", "id_ed25519"],
        },
        "git-server": {
            "10.20.0.10": LAPTOP, "10.40.0.0/16": f"{DB}/32", "10.40.1.1": DB,
            "ops-*": "al*", "ops-anna": "alice", "ops-trainee": "bob",
        },
    }  # fmt: skip


_SERVER = f"{PROGRAMS}/postgres"


def _in_force(stage: Stage, fleet: str, words: Mapping[str, str] | None = None) -> contextlib.AbstractContextManager[Watch]:
    return fleets.in_force(stage, fleet, _places(stage)[fleet] | dict(words or {}))


# --- what people do --------------------------------------------------------------------------------------------------


def _through(stage: Stage, user: str, target: str, *options: str, agent: bool = False) -> str:
    """`ssh -J bastion target hostname`, with options for the bastion; what it says."""
    jump = " ".join(["ssh -i .ssh/id_ed25519", *options, "-W [%h]:%p bastion"])
    words = ["-o", f"ProxyCommand={jump}", "-o", "HostKeyAlias=db", target, "hostname"]
    done = stage.ssh(user, *words, agent=agent)
    return done.stdout.strip() or done.stderr.strip()


def _comes_in(stage: Stage, user: str, *options: str, to: str = BASTION) -> bool:
    return stage.ssh(user, *options, to, "echo in").stdout == "in\n"


def _sent_away(stage: Stage, user: str, *options: str) -> str:
    """What he is told at the login that is refused."""
    done = stage.ssh(user, *options, "bastion", "echo in")
    assert done.returncode != 0 and "in\n" not in done.stdout, done
    return done.stderr


def _key_at(host, stage: Stage, user: str, key: str = "id_ed25519") -> None:
    """One's private key on a host where it is needed."""
    uid = BY_NAME[user].uid
    host.write(f"/home/{user}/.ssh/id_ed25519", stage.world.keys.text(f"{user}.{key}"), 0o600, (uid, uid))


@contextlib.contextmanager
def _forwarding(stage: Stage, user: str, port: int, *options: str) -> Iterator[None]:
    """A login of its own that forwards a port of the laptop."""
    client = stage.laptop.popen(
        [*sshd.ssh(options=["-N", "-o", "ExitOnForwardFailure=yes", *options]), "bastion"],
        user=user, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: f":{port}" in stage.laptop.run(["ss", "-Hltn"]).stdout, f"port {port} on the laptop")
        yield
        assert client.poll() is None, "the login that forwards has ended"
    finally:
        client.kill()  # as a laptop that is shut
        client.wait(PATIENCE)


def _asked(stage: Stage, port: int) -> str:
    """What answers at a port of the laptop."""
    return stage.laptop.run(["nc", "-w", "30", "127.0.0.1", str(port)], check=False).stdout.strip()


def _goes(session: Login, command: str, says: str = "db") -> bool:
    """Whether it came to its end, and said so."""
    status, output = session.run(command)
    return status == 0 and output.splitlines()[-1:] == [says]


def _steals(stage: Stage, thief: Login, user: str) -> bool:
    """root's hands on user's agent; whether the thief's session ended of it."""
    with stage.login(user, forward=True) as victim:
        sock = victim.out("echo $SSH_AUTH_SOCK")
        thief.send(f"sudo env SSH_AUTH_SOCK={sock} ssh-add -l")
        ended = thief.ended()
        assert victim.out("echo on") == "on", "the owner was hit as well"
        return ended


def _nightly(stage: Stage, user: str, command: str) -> str:
    """As cron does: a PAM session of its own, with a login uid, and no SSH login (helpers/job.c)."""
    program(stage.bastion, "job")
    stage.bastion.write("/etc/pam.d/nightly", "session required pam_loginuid.so\n")
    return stage.bastion.run([f"{PROGRAMS}/job", "nightly", user, command], check=False).stdout.strip()


# --- bastion ------------------------------------------------------------------------------------------------------------


def test_bastion_staff(stage: Stage) -> None:
    with _in_force(stage, "bastion") as watch:
        assert _through(stage, "alice", DB) == "db"
        assert _through(stage, "alice", DB6) == "db"
        assert _through(stage, "alice", DB, "-b", LAPTOP_OTHER) == "db", "from outside, with a key"
        assert _through(stage, "dora", DB_OTHER) == "db", "databases have their own people"
        assert _comes_in(stage, "alice", "-b", LAPTOP6, to=BASTION6)
        fleets.tells(watch, "")
        for target in (DB_OTHER, f"::ffff:{DB_OTHER}"):
            assert _through(stage, "alice", target) != "db", target
        assert not _comes_in(stage, "alice", "-b", LAPTOP_THIRD), "from a listed origin"
        with stage.login("mallory", forward=True) as session:
            assert not _goes(session, "ssh db hostname")
            assert not _goes(session, "ssh -p 2222 db hostname")
            assert not _goes(session, "sudo -u dora ssh db hostname"), "he is still mallory"
            assert session.run("ssh-add -l")[0] != 0, "agents have no place here"
        with stage.login("rescue", forward=True) as session:
            assert _goes(session, "ssh db hostname"), "who repairs this host is not stopped"
        with stage.login("dora") as thief:
            assert _steals(stage, thief, "bob")
        fleets.tells(watch, """
            alice relay refused prevent
            alice login refused prevent
            mallory outbound-ssh killed prevent
            mallory agent-use refused prevent
            rescue login alerted observe break-glass
            rescue outbound-ssh alerted observe
            rescue agent-use alerted observe
            dora agent-hijack terminated react hijack
            dora case alerted critical
            """)


def test_bastion_contractors(stage: Stage) -> None:
    """contractor: the right word by the right CA.  visitor: by the staff's.  impostor: the right CA, no such word."""
    with _in_force(stage, "bastion") as watch:
        assert _through(stage, "contractor", DB6) == "db"
        assert _through(stage, "contractor", DB6, "-b", LAPTOP_OTHER) == "db"
        fleets.tells(watch, "")
        assert _through(stage, "contractor", DB) != "db", "the staff's servers"
        assert not _comes_in(stage, "visitor")
        assert not _comes_in(stage, "impostor")
        with stage.login("contractor", forward=True) as session:
            assert session.run("ssh-add -l")[0] != 0
            assert not _goes(session, f"ssh {DB6} hostname")
        fleets.tells(watch, """
            contractor relay refused prevent contractors
            visitor login refused prevent contractors
            impostor login refused prevent contractors
            contractor agent-use revoked react contractors
            contractor outbound-ssh killed prevent contractors
            """)


def test_bastion_contractors_off_hours(stage: Stage) -> None:
    """The same certificate comes in, and gets nowhere."""
    with _in_force(stage, "bastion", _days(first=3)) as watch:
        assert _comes_in(stage, "contractor")
        assert _through(stage, "contractor", DB6) != "db"
        fleets.tells(watch, "contractor relay refused prevent contractors")


# --- ansible-control ------------------------------------------------------------------------------------------------------

_CP = "-o ControlMaster=auto -o ControlPersist=600 -o ControlPath=/home/ansible/.ansible/cp/%C"


def test_ansible_control(stage: Stage) -> None:
    with _in_force(stage, "ansible-control") as watch:
        _key_at(stage.bastion, stage, "ansible")
        mux = f"ssh {_CP}"
        by_sudo = f"sudo -iu ansible ssh {_CP} db hostname"
        with stage.login("ansible") as first, stage.login("ansible", key="id_other") as other, stage.login("dora") as admin:
            first.out("mkdir -p -m 700 ~/.ansible/cp")
            for _ in range(4):
                assert _goes(first, f"{mux} db hostname"), "the play"
            assert _goes(other, f"{mux} db hostname"), "another admin, by his own key"
            assert _goes(admin, by_sudo), "another admin, by sudo"
            forks = " & ".join(f"{mux} -o ControlPath=none {DB6} hostname >fork.{n}" for n in range(5))
            assert _goes(first, f"{forks} & wait; sort -u fork.*"), "forks"
            assert _nightly(stage, "ansible", "ssh db hostname") == "db", "the nightly play"
            fleets.tells(watch, "")
            assert not _goes(first, f"ssh {DB_OTHER} hostname"), "not a managed host"
            assert _nightly(stage, "ansible", f"ssh {DB_OTHER} hostname") == "", "nor at night"
            assert first.run("timeout 20 nc db 22")[0] == 137, "a managed host, but no play"
            assert first.run(f"ssh {_CP} -O check db")[0] == 0, "the plays' connection there goes on"
            with stage.login("mallory") as thief:
                thief.send(by_sudo)
                assert thief.ended(), "sudo alone makes no admin"
            first.run(f"ssh {_CP} -O exit db")
        assert not _comes_in(stage, "ansible", "-b", LAPTOP_OTHER), "not from where the admins are"
        assert _through(stage, "ansible", DB) != "db"
        with stage.login("dora", forward=True) as admin:
            assert _goes(admin, "ssh db hostname")
        fleets.tells(watch, """
            ansible outbound-ssh refused prevent
            ansible outbound-ssh killed react
            mallory mux-hijack terminated react hijack
            mallory case alerted critical
            mallory outbound-ssh alerted observe
            ansible login refused prevent
            ansible relay refused prevent
            dora outbound-ssh alerted observe
            """)


# --- ci-runner ------------------------------------------------------------------------------------------------------------


def test_ci_runner(stage: Stage) -> None:
    with _in_force(stage, "ci-runner") as watch:
        _key_at(stage.bastion, stage, "ci")
        stage.db.run(["sh", "-c", "rm -rf repo.git && git init -q --bare repo.git"], user="ci")
        controller = ["-b", LAPTOP_OTHER]
        commit = "git -c user.email=ci@lab -c user.name=ci commit -q --allow-empty -m job && git push -q origin HEAD"
        with stage.login("ci", forward=True, options=controller) as job:
            job.out(f"(unset SSH_AUTH_SOCK; rm -rf work && git clone -q db:repo.git work && cd work && {commit})")
            job.out("python3 -m http.server --bind 127.0.0.1 8765 >server.log 2>&1 & "
                    "until curl -s http://127.0.0.1:8765/ >/dev/null; do sleep .1; done; kill $!")  # fmt: skip
            fleets.tells(watch, "")
            job.out("git ls-remote -q db:repo.git")  # somebody's agent is refused, and git goes on without
            fleets.tells(watch, "ci agent-use refused prevent")
            assert _goes(job, "ssh db hostname"), "told, and let go"
            fleets.tells(watch, "ci agent-use refused prevent\nci outbound-ssh would-have prevent")
            assert not _goes(job, f"git clone -q {DB_OTHER}:repo.git else && echo db")
            assert not _goes(job, "ssh -p 2022 db hostname"), "the forge's other port"
            job.run("timeout 20 python3 -m http.server --bind 0.0.0.0 8766")
        assert _nightly(stage, "ci", f"ssh {DB_OTHER} hostname") == "", "left with cron"
        assert _nightly(stage, "git", "nc -w 3 db 22") == "", "by somebody who is not here: he has no grant"
        assert not _comes_in(stage, "ci"), "the account's key elsewhere"
        assert _through(stage, "ci", DB, *controller) != "db"
        assert not _comes_in(stage, "alice", *controller)
        with stage.login("alice", forward=True) as session:
            assert not _goes(session, "ssh db hostname")
        fleets.tells(watch, """
            ci outbound-ssh would-have prevent
            ci outbound-ssh refused prevent
            ci agent-use refused prevent
            ci listen killed react
            ci login refused prevent
            ci relay refused prevent
            git outbound-ssh refused prevent
            alice login refused prevent
            alice outbound-ssh killed prevent
            """)


# --- database -------------------------------------------------------------------------------------------------------------


def _server(stage: Stage) -> None:
    """A program of that path which is in no list of ours."""
    shutil.copy("/usr/bin/socat", stage.bastion.path(_SERVER))
    stage.bastion.mkdir("/run/postgresql", 0o755, (BY_NAME["dora"].uid,) * 2)


def test_database(stage: Stage) -> None:
    with _in_force(stage, "database") as watch:
        _server(stage)
        for host in (stage.bastion, stage.db):
            _key_at(host, stage, "postgres")
        _key_at(stage.bastion, stage, "dora")
        start = f"setsid {_SERVER} TCP-LISTEN:5432,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo rows' </dev/null >/dev/null 2>&1"
        with stage.login("dora") as session:
            session.out(f"{start} & until ss -Hltn | grep -q :5432; do sleep .1; done")
            with _forwarding(stage, "dora", 15432, "-L", "15432:127.0.0.1:5432"):
                assert _asked(stage, 15432) == "rows", "SQL through a tunnel"
            back = ["sh", "-c", f"ssh {BASTION_INSIDE} 'echo wal >wal && rsync -a wal db: && rm wal' && cat wal"]
            assert stage.db.run(back, user="postgres").stdout == "wal\n", "barman"
            assert _goes(session, "sudo -iu postgres ssh db hostname"), "sudo -u postgres to the backup"
            fleets.tells(watch, "")
            with _forwarding(stage, "alice", 15433, "-L", "15433:127.0.0.1:5432"):
                assert _asked(stage, 15433) == "", "not of group dba"
            with _forwarding(stage, "dora", 15434, "-L", f"15434:{DB_OTHER}:22"):
                assert _asked(stage, 15434) == "", "another host"
            assert not _goes(session, f"ssh {DB_OTHER} hostname")
            assert not _goes(session, f"sudo -iu postgres ssh {DB_OTHER} hostname")
            assert not _goes(session, "ssh db 'sleep 20; hostname'"), "to the backup, but as herself"
            assert "ssh -J bastion" in _sent_away(stage, "dora", "-b", LAPTOP_OTHER), "past the bastion, and told how"
            assert not _comes_in(stage, "postgres"), "postgres is nobody"
            assert _steals(stage, session, "bob")
        with _forwarding(stage, "dora", 15435, "-L", "15435:127.0.0.1:5432"):
            assert _asked(stage, 15435) == "rows", "the server went with the session that started it"
        with stage.login("rescue", forward=True, options=["-b", LAPTOP_OTHER]) as session:
            assert _goes(session, f"ssh {DB_OTHER} hostname"), "at night"
        stage.bastion.run(["fuser", "-k", _SERVER], check=False)
        fleets.tells(watch, """
            alice relay refused prevent exfiltration
            dora relay refused prevent exfiltration
            dora outbound-ssh refused prevent exfiltration
            dora outbound-ssh killed react exfiltration
            dora login refused prevent
            postgres login refused prevent
            dora agent-hijack terminated react hijack
            dora case alerted critical
            rescue login alerted observe break-glass
            rescue outbound-ssh alerted observe exfiltration
            rescue agent-use alerted observe
            """)


# --- workstation ------------------------------------------------------------------------------------------------------------


def test_workstation_editor(stage: Stage) -> None:
    """As VS Code's remote part does: a server at loopback, reached by -L and by -D of the same login."""
    with _in_force(stage, "workstation") as watch:
        serve = "setsid python3 -m http.server --bind {} {} >server.log 2>&1 & echo $!"
        with stage.login("alice") as session:
            server = session.out(serve.format("127.0.0.1", 9311))
            until(lambda: ":9311" in session.out("ss -Hltn"), "the server")
            with _forwarding(stage, "alice", 9312, "-L", "9312:127.0.0.1:9311", "-D", "9313"):
                for proxy in ([], ["-x", "socks5h://127.0.0.1:9313"]):
                    url = "http://127.0.0.1:9311/" if proxy else "http://127.0.0.1:9312/"
                    assert "Directory listing" in stage.laptop.run(["curl", "-s", *proxy, url]).stdout, proxy
            place = f"/run/user/{BY_NAME['alice'].uid}"
            stage.bastion.mkdir(place, 0o700, (BY_NAME["alice"].uid,) * 2)
            session.out(f"setsid socat UNIX-LISTEN:{place}/vscode.sock,fork SYSTEM:'echo editor' >/dev/null 2>&1 & "
                        f"until test -S {place}/vscode.sock; do sleep .1; done")  # fmt: skip
            with _forwarding(stage, "alice", 9317, "-L", f"9317:{place}/vscode.sock"):
                assert _asked(stage, 9317) == "editor"
            fleets.tells(watch, "")
            for_all = session.out(serve.format("0.0.0.0", 9314))
            fleets.tells(watch, "alice listen alerted observe")
            again = session.out(serve.format("0.0.0.0", 9316))
            until(lambda: ":9316" in session.out("ss -Hltn"), "the server")
            session.out(f"kill {server} {for_all} {again}")
        with _forwarding(stage, "alice", 9315, "-L", f"9315:{DB_OTHER}:22"):
            assert _asked(stage, 9315) == "", "into production"
        fleets.tells(watch, "alice listen alerted observe\nalice relay refused prevent production")
        assert len(watch.find(activity="listen")) == 1, "at most 1/1d"


def test_workstation_agents(stage: Stage) -> None:
    with _in_force(stage, "workstation") as watch:
        link = "ln -sfn $SSH_AUTH_SOCK ~/.ssh/sock"
        tmux = "tmux -L desk"
        with stage.login("alice", forward=True) as first:
            first.out(f"{link}; SSH_AUTH_SOCK=~/.ssh/sock {tmux} new-session -d -s work 'bash --norc'")
        with stage.login("alice", forward=True) as second:
            send = f"{tmux} send-keys -t work 'ssh -A db ssh-add -l >listed.new; mv listed.new listed' Enter"
            second.out(f"{link}; rm -f listed; {send}")
            until(lambda: second.run("test -e listed")[0] == 0, "the window's command")
            assert "ED25519" in second.out("cat listed"), "the agent of the login that is there now, taken along"
            second.run(f"{tmux} kill-server")
            assert _goes(second, f"ssh {DB6} hostname"), "to the bastion, by day, by the key of this desk"
            fleets.tells(watch, "")
            assert not _goes(second, f"ssh {DB_OTHER} hostname"), "production"
            assert not _goes(second, f"ssh -A ::ffff:{DB_OTHER} hostname")
            sock = second.out("echo $SSH_AUTH_SOCK")
            with stage.login("alice", key="id_other", options=["-b", LAPTOP_OTHER]) as other:
                assert "ED25519" in other.out(f"SSH_AUTH_SOCK={sock} ssh-add -l"), "her own by another key: told, never done"
                assert not _goes(other, f"SSH_AUTH_SOCK={sock} ssh {DB6} hostname"), "not by that key"
            with stage.login("mallory") as thief:
                thief.send(f"sudo -u alice env SSH_AUTH_SOCK={sock} ssh-add -l")
                assert thief.ended(), "sudo -u makes him nobody else"
        fleets.tells(watch, """
            alice outbound-ssh refused prevent production
            alice outbound-ssh refused prevent
            alice agent-hijack alerted observe
            mallory agent-hijack terminated react hijack
            mallory case alerted critical
            """)


# --- git-server -------------------------------------------------------------------------------------------------------------


def test_git_server(stage: Stage) -> None:
    with _in_force(stage, "git-server") as watch:
        _key_at(stage.bastion, stage, "git")
        stage.bastion.run(["sh", "-c", "rm -rf repo.git && git init -q --bare repo.git"], user="git")
        for origin in (LAPTOP, LAPTOP_OTHER):
            ssh = f"ssh -A -b {origin} -i /home/git/.ssh/id_ed25519"
            push = "cd work && git -c user.email=a@lab -c user.name=a commit -q --allow-empty -m work && git push -q origin HEAD"
            words = f"rm -rf work && git clone -q bastion:repo.git work && {push}"
            stage.laptop.run(["sh", "-c", words], user="git", env={"GIT_SSH_COMMAND": ssh})
        with stage.login("alice", forward=True) as operator:
            assert _goes(operator, "ssh db hostname")
        fleets.tells(watch, "")
        with stage.login("git") as session:
            session.send("ssh db hostname")
            assert session.ended()
        assert _through(stage, "git", DB) != "db"
        with stage.login("bob", forward=True) as trainee:
            assert _goes(trainee, "ssh db hostname"), "mode audit stands on the rule"
        assert not _comes_in(stage, "alice", "-b", LAPTOP_OTHER)
        fleets.tells(watch, """
            git outbound-ssh terminated react
            git relay terminated react
            bob outbound-ssh would-have prevent
            alice login refused prevent
            """)
