/*
 * json: writes one JSON value into a buf, without spaces, on one line.  Bytes that are not UTF-8
 * become U+FFFD, so that a hostile argument can neither hide an alert nor break its line (RFC 8259,
 * section 8.1).  Writing only; jansson reads.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/clock.h"

#define JSON_DEPTH_MAX 32

struct json {
	struct buf *out; /* borrowed */
	unsigned depth;
	uint32_t filled; /* bit d: the container at depth d has a member */
	bool after_key;
};

void json_init(struct json *, struct buf *out);
void json_object(struct json *);
void json_array(struct json *);
void json_end(struct json *, char close); /* '}' or ']' */
void json_key(struct json *, const char *key);
void json_str(struct json *, struct bytes);
void json_int(struct json *, int64_t);
void json_uint(struct json *, uint64_t);
void json_bool(struct json *, bool);
void json_time(struct json *, struct rtime); /* a string, as rtime_iso() writes it */

/* Key and value; nothing where a string is NULL or empty, or a time is none. */
void json_kobject(struct json *, const char *key);
void json_karray(struct json *, const char *key);
void json_kstr(struct json *, const char *key, const char *);
void json_kbytes(struct json *, const char *key, struct bytes);
void json_kint(struct json *, const char *key, int64_t);
void json_kuint(struct json *, const char *key, uint64_t);
void json_kbool(struct json *, const char *key, bool);
void json_ktime(struct json *, const char *key, struct rtime);

#endif
