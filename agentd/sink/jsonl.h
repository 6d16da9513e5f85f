/*
 * jsonl: the alert file, one JSON object a line.  Owns its descriptor.  Lines are appended whole; one
 * that a full disk tore is ended before the next, so that a reader loses one line and not two.
 */
#ifndef SINK_JSONL_H
#define SINK_JSONL_H

#include "agentd/sink/sink.h"

struct jsonl;

/* path is copied.  A file that cannot be opened is tried again with each line.  NULL: out of memory. */
struct jsonl *jsonl_new(const char *path);
void jsonl_free(struct jsonl **);
/* Without its newline.  False: dropped, counted. */
bool jsonl_line(struct jsonl *, struct bytes line);
/* Opens the path anew: after a rotation. */
void jsonl_reopen(struct jsonl *);
/* Opens it anew when the path no longer leads to the open file; once a second is often enough. */
void jsonl_check(struct jsonl *);
const struct sink_health *jsonl_health(const struct jsonl *);

#endif
