/*
 * value: what a word means for the condition that it stands behind: an address, ports, hours, an
 * owner, a glob.  Errors name the mistake and show how it is written right.
 */
#include <ctype.h>
#include <sshtether/limits.h>

#include "base/glob.h"
#include "policy/hours.h"
#include "policy/parse.h"
#include "policy/suggest.h"
#include "policy/zone.h"

/* --- addresses -------------------------------------------------------------------------------- */

static void
clear_host_bits(struct addr *a, unsigned bits)
{
	for (unsigned i = 0; i < sizeof(a->b); i++) {
		unsigned keep = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * i : 0;

		a->b[i] = (uint8_t)(a->b[i] & (0xff00u >> keep));
	}
}

/* An address with a '/' whose host bits are set: what it should have been. */
static bool
host_bits_set(struct bytes text, struct prefix *right, struct addr *alone)
{
	const char *slash = memchr(text.p, '/', text.n);
	struct bytes head = text, tail;
	uint64_t bits;

	if (slash == NULL)
		return false;
	head.n = (size_t)(slash - text.p);
	tail = (struct bytes){.p = slash + 1, .n = text.n - head.n - 1};
	if (!addr_parse(head, alone) || !bytes_u64(tail, &bits) ||
	    bits > (alone->family == 4 ? 32 : 128))
		return false;
	right->addr = *alone;
	right->bits = (uint8_t)bits;
	clear_host_bits(&right->addr, right->bits);
	return true;
}

static bool
looks_like_name(struct bytes text)
{
	bool letter = false;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (!isalnum(c) && c != '.' && c != '-' && c != '_' && c != '*')
			return false;
		letter = letter || isalpha(c);
	}
	return letter;
}

bool
value_prefix(struct diag *d, struct span at, struct bytes text, struct prefix *out)
{
	struct prefix right;
	struct addr alone;
	struct buf b = BUF_INIT;
	char quoted[DIAG_QUOTE], address[ADDR_STRLEN];

	if (text.n != 0 && prefix_parse(text, out))
		return true;
	diag_quote(text, quoted);
	if (text.n != 0 && host_bits_set(text, &right, &alone)) {
		prefix_print(right, &b);
		diag_error(d, at, "%s has bits set behind its prefix", quoted);
		diag_help(d, "write %s, or %s for this one address", buf_ok(&b) ? b.p : "",
		    addr_str(alone, address));
		buf_free(&b);
	} else if (bytes_is(text, "any")) {
		diag_error(d, at, "'any' is every activity, not every address");
		diag_help(d, "leave the condition out: it then holds for every address");
	} else if (looks_like_name(text)) {
		diag_error(d, at, "'%s' is a host name: only addresses can stand here", quoted);
		diag_help(d, "names change behind the policy's back; write the address, or a <table> "
		    "from a file, which is read again at each load");
	} else {
		diag_error(d, at, "'%s' is not an address", quoted);
		diag_help(d, "for example: 10.0.0.0/8, 192.0.2.7, 2001:db8::/32");
	}
	return false;
}

static bool
addr_value(struct parser *p, const struct source *src, enum pol_fact fact, struct value *v)
{
	if (v->kind == VAL_UNIX && fact == QF_TO)
		return true;
	if (v->kind == VAL_TEXT && fact == QF_TO && !v->quoted && bytes_is(v->text, "self")) {
		v->kind = VAL_SELF;
		return true;
	}
	if (v->kind == VAL_UNIX || bytes_is(v->text, "self")) {
		diag_error(p->diag, value_span(v, src), "'%s' belongs to the condition 'to'",
		    v->kind == VAL_UNIX ? "unix" : "self");
		return false;
	}
	if (!value_prefix(p->diag, value_span(v, src), v->text, &v->as.prefix))
		return false;
	v->kind = VAL_ADDR;
	return true;
}

/* --- ports, owners, hours --------------------------------------------------------------------- */

