/*
 * gate_event: the words of NOTE_GATE (request.h), which the BPF programs say themselves.  Numbers only;
 * includes nothing.
 */
#ifndef MONITOR_GATE_EVENT_H
#define MONITOR_GATE_EVENT_H

/*
 * NOTE_GATE: ses (whose grant), pid, uid, auid of the task that did it (its own); id: its own ses;
 * flags: enum gate_event | the verdict << 8 (enum grant_verdict) | GATEN_* ; peer: where to, of TCP;
 * inode, dev: the Unix listener's file; value: when, ms since the epoch; start_ticks: how many more such
 * of this session were not told one by one since the last.
 */
enum gate_event { GATE_TCP = 1, GATE_UNIX, GATE_EXEC, GATE_DATAGRAM };
#define GATEN_REFUSED  (1u << 16) /* the kernel refused it */
#define GATEN_KILLED   (1u << 17) /* or killed the process in it */
#define GATEN_RELAY    (1u << 18) /* it is the session's own sshd */
#define GATEN_MUX      (1u << 19) /* a ControlMaster's socket, not an agent's */
#define GATEN_BORROWED (1u << 20) /* the grant is that of the login uid's session, the task has another ses */
#define GATEN_ISOLATED (1u << 21) /* because the session is isolated; SSH or not */
#define GATEN_BEFORE   (1u << 22) /* it was there before the grant that denies it; result RES_OK: the monitor has
                                   * ended it, RES_DENIED: it could not (review.h) */
#define GATEN_CUT      (1u << 23) /* the connection is there, and must be ended */

#define GATE_TELL 16 /* NOTE_GATE of one session in a second; the rest is counted */

#endif
