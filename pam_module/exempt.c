/* exempt: see exempt.h. */
#include "pam_module/exempt.h"

#define NAME_ROOM 256 /* LOGIN_NAME_MAX of Linux */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes
trim(struct bytes s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = (struct bytes){.p = s.p + 1, .n = s.n - 1};
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The next line, its comment and its outer blanks gone. */
static struct bytes
take_line(struct bytes *rest)
{
	struct bytes line = bytes_take(rest, '\n');

	return trim(bytes_take(&line, '#'));
}

static bool
match_user(const struct exempt_who *who, const char *name)
{
	return strcmp(name, who->user) == 0;
}

static bool
match_group(const struct exempt_who *who, const char *name)
{
	return who->in_group(name, who->arg);
}

static bool
match_key(const struct exempt_who *who, const char *fp)
{
	return strcmp(fp, who->key_fp) == 0;
}

static const struct kind {
	struct bytes word;
	bool (*match)(const struct exempt_who *, const char *name);
	const char *starts; /* what a name of this kind begins with */
} kinds[] = {
	{BYTES_LIT("user"), match_user, ""},
	{BYTES_LIT("group"), match_group, ""},
	{BYTES_LIT("key"), match_key, "SHA256:"},
};

static const struct kind *
find_kind(struct bytes line, char name[NAME_ROOM])
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];
		struct bytes rest;

		if (!bytes_starts(line, k->word) || line.n == k->word.n || !is_blank(line.p[k->word.n]))
			continue;
		rest = trim((struct bytes){.p = line.p + k->word.n, .n = line.n - k->word.n});
		if (bytes_copy(rest, name, NAME_ROOM) && bytes_starts(rest, bytes_of(k->starts)))
			return k;
	}
	return NULL;
}

void
exempt_search(struct bytes text, const struct exempt_who *who, struct exempt_found *out)
{
	struct exempt_found found = {0};
	char name[NAME_ROOM];

	text = bytes_unmarked(text);
	for (unsigned n = 1; text.n > 0; n++) {
		struct bytes line = take_line(&text);
		const struct kind *k = line.n > 0 ? find_kind(line, name) : NULL;

		if (line.n == 0)
			continue;
		if (k == NULL && found.bad_line == 0)
			found.bad_line = n;
		if (k == NULL)
			continue;
		if (k->match == match_key)
			found.names_keys = true;
		if (found.line == 0 && k->match(who, name))
			found.line = n;
	}
	*out = found;
}
