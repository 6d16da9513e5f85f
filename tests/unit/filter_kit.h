/* filter_kit: what becomes of a function under the engine's filter. */
#ifndef TESTS_FILTER_KIT_H
#define TESTS_FILTER_KIT_H

/* In a process of its own: its exit status, −signal when it was killed. */
int kit_under_filter(int (*)(void));

#endif
