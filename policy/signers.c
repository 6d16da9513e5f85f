/* signers: see signers.h.  How OpenSSH reads the same lines: sshsig.c, sshkey_read(), opt_dequote(). */
#include "policy/signers.h"

#include <ctype.h>
#include <strings.h>

#include "base/base64.h"
#include "base/wire.h"
#include "policy/hours.h"

/* --- times -------------------------------------------------------------------------------------------- */

/* Case does not count, as with OpenSSH. */
static bool
ends_in(struct bytes t, const char *suffix)
{
	size_t n = strlen(suffix);

	return t.n > n && strncasecmp(t.p + t.n - n, suffix, n) == 0;
}

/* Into the form that the policy language has: 2027-03-31T18:00:00Z. */
bool
signers_time(struct bytes t, struct rtime *out)
{
	static const char shape[] = "0000-00-00T00:00:00";
	bool utc = ends_in(t, "Z") || ends_in(t, "UTC");
	char text[sizeof(shape) + 1];
	size_t n = 0;

	if (utc)
		t.n -= ends_in(t, "Z") ? 1 : 3;
	if (t.n != 8 && t.n != 12 && t.n != 14)
		return false;
	for (size_t i = 0; n < sizeof(shape) - 1; n++)
		text[n] = shape[n] == '0' && i < t.n ? t.p[i++] : shape[n];
	if (utc)
		text[n++] = 'Z';
	return moment_parse((struct bytes){.p = text, .n = n}, out) && out->ms > 0;
}

/* --- options ------------------------------------------------------------------------------------------ */

static bool
set_spaces(struct signer *s, struct bytes value)
{
	s->spaces = value;
	s->limited = true;
	return true;
}

static bool
set_after(struct signer *s, struct bytes value)
{
	return signers_time(value, &s->valid_after);
}

static bool
set_before(struct signer *s, struct bytes value)
{
	return signers_time(value, &s->valid_before);
}

/* A flag is set where it is; a value, ="…", by its function.  Bit i of the options seen is row i. */
static const struct {
	const char *name;
	size_t flag;
	bool (*set)(struct signer *, struct bytes value); /* NULL: a flag */
	const char *wrong;                                /* when set says so */
} options[] = {
	{"cert-authority", offsetof(struct signer, authority), NULL, NULL},
	{"no-touch-required", offsetof(struct signer, no_touch), NULL, NULL},
	{"verify-required", offsetof(struct signer, verify), NULL, NULL},
	{"namespaces", 0, set_spaces, NULL},
	{"valid-after", 0, set_after, "valid-after is no time: YYYYMMDD[HHMM[SS]][Z] in quotes"},
	{"valid-before", 0, set_before, "valid-before is no time: YYYYMMDD[HHMM[SS]][Z] in quotes"},
};

#define NOPTIONS (sizeof(options) / sizeof(options[0]))

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct bytes *line)
{
	while (line->n > 0 && is_blank(*line->p))
		(void)wire_skip(line, 1);
}

/* The row whose name the line begins with; NOPTIONS: none. */
static size_t
option_of(struct bytes line)
{
	for (size_t i = 0; i < NOPTIONS; i++) {
		size_t n = strlen(options[i].name);

		if (line.n >= n && strncasecmp(line.p, options[i].name, n) == 0 &&
		    (line.n == n || !(isalnum((unsigned char)line.p[n]) || line.p[n] == '-')))
			return i;
	}
	return NOPTIONS;
}

/* ="…" with \" for a quote, into room; false: it is not so, or too long. */
static bool
quoted(struct bytes *line, char *room, size_t cap, struct bytes *out)
{
	size_t n = 0;

	if (!bytes_starts(*line, BYTES_LIT("=\"")))
		return false;
	for (wire_skip(line, 2); line->n > 0 && *line->p != '"' && n < cap; wire_skip(line, 1)) {
		if (bytes_starts(*line, BYTES_LIT("\\\"")))
			(void)wire_skip(line, 1);
		room[n++] = *line->p;
	}
	*out = (struct bytes){.p = room, .n = n};
	return line->n > 0 && *line->p == '"' && wire_skip(line, 1);
}

/* One option.  NULL, or what is wrong with it. */
static const char *
take_option(struct signers *w, struct bytes *line, unsigned *seen, struct signer *s)
{
	size_t i = option_of(*line);
	char room[ST_SIGNER_NAME];
	struct bytes value;

	if (i == NOPTIONS)
		return "neither an option (namespaces, cert-authority, valid-before ...) nor a type of key that is accepted here";
	(void)wire_skip(line, strlen(options[i].name));
	if (options[i].set == NULL) {
		*(bool *)((char *)s + options[i].flag) = true;
		return NULL;
	}
	if ((*seen >> i & 1) != 0)
		return "an option twice";
	*seen |= 1u << i;
	/* Only the namespaces are kept. */
	if (!quoted(line, options[i].set == set_spaces ? w->spaces : room, ST_SIGNER_NAME, &value))
		return "an option's value is not in quotes, or too long";
	return options[i].set(s, value) ? NULL : options[i].wrong;
}

