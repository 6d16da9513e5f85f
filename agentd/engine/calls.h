/*
 * calls: what the parts of the engine call: the wires from each to those that go on with it.  Engine process;
 * arg is the struct engine.
 */
#ifndef ENGINE_CALLS_H
#define ENGINE_CALLS_H

#include "agentd/engine/acts.h"
#include "agentd/engine/outlet.h"
#include "agentd/engine/pipeline.h"

/* the pipeline */
void calls_ruling(const struct ruling *, void *arg);
void calls_folded(const struct ruling *, void *arg);
void calls_event(const struct aev *, const struct fact *, void *arg);
const char *calls_user_name(uint32_t uid, void *arg);
bool calls_is_own(struct addr, void *arg);
bool calls_is_listed(struct addr, const char **list, void *arg);
const struct policy *calls_policy(void *arg);
/* acts and reports */
enum level calls_level(const struct ruling *, const char **why, void *arg);
bool calls_gated(const struct finding *, struct gate_act *, void *arg);
void calls_spared(uint32_t ses, void (*fn)(uint32_t pid, void *fn_arg), void *fn_arg, void *arg);
void calls_outcome(const struct outcome_of *, void *arg);
void calls_opened(const struct session *, void *arg);
void calls_volume(const struct volume *, void *arg);
void calls_listed_anew(void *arg);
/* what is written */
uint64_t calls_rule(const struct decision *, void *engine);
void calls_row(const struct outlet_row *, void *arg);
void calls_warn(const char *what, const char *sentence, void *arg);
/* what was noticed */
void calls_losses(uint64_t count, const char *sentence, bool over, void *arg);
void calls_over(uint32_t ses, void *arg);
void calls_monitor_gone(void *arg);

#endif
