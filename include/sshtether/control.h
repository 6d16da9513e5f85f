/*
 * control: how the command line talks to the daemon.  Two stream sockets, one grammar:
 *
 *   CONTROL_SOCKET  the engine's: root and one group; the group may only read (VERB_READ)
 *   MONITOR_SOCKET  the monitor's: uid 0 only; what changes the mode or ends a session
 *
 * Request: one line of JSON, an object with "verb" and the verb's arguments, at most ST_CONTROL_LINE
 * bytes.  Answer: lines of JSON, one object each; the last one has "end":true and "status":0|1|3,
 * and with a status other than 0 an "error" sentence.  A client that asked to follow gets lines
 * until it closes.  The peer's uid is the kernel's (SO_PEERCRED).
 */
#ifndef SSHTETHER_CONTROL_H
#define SSHTETHER_CONTROL_H

#define CONTROL_SOCKET "/run/sshtether/control.sock"
#define MONITOR_SOCKET "/run/sshtether/monitor.sock"
#define CONTROL_GROUP  "sshtether"

/* mode, trial_ms */
#define TRIAL_MIN_MS (10 * 1000)
#define TRIAL_MAX_MS (24 * 60 * 60 * 1000)

/* allow, for_ms */
#define ALLOW_MIN_MS (60 * 1000)
#define ALLOW_MAX_MS (30LL * 24 * 60 * 60 * 1000)

/*
 * verb          socket   arguments                                     answers
 * status        control  –                                             one object, see sshtether(1)
 * sessions      control  all (bool), tree (bool)                       one object a session, parents first
 * session       control  id                                            one object
 * alerts        control  since, until (ms), user, session, activity,   alert objects, oldest first
 *                        follow (bool), limit, all (bool: recorded ones too)
 * history       control  part, after, since, until, id                 {"on","roles"}, stored objects, {"next"}
 * cases         control  since, until (ms), user, severity, limit      one object a case, the last changed first
 * case          control  id                                            one object, with questions and actions
 * policy-show   control  verbose (bool)                                {"text"} , {"rule","hits"} …
 * policy-load   control  path (absolute)              uid 0            {"serial","fleet"} or diagnostics
 * announce      control  id, reason, order            uid 0            {"session","ses"}
 * allowed       control  –                                             one object an exception
 * allow         control  user, to, port, for_ms, reason uid 0          {"allow","user","to",…}
 * disallow      control  allow (number)               uid 0            the same
 * baseline      control  user, from (the last next), told, head        {"baseline",…}, {"kind","user",…} …, {"next"}
 * baseline-merge control rows (lines), what, last     uid 0            {"rows","changed","left_out",
 *                                                                      "days_before"}
 * baseline-reset control user                         uid 0            {"users","entries"}
 * mode          monitor  set ("audit"|"enforce", absent: ask),         {"mode","confirm_by","left_ms"}
 *                        trial_ms (of enforce)
 * confirm       monitor  –                                             {"mode"}
 * isolate       monitor  ses (number)                                  {"ses","done","count"}
 * revoke-agent  monitor  ses (number)                                  {"ses","done","count","why"}
 * terminate     monitor  ses (number), all (bool)                      {"ses","done","count"}
 */

