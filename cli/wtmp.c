/* wtmp: see wtmp.h. */
#include <string.h>

#include "cli/wtmp.h"

#define TYPE_MAX ACCOUNTING

/* A text that fills its array has no zero; behind the zero there may be anything.  False: bytes that no text has. */
static bool
take(const char *field, size_t cap, char *out)
{
	size_t n = strnlen(field, cap);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)field[i] < ' ' || field[i] == 0x7f)
			return false;
	memcpy(out, field, n);
	out[n] = '\0';
	return true;
}

/* IPv4 stands in the first word, the others are 0 (utmp(5)); some write it as IPv6 maps it. */
static struct addr
addr_of(const struct utmp *u, const char *host)
{
	static const char mapped[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff";
	const char *b = (const char *)u->ut_addr_v6;
	struct addr a = {0};

	if (u->ut_addr_v6[1] == 0 && u->ut_addr_v6[2] == 0 && u->ut_addr_v6[3] == 0) {
		a.family = u->ut_addr_v6[0] != 0 ? 4 : 0;
		memcpy(a.b, b, 4);
	} else if (memcmp(b, mapped, 12) == 0) {
		a.family = 4;
		memcpy(a.b, b + 12, 4);
	} else {
		a.family = 6;
		memcpy(a.b, b, 16);
	}
	/* A name says nothing that could be looked up now; an address does (UseDNS no). */
	if (a.family == 0 && !addr_parse(bytes_of(host), &a))
		a.family = 0;
	return a;
}

static enum wtmp_kind
kind_of(const struct utmp *u, const struct wtmp *w)
{
	switch (u->ut_type) {
	case BOOT_TIME:
		return WTMP_BOOT;
	case RUN_LVL:
		return strcmp(w->user, "shutdown") == 0 ? WTMP_SHUTDOWN : WTMP_OTHER;
	case DEAD_PROCESS:
		return w->line[0] != '\0' ? WTMP_LOGOUT : WTMP_OTHER;
	case USER_PROCESS:
		/* "ssh:notty": a login that failed, in a btmp. */
		return w->line[0] == '\0' || strchr(w->line, ':') != NULL ? WTMP_OTHER :
		    w->user[0] != '\0' ? WTMP_LOGIN : WTMP_LOGOUT;
	default:
		return WTMP_OTHER;
	}
}

bool
wtmp_parse(const char *p, struct wtmp *out)
{
	struct wtmp w = {0};
	struct utmp u;

	memcpy(&u, p, sizeof(u));
	if (u.ut_type < EMPTY || u.ut_type > TYPE_MAX || u.ut_tv.tv_sec <= 0 || u.ut_tv.tv_usec < 0 ||
	    u.ut_tv.tv_usec >= 1000000)
		return false;
	if (!take(u.ut_line, sizeof(u.ut_line), w.line) || !take(u.ut_user, sizeof(u.ut_user), w.user) ||
	    !take(u.ut_host, sizeof(u.ut_host), w.host))
		return false;
	w.time.ms = u.ut_tv.tv_sec * 1000LL + u.ut_tv.tv_usec / 1000;
	w.pid = u.ut_pid > 0 ? (uint32_t)u.ut_pid : 0;
	w.kind = kind_of(&u, &w);
	w.from = addr_of(&u, w.host);
	*out = w;
	return true;
}

/* Texts have no zeros; an entry of a wtmp has, in its type already. */
bool
wtmp_is(const char *p, size_t n)
{
	struct wtmp w;

	return n >= WTMP_ENTRY && memchr(p, '\0', WTMP_ENTRY) != NULL && wtmp_parse(p, &w);
}
