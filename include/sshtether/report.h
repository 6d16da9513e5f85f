/*
 * report: what pam_sshtether.so tells sshtetherd, and what it hears back.
 *
 * Transport: a SOCK_SEQPACKET Unix socket, one connection a report.  The module sends exactly one
 * struct report, the daemon exactly one struct verdict; then both close.  Both ends are on one host
 * and of one build: native byte order, natural alignment, no padding (asserted below).  A packet of
 * another size, magic or version is refused, never guessed at.
 *
 * Trust: the reader takes pid, uid, audit session id and start time from the kernel (SO_PEERCRED, a
 * pidfd, /proc) and holds what the report says of them against that.  Strings are terminated inside
 * their arrays; a reader calls report_valid() before it looks at any of them.
 */
#ifndef SSHTETHER_REPORT_H
#define SSHTETHER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sshtether/limits.h>

#define REPORT_SOCKET  "/run/sshtether/report.sock"
#define REPORT_MAGIC   0x53544852u /* "STHR" */
#define VERDICT_MAGIC  0x53544856u /* "STHV" */
#define REPORT_VERSION 1u

enum report_kind {
	REPORT_ACCOUNT = 1, /* pam_sm_acct_mgmt: auid and ses are not set yet, the key may be unknown */
	REPORT_OPEN = 2,    /* pam_sm_open_session: all is known, nothing of the user's runs yet */
	REPORT_CLOSE = 3,   /* pam_sm_close_session: a hint only, tasks may live on */
};

enum report_flag {
	REPORT_KEY_KNOWN = 1u << 0,    /* key_type and key_fp are set */
	REPORT_CERT = 1u << 1,         /* cert_* and ca_fp are set */
	REPORT_GROUPS_CUT = 1u << 2,   /* more than ST_GROUPS_MAX */
	REPORT_CUT = 1u << 3,          /* a string was longer than its array: conditions on it are unknown */
	REPORT_PEER_UNKNOWN = 1u << 4, /* no usable SSH_CONNECTION: peer, local are empty */
	REPORT_PRINCIPALS_CUT = 1u << 5,
};

struct report_addr {
	uint8_t family; /* 0, 4 or 6 */
	uint8_t pad;
	uint16_t port;  /* host order */
	uint8_t b[16];  /* network order */
};

struct report {
	uint32_t magic, version;
	uint32_t kind;  /* enum report_kind */
	uint32_t flags; /* enum report_flag */
	uint32_t pid;   /* the sshd monitor that runs the module */
	uint32_t uid;   /* the user who logs in */
	uint32_t gid;
	uint32_t auid; /* UINT32_MAX: not set */
	uint32_t ses;
	uint32_t ngroups;
	uint64_t start_ticks; /* of pid, /proc/PID/stat field 22 */
	uint64_t cert_serial;
	struct report_addr peer, local;
	uint32_t groups[ST_GROUPS_MAX];
	char service[ST_NAME_MAX]; /* PAM service: "sshd" */
	char user[ST_NAME_MAX];
	char tty[ST_NAME_MAX];         /* PAM_TTY; "ssh" at this point of sshd */
	char method[ST_METHOD_MAX];    /* "publickey", "password", "publickey,keyboard-interactive", "" */
	char key_type[ST_NAME_MAX];    /* "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com" */
	char key_fp[ST_FP_MAX];        /* "SHA256:…" of the plain key, as ssh-keygen -l prints it */
	char ca_fp[ST_FP_MAX];         /* of the signing CA */
	char cert_id[ST_CERTID_MAX];
	char principals[ST_PRINCIPALS_MAX]; /* each terminated, an empty one ends the list */
};

enum verdict_action {
	VERDICT_ALLOW = 1,
	VERDICT_DENY = 2,
};

enum verdict_source {
	VERDICT_POLICY = 1,   /* the engine decided */
	VERDICT_FALLBACK = 2, /* the monitor answered for an engine that did not */
};

struct verdict {
	uint32_t magic, version;
	uint32_t action; /* enum verdict_action */
	uint32_t source; /* enum verdict_source */
	char message[ST_MESSAGE_MAX]; /* for the user; "" for none.  One line of printable text */
};

_Static_assert(sizeof(struct report_addr) == 20, "report_addr has no padding");
_Static_assert(sizeof(struct report) ==
    40 + 16 + 40 + 4 * ST_GROUPS_MAX + 4 * ST_NAME_MAX + ST_METHOD_MAX + 2 * ST_FP_MAX +
    ST_CERTID_MAX + ST_PRINCIPALS_MAX, "report has no padding");
_Static_assert(sizeof(struct verdict) == 16 + ST_MESSAGE_MAX, "verdict has no padding");

static inline bool
report_terminated(const char *s, size_t cap)
{
	return memchr(s, '\0', cap) != NULL;
}

/* n: bytes received.  Only a report for which this is true may be read. */
static inline bool
report_valid(const struct report *r, size_t n)
{
	return n == sizeof(*r) && r->magic == REPORT_MAGIC && r->version == REPORT_VERSION &&
	    r->kind >= REPORT_ACCOUNT && r->kind <= REPORT_CLOSE && r->ngroups <= ST_GROUPS_MAX &&
	    report_terminated(r->service, sizeof(r->service)) &&
	    report_terminated(r->user, sizeof(r->user)) &&
	    report_terminated(r->tty, sizeof(r->tty)) &&
	    report_terminated(r->method, sizeof(r->method)) &&
	    report_terminated(r->key_type, sizeof(r->key_type)) &&
	    report_terminated(r->key_fp, sizeof(r->key_fp)) &&
	    report_terminated(r->ca_fp, sizeof(r->ca_fp)) &&
	    report_terminated(r->cert_id, sizeof(r->cert_id)) &&
	    r->principals[sizeof(r->principals) - 1] == '\0' &&
	    r->principals[sizeof(r->principals) - 2] == '\0';
}

static inline bool
verdict_valid(const struct verdict *v, size_t n)
{
	return n == sizeof(*v) && v->magic == VERDICT_MAGIC && v->version == REPORT_VERSION &&
	    (v->action == VERDICT_ALLOW || v->action == VERDICT_DENY) &&
	    (v->source == VERDICT_POLICY || v->source == VERDICT_FALLBACK) &&
	    report_terminated(v->message, sizeof(v->message));
}

#endif
