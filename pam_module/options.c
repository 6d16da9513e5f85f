/* options: see options.h. */
#include "pam_module/options.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <sshtether/report.h>

#include "base/clock.h"

/* A setter takes the value and returns NULL, or what is wrong with it. */

static const char *
set_socket(struct options *o, struct bytes value)
{
	if (value.n == 0 || value.p[0] != '/')
		return "the path must be absolute";
	if (value.n >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return "the path is too long for a Unix socket";
	o->socket = value.p;
	return NULL;
}

static const char *
set_exempt(struct options *o, struct bytes value)
{
	if (value.n == 0 || value.p[0] != '/')
		return "the path must be absolute";
	o->exempt = value.p;
	return NULL;
}

/* 500, 500ms, 2s */
static const char *
set_timeout(struct options *o, struct bytes value)
{
	uint64_t bare;
	int64_t ms;

	if (bytes_u64(value, &bare))
		ms = bare <= TIMEOUT_MAX_MS ? (int64_t)bare : INT64_MAX;
	else if (!duration_parse(value, &ms))
		return "a time looks like 500ms or 2s";
	if (ms < 1 || ms > TIMEOUT_MAX_MS)
		return "the time must be between 1ms and 30s";
	o->timeout_ms = (unsigned)ms;
	return NULL;
}

static const char *
set_fail(struct options *o, struct bytes value)
{
	if (!bytes_is(value, "open") && !bytes_is(value, "closed"))
		return "it is either fail=open or fail=closed";
	o->fail_closed = bytes_is(value, "closed");
	return NULL;
}

static const char *
set_debug(struct options *o, struct bytes value)
{
	(void)value;
	o->debug = true;
	return NULL;
}

static const struct option {
	struct bytes word; /* with the '=' when a value follows */
	const char *(*set)(struct options *, struct bytes value);
} table[] = {
	{BYTES_LIT("socket="), set_socket},
	{BYTES_LIT("timeout="), set_timeout},
	{BYTES_LIT("fail="), set_fail},
	{BYTES_LIT("exempt="), set_exempt},
	{BYTES_LIT("debug"), set_debug},
};

static const char *
set_one(struct options *o, struct bytes arg)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct option *opt = &table[i];
		bool takes_value = bytes_ends(opt->word, BYTES_LIT("="));

		if (takes_value ? bytes_starts(arg, opt->word) : bytes_eq(arg, opt->word))
			return opt->set(o, (struct bytes){
			    .p = arg.p + opt->word.n, .n = arg.n - opt->word.n});
	}
	return "no such option";
}

bool
options_parse(int argc, const char **argv, struct options *out, const char **bad, const char **why)
{
	struct options o = {.socket = REPORT_SOCKET, .timeout_ms = TIMEOUT_DEFAULT_MS};

	for (int i = 0; i < argc; i++) {
		*why = set_one(&o, bytes_of(argv[i]));
		if (*why != NULL) {
			*bad = argv[i];
			return false;
		}
	}
	*out = o;
	return true;
}
