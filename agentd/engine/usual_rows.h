/*
 * usual_rows: what is usual, a row a line of JSON: for exports, and on its way between the command line and the
 * engine.  Pure; runs in both.  Lines that are read are hostile.
 *
 *   {"kind":"origin","user":"alice","value":"192.0.2.0/24","day":"2026-11-20","count":3}
 *
 * The host's own rows have no user, days of activity no value.  What was told stays with its host.
 */
#ifndef ENGINE_USUAL_ROWS_H
#define ENGINE_USUAL_ROWS_H

#include "agentd/baseline/baseline.h"
#include "base/buf.h"

#define USUAL_FORMAT 1 /* of a file of such lines; its first line says so: {"baseline":1,…} */

struct usual_line {
	struct usual_row row; /* its strings are those below */
	char user[ST_USUAL_TEXT], value[ST_USUAL_TEXT];
};

enum usual_said { USUAL_ROW, USUAL_HEAD, USUAL_WRONG };

/* With its newline. */
void usual_line_put(const struct usual_row *, struct buf *out);
/* latest: no row is of a day after that one.  USUAL_WRONG: *why says what is, as the end of a sentence. */
enum usual_said usual_line_get(struct bytes line, int32_t latest, struct usual_line *out, const char **why);
/*
 * Rows of elsewhere: the higher count of that day stands, so that what comes twice counts once.  Whether it
 * changed anything.
 */
bool usual_raise(struct baseline *, const struct usual_row *);

/* "2026-11-20"; returns out */
#define USUAL_DAY_STRLEN 16
const char *usual_day_str(int32_t day, char out[USUAL_DAY_STRLEN]);
bool usual_day_parse(struct bytes, int32_t *out);

#endif
