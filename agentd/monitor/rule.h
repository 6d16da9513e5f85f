/*
 * rule: the audit rules that sshtether lives on, and whether one that is there already does the work of
 * another.  Pure: builds and compares, talks to nobody.
 */
#ifndef MONITOR_RULE_H
#define MONITOR_RULE_H

#include <libaudit.h>
#include <stdbool.h>
#include <stddef.h>

#define RULE_KEY   "sshtether"
#define RULES_MAX  64
#define RULE_EXE   64 /* the longest path of a program that a rule names */
#define RULE_BYTES (sizeof(struct audit_rule_data) + RULE_EXE + sizeof(RULE_KEY))

union rule_room {
	struct audit_rule_data data;
	char raw[RULE_BYTES];
};

size_t rule_count(void);
const char *rule_name(size_t i);
/*
 * Builds rule i for this machine.  False: this machine has no such thing (no second architecture, or
 * no such system call).  simple: without the conditions that older kernels refuse.
 */
bool rule_build(size_t i, bool simple, union rule_room *);
/* Whether there is a difference between the two forms. */
bool rule_has_simple(size_t i);
/* A host without it is no fault: io_uring before 5.16, an SSH server that is not installed. */
bool rule_is_optional(size_t i);

/* The one program that the rule is for, of no use where that is not installed; NULL: all. */
const char *rule_program(size_t i);

/* Every event that `want` would record is recorded by `have`, whatever its key. */
bool rule_covers(const struct audit_rule_data *have, const struct audit_rule_data *want);
/* Hides tasks (never,task), calls that we want (never,exit), or records that we need (exclude). */
bool rule_hides_tasks(const struct audit_rule_data *);
bool rule_hides_calls(const struct audit_rule_data *, const struct audit_rule_data *want);
bool rule_hides_records(const struct audit_rule_data *);

#endif
