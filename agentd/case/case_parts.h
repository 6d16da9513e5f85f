/* case_parts: what cases.c, the table, asks of one case (file.c) and of the things in it (item.c). */
#ifndef CASE_CASE_PARTS_H
#define CASE_CASE_PARTS_H

#include "agentd/case/case.h"

/* Who it is, as well as the model knows it now. */
void case_note_login(struct case_file *, const struct session *);
/* from, which was kept, goes into it, and is left empty: what came before stands before what came since. */
void case_join(struct case_file *into, struct case_file *from);

/* out: with strings that are owned.  False: there is no memory. */
bool case_item_of(const struct ruling *, enum done, const char *id, struct case_item *out);
void case_item_done(struct case_item *);
/* Takes the item's strings: a thing of its own, or one more time of what is there. */
void case_add(struct case_file *, struct case_item *);
void case_items_free(struct case_file *);

#endif
