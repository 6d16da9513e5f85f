/* case_read: a case that the store kept (case/case_json.c), read back. */
#ifndef ENGINE_CASE_READ_H
#define ENGINE_CASE_READ_H

#include "agentd/case/case.h"

/* The caller's, to case_free(); NULL: it is none, or there is no memory. */
struct case_file *case_read(struct bytes json);

#endif
