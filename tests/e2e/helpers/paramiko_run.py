"""paramiko_run KEY HOST COMMAND: one command by an SSH client that is a script."""

import sys

import paramiko

client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect(sys.argv[2], username="alice", pkey=paramiko.Ed25519Key.from_private_key_file(sys.argv[1]),
               allow_agent=False, look_for_keys=False)  # fmt: skip
_, out, _ = client.exec_command(sys.argv[3])
print(out.read().decode(), end="")
sys.exit(out.channel.recv_exit_status())
