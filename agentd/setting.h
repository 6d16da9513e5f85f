/*
 * setting: the settings of sshtetherd.conf(5), a row of a table each: of which kind its value is, which are good, and
 * where in struct config it goes.
 */
#ifndef AGENTD_SETTING_H
#define AGENTD_SETTING_H

#include "agentd/config.h"
#include "policy/lexer.h"

struct setting;

struct setter {
	struct config *config;
	struct diag *diag;
	uint64_t seen; /* a bit for each setting */
};

/* NULL: there is none of that name, which is told. */
const struct setting *setting_find(struct diag *, const struct token *name);
/* The values behind its name; `at` is the name's.  What is wrong with them is told. */
void setting_set(struct setter *, const struct setting *, struct span at, const struct token *values, size_t n);

#endif
