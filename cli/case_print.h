/* case_print: a case of an answer (control.h) for people: a row of the list, and the analyst's sheet. */
#ifndef CLI_CASE_PRINT_H
#define CLI_CASE_PRINT_H

#include "cli/client.h"
#include "cli/table.h"

enum { CASE_ID, CASE_USER, CASE_FROM, CASE_CHANGED, CASE_SCORE, CASE_SEVERITY, CASE_STATE, CASE_WHAT, CASE_COLUMNS };
extern const struct table_column case_columns[CASE_COLUMNS];
void case_row(const struct cli *, struct table *, const json_t *object);

#define CASE_TEXT 5  /* the column of what stands below a head line */
#define CASE_TIME 21 /* with the blanks behind it */
/* case_evidence.c */
void case_questions_print(const struct cli *, const json_t *object, struct buf *out);
/* Head, questions, what was found, what to do. */
void case_sheet_print(const struct cli *, const json_t *object, struct buf *out);

#endif
