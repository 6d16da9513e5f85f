/*
 * hail: does auditd speak on its socket?  A connection says nothing: auditd takes one reader at a time, and one that
 * it never accepts looks the same, while another program reads.  And audit 3, once its reader has gone, may never
 * accept again: send_af_unix_string() watches the socket anew in another thread than that of the event loop
 * (audisp-builtins.c), and libev's list of changes, which has no lock, may lose that.  So records are made until
 * auditd has sent something, and only then it is a source.
 */
#ifndef MONITOR_HAIL_H
#define MONITOR_HAIL_H

struct event_base;
struct hail;

enum hailed {
	HAIL_SPOKE,
	HAIL_SILENT, /* for HAIL_MS; the hail goes on, at leisure, unless it is ended */
	HAIL_CLOSED, /* by auditd */
};

#define HAIL_MS 5000

struct hail_calls {
	void (*word)(void *arg); /* make a record; a few are enough, so it may be left out */
	void (*heard)(void *arg, enum hailed);
};

struct hail *hail_new(struct event_base *, const struct hail_calls *, void *arg);
void hail_free(struct hail **);
/* Watches fd, which is borrowed until SPOKE or CLOSED was heard, or hail_end().  0 or −ENOMEM. */
int hail_begin(struct hail *, int fd);
void hail_end(struct hail *);

#endif
