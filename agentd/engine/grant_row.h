/*
 * grant_row: from the policy's words to the rows of the kernel's tables (monitor/grant.h).  Pure.
 */
#ifndef ENGINE_GRANT_ROW_H
#define ENGINE_GRANT_ROW_H

#include "agentd/host/host.h"
#include "agentd/monitor/grant.h"
#include "policy/policy.h"

/* s NULL: of no session in particular. */
void grant_row(const struct pol_grant *, const struct session *s, const char *boot_id, uint32_t generation,
    struct grant *out);
/*
 * Alike for two sessions of one user with the same key (DESIGN: same-login), whichever engine computed
 * it.  0: the key is not known.
 */
uint64_t grant_login_id(const struct session *, const char *boot_id);
struct class_prefix grant_prefix(const struct pol_prefix *);
struct class_ports grant_ports(const struct pol_ports *);

#endif
