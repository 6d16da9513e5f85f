/* cgroup: a cgroup v2 directory of a test's own: gates that it opens touch nothing outside.  Needs root. */
#ifndef TESTS_MONITOR_CGROUP_H
#define TESTS_MONITOR_CGROUP_H

/* Makes one, moves this process into it, and answers its path; NULL: this machine has no cgroup v2. */
const char *cgroup_enter(void);
/* Back to where it was before.  Whatever else is in it must have ended. */
void cgroup_leave(void);

#endif
