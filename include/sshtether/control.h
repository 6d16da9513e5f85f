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
 * history       control  part, after, since, until                     {"on","roles"}, stored objects, {"next"}
 * policy-show   control  verbose (bool)                                {"text"} , {"rule","hits"} …
 * policy-load   control  path (absolute)              uid 0            {"serial","fleet"} or diagnostics
 * announce      control  id, reason, order            uid 0            {"session","ses"}
 * allowed       control  –                                             one object an exception
 * allow         control  user, to, port, for_ms, reason uid 0          {"allow","user","to",…}
 * disallow      control  allow (number)               uid 0            the same
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
 *    "policy":{"path","absent","fleet","serial","rules","loaded","beyond":[…],"error"},
 *              beyond: what it asks for and this host cannot do, a line each; error: of the last load that failed
 *    "sessions":{"open","closed"},                               of SSH; closed: tasks live on
 *    "model":{"sessions","processes","sockets","sessions_dropped","processes_dropped","sockets_dropped"},
 *    "logins":{"reports","allowed","refused","fallback","late"},
 *    "actions":{"asked","done","failed","would_have","waiting"},
 *    "gates":[{"name","works","why"}],                           name: connect path listener exec datagram
 *    "grants":{"generation","renewing","installed","failed","blurred","refused","killed","unseen","dropped"},
 *              blurred: more classes than a row holds; refused, killed: by the gates; unseen: of all that
 *              they saw, what audit did not tell
 *    "activities":[{"activity","level","why"}],                  level: prevent react observe; why not more
 *    "sinks":[{"name","state","written","dropped","why"}],       state: ok failing off
 *    "store":{"state","path","bytes","written","queued","dropped",
 *             "set_aside","why"},
 *    "failures":[{"name","count","last","meaning"}]}             those that happened
 *
 * sessions and session, one object a session:
 *   {"user":{"name","id"},"source":{"ip","port"},"server":{"ip","port"},"process":{"pid"},
 *    "sshtether":{"session","ses","auid","state","known_by","ssh","service","tty","method","key",
 *                 "key_type","cert_id","cert_serial","ca","principals":[],"groups":[],"opened","closed",
 *                 "last","events","findings","refused","isolated","agents_revoked","processes","parent"}}
 *   session: as in alerts; state: open closed over; known_by: report proc records; process.pid: sshd's
 *   monitor; parent: ses of the session on this host that this one came from; processes: how many live.
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
 * history: a page of what the store keeps, of part "findings" (those that were only recorded too), "sessions"
 *   or "logins" (short quiet ones, counted); next: what to ask for with after, 0: this was the last page.
 *   facts of a finding: what the policy was asked (agentd/engine/asked.h).
 *
 * policy-show: {"fleet","serial","mode","path","text"}; verbose: one more line a rule
 *   {"rule":0,"file","line","text","hits"}.
 * policy-load: {"fleet","serial","rules","warnings"} (warnings: their text), or, with status 1, {"diagnostics"} as
 *   `policy check` prints them.
 * mode, with trial_ms: audit again after that, unless confirmed; confirm_by, left_ms: while it is so.
 * confirm: only from an SSH session whose sshd is younger than the switch; else status 1 and what to do.
 * allow: {"allow","user","to","port","until","reason","by","rule"}: allow is its number, to an address or a
 *   prefix, by the login uid of who gave it, rule as it stands in the policy.  In force when it is answered.
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
