/*
 * scan: is a program one that speaks SSH?  By its content: the service names `ssh-userauth` and
 * `ssh-connection` (RFC 4252, RFC 4254) stand in every implementation; or by the name of an SSH library
 * that it asks for itself (DT_NEEDED).  Libraries that a library asks for do not count: every libcurl on
 * Debian brings libssh2 along.  Reads only; no state.
 */
#ifndef ENGINE_SCAN_H
#define ENGINE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan {
	bool ssh;
	bool cut;  /* the file is longer than ST_SCAN_BYTES; the rest was not looked at */
	int error; /* errno of what kept it from being read; 0: none */
};

/* From the start of the file; may wait for the disk. */
void scan_file(int fd, struct scan *out);

#endif
