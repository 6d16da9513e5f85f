/*
 * limits: every table has a cap, every cap is here, and every cap has a counter for what it dropped.
 * Sizes that stand in a wire format are part of that format's version.
 */
#ifndef SSHTETHER_LIMITS_H
#define SSHTETHER_LIMITS_H

/* wire (report.h, control.h) */
#define ST_NAME_MAX       64   /* user, service */
#define ST_FP_MAX         64   /* "SHA256:" and 43 base64 characters */
#define ST_METHOD_MAX     96   /* "publickey,keyboard-interactive" */
#define ST_CERTID_MAX     256  /* key id of a certificate */
#define ST_PRINCIPALS_MAX 1024 /* NUL-separated */
#define ST_GROUPS_MAX     128
#define ST_MESSAGE_MAX    512  /* a line shown to the user */

/* records and events */
#define ST_RECORD_MAX       9300  /* MAX_AUDIT_MESSAGE_LENGTH (8970, libaudit.h), auditd adds a node of up to 255 */
#define ST_EVENT_RECORDS    1024  /* records of one event: a long argv is many EXECVE records */
#define ST_EVENT_BYTES      (512u << 10)
#define ST_OPEN_EVENTS      4096
#define ST_OPEN_BYTES       (32u << 20)
#define ST_EVENT_TIMEOUT_MS 2000
#define ST_ARGV_BYTES       (64u << 10) /* of one command line that is kept */
#define ST_ALERT_ARGV       4096 /* of one command line in an alert; a parent's is one of its own */

/* model */
#define ST_SESSIONS         65536
#define ST_SESSIONS_USER    2048
#define ST_PROCESSES        262144
#define ST_PROCESSES_USER   16384
#define ST_PROCESSES_SES    8192
#define ST_SOCKETS          32768
#define ST_SOCKETS_USER     1024
#define ST_PROGRAMS         16384 /* program files whose kind is remembered */
#define ST_ARGV_MODEL       4096  /* of a command line, kept with its process */
#define ST_ARGV_TOTAL       (64u << 20) /* of all of them; then each is cut to 256 bytes */
#define ST_HOPS             32768
#define ST_HOPS_USER        2048
#define ST_ANCESTRY         32
#define ST_ESCAPES          64   /* sessions that were left for one another, in a row */

/* policy */
#define ST_POLICY_BYTES     (4u << 20)
#define ST_POLICY_RULES     65536
#define ST_POLICY_EXPECTS   4096 /* each walks the rules, at every load */
#define ST_POLICY_DEPTH     16
#define ST_POLICY_ERRORS    50
#define ST_POLICY_STRING    4096 /* of one word or string */
#define ST_POLICY_MEMORY    (1u << 30) /* of one loaded policy, tables and all */
#define ST_POLICY_SIEVES    (4u << 20) /* places of rules in the sieves of a policy; more: they stay coarse */
#define ST_POLICY_EDGES     (1u << 20) /* where a range of a condition begins or ends; more: no classes */
#define ST_TABLE_BYTES      (64u << 20) /* of all the files that a policy names */
#define ST_TABLE_GLOBS      65536 /* patterns of one table: each is tried in turn */

/* signatures of policies */
#define ST_SIGNATURE_BYTES  (64u << 10) /* of a signature in its armour; a certificate with 256 principals has 30 KiB */
#define ST_SIGNERS_BYTES    (1u << 20)  /* of allowed_signers */
#define ST_SIGNERS_LINE     (16u << 10)
#define ST_SIGNERS_ERRORS   16   /* bad lines that are told; the rest is counted */
#define ST_SIGNER_NAME      1024 /* a principal, a list of patterns, with its NUL */
#define ST_CERT_PRINCIPALS  256  /* as OpenSSH has it */
#define ST_RSA_BITS_MIN     2048
#define ST_RSA_BITS_MAX     16384

/* daemon */
#define ST_CONTROL_CLIENTS  64
#define ST_REASON_MAX       512 /* of an order by hand, with its NUL */
#define ST_ORDERS           16  /* by hand, whose reasons wait for what comes of them; the oldest goes untold */
#define ST_ALLOWANCES       64   /* rules given by hand for a while */
#define ST_CONTROL_LINE     (64u << 10)
#define ST_PENDING_LOGINS   256
#define ST_LISTENERS        8192 /* agents and ControlMasters that the gates watch */
#define ST_LISTENERS_SES    32   /* of one session, or of one user outside of sessions */
#define ST_REVIEWED         1024 /* connections from before a rule that are ended in one go; then the next */
#define ST_SHELLS           64   /* of /etc/shells: files that are never taken for SSH clients */
#define ST_CUTS             256  /* sessions at a Unix listener that are cut one by one; beyond it, all are looked at */
#define ST_SCAN_BYTES       (32u << 20) /* of a program file read for its SSH strings */
#define ST_STORE_DAYS       30

/* engine: each has its row in the failure table or its counter in `sshtether status` */
#define ST_REQUESTS_QUEUED  4096 /* to the monitor, not sent yet */
#define ST_REQUESTS_WAITING 4096 /* that wait for a result */
#define ST_ACTIONS_WAITING  1024 /* rulings whose alert waits for what comes of them */
#define ST_RECENT_ENDS      64   /* processes and sessions that the monitor ended, the last of them */
#define ST_NAMES            16384 /* uids and gids that are kept as names */
#define ST_NAMES_QUEUE      1024
#define ST_PROGRAM_ASKS     256  /* program files asked of the monitor at a time */
#define ST_SCAN_QUEUE       64   /* and those that wait to be read */
#define ST_PROGRAMS_KEPT    4096 /* answers; the slot's older one is overwritten */
#define ST_OWNER_ASKS       256
#define ST_GATE_SEEN        16384 /* processes and destinations that a gate or audit spoke of lately */
#define ST_OWN_ADDRS        1024 /* addresses of this host */
#define ST_WATCH_ASKS       256  /* listeners and clients that the monitor is told of at a time */
#define ST_FLOWS            4096 /* outbound connections by their own end; the oldest is forgotten */
#define ST_STORE_BATCH      512  /* rows of one transaction */
#define ST_STORE_QUEUE      64   /* batches and questions that wait for the store's thread */
#define ST_STORE_BYTES      (512ull << 20)
#define ST_QUERY_ROWS       10000
#define ST_PAGE_ROWS        2000
#define ST_QUERY_BYTES      (32u << 20)
#define ST_ANSWER_BYTES     (64u << 20) /* of one control answer that is not read */
#define ST_FOLLOW_BYTES     (1u << 20)  /* of alerts that a follower has not read */
#define ST_TREE_HOPS        2048 /* of all sessions, that are shown; the oldest is forgotten */
#define ST_TREE_PROCESSES   1024 /* of one session that are shown */
#define ST_LIVE_SESSIONS    131072 /* session ids that one walk of /proc holds */

/* rehearse, in the command line */
#define ST_REHEARSE_LIST     256   /* groups, principals, roles of one question: each */
#define ST_REHEARSE_WORDS    8192  /* users, origins, destinations: each */
#define ST_REHEARSE_SESSIONS 65536 /* that are ended, refused, or seen */
#define ST_REHEARSE_SERVICES 8192
#define ST_REHEARSE_ENDED    8192
#define ST_REHEARSE_LINES    1024
#define ST_REHEARSE_KEEPS    16

#endif
