/* fail_alloc: memory that fails, for tests that link calloc and realloc with --wrap. */
#ifndef TESTS_FAIL_ALLOC_H
#define TESTS_FAIL_ALLOC_H

/* The n-th allocation from now on fails; 0: none.  Counts down; 0 again: it has failed. */
extern long fail_at;

#endif
