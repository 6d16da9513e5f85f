/*
 * lenders: the sessions whose grant refuses something, by login uid.  That of a user which refuses most, and of
 * those the newest, lends its grant to tasks of that user whose own ses has none (at, cron, systemd-run).  Pure
 * memory.
 */
#ifndef MONITOR_LENDERS_H
#define MONITOR_LENDERS_H

#include <stdbool.h>
#include <stdint.h>

struct lender {
	uint32_t auid, ses;
	uint32_t weight; /* how much it refuses */
};

struct lenders;

struct lenders *lenders_new(void);
void lenders_free(struct lenders **);
/* False: there is no memory, and it is not noted. */
bool lenders_add(struct lenders *, const struct lender *);
/* As it was added. */
void lenders_remove(struct lenders *, const struct lender *);
/* SES_UNSET: nobody. */
uint32_t lenders_first(struct lenders *, uint32_t auid);

#endif
