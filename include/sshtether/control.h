/*
 * control: how the command line talks to the daemon.  Two stream sockets, one grammar:
 *
 *   CONTROL_SOCKET  the engine's: root and one group; the group may only read (VERB_READ)
 *   MONITOR_SOCKET  the monitor's: uid 0 only; what changes the mode
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

/*
 * verb          socket   arguments                                     answers
 * status        control  –                                             one object, see sshtether(1)
 * sessions      control  all (bool), tree (bool)                       one object a session, parents first
 * session       control  id                                            one object
 * alerts        control  since, until (ms), user, session, activity,   alert objects, oldest first
 *                        follow (bool), limit
 * policy-show   control  verbose (bool)                                {"text"} , {"rule","hits"} …
 * policy-load   control  path (absolute)              uid 0            {"serial","fleet"} or diagnostics
 * terminate     control  id, reason                   uid 0            {"done"}
 * mode          monitor  set ("audit"|"enforce", absent: ask)          {"mode"}
 */

#endif
