/*
 * lenders: the sessions whose grant refuses something, by login uid.  The newest of a user lends its grant
 * to tasks of that user whose own ses has none (at, cron, systemd-run).  Pure memory.
 */
#ifndef MONITOR_LENDERS_H
#define MONITOR_LENDERS_H

#include <stdbool.h>
#include <stdint.h>

struct lenders;

struct lenders *lenders_new(void);
void lenders_free(struct lenders **);
/* False: there is no memory, and it is not noted. */
bool lenders_add(struct lenders *, uint32_t auid, uint32_t ses);
void lenders_remove(struct lenders *, uint32_t auid, uint32_t ses);
/* SES_UNSET: nobody. */
uint32_t lenders_newest(struct lenders *, uint32_t auid);

#endif
