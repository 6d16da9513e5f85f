/*
 * zone_read: the file of a time zone, through the functions that a load was given: a policy that is kept has its
 * zones with it, whatever becomes of the system's.
 */
#include <sshtether/limits.h>

#include "policy/files.h"
#include "policy/zone.h"

#define FOLDER "/usr/share/zoneinfo/"

struct zone *
zone_read(struct arena *a, const struct pol_options *options, struct bytes name)
{
	struct buf path = BUF_INIT, file = BUF_INIT;
	const char *why = NULL;
	struct zone *z = NULL;

	if (bytes_is(name, "UTC")) {
		if ((z = arena_get(a, sizeof(*z))) != NULL)
			z->name = name;
		return z;
	}
	buf_puts(&path, FOLDER);
	buf_putb(&path, name);
	if (!buf_ok(&path))
		a->failed = true;
	else if (files_read(options, path.p, POLF_ZONE, ST_ZONE_BYTES, &file, &why) == 0)
		z = zone_parse(a, name, buf_bytes(&file));
	buf_free(&path);
	buf_free(&file);
	return z;
}
