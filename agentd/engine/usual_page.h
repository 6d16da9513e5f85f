/*
 * usual_page: what is usual, as lines of JSON, a page at a time: so many bytes, and so many values that are looked at,
 * whether they are of one user or of thousands; the engine's loop is for logins.  Pure.
 */
#ifndef ENGINE_USUAL_PAGE_H
#define ENGINE_USUAL_PAGE_H

#include "agentd/baseline/baseline.h"
#include "base/buf.h"

/*
 * The rows from that place on; user NULL: of all; told: those of what was told, too.  True: there are more, and the
 * place is that of the next page.
 */
bool usual_page_put(const struct baseline *, const char *user, bool told, struct usual_place *, struct buf *out);
/* The days on which anybody was active: whether anybody is judged hangs on them. */
void usual_page_host(const struct baseline *, struct buf *out);

/*
 * A place as a word, for whoever asks for the next page: nobody else reads it.  In it names are hexadecimal, for what
 * is no UTF-8 does not come back out of JSON as it was.
 */
#define USUAL_PLACE_STRLEN (4 * ST_USUAL_TEXT + 16)
void usual_place_put(const struct usual_place *, struct buf *out);
bool usual_place_get(struct bytes, struct usual_place *out);

#endif
