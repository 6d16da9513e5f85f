/* baseline_kit: a baseline, and what is noted and asked of it at one in the morning of a day. */
#ifndef TESTS_BASELINE_KIT_H
#define TESTS_BASELINE_KIT_H

#include "agentd/baseline/baseline.h"
#include "tests/unit/unit.h"

#define KIT_DAY_MS 86400000LL
#define START      20000 /* a day in 2024 */

struct rtime kit_at(int64_t day);
struct baseline *kit_baseline(void);
uint32_t kit_note(struct baseline *, enum usual_kind, const char *user, const char *value, int64_t day, uint32_t n);
struct usual kit_ask(const struct baseline *, enum usual_kind, const char *user, const char *value, int64_t day);
/* That day counts for the host and for the user. */
void kit_log_in(struct baseline *, const char *user, int64_t day);

#endif
