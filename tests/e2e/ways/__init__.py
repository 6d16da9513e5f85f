"""The ways round, row by row, each as a function that goes it.

way         one way; what an attempt came to
hops        rows 1, 2, 6 to 8: relays and SSH clients
calls       rows 15 to 18: the same connection by other system calls, or from inside a container
borrowing   rows 3, 4, 9, 10: other logins' agents and ControlMasters
leaving     rows 5, 12 to 14: work that is done by, or as, somebody else
"""
