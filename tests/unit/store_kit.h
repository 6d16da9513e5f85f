/* store_kit: a store in a directory of its own, for tests. */
#ifndef TESTS_STORE_KIT_H
#define TESTS_STORE_KIT_H

#include "agentd/sink/store.h"
#include "tests/unit/unit.h"

#define KIT_SIZE (64u << 20)

struct place {
	char dir[64], path[96];
};

/* *state: a struct place, whose directory is there and empty. */
int kit_set_up(void **state);
/* Where nothing waits for a disk, if there is such a place. */
int kit_set_up_in_memory(void **state);
int kit_tear_down(void **state);
struct store *kit_opened(const struct place *, uint64_t size);
/* The one number that the file answers, asked past the store. */
int64_t kit_number(const struct place *, const char *sql);
/* Statements on the file, past the store. */
void kit_exec(const struct place *, const char *sql);
/* As a store of version 1 was made. */
void kit_version_1(const struct place *);
/* Takes the file and its companions away. */
void kit_unlink(const struct place *);
/* Until there is nothing more to do. */
void kit_tend(struct store *, const struct store_bounds *);

#endif
