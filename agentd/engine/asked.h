/*
 * asked: the question that a policy was asked about a finding, as JSON, so that another policy can be asked
 * the same later (`sshtether rehearse`, `policy diff`).  What is not in it was not known; what was known to be
 * absent stands in "absent".  Pure; the engine writes it, cli/past_ask.c reads it.
 */
#ifndef ENGINE_ASKED_H
#define ENGINE_ASKED_H

#include "policy/policy.h"

/*
 * {"time":ms,"user","as","groups":[],"origin","key","principals":[],"cert_id","ca","method","on","roles":[],
 * "tty","to" (an address), "self":true, "unix","port","exe","parent","via","owner",
 * "absent":["key",…],"partial":["group",…]}
 */
void asked_json(const struct question *, struct json *);
/* As a policy writes it: "user", "cert-id" … */
const char *asked_fact(enum pol_fact);

#endif
