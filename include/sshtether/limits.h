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
#define ST_PROXIES          8192 /* sessions that went on from here, whose ins and outs are compared */
#define ST_PROXY_PLACES     8    /* of one: where to; the oldest is forgotten */
#define ST_SWEEPS           1024 /* sessions whose new destinations are counted; of two in one slot the newer */
#define ST_PIDFDS           256  /* that were opened lately: a descriptor is taken out right after; the oldest goes */
#define ST_ANCESTRY         32
#define ST_ESCAPES          64   /* sessions that were left for one another, in a row */

/* what is usual */
#define ST_USUAL_DAYS       60      /* the longest window */
#define ST_USUAL_WINDOW     30      /* the usual one; and of it the days of the host, and of a user, that it takes */
#define ST_USUAL_AFTER      14
#define ST_USUAL_ACTIVE     10
#define ST_USUAL_TEXT       160     /* of a user's name or a value, with its NUL */
#define ST_USUAL_ENTRIES    262144  /* values of all kinds and users */
#define ST_USUAL_USERS      65536   /* of whom anything is known */
#define ST_USUAL_VALUES     1024    /* of one kind of one user */
#define ST_USUAL_HOST       16384   /* of one kind of the host itself: pairs of hosts */
#define ST_USUAL_STEP       4096    /* values that are looked at in one go, of all */
#define ST_USUAL_PAGE       (256u << 10) /* of what is shown: bytes, and the days of one value */
#define ST_LISTED_FILES     16      /* of listed origins */
#define ST_LISTED_BYTES     (128u << 20) /* of all of them */
#define ST_LISTED_ENTRIES   (4u << 20) /* of one; what is over counts as bad */
#define ST_LISTED_ERRORS    16      /* bad lines of one that are told; the rest is counted */

/* cases */
#define ST_CASES            8192 /* sessions whose findings are joined; the longest quiet one makes room */
#define ST_CASE_ITEMS       64   /* different things that were found of one */
#define ST_CASE_SEEN        8    /* of one: other sessions, tasks, agents, each */
#define ST_CASE_ROWS        1000 /* of one list */

/* policy */
#define ST_POLICY_BYTES     (4u << 20)
#define ST_POLICY_RULES     65536
#define ST_POLICY_EXPECTS   4096 /* each walks the rules, at every load */
#define ST_POLICY_STEPS     1000000000 /* of all expect lines of a load (base/steps.h): some seconds */
#define ST_POLICY_DEPTH     16
#define ST_POLICY_FILES     1024 /* a policy and what it includes */
#define ST_POLICY_INCLUDES  8    /* that stand inside each other */
#define ST_POLICY_ERRORS    50
#define ST_POLICY_STRING    4096 /* of one word or string */
#define ST_POLICY_MEMORY    (1u << 30) /* of one loaded policy, tables and all */
#define ST_POLICY_SIEVES    (4u << 20) /* places of rules in the sieves of a policy; more: they stay coarse */
#define ST_POLICY_EDGES     (1u << 20) /* where a range of a condition begins or ends; more: no classes */
#define ST_TABLE_BYTES      (64u << 20) /* of all the files that a policy names */
#define ST_TABLE_LOOKS      256  /* tables of names that are asked for one name, where they take from each other */
#define ST_TABLE_GLOBS      65536 /* patterns of one table: each is tried in turn */
#define ST_ZONE_NAME        64
#define ST_ZONE_BYTES       (64u << 10) /* of the file of a time zone; the longest has 4 KiB */
#define ST_RULE_TAGS        16
#define ST_TAG_MAX          64 /* bytes of one */
#define ST_TABLE_DEPTH      16 /* tables inside each other */
#define ST_TABLE_NESTED     (4u << 20) /* entries that tables take from the tables in them, all together */
#define ST_FLEETS           64   /* whose serials are kept; those of more are not */
#define ST_LAST_GOOD_BYTES  (160u << 20) /* of the policy that is kept, tables, signatures and all */

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
#define ST_SAID             1024 /* sessions and rules whose message was shown a moment ago */
#define ST_NAMES            16384 /* uids and gids that are kept as names */
#define ST_NAMES_QUEUE      1024
#define ST_PROGRAM_ASKS     256  /* program files asked of the monitor at a time */
#define ST_SCAN_QUEUE       64   /* and those that wait to be read */
#define ST_PROGRAMS_KEPT    4096 /* answers; the slot's older one is overwritten */
#define ST_OWNER_ASKS       256
#define ST_STRANGERS        65536 /* sockets of servers that are followed */
#define ST_STRANGERS_ROOT   16384 /* of them are left to root's */
#define ST_STRANGERS_USER   8192  /* of one uid other than root's */
#define ST_STRANGERS_UIDS   1024  /* that are told apart; two in one slot share */
#define ST_GATE_SEEN        16384 /* processes and destinations that a gate or audit spoke of lately */
#define ST_OWN_ADDRS        1024 /* addresses of this host */
#define ST_KEY_HOMES        2048 /* users whose homes are looked for */
#define ST_KEY_KNOWN        1024 /* of them those without a session, whom the baseline knows */
#define ST_KEY_NAMES        2048 /* of the baseline's that are tried, whether there is such a user or not */
#define ST_KEY_WAITING      256  /* readers of keys that wait for their exec record */
#define ST_WATCH_ASKS       256  /* listeners and clients that the monitor is told of at a time */
#define ST_GUARD_ASKS       64   /* processes whose memory it is asked to guard at a time; the rest a second later */
#define ST_GUARDS_TOLD      8192 /* that are not asked for again; of two in one slot the newer is remembered */
#define ST_FLOWS            4096 /* outbound connections by their own end; the oldest is forgotten */
#define ST_VOLUMES          16384 /* outbound connections whose bytes are counted */
#define ST_VOLUMES_USER     2048
#define ST_VOLUMES_SES      256
#define ST_VOLUME_PLACES    32   /* of one session: where it went lately */
#define ST_EARLIER          65536 /* TCP sockets that were there before the engine: half a megabyte */
#define ST_VOLUME_ENDS      256  /* connections that ended lately: of what is told of only then */
#define ST_VOLUME_ASKS      1024 /* sockets that are asked for a second */
#define ST_VOLUME_WALKS     20   /* walks over all sockets a second */
#define ST_VOLUME_TOLD      20000 /* ends that are read a second; more are dropped, and counted */
#define ST_WATCHED_NAMES    8192 /* of files of the policy, on the way to them too, that are watched */
#define ST_AT_MOST          4096 /* rules and users whose alerts `at most` counts; the oldest count begins anew */
#define ST_LOADS_QUEUE      16   /* loads of policies that wait for one another */
#define ST_STORE_BATCH      512  /* rows of one transaction */
#define ST_STORE_QUEUE      64   /* batches and questions that wait for the store's thread */
#define ST_STORE_BYTES      (512ull << 20)
#define ST_STORE_FINDINGS   1000000 /* rows of each table: the oldest go */
#define ST_STORE_SESSIONS   500000
#define ST_STORE_LOGINS     500000
#define ST_STORE_CASES      10000
#define ST_STORE_USUAL      1000000
#define ST_QUERY_ROWS       10000
#define ST_PAGE_ROWS        2000
#define ST_QUERY_BYTES      (32u << 20)
#define ST_ANSWER_BYTES     (64u << 20) /* of one control answer that is not read */
#define ST_FOLLOW_BYTES     (1u << 20)  /* of alerts that a follower has not read */
#define ST_TREE_HOPS        2048 /* of all sessions, that are shown; the oldest is forgotten */
#define ST_TREE_PROCESSES   1024 /* of one session that are shown */
#define ST_LIVE_SESSIONS    131072 /* session ids that one walk of /proc holds */

