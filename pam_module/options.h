/*
 * options: the words after pam_sshtether.so on a PAM line.  Runs in sshd's monitor process, as all of
 * this folder does.
 */
#ifndef PAM_MODULE_OPTIONS_H
#define PAM_MODULE_OPTIONS_H

#include <stdbool.h>

#define TIMEOUT_DEFAULT_MS 500u
#define TIMEOUT_MAX_MS     30000u /* well below sshd's LoginGraceTime (120 s) */

struct options {
	const char *socket; /* absolute; borrowed from argv, like exempt */
	const char *exempt; /* absolute, or NULL: nobody is exempt */
	unsigned timeout_ms;
	bool fail_closed;
	bool debug;
};

/*
 * False at the first word that is unknown or has a bad value: *bad is that word and *why a sentence.
 * *out is set only on success.
 */
bool options_parse(int argc, const char **argv, struct options *out, const char **bad,
    const char **why);

#endif
