/* gather: what a PAM hook knows of the login, put into a report.  Changes nothing in the PAM handle. */
#ifndef PAM_MODULE_GATHER_H
#define PAM_MODULE_GATHER_H

#include <security/pam_modules.h>

#include <sshtether/report.h>

/* NULL, or why there can be no report (*out is then undefined). */
const char *gather(pam_handle_t *, enum report_kind, struct report *out);

#endif
