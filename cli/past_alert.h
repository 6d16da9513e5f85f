/* past_alert: one alert of the past, by the beginning of its id. */
#ifndef CLI_PAST_ALERT_H
#define CLI_PAST_ALERT_H

#include "cli/answer.h"

#define ALERT_ID_MIN 4 /* digits; fewer say nothing */

/* As many hexadecimal digits as an id may begin with. */
bool alert_id_parse(const char *text);
/*
 * The stored alert, as it was put last; to be let go of by answer_drop().  CLI_OK, or what it has said: CLI_FOUND that
 * there is none, or that there are several, CLI_UNREACHABLE.
 */
int past_alert(const struct cli *, const char *id, const json_t **out);

#endif