/* monitor: what is over is left, and told as failed or as left */
#define ST_JOBS             1024 /* for one of the threads beside the loop */
#define ST_INODES           1024 /* sockets of one process that are told apart */
#define ST_FLOW_SOCKETS     1024 /* of one process, among which its connection is looked for */
#define ST_FLOW_TABLE       131072 /* established connections of a network namespace, while sessions are told */
#define ST_REVOKED          64   /* agents of one session */
#define ST_ENDINGS          64   /* sessions that are being ended at a time */
#define ST_SPARED           256  /* programs that outlive the end of a session */
#define ST_TASKS            262144 /* that one walk of /proc holds */
#define ST_LOST             16   /* children that no kill has ended: a file system holds them */
#define ST_TERMINALS        8    /* of one session, that are told why something was stopped */
#define ST_KEY_DIRS         3072 /* directories of private keys or agents that are watched */
#define ST_KEY_DIRS_KNOWN   2048 /* of them those of users without a session: a home has two */
#define ST_KEY_DIRS_USER    32
#define ST_GUARDED          2048 /* sshd, agents and clients whose memory is watched */
#define ST_GUARDED_SSHD     512  /* of them are left to sshd */
#define ST_GUARDED_SES      64   /* sshd apart from the rest */
#define ST_GUARDED_USER     256  /* in all of his sessions; the same */
#define ST_WATCH_TELL       60   /* openings of one owner's watched things that a session is told of in a minute */
#define ST_ORDER_CLIENTS    32   /* of monitor.sock: a session takes seconds to end */

/* questions of the past, in the command line: rehearse, policy diff, policy learn */
#define ST_TEST_FILES        64    /* of expect lines, beside a policy */
#define ST_PAST_LOGS         64    /* recorded logs that stand for the past */
#define ST_DIFF_GROUPS       4096  /* of questions that two policies answer differently in the same way */
#define ST_DIFF_USERS        64    /* of one of them that are named */
#define ST_DIFF_PORTS        64
#define ST_LEARN_SEEN        65536 /* different things that policy learn makes rules of */
#define ST_LEARN_USERS       8192
#define ST_LEARN_GROUPS      4096
#define ST_LEARN_LEFT        1024  /* different things that no rule is made of and that are named */
#define ST_PAST_LIST         256   /* groups, principals, roles of one question of the past: each */
#define ST_REHEARSE_WORDS    8192  /* users, origins, destinations: each */
#define ST_REHEARSE_SESSIONS 65536 /* whose login was told, and that are ended or refused: each */
#define ST_REHEARSE_SERVICES 8192
#define ST_REHEARSE_ENDED    8192
#define ST_REHEARSE_LINES    1024
#define ST_REHEARSE_KEEPS    16

#endif
