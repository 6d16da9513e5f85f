/*
 * alert_print: an alert for people, two lines: what happened, and the evidence.  From its
 * JSON, so that the daemon's history, what comes while one waits, and replay look alike.  Free
 * of jansson's names.
 */
#ifndef CLI_ALERT_PRINT_H
#define CLI_ALERT_PRINT_H

#include "cli/cli.h"

struct json_t;

void alert_print(const struct cli *, const struct json_t *alert, struct buf *out);
/* False: the line is no JSON object, or there is no memory. */
bool alert_print_line(const struct cli *, struct bytes line, struct buf *out);

#endif
