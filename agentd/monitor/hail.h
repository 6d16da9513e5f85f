/*
 * hail: does auditd speak on its socket?  A connection says nothing: auditd takes one reader at a time, and one that
 * it never accepts looks the same, while another program reads.  And audit 3, once its reader has gone, may stop to
 * accept for ever: send_af_unix_string() watches the socket again in another thread than that of the event loop
 * (audisp-builtins.c), and libev's list of changes, which has no lock, may lose that.  So records are made until
 * auditd has sent something, and only then it is a source.
 */
#ifndef MONITOR_HAIL_H
#define MONITOR_HAIL_H

#include "agentd/monitor/ctx.h"

enum hailed {
	HAIL_SPOKE,
	HAIL_SILENT, /* for HAIL_MS; goes on unless it is ended */
	HAIL_CLOSED, /* by auditd */
};

#define HAIL_MS 5000

struct hail;

typedef void hail_fn(void *arg, enum hailed);

struct hail *hail_new(struct monitor *, hail_fn *, void *arg);
void hail_free(struct hail **);
/* Watches fd, which is borrowed until fn was called with HAIL_SPOKE or HAIL_CLOSED, or hail_end(). */
void hail_begin(struct hail *, int fd);
void hail_end(struct hail *);

#endif
