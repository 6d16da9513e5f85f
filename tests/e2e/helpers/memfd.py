"""memfd PROGRAM ARG…: runs a copy of PROGRAM that has no file."""

import os
import sys

memory = os.memfd_create("kworker", 0)
with open(sys.argv[1], "rb") as program:
    os.write(memory, program.read())
os.execve(f"/proc/self/fd/{memory}", ["[kworker/0:1]", *sys.argv[2:]], os.environ)