/*
 * Answers.  Times are strings (2026-11-22T01:02:03.456Z), counts are numbers; a member whose value is
 * not known is left out.  The trailer is always a line of its own:
 *
 *   {"end":true,"status":0}          {"end":true,"status":1,"error":"no such session"}
 *
 * status, one object:
 *   {"version","started","uptime_s","host":{"name","boot":{"id"}},"engine":{"pid","uid","restarts"},
 *    "mode":{"host","policy","in_force","confirm_by","left_ms"}, "audit" or "enforce"; the last two: on trial
 *    "source":{"kind","state","since","bytes","lines","records","events","malformed","incomplete",
 *              "late","evicted","cut","gaps","missing","lost","overruns","behind"},
 *              kind: auditd netlink none; state: live waiting; lost: the kernel's counter
 *    "rules":{"state","missing","added","why":[…]},              state: complete missing unknown
 *    "policy":{"path","absent","fleet","serial","rules","require_signature","signer","signer_key","last_good",
              "loaded","beyond":[…],"error"},                       last_good: in the place of the configured one
 *              beyond: what it asks for and this host cannot do, a line each; error: of the last load that failed
 *    "sessions":{"open","closed"},                               of SSH; closed: tasks live on
 *    "model":{"sessions","processes","sockets","sessions_dropped","processes_dropped","sockets_dropped"},
 *    "logins":{"reports","allowed","refused","fallback","late"},
 *    "actions":{"asked","done","failed","would_have","waiting"},
 *    "gates":[{"name","works","why"}],                           name: connect path listener exec datagram
 *    "watches":{"keys":{"works","why","count"},"memory":{…}},     directories of keys and agents; processes
 *    "volumes":{"state","sessions","connections","ends"},         state: exact (the kernel tells of ends) asked off
 *    "grants":{"generation","renewing","installed","failed","blurred","refused","killed","unseen","dropped"},
 *              renewing: classes or rows of living sessions are on their way; blurred: more classes than a
 *              row holds; refused, killed: by the gates; unseen: of all that
 *              they saw, what audit did not tell
 *    "activities":[{"activity","level","why"}],                  level: prevent react observe; why not more
 *    "sinks":[{"name","state","written","dropped","why"}],       state: ok failing off
 *    "store":{"state","path","bytes","written","queued","dropped",
 *             "set_aside","why"},
 *    "listed_origins":{"entries","files":[{"path","entries","bad","read","why"}]}, bad: lines; why: it cannot be read now
 *    "baseline":{"state","days","data_days","active_after","active_days","users","entries","bytes","dropped","why"},
 *              state: restoring learning active; data_days: of the host, before today, of active_after;
 *              active_days: that a user needs
 *    "failures":[{"name","count","last","meaning"}]}             those that happened
 *
 * sessions and session, one object a session:
 *   {"user":{"name","id"},"source":{"ip","port"},"server":{"ip","port"},"process":{"pid"},
 *    "sshtether":{"session","ses","auid","state","known_by","ssh","service","tty","method","key",
 *                 "key_type","cert_id","cert_serial","ca","principals":[],"groups":[],"opened","closed",
 *                 "last","events","findings","refused","bytes_in","bytes_out","isolated","agents_revoked",
 *                 "processes","parent"}}
 *   session: as in alerts; state: open closed over; known_by: report proc records; process.pid: sshd's
 *   monitor; parent: ses of the session on this host that this one came from; processes: how many live.
 *   bytes_in: carried by the connection that it came by, both ways; bytes_out: by those that it made over SSH or
 *   as a relay.
 *   isolated, agents_revoked: true, or left out: by root's order, or by the policy while the mode is enforce.
 *   With "tree":true, and always for `session`, also
 *    "processes":[{"pid","parent":{"pid"},"depth","executable","name","command_line","user":{"id"},
 *                  "effective":{"id"},"start","ssh","alive"}]            parents before their children; depth from 0
 *    "sockets":[{"path","kind","inode","pid","forwarded"}]       kind: agent mux tmux screen other
 *    "hops":[{"activity","destination":{"ip","port"},"to","process":{"pid"},"done","time"}]
 *                                                                where it went lately, oldest first
 *   id: ses as a decimal number, or sshtether.session of an alert.
 *
 * alerts: the objects that the alert file has, oldest first.  A follower that cannot keep up gets the
 * trailer with status 3 and is let go of.
 *
 * history: a page of what the store keeps, of part "findings" (those that were only recorded too), "sessions",
 *   "logins" (short quiet ones, counted) or "alerted" ({"session"} of those whose case alerted); next: what to ask for with after, 0: this was the last page.
 *   facts of a finding: what the policy was asked (agentd/engine/asked.h).  id: of findings, those in which an id
 *   (event.id, and others) begins so.
 *
 * cases and case: {"user":{"name","id"},"source":{"ip","port"},"server":{"ip","port"},
 *    "sshtether":{"session","ses","boot","auid","state","known_by","judged","tty","method","key","key_type","cert_id",
 *                 "ca","opened","changed","over",
 *                 "case":{"id","score","severity","told","indicators":[{"group","activity","points"}]}},
 *    "findings":[{"first","last","id","activity","grade","confidence","owner","owner_ses","owner_user","severity",
 *                 "done","passed","alerted","as","changed","subject","count","points","reason"}],"more",
 *    "seen":{"sessions":[{"ses","ip","opened"}],"tasks":[{"pid","uid","executable","time"}],"agents":[]}}
 *   state: open over; judged: what is usual for the user was known; changed (of a finding): by a task that is no longer
 *   the login's user; more: findings that had no place; severity (of the case): the score's, or that of the gravest alert among the
 *   findings; told: what the score came to when the case's own alert told of it.  case also has
 *    "questions":[{"question","words","evidence":[{"text","time","activity","id","count","passed"}],"answer"}],
 *    "actions":[{"action","text","command","policy"}]}           answer: yes no unknown
 * policy-show: {"fleet","serial","mode","path","signer","signer_key","last_good","text"}; verbose: one more line a rule
 *   {"rule":0,"file","line","text","hits"}.
 * policy-load: {"fleet","serial","mode","rules","signer","signer_key","warnings"} (warnings: their text), or, with
 *   status 1, {"diagnostics"} as `policy check` prints them.
 * mode, with trial_ms: audit again after that, unless confirmed; confirm_by, left_ms: while it is so.
 * confirm: only from an SSH session whose sshd is younger than the switch; else status 1 and what to do.
 * allow: {"allow","user","to","port","until","reason","by","rule"}: allow is its number, to an address or a
 *   prefix, by the login uid of who gave it, rule as it stands in the policy.  In force when it is answered.
 * baseline: a page of what is usual: {"baseline":1,"host","exported","window","after","active","days","days_before",
 *   "users","entries","bytes","dropped"} before the first one, then a row a line as in exports
 *   (agentd/engine/usual_rows.h), and next: what to ask for with from.  head: without rows.  user: his rows, and the
 *   host's days; told: what was told, too.
 * baseline-merge: rows, a line each, at most what a request takes; all of them, or none when one is wrong.  The higher
 *   count of a day stands; left_out: rows of users that a no-baseline line of the policy in force names, which are not
 *   taken.  what: import or merge.  last: no more will come.  Answered when the store has the rows.
 * baseline-reset: forgets a user, or everybody.
 * Just after a start these three wait until what is usual has come back out of the store.
 * terminate: root's own word, so the mode does not matter; "done" is terminated or failed, with status 1
 *   and the reason; "count": processes killed, or left.  Up to six seconds later.  What the policy
 *   spares is spared, unless all.
 * isolate, revoke-agent: the same for "isolated" and "revoked"; "count": connections that were ended, or
 *   what is left of them.  Both last until the session is over, whatever the mode.  "why": done, but for
 *   want of an agent there was nothing to cut off.
 * announce: comes before it, from the same process: the reason, for people; and the engine tells the
 *   monitor what the policy spares.  order: terminate (default), isolate, revoke-agent.
 */

#endif