static bool
parse_ports(struct bytes text, struct ports *out)
{
	const char *dash = text.n != 0 ? memchr(text.p, '-', text.n) : NULL;
	struct bytes first = text, second = text;
	uint64_t lo, hi;

	if (dash != NULL) {
		first.n = (size_t)(dash - text.p);
		second = (struct bytes){.p = dash + 1, .n = text.n - first.n - 1};
	}
	if (!bytes_u64(first, &lo) || !bytes_u64(second, &hi) || lo < 1 || hi > 65535 || lo > hi)
		return false;
	*out = (struct ports){.lo = (uint16_t)lo, .hi = (uint16_t)hi};
	return true;
}

static bool
port_value(struct parser *p, const struct source *src, enum pol_fact fact, struct value *v)
{
	(void)fact;
	if (v->kind == VAL_TEXT && parse_ports(v->text, &v->as.ports)) {
		v->kind = VAL_PORTS;
		return true;
	}
	diag_error(p->diag, value_span(v, src), "this is not a port or a range of ports");
	diag_help(p->diag, "for example: 22, 2200-2299, { 22, 2222 }; from 1 to 65535");
	return false;
}

static bool
owner_value(struct parser *p, const struct source *src, enum pol_fact fact, struct value *v)
{
	struct suggest s;
	char quoted[DIAG_QUOTE];

	(void)fact;
	if (v->kind == VAL_TEXT && owner_parse(v->text, &v->as.owner) &&
	    v->as.owner != OWNER_UNKNOWN) {
		v->kind = VAL_OWNER;
		return true;
	}
	suggest_init(&s, v->text);
	for (unsigned i = OWNER_SELF; i < OWNER_COUNT; i++)
		suggest_offer(&s, owner_name((enum owner)i));
	diag_error(p->diag, value_span(v, src), "'%s' is not an owner", diag_quote(v->text, quoted));
	if (s.best != NULL)
		diag_help(p->diag, "did you mean '%s'?", s.best);
	else
		diag_help(p->diag, "expected self, same-login, same-user or other");
	return false;
}

/* Read once a policy. */
static const struct zone *
zone_named(struct parser *p, struct bytes name)
{
	struct policy *pol = p->policy;
	struct zone *z = pol->zones;

	while (z != NULL && !bytes_eq(z->name, name))
		z = z->next;
	if (z == NULL && (z = zone_read(&pol->arena, p->options, name)) != NULL) {
		z->next = pol->zones;
		pol->zones = z;
	}
	return z;
}

static bool
hours_value(struct parser *p, const struct source *src, enum pol_fact fact, struct value *v)
{
	char quoted[DIAG_QUOTE];
	struct bytes zone;

	(void)fact;
	/* What begins with a digit is a time that is written otherwise, and no zone. */
	if (v->kind != VAL_TEXT || !hours_parse(v->text, &v->as.hours, &zone) ||
	    (zone.n != 0 && isdigit((unsigned char)zone.p[0]))) {
		diag_error(p->diag, value_span(v, src), "these are not hours");
		diag_help(p->diag, "for example: 22:00-06:00, \"mon-fri 08:00-18:00\", "
		    "\"mon-fri 08:00-18:00 Europe/Berlin\"");
		return false;
	}
	v->kind = VAL_HOURS;
	if (zone.n == 0 || (v->as.hours.zone = zone_named(p, zone)) != NULL)
		return true;
	diag_error(p->diag, value_span(v, src), "this system knows no time zone '%s'", diag_quote(zone, quoted));
	diag_help(p->diag, "UTC, or a name as `timedatectl list-timezones` has it, such as Europe/Berlin");
	return false;
}

/* --- names ------------------------------------------------------------------------------------ */

/* A pattern that no path from the kernel can match. */
static bool
never_a_path(struct bytes t)
{
	return t.n == 0 || memchr("/*?[\\", t.p[0], 5) == NULL;
}

