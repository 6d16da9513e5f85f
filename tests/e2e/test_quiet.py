"""What administrators do all day: under an empty policy not one alert, and in enforce mode nothing ends."""

from __future__ import annotations

import concurrent.futures
import contextlib
import subprocess
from collections.abc import Iterator

from lab import sshd
from lab.daemon import quiet
from lab.stage import Stage
from lab.waiting import until

_MUX = ["-o", "ControlMaster=auto", "-o", "ControlPersist=120"]


@contextlib.contextmanager
def silence(stage: Stage) -> Iterator[None]:
    """Nothing in the block may alert, nor anything that its records still tell."""
    stage.daemon.afresh()
    stage.daemon.policy("", mode="enforce")
    watch = stage.watch()
    yield
    left = stage.fence(watch)
    assert not left, f"{len(left)} alerts:\n{quiet(left)}"


def _play(stage: Stage, number: int) -> None:
    """One host's share of a playbook: a master connection, a few tasks, a copied file."""
    path = f"/home/deploy/.ssh/cm-{number}"
    mux = [*_MUX, "-o", f"ControlPath={path}"]
    ssh = [*sshd.ssh(options=mux), "bastion"]
    stage.laptop.run([*ssh, f"mkdir -p .ansible/tmp/{number} && echo {number}"], user="deploy")
    stage.laptop.run(
        ["scp", "-q", "-i", ".ssh/id_ed25519", *mux, "/etc/hosts", f"bastion:.ansible/tmp/{number}/task.py"],
        user="deploy",
    )
    stage.laptop.run([*ssh, f"sudo -n /bin/sh -c 'cat .ansible/tmp/{number}/task.py' && rm -r .ansible/tmp/{number}"],
                     user="deploy")  # fmt: skip
    stage.laptop.run(["ssh", "-O", "exit", "-o", f"ControlPath={path}", "bastion"], user="deploy")


def test_hundred_ansible_logins(stage: Stage) -> None:
    with silence(stage):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for play in [pool.submit(_play, stage, number) for number in range(100)]:
                play.result()


def test_git_over_ssh(stage: Stage) -> None:
    """To a repository on the bastion, and from the bastion on to one on db with the forwarded agent."""
    make = "rm -rf repo.git && git init -q --bare repo.git"
    commit = (
        "cd work && git config user.email a@lab && git config user.name alice && echo x >f"
        " && git add f && git commit -qm f && git push -q origin HEAD"
    )
    stage.db.run(["sh", "-c", make], user="alice")
    stage.bastion.run(["sh", "-c", make], user="alice")
    with silence(stage):
        stage.laptop.run(
            ["sh", "-c", f"rm -rf work && git clone -q bastion:repo.git work && {commit}"],
            user="alice",
            env={"GIT_SSH_COMMAND": "ssh -i .ssh/id_ed25519"},
        )
        with stage.login("alice", forward=True) as session:
            session.out(f"rm -rf work && git clone -q db:repo.git work && ({commit})")


def test_tmux_outlives_its_login(stage: Stage) -> None:
    """The window of the first login uses the agent of the next one, through the usual link."""
    link = "ln -sfn $SSH_AUTH_SOCK ~/.ssh/sock"
    tmux = "tmux -L lab"
    with silence(stage):
        with stage.login("alice", forward=True) as first:
            first.out(f"{link}; SSH_AUTH_SOCK=~/.ssh/sock {tmux} new-session -d -s work 'bash --norc'")
        with stage.login("alice", forward=True) as second:
            second.out(f"{link}; rm -f listed; {tmux} send-keys -t work 'ssh-add -l >listed.new; mv listed.new listed' Enter")
            until(lambda: second.run("test -e listed")[0] == 0, "the window's command")
            assert "ED25519" in second.out("cat listed")
            second.run(f"{tmux} kill-server")


def test_socks_to_loopback(stage: Stage) -> None:
    """As an editor's remote part does: -D, and connections to the bastion's own loopback."""
    server = stage.bastion.popen(
        ["socat", "TCP-LISTEN:9300,bind=127.0.0.1,fork,reuseaddr", "EXEC:'echo editor'"], user="alice"
    )
    with silence(stage):
        argv = [*sshd.ssh(options=["-N", "-D", "127.0.0.1:1081"]), "bastion"]
        proxy = stage.laptop.popen(argv, user="alice", stderr=subprocess.DEVNULL)
        try:
            until(lambda: ":1081" in stage.laptop.run(["ss", "-Hltn"]).stdout, "the proxy")
            for _ in range(20):
                done = stage.laptop.run(["nc", "-X", "5", "-x", "127.0.0.1:1081", "127.0.0.1", "9300"], user="alice")
                assert done.stdout == "editor\n", done
        finally:
            for process in (proxy, server):
                process.terminate()
                process.wait()


def test_sudo_uses_the_agent(stage: Stage) -> None:
    """As a PAM module that authenticates sudo through the invoker's agent: root, in the same session."""
    with silence(stage), stage.login("deploy", forward=True) as session:
        for _ in range(5):
            assert "ED25519" in session.out("sudo ssh-add -l")


def test_rsync_as_root(stage: Stage) -> None:
    with silence(stage):
        stage.laptop.run(
            ["rsync", "-a", "-e", "ssh -i .ssh/id_ed25519", "--rsync-path", "sudo rsync", ".ssh/", "bastion:/root/backup/"],
            user="deploy",
        )
        stage.laptop.run(["sftp", "-q", "-i", ".ssh/id_ed25519", "-b", "/dev/null", "bastion"], user="deploy")


def test_interactive_admin(stage: Stage) -> None:
    """su, a daemon that is restarted, long pipes, a process that lingers."""
    with silence(stage), stage.login("mallory") as session:
        session.out("sudo su -c 'ls /root; ps aux | sort | uniq -c | tail -1; ss -tlnp' && echo done")
        session.out("nohup sleep 2 >/dev/null & sudo sh -c 'getent passwd alice; find /etc -name \"*.conf\" | wc -l'")
        status, output = session.run("curl -s http://127.0.0.1:1/")
        assert status == 7, (status, output)  # refused by nobody but the port
