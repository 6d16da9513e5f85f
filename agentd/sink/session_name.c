/*
 * session_name: what names a session for ever: sshtether.session of alerts, ID of the
 * command line.  Pure.
 */
#include <stdio.h>

#include "agentd/sink/alert.h"

#define BOOT_DIGITS 8

const char *
alert_session(const char *boot_id, uint32_t ses, char out[ALERT_SESSION_LEN])
{
	bool known = boot_id != NULL && strlen(boot_id) >= BOOT_DIGITS;

	out[0] = '\0';
	if (ses != SES_UNSET)
		(void)snprintf(out, ALERT_SESSION_LEN, "%.*s%s%u", known ? BOOT_DIGITS : 0,
		    known ? boot_id : "", known ? "-" : "", ses);
	return out;
}

bool
alert_session_parse(struct bytes name, const char *boot_id, uint32_t *ses)
{
	const char *dash = name.n > 0 ? memchr(name.p, '-', name.n) : NULL;
	uint64_t v;

	if (dash != NULL) {
		size_t n = (size_t)(dash - name.p);

		if (n != BOOT_DIGITS || boot_id == NULL || strncmp(boot_id, name.p, n) != 0)
			return false;
		name = (struct bytes){.p = dash + 1, .n = name.n - n - 1};
	}
	if (!bytes_u64(name, &v) || v >= SES_UNSET)
		return false;
	*ses = (uint32_t)v;
	return true;
}
