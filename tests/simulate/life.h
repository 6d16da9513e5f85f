/*
 * life: what the fifty and the service accounts do on a day: their visits, put on the agenda.
 */
#ifndef SIMULATE_LIFE_H
#define SIMULATE_LIFE_H

#include "tests/simulate/visit.h"

/* The day begins: all that is going to happen on it without any attacker. */
void life_day(struct site *, int day);

#define CI_UID     991
#define DEPLOY_UID 992
#define BACKUP_UID 993

#endif