static const char *
take_options(struct signers *w, struct bytes *line, struct signer *s)
{
	unsigned seen = 0;

	for (;;) {
		const char *why = take_option(w, line, &seen, s);

		if (why != NULL)
			return why;
		if (line->n == 0)
			return "no key";
		if (is_blank(*line->p))
			break;
		if (*line->p != ',')
			return "neither a comma nor a blank after an option";
		(void)wire_skip(line, 1);
	}
	if (s->valid_after.ms != 0 && s->valid_before.ms != 0 && s->valid_before.ms <= s->valid_after.ms)
		return "valid-before is not after valid-after";
	skip_blanks(line);
	return NULL;
}

/* --- a line ------------------------------------------------------------------------------------------- */

static struct bytes
take_word(struct bytes *line)
{
	struct bytes word = {.p = line->p, .n = 0};

	while (word.n < line->n && !is_blank(line->p[word.n]))
		word.n++;
	(void)wire_skip(line, word.n);
	skip_blanks(line);
	return word;
}

/* "…" as a whole, or up to a blank. */
static bool
take_names(struct bytes *line, struct bytes *out)
{
	struct bytes rest = *line;

	if (rest.n == 0 || *rest.p != '"') {
		*out = take_word(line);
		return memchr(out->p, '"', out->n) == NULL;
	}
	(void)wire_skip(&rest, 1);
	if (rest.n == 0 || memchr(rest.p, '"', rest.n) == NULL)
		return false;
	*out = bytes_take(&rest, '"');
	*line = rest;
	skip_blanks(line);
	return rest.n > 0 && is_blank(*rest.p);
}

/* Is there a name that the patterns let in at all? */
static bool
names_somebody(struct bytes patterns)
{
	while (patterns.n > 0) {
		struct bytes one = bytes_take(&patterns, ',');

		if (one.n > 0 && *one.p != '!')
			return true;
	}
	return false;
}

static const char *
take_key(struct signers *w, struct bytes line, struct pubkey *key)
{
	struct bytes name = take_word(&line), base64 = take_word(&line);
	const struct pubkey_type *type;
	enum sig_why why;
	bool cert;
	size_t n;

	type = pubkey_type_of(name, &cert);
	if (type == NULL)
		return "no key, or of a type that is not accepted here";
	if (cert)
		return "a certificate: list its key, or its CA's with cert-authority";
	if (base64.n > sizeof(w->key) || !base64_decode(base64, (uint8_t *)w->key, &n))
		return "the key is damaged";
	why = pubkey_parse((struct bytes){.p = w->key, .n = n}, key);
	if (why == SIG_KEY_TYPE || (why == SIG_GOOD && key->type != type))
		return "the key is of another type than the line says";
	if (why == SIG_KEY_WEAK)
		return sig_why_text(why);
	return why == SIG_GOOD ? NULL : "the key is damaged";
}

static const char *
take_line(struct signers *w, struct bytes line, struct signer *s)
{
	struct bytes ahead;
	const char *why;
	bool cert;

	if (line.n >= ST_SIGNERS_LINE || memchr(line.p, '\0', line.n) != NULL)
		return "the line is too long, or no text";
	if (!take_names(&line, &s->names))
		return "a quote is missing or out of place";
	if (s->names.n >= ST_SIGNER_NAME)
		return "the names are too long";
	if (!names_somebody(s->names))
		return "no name";
	ahead = line;
	if (pubkey_type_of(take_word(&ahead), &cert) == NULL) {
		why = line.n > 0 ? take_options(w, &line, s) : "no key";
		if (why != NULL)
			return why;
	}
	return take_key(w, line, &s->key);
}

/* --- the walk ----------------------------------------------------------------------------------------- */

void
signers_start(struct signers *w, struct bytes text)
{
	w->rest = bytes_unmarked(text);
	w->line = 0;
}

/* The next line that says something. */
static bool
next_line(struct signers *w, struct bytes *line)
{
	while (w->rest.n > 0) {
		*line = bytes_take(&w->rest, '\n');
		w->line++;
		while (line->n > 0 && line->p[line->n - 1] == '\r')
			line->n--;
		skip_blanks(line);
		if (line->n > 0 && *line->p != '#')
			return true;
	}
	return false;
}

enum signers_step
signers_next(struct signers *w, struct signer *out, const char **why)
{
	struct signer s = {.valid_after = RTIME_NONE, .valid_before = RTIME_NONE};
	struct bytes line;

	if (!next_line(w, &line))
		return SIGNERS_END;
	*why = take_line(w, line, &s);
	if (*why != NULL)
		return SIGNERS_BAD;
	*out = s;
	return SIGNERS_ONE;
}
