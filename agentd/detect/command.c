/*
 * command: see command.h.  The letters are ssh(1)'s; dbclient's and plink's do not clash where it
 * matters.
 */
#include "agentd/detect/command.h"

#define WITH_VALUE "BbcDEeFIiJLlmOopPQRSWw"
#define NO_HOP     "VQGO"

bool
command_next(struct bytes *rest, struct bytes *arg)
{
	const char *nul;

	if (rest->n == 0)
		return false;
	nul = memchr(rest->p, '\0', rest->n);
	arg->p = rest->p;
	arg->n = nul != NULL ? (size_t)(nul - rest->p) : rest->n;
	rest->p += arg->n;
	rest->n -= arg->n;
	if (rest->n > 0) {
		rest->p++;
		rest->n--;
	}
	return true;
}

/* One word of options.  *skip: its last letter takes the next word as its value. */
static bool
word_connects(struct bytes word, bool *skip)
{
	*skip = false;
	for (size_t i = 1; i < word.n; i++) {
		if (strchr(NO_HOP, word.p[i]) != NULL)
			return false;
		if (strchr(WITH_VALUE, word.p[i]) != NULL) {
			*skip = i + 1 == word.n;
			return true;
		}
	}
	return true;
}

bool
command_connects(struct bytes argv)
{
	struct bytes arg;
	bool skip = false;

	if (!command_next(&argv, &arg))
		return true; /* not known: it may */
	while (command_next(&argv, &arg)) {
		if (skip) {
			skip = false;
			continue;
		}
		if (arg.n < 2 || arg.p[0] != '-' || bytes_is(arg, "--"))
			return true;
		if (!word_connects(arg, &skip))
			return false;
	}
	return false;
}
