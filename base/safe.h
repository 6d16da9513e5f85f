/*
 * safe: opening files whose content we act on.  A configuration, policy, table or exemption file
 * counts only when it is a regular file, owned by root (or by the caller's own uid when that is not
 * root), and writable by no group or other; symbolic links on the way are followed as usual, the
 * checks are made on the descriptor.
 */
#ifndef BASE_SAFE_H
#define BASE_SAFE_H

#include <sys/stat.h>

#include "base/buf.h"

/*
 * Reads the whole file, at most max bytes, into out.  0, or −errno: EPERM (owner), EACCES (mode or
 * no right), EFBIG, EINVAL (not a regular file), ENOENT …  why, when not NULL, gets a sentence.
 */
int safe_read(const char *path, size_t max, struct buf *out, const char **why);
/* Of what was opened, file or directory: 0, or EPERM or EACCES as above. */
int safe_owner(const struct stat *, const char **why);
/* The same for a file that need not be root's (policy check on a file in a home). */
int plain_read(const char *path, size_t max, struct buf *out);
/* Writes a whole file beside path, fsync, rename.  0 or −errno. */
int atomic_write(const char *path, struct bytes content, unsigned mode);

/* Whole buffer or −errno; retries EINTR. */
int write_all(int fd, const void *p, size_t n);

/*
 * One packet with up to max descriptors (SCM_RIGHTS), over SOCK_SEQPACKET.  send: 0 or −errno.
 * recv: length ≥ 0 (0: peer closed) or −errno; −EMSGSIZE when data or descriptors were cut (all that
 * came are closed).  Received descriptors are close-on-exec; slots that got none are −1.
 */
int packet_send(int sock, const void *p, size_t n, const int *fds, int nfds);
long packet_recv(int sock, void *p, size_t cap, int *fds, int max);

#endif
