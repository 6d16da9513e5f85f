/*
 * config: the daemon's settings, sshtetherd.conf(5), as a plain struct.  Both processes read the file
 * for themselves at start, before they drop anything; config.c parses it with the policy's lexer and
 * diagnostics.  Only types of base here: the monitor includes this header.
 */
#ifndef AGENTD_CONFIG_H
#define AGENTD_CONFIG_H

#include <sshtether/limits.h>

#include "base/buf.h"
#include "base/words.h"

#define CONFIG_FILE "/etc/sshtether/sshtetherd.conf"
#define CONFIG_ROLES_MAX 16
#define CONFIG_BREAKGLASS_MAX 32

enum source_setting { SOURCE_AUTO, SOURCE_SET_AUDITD, SOURCE_SET_NETLINK };

struct config {
	char *path;           /* where it was read from; owned, like all strings here */
	/* what both need */
	char *user;           /* of the engine: _sshtether */
	char *group;          /* that may read the control socket: sshtether */
	char *run_dir;        /* /run/sshtether: report.sock, control.sock, monitor.sock */
	char *state_dir;      /* /var/lib/sshtether: store.db (engine's), mode (monitor's, in monitor/) */
	/* monitor */
	enum source_setting source;
	char *auditd_socket;  /* /run/audispd_events, or where af_unix puts it */
	bool audit_rules;     /* load what is missing */
	enum mode mode;       /* at the first start; later what `sshtether mode` kept */
	int64_t login_timeout_ms; /* the monitor answers for the engine after this; 250 */
	bool login_fail_open; /* fallback verdict while no engine answers: allow or deny; default open */
	char *gate_cgroup;    /* a cgroup v2 directory; NULL: the root of the hierarchy, found in mountinfo */
	bool gate_keep;       /* on-exit keep: gates stay when the daemon goes; default release */
	bool watch_keys;      /* who opens private keys, and the memory of sshd, agents and clients; default on */
	unsigned action_rate; /* hard cap of the monitor on kills and cuts in a minute; 60 */
	uint32_t breakglass_uid[CONFIG_BREAKGLASS_MAX]; /* never touched by any action */
	size_t nbreakglass;
	/* engine */
	char *policy;         /* /etc/sshtether/sshtether.policy; may be absent: the empty policy */
	char *fleet;          /* a policy of another is refused; NULL: of any */
	bool require_signature; /* of every file of a policy */
	char *allowed_signers; /* whose; /etc/sshtether/allowed_signers */
	bool policy_watch;    /* load it when its files change */
	char *roles[CONFIG_ROLES_MAX];
	size_t nroles;
	char *host_name;      /* NULL: gethostname() */
	char *alert_file;     /* /var/log/sshtether/alerts.jsonl; NULL: none */
	bool alert_syslog;
	bool alert_audit;     /* through the monitor */
	enum { CONFIG_COMMAND_FULL, CONFIG_COMMAND_PROGRAM, CONFIG_COMMAND_HASH } command_line;
	unsigned store_days;
	/* Of what is usual: days that are remembered; of the host, and of the user, before anything is unusual. */
	unsigned baseline_days, baseline_after, baseline_active;
	char *listed[ST_LISTED_FILES]; /* of addresses that no login should come from */
	size_t nlisted;
	bool strict;          /* neither start nor load with a policy that this host carries out less well than it could */
};

/* NULL and every error in diag, caret and all; an absent CONFIG_FILE gives the defaults. */
struct config *config_load(const char *path, struct buf *diag, unsigned *nerrors);
void config_free(struct config **);

#endif
