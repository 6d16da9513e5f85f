/* authinfo: see authinfo.h. */
#include "pam_module/authinfo.h"

/* Names are of RFC 4250 section 4.6.1; only what sshd itself uses is let through. */
static bool
is_method_name(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '@')
			return false;
	}
	return name.n > 0;
}

static void
add_method(struct authinfo *a, struct bytes name)
{
	size_t used = strlen(a->method), comma = used > 0 ? 1 : 0;

	if (!is_method_name(name) || name.n + comma >= sizeof(a->method) - used) {
		a->method_cut = true;
		return;
	}
	if (comma != 0)
		a->method[used++] = ',';
	memcpy(a->method + used, name.p, name.n);
	a->method[used + name.n] = '\0';
}

static void
parse_line(struct bytes line, struct authinfo *a)
{
	struct bytes method = bytes_take(&line, ' ');
	struct bytes name = bytes_take(&method, '/'); /* without the submethod */

	add_method(a, name);
	if (!bytes_is(name, "publickey"))
		return;
	a->key_type = bytes_take(&line, ' ');
	a->key_base64 = bytes_take(&line, ' ');
}

void
authinfo_parse(struct bytes text, struct authinfo *out)
{
	*out = (struct authinfo){0};
	while (text.n > 0) {
		struct bytes line = bytes_take(&text, '\n');

		if (line.n > 0)
			parse_line(line, out);
	}
}
