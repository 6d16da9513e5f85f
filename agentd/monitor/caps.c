/* caps: see caps.h.  Runs in the monitor, once everything that needs more is open. */
#include "agentd/monitor/caps.h"

#include <cap-ng.h>
#include <sys/prctl.h>

static const struct {
	unsigned cap;
	const char *why;
} kept[] = {
	{CAP_KILL, "end processes of any user"},
	{CAP_SYS_PTRACE, "/proc/PID/exe, fd and maps; pidfd_getfd"},
	{CAP_DAC_READ_SEARCH, "/proc/PID/fd of any user"},
	{CAP_NET_ADMIN, "SOCK_DESTROY"},
	{CAP_BPF, "rows of the kernel gates"},
	{CAP_AUDIT_CONTROL, "audit rules and status"},
	{CAP_AUDIT_WRITE, "records for the audit trail"},
	{CAP_SETUID, "start the engine as its user"},
	{CAP_SETGID, "the same"},
	{CAP_SETPCAP, "empty the engine's bounding set"},
};

int
caps_drop(struct buf *missing)
{
	bool have[sizeof(kept) / sizeof(*kept)];

	if (capng_get_caps_process() != 0)
		return -1;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		have[i] = capng_have_capability(CAPNG_PERMITTED, kept[i].cap) == 1;
		if (!have[i])
			buf_printf(missing, "%s%s (%s)", missing->n != 0 ? ", " : "",
			    capng_capability_to_name(kept[i].cap), kept[i].why);
	}
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (have[i] && capng_update(CAPNG_ADD,
		    (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET), kept[i].cap) != 0)
			return -1;
	if (capng_apply(CAPNG_SELECT_ALL) != 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
