/* result: what became of a request, in words. */
#include "agentd/monitor/request.h"

static const char *const text[RES_COUNT] = {
	[RES_OK] = "done",
	[RES_MODE_AUDIT] = "the host is in audit mode",
	[RES_NO_SESSION] = "the session is not registered",
	[RES_GONE] = "the process is gone",
	[RES_OTHER_SESSION] = "the process belongs to another session",
	[RES_YOUNGER] = "the process started after the record: its number was used again",
	[RES_PROTECTED] = "the process is protected",
	[RES_RATE] = "too many actions",
	[RES_NOT_FOUND] = "no such socket",
	[RES_DENIED] = "the kernel refused",
	[RES_BAD] = "malformed request",
	[RES_BUSY] = "it is being done already",
	[RES_NO_AGENT] = "it has no forwarded agent, and one made later cannot be used",
	[RES_UNREAD] = "one user has more descriptors than are read",
};

const char *
result_text(enum result r)
{
	return (unsigned)r < RES_COUNT ? text[r] : "unknown result";
}
