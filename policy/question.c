/*
 * question: a question in words, from a command line, and a question's facts back in words.  Parsed
 * by the same grammar as an expect line.
 */
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "policy/parse.h"

/* The question hangs in a policy of its own, which holds nothing else. */
struct question_store {
	struct policy policy;
};

bool
question_parse(const struct policy *pol, struct bytes text, struct question *out,
    struct question_store **store, struct buf *diag_out)
{
	struct question_store *s = calloc(1, sizeof(*s));
	struct diag diag = DIAG_INIT;
	struct parser p = {.policy = s != NULL ? &s->policy : NULL, .diag = &diag};
	char *kept;
	bool ok = false;

	(void)pol; /* facts name no tables; ports and names mean the same everywhere */
	if (s == NULL || (kept = arena_copy(&s->policy.arena, text)) == NULL) {
		buf_puts(diag_out, "error: out of memory\n");
		goto out;
	}
	s->policy.source =
	    (struct source){.name = "question", .text = {.p = kept, .n = text.n}};
	lexer_init(&p.lexer, &s->policy.source, &diag);
	ok = parse_question(&p) && p.asked != NULL;
	ok = diag_print(&diag, diag_out) && ok;
	if (ok)
		*out = p.asked->question;
out:
	index_free(&p.tables);
	diag_free(&diag);
	if (ok)
		*store = s;
	else
		question_free(&s);
	return ok;
}

void
question_free(struct question_store **s)
{
	if (*s != NULL)
		arena_free(&(*s)->policy.arena);
	free(*s);
	*s = NULL;
}

/* --- facts that are one string ---------------------------------------------------------------- */

#define HERE(field) (offsetof(struct question, field) + 1)

/* One more than the place; 0: not a string. */
static const size_t strings[QF_COUNT] = {
    [QF_USER] = HERE(user),
    [QF_AS] = HERE(as),
    [QF_KEY] = HERE(key),
    [QF_CERT_ID] = HERE(cert_id),
    [QF_CA] = HERE(ca),
    [QF_METHOD] = HERE(method),
    [QF_TTY] = HERE(tty),
    [QF_EXE] = HERE(exe),
    [QF_PARENT] = HERE(parent),
    [QF_VIA] = HERE(via),
};

bool
fact_is_string(enum pol_fact fact, size_t *offset)
{
	*offset = strings[fact] - 1;
	return strings[fact] != 0;
}

struct bytes
question_string(const struct question *q, size_t offset)
{
	struct bytes b;

	memcpy(&b, (const char *)q + offset, sizeof(b));
	return b;
}

/* --- back in words ---------------------------------------------------------------------------- */

static void
put_name(struct bytes name, struct buf *out)
{
	struct value v = {.kind = VAL_TEXT, .text = name, .quoted = true};

	print_value(&v, out);
}

static void
put_names(const struct bytes *names, size_t n, struct buf *out)
{
	if (n == 0)
		buf_puts(out, "\"\"");
	if (n > 1)
		buf_puts(out, "{ ");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_puts(out, ", ");
		put_name(names[i], out);
	}
	if (n > 1)
		buf_puts(out, " }");
}

static void
put_addr(struct addr a, struct buf *out)
{
	char s[ADDR_STRLEN];

	buf_puts(out, a.family != 0 ? addr_str(a, s) : "\"\"");
}

static void
put_to(const struct question *q, struct buf *out)
{
	if (q->to_kind == TO_UNIX) {
		buf_puts(out, "unix ");
		put_name(q->to_unix, out);
	} else if (q->to_kind == TO_SELF && q->to_addr.family == 0) {
		buf_puts(out, "self");
	} else if (q->to_kind == TO_SELF && !addr_is_loopback(q->to_addr)) {
		buf_puts(out, "{ self, ");
		put_addr(q->to_addr, out);
		buf_puts(out, " }");
	} else {
		put_addr(q->to_addr, out);
	}
}

static void
put_time(struct rtime t, struct buf *out)
{
	time_t s = (time_t)(t.ms / 1000);
	struct tm tm;
	char text[32];

	if (localtime_r(&s, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M", &tm) != 0)
		buf_puts(out, text);
}

/* As on_fact() reads it. */
static void
put_host(const struct question *q, struct buf *out)
{
	const bool either = q->nroles == 1 && bytes_eq(q->host, q->roles[0]);

	if (q->host.n == 0) {
		buf_puts(out, q->nroles != 0 ? on_scope_word(ON_ROLE) : "");
		put_names(q->roles, q->nroles, out);
		return;
	}
	if (q->nroles == 0 || either) {
		buf_puts(out, either ? "" : on_scope_word(ON_HOST));
		put_name(q->host, out);
		return;
	}
	buf_puts(out, "{ ");
	put_name(q->host, out);
	for (size_t i = 0; i < q->nroles; i++) {
		buf_puts(out, ", ");
		put_name(q->roles[i], out);
	}
	buf_puts(out, " }");
}

void
print_fact(const struct question *q, enum pol_fact fact, struct buf *out)
{
	size_t offset;

	if ((q->known & 1u << fact) == 0)
		buf_puts(out, "not known");
	else if (fact == QF_GROUP)
		put_names(q->groups, q->ngroups, out);
	else if (fact == QF_PRINCIPAL)
		put_names(q->principals, q->nprincipals, out);
	else if (fact == QF_ON)
		put_host(q, out);
	else if (fact == QF_ORIGIN)
		put_addr(q->origin, out);
	else if (fact == QF_TO)
		put_to(q, out);
	else if (fact == QF_PORT && q->port == 0)
		buf_puts(out, "\"\"");
	else if (fact == QF_PORT)
		buf_printf(out, "%u", q->port);
	else if (fact == QF_TIME)
		put_time(q->time, out);
	else if (fact == QF_OWNER)
		buf_puts(out, q->owner != OWNER_UNKNOWN ? owner_name(q->owner) : "\"\"");
	else if (fact_is_string(fact, &offset))
		put_name(question_string(q, offset), out);
}

void
question_print(const struct question *q, struct buf *out)
{
	uint32_t say = q->known & ~(q->activity == ACT_LOGIN ? LATER_FACTS : 0);

	if (q->to_kind == TO_UNIX) /* that a socket's path has no port goes without saying */
		say &= ~(1u << QF_PORT);

	buf_puts(out, activity_info(q->activity)->name);
	for (unsigned f = 0; f < QF_COUNT; f++) {
		if ((say & 1u << f) == 0)
			continue;
		buf_printf(out, " %s ", fact_word((enum pol_fact)f));
		print_fact(q, (enum pol_fact)f, out);
	}
}