/* Names that come from here and from sshd, and not from the site. */
static const struct known {
	enum pol_fact fact;
	const char *name;
} known[] = {
    {QF_METHOD, "publickey"}, {QF_METHOD, "password"}, {QF_METHOD, "keyboard-interactive"},
    {QF_METHOD, "hostbased"}, {QF_METHOD, "gssapi-with-mic"}, {QF_METHOD, "gssapi-keyex"}, {QF_METHOD, "none"},
    {QF_VIA, "tmux"}, {QF_VIA, "screen"}, {QF_VIA, "at"}, {QF_VIA, "cron"}, {QF_VIA, "systemd-run"}, {QF_VIA, "linger"},
};

/* A pattern that matches none of them. */
static void
warn_unknown(struct parser *p, struct span at, enum pol_fact fact, struct bytes pattern)
{
	struct suggest s;
	char quoted[DIAG_QUOTE];
	bool any = false;

	suggest_init(&s, pattern);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].fact != fact)
			continue;
		if (glob_match(pattern, bytes_of(known[i].name)))
			return;
		any = true;
		suggest_offer(&s, known[i].name);
	}
	if (!any)
		return;
	diag_warn(p->diag, at, "there is no %s '%s': this matches none", fact_word(fact), diag_quote(pattern, quoted));
	if (s.best != NULL)
		diag_help(p->diag, "did you mean '%s'?", s.best);
}

/* 32 bytes in base64, without its padding. */
static bool
is_digest(struct bytes t)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < t.n; i++)
		if (memchr(digits, t.p[i], sizeof(digits) - 1) == NULL)
			return false;
	return t.n == 43;
}

void
value_fingerprint(struct diag *d, struct span at, enum pol_fact fact, struct bytes text)
{
	const struct bytes prefix = BYTES_LIT("SHA256:");

	if ((fact != QF_KEY && fact != QF_CA) || !glob_is_plain(text))
		return;
	if (!bytes_starts(text, prefix))
		diag_warn(d, at, "keys are known by their SHA256 fingerprint: this matches none");
	else if (!is_digest((struct bytes){.p = text.p + prefix.n, .n = text.n - prefix.n}))
		diag_warn(d, at, "a fingerprint has 43 characters behind SHA256:, of base64: this matches none");
	else
		return;
	diag_help(d, "write it as `ssh-keygen -l` prints it: \"SHA256:...\"");
}

static bool
name_value(struct parser *p, const struct source *src, enum pol_fact fact, struct value *v)
{
	struct span at = value_span(v, src);
	char quoted[DIAG_QUOTE];

	if (v->kind != VAL_TEXT) {
		diag_error(p->diag, at, "'unix' belongs to the condition 'to'");
		return false;
	}
	if (v->text.n == 0) {
		diag_warn(p->diag, at, "an empty name matches nothing");
		diag_help(p->diag, "where there is none at all: !%s \"*\"", fact_word(fact));
	}
	if ((fact == QF_EXE || fact == QF_PARENT) && never_a_path(v->text) && v->text.n != 0) {
		diag_warn(p->diag, at, "programs are known by their whole path: this matches none");
		diag_help(p->diag, "write \"*/%s\" for a program of that name anywhere",
		    diag_quote(v->text, quoted));
	}
	if (v->text.n != 0)
		value_fingerprint(p->diag, at, fact, v->text);
	if (v->text.n != 0)
		warn_unknown(p, at, fact, v->text);
	return true;
}

/* --- all together ----------------------------------------------------------------------------- */

void
value_resolve(struct parser *p, const struct source *src, enum pol_fact fact, struct value *v)
{
	bool table_fits = fact_is_addr(fact) || fact_is_name(fact);
	bool (*resolve_one)(struct parser *, const struct source *, enum pol_fact, struct value *) =
	    fact_is_addr(fact)  ? addr_value :
	    fact == QF_PORT     ? port_value :
	    fact == QF_OWNER    ? owner_value :
	    fact == QF_TIME     ? hours_value :
	                          name_value;

	if (v->kind == VAL_TABLE && table_fits)
		return; /* its content is looked at when all tables are there */
	if (v->kind == VAL_TABLE) {
		diag_error(p->diag, value_span(v, src),
		    "a table holds addresses, keys, users or programs: not this");
		v->wrong = true;
		return;
	}
	if (!resolve_one(p, src, fact, v))
		v->wrong = true;
}
