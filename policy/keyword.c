/*
 * keyword: one row a word; actions and activities come from the tables of base, so that no name
 * stands in two places.
 */
#include "policy/keyword.h"

#include "policy/tree.h"
#include "policy/parse.h"
#include "policy/grammar.h"

static const struct keyword words[] = {
    {"include", T_INCLUDE, 0},
    {"fleet", T_FLEET, 0},
    {"serial", T_SERIAL, 0},
    {"mode", T_MODE, 0},
    {"ssh-ports", T_SSH_PORTS, 0},
    {"table", T_TABLE, 0},
    {"file", T_FROM_FILE, 0},
    {"unsigned", T_UNSIGNED, 0},
    {"never-stop", T_NEVER_STOP, 0},
    {"no-baseline", T_NO_BASELINE, 0},
    {"spare", T_SPARE, 0},
    {"stop-limit", T_STOP_LIMIT, 0},
    {"in", T_IN, 0},
    {"off", T_OFF, 0},
    {"ungranted", T_UNGRANTED, 0},
    {"match", T_MATCH, 0},
    {"expect", T_EXPECT, 0},
    {"any", T_ANY, 0},
    {"all", T_ALL, 0},
    {"unix", T_UNIX, 0},
    {"severity", T_SEVERITY, 0},
    {"message", T_MESSAGE, 0},
    {"until", T_UNTIL, 0},
    {"tag", T_TAG, 0},
    {"at", T_AT, 0},
    {"most", T_MOST, 0},
    {"user", T_COND, QF_USER},
    {"as", T_COND, QF_AS},
    {"group", T_COND, QF_GROUP},
    {"origin", T_COND, QF_ORIGIN},
    {"key", T_COND, QF_KEY},
    {"principal", T_COND, QF_PRINCIPAL},
    {"cert-id", T_COND, QF_CERT_ID},
    {"ca", T_COND, QF_CA},
    {"method", T_COND, QF_METHOD},
    {"on", T_COND, QF_ON},
    {"host", T_HOST, ON_HOST},
    {"role", T_ROLE, ON_ROLE},
    {"hours", T_COND, QF_TIME},
    {"tty", T_COND, QF_TTY},
    {"to", T_COND, QF_TO},
    {"port", T_COND, QF_PORT},
    {"exe", T_COND, QF_EXE},
    {"parent", T_COND, QF_PARENT},
    {"via", T_COND, QF_VIA},
    {"owner", T_COND, QF_OWNER},
};

#define NWORDS (sizeof(words) / sizeof(words[0]))

const char *
fact_word(enum pol_fact fact)
{
	for (size_t i = 0; i < NWORDS; i++)
		if (words[i].token == T_COND && words[i].value == (int)fact)
			return words[i].name;
	return "?";
}

const char *
on_scope_word(enum on_scope scope)
{
	static const char *const scopes[] = {[ON_EITHER] = "", [ON_HOST] = "host ", [ON_ROLE] = "role "};

	return scopes[scope];
}

bool
fact_is_addr(enum pol_fact fact)
{
	return fact == QF_ORIGIN || fact == QF_TO;
}

bool
fact_is_name(enum pol_fact fact)
{
	return !fact_is_addr(fact) && fact != QF_PORT && fact != QF_TIME && fact != QF_OWNER;
}

bool
keyword_at(size_t i, struct keyword *out)
{
	if (i < NWORDS) {
		*out = words[i];
		return true;
	}
	i -= NWORDS;
	if (i < ACT_COUNT) {
		*out = (struct keyword){activity_info((enum activity)i)->name, T_ACTIVITY, (int)i};
		return true;
	}
	i -= ACT_COUNT;
	/* "terminate all" is two words. */
	if (i < DO_TERMINATE_ALL) {
		*out = (struct keyword){action_name((enum action)i), T_ACTION, (int)i};
		return true;
	}
	return false;
}

bool
keyword_find(struct bytes word, struct keyword *out)
{
	for (size_t i = 0; keyword_at(i, out); i++)
		if (word.n > 0 && out->name[0] == word.p[0] && bytes_is(word, out->name))
			return true;
	return false;
}
