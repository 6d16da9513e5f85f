/*
 * answer: reading the objects that the daemon answers.  Knows jansson by name only, so that it can stand beside
 * base/json.h.  A path is "a.b.c", "" is the object itself.
 */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "cli/cli.h"

typedef struct json_t json_t; /* jansson.h */

/* NULL: not there. */
const json_t *answer_get(const json_t *, const char *path);
/* Borrowed; empty when it is not there or no string. */
struct bytes answer_str(const json_t *, const char *path);
/* 0 when it is not there or no integer. */
int64_t answer_int(const json_t *, const char *path);
bool answer_bool(const json_t *, const char *path);
/* A time of an answer (RFC 3339, UTC) as cli_time() prints it; "-" when it is not there. */
void answer_time(const struct cli *, const json_t *, const char *path, struct buf *out);
/* A string made visible; "-" when it is empty. */
void answer_visible(const json_t *, const char *path, struct buf *out);
/* "10.0.0.1 port 22" of an object with ip and port. */
void answer_endpoint(const json_t *, const char *path, struct buf *out);

/* "8m12s": the two largest units that say anything; upwards to the second. */
void answer_span(int64_t ms, struct buf *out);
/* ", audit again in 8m12s unless confirmed", of an object with left_ms; without it nothing. */
void answer_trial(const json_t *, struct buf *out);
/* Keeps an object beyond the call that it came with; let go of by answer_drop(), which takes NULL too. */
const json_t *answer_keep(const json_t *);
void answer_drop(const json_t **);
/* An array's, from 0 on; NULL: it has no more. */
const json_t *answer_item(const json_t *array, size_t i);

#endif
